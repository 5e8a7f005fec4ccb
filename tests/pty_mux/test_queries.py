"""Questions to a terminal are taken out of a replay, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.queries import strip_queries

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


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_taken_out(question: bytes) -> None:
    assert strip_queries(b"before" + question + b"after") == b"beforeafter"


@pytest.mark.parametrize("data", NOT_QUESTIONS)
def test_everything_else_stays(data: bytes) -> None:
    assert strip_queries(b"before" + data + b"after") == b"before" + data + b"after"


@given(st.lists(st.sampled_from(QUESTIONS + NOT_QUESTIONS)))
def test_any_mixture_keeps_what_is_no_question(mixture: list[bytes]) -> None:
    wanted = b"".join(data for data in mixture if data in NOT_QUESTIONS)

    assert strip_queries(b"".join(mixture)) == wanted
