"""Questions to a terminal are cut out of the stream, and nothing else is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.queries import Query, QueryFilter

QUESTIONS = [
    b"\x1b[c",
    b"\x1b[0c",
    b"\x1b[>c",
    b"\x1b[>0c",
    b"\x1b[=c",
    b"\x1b[5n",
    b"\x1b[6n",
    b"\x1b[?6n",
    b"\x1b[?996n",
    b"\x1b[?2026$p",
    b"\x1b[4$p",
    b"\x1b[>q",
    b"\x1b[>0q",
    b"\x1b[?u",
    b"\x1b[?4m",
    b"\x1b[18t",
    b"\x1b[14t",
    b"\x1b[21t",
    b"\x1bZ",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1b]11;?\x07",
    b"\x1b]10;?\x1b\\",
    b"\x1b]4;1;?\x07",
    b"\x1b]52;c;?\x07",
    b"\x05",
]

NOT_QUESTIONS = [
    b"\x1b[31m",
    b"\x1b[2J",
    b"\x1b[?25h",
    b"\x1b[?1049h",
    b"\x1b[3 q",
    b"\x1b[>4;2m",
    b"\x1b[=1;1u",
    b"\x1b[>1u",
    b"\x1b[u",
    b"\x1b[8;24;80t",
    b"\x1b[22;2t",
    b"\x1b]0;title\x07",
    b"\x1b]11;#000000\x07",
    b"\x1b]8;;http://example\x1b\\",
    b"plain \xe2\x82\xac text\r\n",
]


def parts(*pieces: bytes) -> list[bytes | Query]:
    """What a filter makes of a stream that comes in these pieces, bytes in a row joined."""
    queries = QueryFilter()
    found: list[bytes | Query] = []
    for piece in pieces:
        found += queries.feed(piece)
    found.append(queries.flush())
    joined: list[bytes | Query] = []
    for part in found:
        if joined and isinstance(part, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += part
        elif part:
            joined.append(part)
    return joined


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_cut_out(question: bytes) -> None:
    assert parts(b"before" + question + b"after") == [b"before", Query(question), b"after"]


@pytest.mark.parametrize("data", NOT_QUESTIONS)
def test_everything_else_stays(data: bytes) -> None:
    assert parts(b"before" + data + b"after") == [b"before" + data + b"after"]


@given(
    st.lists(st.sampled_from(QUESTIONS + NOT_QUESTIONS)), st.lists(st.integers(0, 400), max_size=9)
)
def test_however_the_stream_is_cut(mixture: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(mixture)
    places = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]

    assert parts(*pieces) == parts(stream)
    kept = b"".join(part for part in parts(stream) if isinstance(part, bytes))
    assert kept == b"".join(data for data in mixture if data in NOT_QUESTIONS)


def test_what_may_be_a_question_is_held_back_for_a_while() -> None:
    queries = QueryFilter()

    assert list(queries.feed(b"text\x1b[")) == [b"text"]
    assert queries.holds_back
    assert queries.flush() == b"\x1b["
    assert not queries.holds_back


@given(st.lists(st.binary(max_size=9000)))
def test_what_is_held_back_is_bounded(pieces: list[bytes]) -> None:
    queries = QueryFilter()
    for piece in pieces:
        list(queries.feed(piece))
        assert len(queries.flush()) < 5000
