"""Any regular expression gives an answer in time, or is cut off; nothing is left of the clock."""

import re
import signal

import pytest

from pty_mux.patterns import (
    MAX_LENGTH,
    BadPattern,
    Patience,
    TookTooLong,
    compile_pattern,
    is_found,
)

FOR_EVER = "(x+x+)+y"


def test_ends_of_lines_are_those_of_the_text() -> None:
    pattern = compile_pattern("^up$")

    assert is_found(pattern, "is it\nup\n?")
    assert not is_found(pattern, "is it up\n?")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(", "unterminated subpattern"),
        ("x" * (MAX_LENGTH + 1), "longer than 1000 characters"),
        ("x{99999999999999999999}", "too large"),
        ("(" * 499 + ")" * 499, "recursion"),
        ("(?i)" + "[\\0-\U0010ffff]" * 60, "takes too long to compile"),
    ],
    ids=lambda text: text[:12],
)
def test_what_cannot_be_used_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadPattern, match=words):
        compile_pattern(text)


@pytest.mark.parametrize(
    "text", [FOR_EVER, "(?=(x+x+)+y)", "(?i:(X+X+)+y)", "(x*)*\\1y", "(?:x|xx)*y", "x*x*x*x*y"]
)
def test_one_that_would_try_for_ever_is_cut_off(text: str) -> None:
    """The daemon hung once and for all when a client waited for such a text."""
    with pytest.raises(TookTooLong):
        is_found(compile_pattern(text), "x" * 5000)


def test_several_looks_share_what_time_there_is() -> None:
    patience = Patience()
    slow, fast = compile_pattern(FOR_EVER), compile_pattern("up")

    with pytest.raises(TookTooLong):
        is_found(slow, "x" * 5000, patience)
    with pytest.raises(TookTooLong):
        is_found(fast, "up", patience)
    assert is_found(fast, "up")


def test_nothing_is_left_of_the_clock() -> None:
    before = signal.getsignal(signal.SIGVTALRM)

    with pytest.raises(TookTooLong):
        is_found(compile_pattern(FOR_EVER), "x" * 5000)

    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGVTALRM) == before


def test_a_long_text_is_looked_through_to_its_end() -> None:
    lines = "".join(f"line {n}\n" for n in range(10_000))

    assert all(
        is_found(re.compile(f"^line {n}$", re.MULTILINE), lines) for n in range(0, 10_000, 97)
    )
    assert is_found(compile_pattern("z"), "x" * 100_000 + "z")
