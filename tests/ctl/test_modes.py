"""What a program switched on in the user's terminal is switched off again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctl.modes import TerminalModes


def after(*pieces: bytes) -> bytes:
    modes = TerminalModes()
    for piece in pieces:
        modes.feed(piece)
    return modes.restore()


@pytest.mark.parametrize(
    ("on", "off"),
    [
        (b"\x1b[?1049h", b"\x1b[?1049l"),
        (b"\x1b[?47h", b"\x1b[?47l"),
        (b"\x1b[?1;1047h", b"\x1b[?1047l"),
        (b"\x1b[?6h", b"\x1b[?6l"),
        (b"\x1b[5 q", b"\x1b[0 q"),
        (b"\x1b]4;1;#123456\x1b\\", b"\x1b]104\x1b\\"),
        (b"\x1b]11;#000000\x07", b"\x1b]111\x1b\\"),
    ],
)
def test_what_moves_or_colours_is_taken_back_only_where_it_was_set(on: bytes, off: bytes) -> None:
    assert off not in after(b"plain text")
    assert off in after(on)
    for cut in range(1, len(on)):
        if not on.startswith(b"\x1b]"):
            assert off in after(on[:cut], on[cut:])


@pytest.mark.parametrize("mode", [9, 1000, 1002, 1003, 1004, 1006, 2004, 1, 2026])
def test_modes_that_do_no_harm_are_always_switched_off(mode: int) -> None:
    assert b"\x1b[?%dl" % mode in after()


def test_what_the_program_took_back_itself_is_left_alone() -> None:
    assert after(b"\x1b[?1049h", b"vim", b"\x1b[?1049l") == after()
    assert after(b"\x1b[?6h\x1b[?6l") == after()
    assert after(b"\x1b[?1049h\x1b[?6h\x1bc") == after()


def test_a_question_about_a_colour_is_no_colour() -> None:
    assert after(b"\x1b]11;?\x1b\\") == after()


def test_cursor_and_wrapping_come_back() -> None:
    for wanted in (b"\x1b[?25h", b"\x1b[?7h", b"\x1b[0m"):
        assert wanted in after()


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_no_output_confuses_it(pieces: list[bytes]) -> None:
    assert after(*pieces, b"\x18\x1bc").startswith(after()[:8])


@given(st.lists(st.sampled_from([b"\x1b[?1049h", b"\x1b[?1049l", b"text", b"\x1b[?6h"])))
def test_the_cutting_does_not_matter(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)

    assert after(*[whole[index : index + 1] for index in range(len(whole))]) == after(whole)
