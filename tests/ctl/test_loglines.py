"""Lines of logs: whole, bounded, and with nothing in them that wrecks a screen."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctl.loglines import MOST_HELD, Lines, shown


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_pieces_cut_anywhere_give_the_same_lines(data: bytes, cuts: list[int]) -> None:
    lines = Lines()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    found = [line for a, b in pairwise(places) for line in lines.feed(data[a:b])]

    assert b"\n".join([*found, *(lines.rest() or [b""])]) == data


def test_a_line_without_an_end_does_not_grow_for_ever() -> None:
    lines = Lines()

    found = lines.feed(b"x" * (3 * MOST_HELD))

    assert [len(line) for line in found] == [MOST_HELD] * 2
    assert len(lines.rest()[0]) == MOST_HELD


pieces = st.sampled_from(
    [b"\x1b[2J", b"\x1b[?1049h", b"\x1b]0;title\x07", b"\x1b[1;31m", b"\x1bc", b"\x9b2J",
     b"\x1bP+q\x1b\\", b"\x1b(0", b"\x0e", b"\x07", b"\x1b", b"\r", b"\t", "日本".encode(), b"word"]
)  # fmt: skip


@given(st.lists(pieces | st.binary(max_size=6), max_size=12), st.booleans())
def test_only_colours_get_through(several: list[bytes], colour: bool) -> None:
    text = shown(b"".join(several).replace(b"\n", b""), colour=colour)

    plain = re.sub(r"\x1b\[[0-9;:]*m", "", text) if colour else text
    assert plain.isprintable()
    if plain != text:
        assert text.endswith("\x1b[m")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain\r", "plain"),
        (b"10 %\r50 %\r100 %", "100 %"),
        (b"\x1b[1;32mok\x1b[0m done", "ok done"),
        (b"a\tb", "a       b"),
        (b"\x1b]0;title\x07text\x1b[5A", "text"),
        (b"\xff\x07", "\ufffd\\x07"),
    ],
)
def test_what_is_left_of_a_line(line: bytes, text: str) -> None:
    assert shown(line, colour=False) == text


def test_a_colour_ends_with_its_line() -> None:
    assert shown(b"\x1b[31mred", colour=True) == "\x1b[31mred\x1b[m"
