"""What must hold for a terminal whatever it is fed, however the bytes are cut, at any size."""

from dataclasses import asdict
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pty_mux.vt import modes as mode
from pty_mux.vt.line import LEFT_OPEN, SECOND_CELL, Line
from pty_mux.vt.screen import MAX_HISTORY_LINES
from pty_mux.vt.style import StyleTable
from pty_mux.vt.terminal import MAX_STRING_LENGTH, Terminal
from pty_mux.vt.width import width
from tests.pty_mux.vt import streams
from tests.pty_mux.vt.features import CASES
from tests.pty_mux.vt.single_features import COLUMNS, ROWS

EXAMPLES = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
Whole = tuple[object, ...]


def _fed(*pieces: bytes, rows: int = ROWS, columns: int = COLUMNS) -> Terminal:
    terminal = Terminal(rows, columns)
    for piece in pieces:
        terminal.feed(piece)
    return terminal


def _whole(terminal: Terminal) -> Whole:
    """Return everything that a terminal knows."""
    screen = terminal.screen
    lines = [list(screen.history), screen.lines, screen.other]
    return (
        [[(line.text, line.styles, line.wraps) for line in part] for part in lines],
        (screen.row, screen.column, screen.pending_wrap, screen.pen, screen.last_char),
        (screen.top, screen.bottom, screen.origin, screen.autowrap, screen.insert),
        (screen.charsets, screen.shifted, screen.saved, screen.tabs, screen.is_alternate),
        asdict(terminal.modes),
        terminal.unfinished,
    )


def _check(terminal: Terminal) -> None:
    """Check what must be so at any time."""
    screen = terminal.screen
    assert len(screen.lines) == len(screen.other) == screen.rows
    for line in [*screen.history, *screen.lines, *screen.other]:
        _check_line(terminal, line)
    assert 0 <= screen.row < screen.rows
    assert 0 <= screen.column < screen.columns
    assert not screen.pending_wrap or screen.column == screen.columns - 1
    assert 0 <= screen.top <= screen.bottom < screen.rows
    assert all(0 <= stop < screen.columns for stop in screen.tabs)
    for saved in screen.saved:
        assert 0 <= saved.row < screen.rows
        assert 0 <= saved.column < screen.columns
    assert terminal.modes.is_set(mode.ORIGIN) == screen.origin
    assert terminal.modes.is_set(mode.AUTOWRAP) == screen.autowrap
    assert bool(terminal.modes.alternate_by) == screen.is_alternate


def _check_line(terminal: Terminal, line: Line) -> None:
    columns = terminal.screen.columns
    assert len(line.text) == len(line.styles) == columns
    for char, following in pairwise(line.text + " "):
        text = terminal.screen.clusters.text(char)
        is_wide = bool(text) and width(text[0]) == 2 and columns > 1
        assert (following == SECOND_CELL) == is_wide, line
    assert not line.text.startswith(SECOND_CELL)


def _text(terminal: Terminal) -> str:
    """Return the lines of the primary screen and above it, rows that wrap joined."""
    screen = terminal.screen
    text = ""
    for line in [*screen.history, *screen.primary]:
        row = line.text.removesuffix(LEFT_OPEN) if line.wraps else line.text
        text += row if line.wraps else row.rstrip() + "\n"
    return screen.clusters.text(text).rstrip()


# --- cut anywhere ---------------------------------------------------------------------------------


def test_features_come_out_the_same_byte_by_byte() -> None:
    differing = [
        name
        for name, data in CASES.items()
        if _whole(_fed(data)) != _whole(_fed(*(data[n : n + 1] for n in range(len(data)))))
    ]

    assert differing == []


