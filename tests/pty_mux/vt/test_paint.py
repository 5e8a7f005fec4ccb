"""What is painted on another terminal makes it the same, whatever it showed and had set before."""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pty_mux.vt import modes as mode
from pty_mux.vt.line import Line
from pty_mux.vt.paint import (
    Picture,
    ansi_rows,
    fresh_start,
    paint,
    picture,
    text_rows,
)
from pty_mux.vt.screen import SavedCursor, Screen
from pty_mux.vt.style import Style
from pty_mux.vt.terminal import Terminal
from tests.pty_mux.vt.features import CASES
from tests.pty_mux.vt.streams import ANY, IN_ORIGIN_MODE, NARROW, SCREENS, WITH_WIDE

ROWS, COLUMNS = 6, 12
CAPTURED = sorted((Path(__file__).parents[2] / "captured").glob("*.gz"))
STREAMS = st.one_of(ANY, IN_ORIGIN_MODE, NARROW, SCREENS, WITH_WIDE)

MESSY = (
    b"\x1b[31;44;4mhalf a screen\r\nof text that wraps" + b"#" * 30 + "漢字".encode(),
    b"\x1b[?1000;1003;1006;1015;1004;2004;1;5;12;66h\x1b=\x1b[>4;2m\x1b[=5;1u\x1b[3 q",
    b"\x1b[3g\x1b[5G\x1bH\x1b[4h\x1b[20h\x1b(0\x1b)A\x0e\x1b]8;;http://messy/\x1b\\",
    b"\x1b[2;4r\x1b[?6h\x1b[2;3H\x1b[7m\x1b7",
    b"\x1b[?1049h\x1b[?25;7l\x1b[43mother\x1b[=9;1u\x1b[1;2r\x1b7\x1b[2;5H",
    b"\x1b[?2026h\x1b[?47h",
)
"""Each goes on from the one before."""

HAND_MADE = {
    "a full row, and a wrap that is pending": b"0123456789ab",
    "a pending wrap in the last row": b"\x1b[6;1H0123456789ab",
    "a pending wrap behind a wide character": "0123456789漢".encode(),
    "a pending wrap, and another pen": b"\x1b[31m0123456789ab\x1b[32m",
    "a saved pending wrap": b"0123456789ab\x1b7\x1b[3;3H",
    "a saved pending wrap in origin mode": b"\x1b[?6h0123456789ab\x1b7\x1b[?6l",
    "a row that goes on": b"0123456789abcdef",
    "a row that goes on behind a blank": b"hello world more",
    "a row that goes on with a blank": b"0123456789ab cdef",
    "a row that goes on in an erased one": b"0123456789abc\x1b[2K",
    "a row left open by a wide character": "0123456789a漢".encode(),
    "a row left open, and the wide character gone": "0123456789a漢\x1b[2;1Hxy".encode(),
    "a row left open in another style": "0123456789a漢\x1b[1;12H\x1b[41m\x1b[X".encode(),
    "erased cells with a background": b"\x1b[44mabc\x1b[K\x1b[2;3H\x1b[1J",
    "a coloured row that scrolled in": b"1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[42m\r\n\x1b[m7",
    "marks": "e\u0301 漢\u0301 a\u0302\u0303".encode(),
    "a link": b"\x1b]8;id=1;http://one.example/\x1b\\link\x1b]8;;\x1b\\ none \x1b]8;;http://b/\x07",
    "all attributes": b"\x1b[1;2;3;4;5;7;8;9;53mA\x1b[0;21;38;2;1;2;3;48;5;99mB\x1b[4:3;58:5:4mC",
    "margins": b"\x1b[2;4r\x1b[3;3H",
    "origin mode": b"\x1b[2;4r\x1b[?6h\x1b[2;3H",
    "origin mode with a pending wrap": b"\x1b[2;4r\x1b[?6h\x1b[2;1H0123456789ab",
    "no autowrap": b"\x1b[?7l0123456789abcdef",
    "insert mode": b"abc\x1b[4h\r",
    "graphics": b"\x1b(0lqqk",
    "graphics by shift out": b"\x1b)0\x0eqq",
    "no tab stops": b"\x1b[3g",
    "other tab stops": b"\x1b[3g\x1b[4G\x1bH\x1b[7G\x1bH",
    "line feeds that return": b"\x1b[20h",
    "mouse": b"\x1b[?1002h\x1b[?1006h",
    "mouse, the last one counts": b"\x1b[?1006h\x1b[?1015h\x1b[?1003h\x1b[?1000h",
    "keys": b"\x1b[?1h\x1b=\x1b[>4;1m\x1b[?2004h\x1b[?1004h",
    "kitty": b"\x1b[>1u\x1b[?1049h\x1b[>5u\x1b[>7u",
    "a hidden cursor": b"\x1b[?25l",
    "a cursor's shape": b"\x1b[5 q\x1b[?12h",
    "a title, a folder and colours": b"\x1b]2;title\x07\x1b]7;file:///tmp\x07\x1b]4;1;#fff\x07"
    b"\x1b]10;rgb:1/2/3\x07\x1b]12;red\x07",
    "47": b"primary\x1b7\x1b[?47halternate",
    "47 over a saved cursor": b"\x1b[2;2H\x1b7\x1b[3;3H\x1b[?47h\x1b[4;4H",
    "1047": b"primary\x1b[?1047halternate",
    "1049": b"primary\x1b[31m\x1b[?1049h\x1b[Halternate\x1b[2;2H\x1b7\x1b[H",
    "1049 with a pending wrap": b"0123456789ab\x1b[?1049h\x1b[H",
    "1049 in graphics": b"\x1b(0q\x1b[?1049h\x1b(Bq",
    "1049 in origin mode": b"\x1b[2;4r\x1b[?6h\x1b[2;2H\x1b[?1049h\x1b[2;1H",
    "1049 in margins": b"primary\x1b[?1049h\x1b[2;4r\x1b[3;3H\x1b7\x1b[?6h",
}


