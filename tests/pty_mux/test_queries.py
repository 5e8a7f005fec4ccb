"""Questions to a terminal are cut out of the stream, and nothing else is."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
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
    b"\x1b[1;1;1;1;1;1*y",
    b"\x1b[1$w",
    b"\x1b[0x",
    b"\x1b[?1;1;0S",
    b"\x1b]4;1;?;2;?\x1b\\",
    b"\x1b]10;?;?\x07",
    b"\x1b]5;0;?\x07",
    b"\x1b]17;?\x07",
    b"\x1b]52;;?\x1b\\",
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    b"\x1b_Ga=q\x1b\\",
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
    b"\x1b(0lqk\x1b(B\x1b7\x1b8\x1b=\x1b>\x1bM",
    b"\x1b[1;1H\x1b[2J\x1b[K\x1b[4h\x1b[!p\x1b[2 q\x1b[3S",
    b"\x1b[?2004;1h\x1b[?7s\x1b[?7r\x1b[?2J",
    b"\x1b]4;1;#fff\x07",
    b"\x1b]52;c;aGk=\x07",
    b"\x1bPq#0;2;0;0;0\x1b\\",
    b"\x1b_Ga=T,f=100;AAAA\x1b\\",
    b"\x1b_Ga=p;a=q\x1b\\",
    b"\x1b[" + b"1" * 80 + b"c",
    b"\x1b]11;?" + b"x" * 5000 + b"\x07",
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


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_cut_anywhere_is_held_back_until_it_is_whole(question: bytes) -> None:
    for cut in range(1, len(question)):
        queries = QueryFilter()

        first = list(queries.feed(b"text" + question[:cut]))
        second = list(queries.feed(question[cut:] + b"more"))

        assert first == [b"text"]
        assert second == [Query(question), b"more"]


def test_a_question_that_comes_byte_by_byte_is_whole() -> None:
    for question in QUESTIONS:
        pieces = [bytes([byte]) for byte in b"a" + question + b"b"]

        assert parts(*pieces) == [b"a", Query(question), b"b"]


def test_plain_text_and_colours_are_passed_on_as_the_same_object() -> None:
    queries = QueryFilter()

    for data in (b"plain text\r\n", b"\x1b[31mred\x1b[m \x1b[2;3Hthere\x1b(B", b"\x1b[?25h."):
        assert [id(part) for part in queries.feed(data)] == [id(data)]


PIECES = st.one_of(
    st.sampled_from(QUESTIONS + NOT_QUESTIONS),
    st.binary(max_size=6),
    st.text("\x1b[]P_\\?>=;:0123456789$*+cnpqxuytmSZGaqw,\x07\x05", max_size=12).map(str.encode),
    st.sampled_from([b"\x1b[", b"\x1b]11;?", b"\x1bP+q", b"\x1b_Ga=q", b"x" * 4090]),
)


@given(st.lists(PIECES, max_size=12), st.lists(st.integers(0, 300), max_size=12))
@settings(max_examples=1000)
def test_no_byte_is_lost_and_none_changes_its_place(chosen: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(chosen)
    places = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]

    found = parts(*pieces)

    assert b"".join(part.text if isinstance(part, Query) else part for part in found) == stream
    assert found == parts(stream)


@given(st.lists(PIECES, max_size=30))
def test_what_is_held_back_is_bounded(pieces: list[bytes]) -> None:
    queries = QueryFilter()
    taken = passed = 0

    for piece in pieces:
        taken += len(piece)
        for part in queries.feed(piece):
            passed += len(part.text if isinstance(part, Query) else part)
        assert taken - passed < 5000

    assert taken == passed + len(queries.flush())


def test_a_question_without_end_is_passed_on() -> None:
    for begun in (b"\x1b]11;?", b"\x1bP+q", b"\x1bP$q", b"\x1b_Ga=q;", b"\x1b["):
        queries = QueryFilter()
        stream = [begun, *[b"7" * 1000] * 10]

        passed = [part for piece in stream for part in queries.feed(piece)]

        assert b"".join(part for part in passed if isinstance(part, bytes)) == b"".join(stream)
        assert not queries.holds_back