@EXAMPLES
@given(streams.ANY, st.lists(st.integers(0, 200), max_size=6))
@example(b"\x1b\r]2;title\x07", [3])
@example(b"\x1b[" + b"1;" * 300 + b"mtext", [258, 400])
@example(b"\x1b(     0q", [4])
@example(b"\x1b]2;" + b"t" * (MAX_STRING_LENGTH - 2) + b"\x07text", [100])
@example(b"\x1b]2;" + b"t" * (MAX_STRING_LENGTH - 1) + b"\x07text", [100])
@example(b"\x1b]2;" + b"t" * MAX_STRING_LENGTH * 2 + b"\x1b\\text", [100, 90_000])
@example(b"\x1bP" + b"t" * MAX_STRING_LENGTH * 2 + b"\x07\x18text", [100, 90_000])
def test_where_the_bytes_are_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    pieces = [data[start:end] for start, end in pairwise(places)]

    assert _whole(_fed(*pieces)) == _whole(_fed(data))


# --- whatever comes -------------------------------------------------------------------------------


@EXAMPLES
@given(streams.ANY)
def test_nothing_breaks_what_must_be_so(data: bytes) -> None:
    _check(_fed(data))


def test_no_feature_breaks_what_must_be_so() -> None:
    for data in CASES.values():
        _check(_fed(data))


@EXAMPLES
@given(st.lists(st.one_of(streams.ANY, st.tuples(st.integers(1, 9), st.integers(1, 20)))))
def test_nothing_breaks_it_at_any_size(steps: list[bytes | tuple[int, int]]) -> None:
    terminal = Terminal(ROWS, COLUMNS)

    for step in steps:
        if isinstance(step, bytes):
            terminal.feed(step)
        else:
            terminal.resize(*step)
        _check(terminal)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (1, 80)])
def test_the_smallest_screens_take_everything(size: tuple[int, int]) -> None:
    terminal = Terminal(*size)

    for data in CASES.values():
        terminal.feed(data)

    _check(terminal)