@dataclass(frozen=True)
class State:
    """Everything that a painted terminal is to have, comparable."""

    rows: dict[str, list[Any]]
    cursor: tuple[int, int, bool]
    pen: Style
    saved: tuple[SavedCursor, ...]
    margins: tuple[int, int]
    tabs: frozenset[int]
    charsets: tuple[str, str, int]
    ways: tuple[bool, ...]
    modes: dict[str, Any]


def _cells(screen: Screen, line: Line) -> tuple[list[str], list[Style], bool]:
    texts = [screen.clusters.text(char) for char in line.text]
    return texts, [screen.styles[mark] for mark in line.styles], line.wraps


def state(terminal: Terminal) -> State:
    screen, modes = terminal.screen, terminal.modes
    shown = [_cells(screen, line) for line in screen.lines]
    shown[-1] = (*shown[-1][:2], False)
    rows = {"shown": shown}
    if screen.is_alternate:
        rows["primary"] = [_cells(screen, line) for line in screen.primary]
        rows["primary"][-1] = (*rows["primary"][-1][:2], False)
    unpainted = {mode.SYNCHRONIZED, *mode.ALTERNATE}
    return State(
        rows,
        (screen.row, screen.column, screen.pending_wrap),
        screen.styles[screen.pen],
        tuple(screen.saved[: 1 + screen.is_alternate]),
        (screen.top, screen.bottom),
        frozenset(screen.tabs),
        (screen.charsets[0], screen.charsets[1], screen.shifted),
        (screen.origin, screen.autowrap, screen.insert, screen.is_alternate),
        {
            "private": {n: modes.is_set(n) for n in sorted(mode.KNOWN - unpainted)},
            "mouse": [n for n in modes.private if n in mode.MOUSE_TRACKING + mode.MOUSE_ENCODING],
            "newline": modes.newline,
            "cursor_shape": modes.cursor_shape,
            "alternate_by": modes.alternate_by,
            "modify_other_keys": modes.modify_other_keys,
            "kitty": [modes.kitty[n][-1:] or [0] for n in range(1 + screen.is_alternate)],
            "palette": modes.palette,
            "colours": modes.colours,
            "title": modes.title,
            "folder": modes.folder,
        },
    )


def fed(data: bytes, rows: int = ROWS, columns: int = COLUMNS) -> Terminal:
    terminal = Terminal(rows, columns)
    terminal.feed(data)
    return terminal


def painted(terminal: Terminal, messy: bytes = b"", history: int | None = None) -> Terminal:
    """Return another terminal of the same size on which the first one is painted."""
    other = fed(messy, terminal.screen.rows, terminal.screen.columns)
    other.feed(paint(terminal, history=history) + terminal.unfinished)
    return other


