"""What the user's terminal answers is told apart from what the user types, however it arrives."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctl.probe import AnswerFilter, Told, can_be_asked

ANSWERS = b"\x1b]10;rgb:d0d0/d0d0/d0d0\x1b\\\x1b]11;rgb:0000/2b2b/3636\x07\x1b[?0u\x1b[?62;22c"
TOLD = Told("rgb:d0d0/d0d0/d0d0", "rgb:0000/2b2b/3636", speaks_kitty=True)


def test_answers_are_taken_and_what_is_typed_around_them_stays() -> None:
    answers = AnswerFilter(asked=True)

    assert answers.feed(b"ls\r" + ANSWERS + b"x\x1b[A") == b"ls\rx\x1b[A"

    assert answers.told == TOLD
    assert not answers.waits


def test_a_terminal_that_knows_only_the_last_question_has_told_all() -> None:
    answers = AnswerFilter(asked=True)

    assert answers.feed(b"\x1b[?1;2c") == b""
    assert answers.told == Told()


def test_after_the_last_answer_everything_is_typed() -> None:
    answers = AnswerFilter(asked=True)
    answers.feed(ANSWERS)

    assert answers.feed(ANSWERS) == ANSWERS


def test_who_was_not_asked_answers_nothing() -> None:
    assert AnswerFilter(asked=False).feed(ANSWERS) == ANSWERS


@pytest.mark.parametrize("beginning", [b"\x1b", b"\x1b]", b"\x1b]1", b"\x1b["])
def test_the_beginning_of_an_answer_is_held_back_and_given_when_nothing_follows(
    beginning: bytes,
) -> None:
    answers = AnswerFilter(asked=True)

    assert answers.feed(b"a" + beginning) == b"a"
    assert answers.holds_back
    assert (answers.flush(), answers.holds_back) == (beginning, False)


@pytest.mark.parametrize("keys", [b"\x1b[A", b"\x1b[1;5C", b"\x1bOP", b"\x1b[200~", b"\x1b[93;5u"])
def test_keys_are_no_answers(keys: bytes) -> None:
    assert AnswerFilter(asked=True).feed(keys) == keys


@given(st.lists(st.integers(0, len(ANSWERS) + 4), max_size=6))
def test_it_does_not_matter_how_they_are_cut(cuts: list[int]) -> None:
    answers, data = AnswerFilter(asked=True), b"ab" + ANSWERS + b"cd"
    marks = [0, *sorted(cuts), len(data)]

    typed = b"".join(answers.feed(data[a:b]) for a, b in pairwise(marks))

    assert (typed, answers.told) == (b"abcd", TOLD)


@given(st.binary(max_size=100))
def test_nothing_that_is_typed_is_lost_but_answers(data: bytes) -> None:
    answers = AnswerFilter(asked=True)
    typed = answers.feed(data) + answers.flush()

    assert answers.told is not None or b"\x1b" in data or typed == data


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("xterm-256color", True),
        ("tmux", True),
        ("linux", False),
        ("dumb", False),
        ("vt100", False),
        ("", False),
    ],
)
def test_who_can_be_asked(kind: str, asked: bool) -> None:
    assert can_be_asked(kind) is asked


@pytest.mark.parametrize("beginning", [b"\x1b]11;", b"\x1b]11;rgb:0", b"\x1b[?6"])
def test_what_can_only_be_an_answer_is_waited_for(beginning: bytes) -> None:
    answers = AnswerFilter(asked=True)

    assert answers.feed(b"a" + beginning) == b"a"
    assert not answers.holds_back


def test_behind_the_last_answer_all_is_typed_in_the_same_read_too() -> None:
    """Whether it was taken out depended on how much came at once."""
    late = b"\x1b]10;?\x07"
    at_once, in_pieces = AnswerFilter(asked=True), AnswerFilter(asked=True)

    typed = in_pieces.feed(ANSWERS) + in_pieces.feed(late)

    assert at_once.feed(ANSWERS + late) == typed == late