@pytest.mark.parametrize(
    "beginning",
    [b"\x1b]2;", b"\x1b]8;;", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX", b"\x1b[", b"\x1b("],
)
def test_what_has_no_end_is_not_kept(beginning: bytes) -> None:
    filler = b" " if beginning == b"\x1b(" else b"1"
    terminal = _fed(beginning, *[filler * 10_000] * 30)

    assert terminal.unfinished
    assert len(terminal._held) <= MAX_STRING_LENGTH + 10
    terminal.feed(b"\x18text")
    assert terminal.is_ground
    assert terminal.screen.lines[0].text.startswith("text")


def test_numbers_of_any_length_are_numbers() -> None:
    terminal = _fed(b"\x1b[" + b"9" * 5000 + b"Hx\x1b[" + b"9" * 5000 + b"my")
    terminal.feed(b"\x1b]104;" + b"9" * 5000 + b"\x07\x1b]4;" + b"9" * 5000 + b";red\x07")
    terminal.feed(b"\x1b[38;5;" + b"0" * 100 + b"7mz\x1b[" + b"9" * 200 + b";1H")

    assert terminal.screen.row == ROWS - 1
    assert terminal.screen.styles[terminal.screen.pen].foreground == 7
    assert terminal.modes.palette == {}


def test_styles_without_end_are_forgotten_and_what_is_shown_keeps_its_own() -> None:
    terminal = Terminal(ROWS, COLUMNS)
    for number in range(3 * StyleTable.MAX_STYLES // 1000):
        red, green = number % 256, number // 256
        colours = (f"\x1b[38;2;{red};{green};{n % 256};{n // 256 + 40}mx" for n in range(1000))
        terminal.feed("".join(colours).encode())
    terminal.feed(b"\x1b[H\x1b[38;2;1;2;3mA")
    before = len(terminal.screen.styles._styles)

    terminal.screen.forget_unused_styles()

    screen = terminal.screen
    assert before < 2 * (MAX_HISTORY_LINES + ROWS) * COLUMNS, "twice what may be in use"
    assert len(screen.styles._styles) < before
    assert screen.styles[screen.lines[0].styles[0]].foreground & 0xFFFFFF == 0x010203
    _check(terminal)


def test_links_without_end_are_forgotten_sooner() -> None:
    terminal = Terminal(ROWS, COLUMNS)
    for number in range(4000):
        terminal.feed(b"\x1b]8;;http://%d.example/%s\x07x" % (number, b"a" * 2000) + b"\r")

    links = sum(len(style.link) for style in terminal.screen.styles._styles)

    assert links < 3_000_000


def test_marks_without_end_neither_grow_a_cell_nor_the_table() -> None:
    terminal = _fed(b"e" + "\u0301".encode() * 10_000)

    assert len(terminal.screen.clusters.text(terminal.screen.lines[0].text[0])) <= 16

    for number in range(70_000):
        terminal.feed(f"{chr(0x4E00 + number % 20_000)}{chr(0x300 + number // 20_000)}\r".encode())
    assert len(terminal.screen.clusters._texts) <= 0xFF00
    _check(terminal)


# --- another size ---------------------------------------------------------------------------------

TEXTS = st.lists(
    st.one_of(
        st.text("abc xyz", max_size=200),
        st.text("漢字é a", max_size=60),
        st.just("\r\n"),
        st.just("\x1b[31m"),
        st.just("\x1b[44m"),
    ),
    max_size=20,
).map(lambda parts: "".join(parts).encode())


@EXAMPLES
@given(TEXTS, st.integers(2, 100), st.integers(1, 40))
@example("\x1b[31ma漢漢a  \r\na".encode(), 4, 1)
def test_text_is_kept_when_the_width_changes_and_changes_back(
    data: bytes, columns: int, rows: int
) -> None:
    terminal = _fed(data, rows=24, columns=80)
    before = _text(terminal)

    terminal.resize(rows, columns)
    assert _text(terminal) == before
    terminal.resize(24, 80)

    assert _text(terminal) == before
    _check(terminal)


@EXAMPLES
@given(TEXTS, st.integers(0, 23), st.integers(0, 78), st.integers(2, 100), st.integers(1, 40))
def test_the_cursor_stays_on_its_character(
    data: bytes, row: int, column: int, columns: int, rows: int
) -> None:
    terminal = _fed(data, b"\x1b[%d;%dH\x1b[0mX\b" % (row + 1, column + 1), rows=24, columns=80)

    terminal.resize(rows, columns)

    screen = terminal.screen
    assert screen.lines[screen.row].text[screen.column] == "X"


def test_a_wrap_that_is_pending_goes_on_behind_the_character() -> None:
    terminal = _fed(b"x" * COLUMNS)

    terminal.resize(ROWS, COLUMNS + 5)
    terminal.feed(b"yz")
    terminal.resize(ROWS, COLUMNS)

    assert _text(terminal) == "x" * COLUMNS + "yz"


def test_lines_come_back_from_above_when_the_screen_grows() -> None:
    terminal = _fed(b"\r\n".join(b"%d" % number for number in range(10)), rows=4, columns=20)

    terminal.resize(8, 20)

    assert [line.text.strip() for line in terminal.screen.lines] == list("23456789")
    assert (terminal.screen.row, terminal.screen.column) == (7, 1)


def test_the_alternate_screen_is_cut_and_the_primary_one_behind_it_reflows() -> None:
    terminal = _fed(b"a" * 15, b"\x1b[?1049h\x1b[H" + b"b" * 30)

    terminal.resize(ROWS, 10)
    assert terminal.screen.lines[0].text == "b" * 10
    assert terminal.screen.lines[1].text == "b" * 10
    terminal.feed(b"\x1b[?1049lc")

    assert _text(terminal) == "a" * 15 + "c"


def test_a_cell_left_open_for_a_wide_character_is_none_of_the_text() -> None:
    """A blank stood in the middle of Chinese text after each change of the width."""
    terminal = _fed("abcdefghijk漢字".encode())

    terminal.resize(ROWS, 20)

    assert terminal.screen.lines[0].text == "abcdefghijk漢\0字\0     "


def test_what_another_terminal_must_be_given_to_be_in_the_middle_too() -> None:
    for data in (b"\x1b[31", b"\xe6\xbc", b"\x1b]2;ti", b"\x1bPq", b"\x1b]2;" + b"t" * 70_000):
        terminal = _fed(data)
        other = _fed(terminal.unfinished)
        for each in (terminal, other):
            each.feed(b"tle\x07\x1b\\m")

        assert other.screen.lines == terminal.screen.lines
        assert other.modes == terminal.modes