def is_paintable(terminal: Terminal) -> bool:
    """Whether the cursor is where it can be told to go: not outside of a region in origin mode."""
    screen = terminal.screen
    return not screen.origin or screen.top <= screen.row <= screen.bottom


def history(terminal: Terminal) -> list[Any]:
    return [_cells(terminal.screen, line) for line in terminal.screen.history]


@pytest.mark.parametrize("name", HAND_MADE)
@pytest.mark.parametrize("mess", range(len(MESSY) + 1))
def test_a_painted_terminal_is_the_same(name: str, mess: int) -> None:
    terminal = fed(HAND_MADE[name])

    other = painted(terminal, b"".join(MESSY[:mess]))

    assert state(other) == state(terminal)


def test_so_it_is_in_every_feature() -> None:
    for name, data in CASES.items():
        terminal = fed(data)
        if is_paintable(terminal):
            assert state(painted(terminal, b"".join(MESSY))) == state(terminal), name


@given(STREAMS, STREAMS)
@settings(max_examples=400, deadline=None)
def test_so_it_is_after_any_stream_and_over_any_mess(data: bytes, messy: bytes) -> None:
    terminal = fed(data)
    if not is_paintable(terminal):
        return

    # Title, palette and mode 1007 are left as they are where they are not set.
    other = painted(terminal, re.sub(rb"\x1b\]|1007", b"", messy))

    assert state(other) == state(terminal)


@given(STREAMS, st.integers(1, 9), st.integers(3, 20), STREAMS)
@settings(max_examples=200, deadline=None)
def test_so_it_is_after_a_resize(data: bytes, rows: int, columns: int, more: bytes) -> None:
    terminal = fed(data)
    terminal.resize(rows, columns)
    terminal.feed(more)
    if not is_paintable(terminal):
        return

    other = painted(terminal, b"".join(MESSY), history=10)

    assert state(other) == state(terminal)


@given(STREAMS, STREAMS)
@settings(max_examples=200, deadline=None)
def test_what_comes_after_is_the_same_too(data: bytes, more: bytes) -> None:
    terminal = fed(data)
    if not is_paintable(terminal):
        return
    other = painted(terminal, b"".join(MESSY))
    # What is hidden or kept is not painted (see the module), so it must not be brought back.
    more = re.sub(rb"\x1b\[\d*b|\x1b\[\?[\d;]*[hlsr]|\x1bc|\x1b\[<|\x1b\[23", b"", more)

    terminal.feed(more)
    other.feed(more)

    assert state(other) == state(terminal)


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_state_in_the_middle_of_something_goes_on_like_the_whole(cut: int) -> None:
    data = (
        "漢\x1b[1;38;5;200mred\x1b]2;ti\u2713tle\x1b\\\x1bP+q544e\x1b\\\x1b[3;4Hé\x1b(0q\x1b(B"
    ).encode()
    terminal, whole = fed(data[:cut]), fed(data)

    other = painted(terminal, b"".join(MESSY))
    other.feed(data[cut:])

    assert state(other) == state(whole)


@pytest.mark.parametrize("introducer", [b"\x1b]2;", b"\x1bP", b"\x1b_G"])
def test_a_string_that_is_too_long_goes_on_being_swallowed(introducer: bytes) -> None:
    terminal = fed(b"before" + introducer + b"x" * 70_000)

    other = painted(terminal)
    for each in (terminal, other):
        each.feed(b"still\x1b\\after")

    assert text_rows(other.screen, other.screen.lines)[0] == "beforeafter"
    assert state(other) == state(terminal)


@given(STREAMS, STREAMS, st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_history_is_painted_behind_what_was_shown_before(
    data: bytes, messy: bytes, lines: int
) -> None:
    terminal = fed(data + b"\x18\x1b[?1049l\x1b[r" + b"".join(b"%d\r\n" % n for n in range(12)))
    terminal.feed(data)

    other = painted(terminal, messy, history=lines)

    wanted = history(terminal)[-lines:] if lines else []
    assert history(other)[len(history(other)) - len(wanted) :] == wanted


def test_what_the_other_terminal_showed_above_its_cursor_is_in_its_scrollback() -> None:
    terminal = fed(b"mine")

    for mess in (b"", b"\x1b[1;2r\x1b[4;4H\x1b[5 q", b"\x1b[?1049hvim"):
        other = painted(terminal, b"shell\r\n$ attach\r\n" + mess, history=0)

        above = text_rows(other.screen, list(other.screen.history))
        assert above[:2] == ["shell", "$ attach"]
        assert text_rows(other.screen, other.screen.lines)[0] == "mine"


def test_without_history_nothing_scrolls() -> None:
    terminal = fed(b"".join(b"%d\r\n" % n for n in range(20)))

    other = painted(terminal, b"shell\r\n")

    assert not other.screen.history


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.name.removesuffix(".gz"))
def test_recorded_programs_are_painted(path: Path) -> None:
    columns, rows = map(int, path.name.split(".")[1].split("x"))
    data = gzip.decompress(path.read_bytes())
    terminal = Terminal(rows, columns)

    step = max(len(data) // 12, 1)
    for start in range(0, len(data), step):
        terminal.feed(data[start : start + step])
        other = painted(terminal, b"".join(MESSY), history=50)

        assert state(other) == state(terminal)
        assert (
            history(other)[-50:][-len(terminal.screen.history) or 50 :] == history(terminal)[-50:]
        )


# --- libghostty ------------------------------------------------------------------------------


def _ghostty_differences(terminal: Terminal) -> list[str]:
    oracle = pytest.importorskip("tests.pty_mux.vt.oracle")
    ghostty = oracle.Ghostty(terminal.screen.rows, terminal.screen.columns)
    ghostty.feed(b"\x1b[31;44mmess\x1b[2;3r\x1b[?6h\x1b[?1000;1006;1h\x1b[4h\x1b[?1049h\x1b[3gmess")
    ghostty.feed(paint(terminal))
    one, two = oracle.ours(terminal).without_blanks(), ghostty.view().without_blanks()
    found: list[str] = one.without_wraps().differences(two.without_wraps())
    return [said for said in found if "2026" not in said]


@pytest.mark.parametrize("name", HAND_MADE)
def test_libghostty_is_painted_as_well(name: str) -> None:
    assert _ghostty_differences(fed(HAND_MADE[name])) == []


@given(st.one_of(NARROW, SCREENS, IN_ORIGIN_MODE, WITH_WIDE))
@settings(max_examples=150, deadline=None)
def test_libghostty_is_painted_after_any_stream(data: bytes) -> None:
    terminal = fed(data)
    if is_paintable(terminal):
        assert _ghostty_differences(terminal) == []


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.name.removesuffix(".gz"))
def test_recorded_programs_are_painted_on_libghostty(path: Path) -> None:
    columns, rows = map(int, path.name.split(".")[1].split("x"))
    data = gzip.decompress(path.read_bytes())
    terminal = Terminal(rows, columns)

    for part in (data[: len(data) // 3], data[len(data) // 3 : -40], data[-40:]):
        terminal.feed(part)
        assert _ghostty_differences(terminal) == []


# --- another program starts ------------------------------------------------------------------


@pytest.mark.parametrize("name", HAND_MADE)
def test_a_fresh_start_leaves_what_is_shown_and_no_mode(name: str) -> None:
    terminal = fed(HAND_MADE[name] + b"\x1b[3")
    shown = [line for line in text_rows(terminal.screen, terminal.screen.primary) if line]

    terminal.feed(fresh_start(terminal) + b"next")

    fresh, now = state(fed(b"")), state(terminal)
    lines = [line for line in text_rows(terminal.screen, terminal.screen.lines) if line]
    assert lines == [*shown, "next"][-ROWS:]
    assert now.modes | {"title": "", "folder": ""} == fresh.modes
    assert (now.pen, now.saved, now.margins, now.tabs) == (
        fresh.pen,
        fresh.saved,
        fresh.margins,
        fresh.tabs,
    )
    assert (now.charsets, now.ways) == (fresh.charsets, fresh.ways)


def test_a_fresh_start_below_a_full_screen_scrolls() -> None:
    terminal = fed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6")

    terminal.feed(fresh_start(terminal) + b"next")

    assert text_rows(terminal.screen, terminal.screen.lines) == ["2", "3", "4", "5", "6", "next"]


# --- rows as text ----------------------------------------------------------------------------


def test_rows_as_text_have_no_blanks_at_their_ends() -> None:
    terminal = fed("a漢e\u0301 \x1b[44m  \r\n\u3000\u00a0".encode())

    rows = text_rows(terminal.screen, terminal.screen.lines)

    assert rows == ["a漢e\u0301", "\u3000\u00a0", "", "", "", ""]


def test_rows_with_colours_begin_and_end_plain() -> None:
    terminal = fed(b"\x1b[31mred\x1b[0m no\r\n\x1b[44m \x1b[0m\r\n\x1b]8;;http://a/\x1b\\l")

    rows = ansi_rows(terminal.screen, terminal.screen.lines)

    assert rows == [
        "\x1b[0;31mred\x1b[0m no",
        "\x1b[0;44m \x1b[0m",
        "\x1b]8;;http://a/\x1b\\l\x1b]8;;\x1b\\",
        "",
        "",
        "",
    ]


# --- pictures --------------------------------------------------------------------------------


def _drawn(terminal: Terminal, on: Terminal, before: Picture | None = None) -> Picture:
    """Draw a terminal on one of another size; return the picture."""
    drawn = picture(terminal, on.screen.rows, on.screen.columns)
    on.feed(drawn.changes_from(before))
    return drawn


def _expected(terminal: Terminal, rows: int, columns: int) -> list[tuple[list[str], list[Style]]]:
    """Return the cells of the part around the cursor, cell by cell."""
    screen = terminal.screen
    top = min(max(0, screen.row - rows + 1), max(0, screen.rows - rows))
    left = min(max(0, screen.column - columns + 1), max(0, screen.columns - columns))
    expected = []
    for row in range(top, top + rows):
        texts, styles = [" "] * columns, [Style()] * columns
        if row < screen.rows:
            line, all_styles, _ = _cells(screen, screen.lines[row])
            shown = line[left : left + columns]
            if shown[0] == "":
                shown[0] = " "
            if left + columns < screen.columns and line[left + columns] == "":
                shown[-1] = " "
            texts[: len(shown)] = shown
            styles[: len(shown)] = all_styles[left : left + columns]
        expected.append((texts, styles))
    return expected


@given(STREAMS, STREAMS, st.integers(2, 10), st.integers(2, 18), STREAMS)
@settings(max_examples=300, deadline=None)
def test_a_picture_shows_the_part_around_the_cursor(
    data: bytes, more: bytes, rows: int, columns: int, messy: bytes
) -> None:
    terminal, other = fed(data), fed(messy, rows, columns)

    before = _drawn(terminal, other)
    for following in (b"", more):
        terminal.feed(following)
        drawn = _drawn(terminal, other, before)

        shown = [_cells(other.screen, line)[:2] for line in other.screen.lines]
        assert shown == _expected(terminal, rows, columns)
        assert (other.screen.row, other.screen.column) == (drawn.row, drawn.column)
        assert other.modes.is_set(mode.CURSOR_VISIBLE) == terminal.modes.is_set(mode.CURSOR_VISIBLE)
        assert not other.screen.is_alternate
        before = drawn


@pytest.mark.parametrize(
    ("column", "columns", "row"),
    [(1, 4, "漢字"), (1, 5, "漢字"), (4, 3, " 字"), (5, 3, "字"), (6, 3, " か"), (9, 4, " な")],
)
def test_a_wide_character_at_an_edge_is_cut(column: int, columns: int, row: str) -> None:
    terminal = fed("漢字かな漢字".encode() + b"\x1b[1;%dH" % column)
    other = Terminal(3, columns)

    _drawn(terminal, other)

    assert text_rows(other.screen, other.screen.lines)[0] == row


def test_only_rows_that_changed_are_drawn() -> None:
    terminal = fed(b"one\r\ntwo\r\nthree")
    before = picture(terminal, 4, 10)

    terminal.feed(b"\x1b[2;1HTWO")
    changes = picture(terminal, 4, 10).changes_from(before)

    assert b"TWO" in changes
    assert b"one" not in changes
    assert picture(terminal, 4, 10).changes_from(picture(terminal, 4, 10)) == b"\x1b[2;4H\x1b[?25h"


def test_a_picture_on_what_had_fewer_rows_is_drawn_whole() -> None:
    terminal = fed(b"one\r\ntwo\r\nthree")

    changes = picture(terminal, 5, 10).changes_from(picture(terminal, 1, 10))

    assert b"two" in changes
