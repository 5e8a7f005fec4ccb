r"""Paint: a terminal's state to the bytes that bring any xterm-like terminal into it. Pure.

`paint` is for a terminal of the same size, in whatever state it is: modes that would spoil the
picture are taken back first, then rows are written from the top (a row that goes on in the next one
is written without a newline, so that the terminal knows it too, for copying and resizing), then
what is not a cell. The order matters and its reasons are facts/attach.md, 3.2: margins and origin
mode move the cursor, so they come before it; entering the alternate screen saves the cursor, so it
stands then where it is to be restored to; a pending wrap can only be had by writing the last column
again.

Not painted: an alternate screen that is not shown (whoever shows it clears it), whether the last
row goes on in a next one, synchronized output (it would freeze the terminal), what is kept for
later (titles, modes), and the character that REP repeats. Colours of the palette and the title are
set but never reset: the terminal may have its own.

`picture` is for a terminal of another size: the part of the screen around the cursor, row by row.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final, NamedTuple

from pty_mux.vt import modes as mode
from pty_mux.vt.charsets import ASCII
from pty_mux.vt.line import LEFT_OPEN, SECOND_CELL, Line, blank
from pty_mux.vt.modes import Modes
from pty_mux.vt.screen import SavedCursor, Screen
from pty_mux.vt.style import PLAIN, Style, sgr
from pty_mux.vt.terminal import Terminal

_RUN: Final = re.compile(r"(.)\1*", re.DOTALL)
_PLAIN_SETS: Final = "\x1b(B\x1b)B\x0f"
_FRESH: Final = (
    "\x1b[?2026l\x1b[=0;1u\x1b[>4m"
    "\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    "\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b[?5l\x1b[?12l\x1b>"
    "\x1b[?69l\x1b[?6l\x1b[?7h\x1b[4l\x1b[20l\x1b[r"
    f"{_PLAIN_SETS}\x1b[0m\x1b]8;;\x1b\\\x1b[0 q"
)
"""The modes of a terminal that starts, as far as programs change them."""

_LEAVE: Final = "\x1b[?25l\x1b[=0;1u\x1b7\x1b[?1049l"
"""To the primary screen. Resetting 1049 restores the cursor even where it changes nothing else."""

_SCROLL_OFF: Final = "\x1b7\x1b[r\x1b8"
"""Before what is shown is scrolled off: without margins, and the cursor still below it."""

_SEPARATELY: Final = frozenset(
    {mode.ORIGIN, mode.AUTOWRAP, mode.CURSOR_VISIBLE, mode.SYNCHRONIZED, mode.KEYPAD}
    | set(mode.ALTERNATE)
)


def paint(terminal: Terminal, *, history: int | None = None) -> bytes:
    """Return what shows the state of a terminal on another one of the same size.

    Args:
        terminal: the model.
        history: how many of the lines above the primary screen are to be written before it, as
            lines that the other terminal's own scrollback keeps; what it shows now is scrolled off
            before. None: nothing scrolls, the screen is written over.
    """
    screen, modes = terminal.screen, terminal.modes
    painter = _Painter(screen)
    painter.write(_LEAVE)
    if history is not None:
        painter.write(_SCROLL_OFF + "\r\n" * screen.rows)
    painter.write(f"{_FRESH}\x1b[H")
    above = list(screen.history)[-history:] if history else []
    painter.rows([*above, *screen.primary])
    painter.kitty(modes.kitty[0])
    painter.tabs()
    enter = f"\x1b[?{modes.alternate_by}h" if screen.is_alternate else ""
    painter.save(screen.saved[0], screen.primary, enter)
    if screen.is_alternate:
        painter.write("\x1b[H")
        painter.rows(screen.alternate)
        painter.kitty(modes.kitty[1])
        painter.save(screen.saved[1], screen.alternate)
    if (screen.top, screen.bottom) != (0, screen.rows - 1):
        painter.write(f"\x1b[{screen.top + 1};{screen.bottom + 1}r")
    painter.write(_modes(modes))
    painter.cursor()
    if modes.is_set(mode.CURSOR_VISIBLE):
        painter.write("\x1b[?25h")
    return painter.bytes()


def fresh_start(terminal: Terminal) -> bytes:
    """Return what a terminal in this state is given before another program starts on it.

    Modes are those of a terminal that starts; what it shows stays, and the cursor goes below it.
    """
    screen, modes = terminal.screen, terminal.modes
    painter = _Painter(screen)
    painter.write("\x18")
    if screen.is_alternate:
        painter.write(f"\x1b[=0;1u\x1b[?{modes.alternate_by}l")
    painter.write(f"{_FRESH}\x1b[H\x1b7\x1b[?25h")
    painter.tabs(_first_tabs(screen.columns))
    painter.write("".join(f"\x1b]104;{index}\x1b\\" for index in modes.palette))
    painter.write("".join(f"\x1b]{number + 100}\x1b\\" for number in modes.colours))
    used = max((n for n, line in enumerate(screen.primary, 1) if _length(line)), default=0)
    painter.write(f"\x1b[{min(used + 1, screen.rows)}H")
    painter.write("\r\n" if used == screen.rows else "")
    painter.write("\x1b[J")
    return painter.bytes()


def _modes(modes: Modes) -> str:
    out = [
        f"\x1b[?{number}{'h' if on else 'l'}"
        for number, on in modes.private.items()
        if number not in _SEPARATELY
    ]
    out += ["\x1b="] * modes.is_set(mode.KEYPAD)
    out += [f"\x1b[>4;{modes.modify_other_keys}m"] * bool(modes.modify_other_keys)
    out += [f"\x1b]4;{index};{colour}\x1b\\" for index, colour in modes.palette.items()]
    out += [f"\x1b]{number};{colour}\x1b\\" for number, colour in modes.colours.items()]
    out += [f"\x1b]2;{modes.title}\x1b\\"] * bool(modes.title)
    out += [f"\x1b]7;{modes.folder}\x1b\\"] * bool(modes.folder)
    out += [f"\x1b[{modes.cursor_shape} q"] * bool(modes.cursor_shape)
    out += ["\x1b[20h"] * modes.newline
    return "".join(out)


class _Painter:
    """Collects the bytes, and knows the style that the other terminal writes with."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._out: list[str] = []
        self._style = PLAIN

    def text(self) -> str:
        return "".join(self._out)

    def bytes(self) -> bytes:
        return self.text().encode("utf-8", "replace")

    def write(self, text: str) -> None:
        self._out.append(text)

    def rows(self, lines: Sequence[Line]) -> None:
        """Write rows from where the cursor is; what stood in them and below is erased."""
        joined = False
        for line, below in zip_longest(lines, lines[1:]):
            goes_on = line.wraps and below is not None
            full = len(line.text)
            end = full if goes_on else max(_length(line), joined)
            # The terminal itself leaves a cell open where a wide character has no room.
            is_open = goes_on and line.text[-1] == LEFT_OPEN and _opens(line, below)
            begun = self._first_cell(line) if joined else 0
            if begun < end == full and not goes_on:
                # The row may be one that went on: erased, it does not any more.
                self.write("\x1b[K")
            self.cells(line, begun, full - 1 if is_open else end)
            if end < full:
                self.erase_rest()
            if below is not None and not goes_on:
                self.write("\r\n")
            joined = goes_on

    def _first_cell(self, line: Line) -> int:
        """Write what makes the terminal go on in this row; return how many cells it takes."""
        length = 1 + (line.text[1:2] == SECOND_CELL)
        self.cells(line, 0, length)
        return length

    def cells(self, line: Line, start: int, end: int) -> None:
        """Write cells of a row."""
        text, styles = line.text, self._screen.styles
        for run in _RUN.finditer(line.styles, start, end):
            self._become(styles[run[1]])
            self.write(self._screen.clusters.text(text[run.start() : run.end()]))

    def erase_rest(self) -> None:
        """Erase the row from the cursor on; it must not stand behind the last column."""
        self.plain()
        self.write("\x1b[K")

    def plain(self) -> None:
        """Write without colours and attributes from here on."""
        self._become(PLAIN)

    def kitty(self, stack: Sequence[int]) -> None:
        """Set the keyboard flags of the screen that is shown, and those kept below them."""
        first, *others = stack or [0]
        self.write(f"\x1b[={first};1u" + "".join(f"\x1b[>{flags}u" for flags in others))

    def tabs(self, stops: Iterable[int] | None = None) -> None:
        """Set the tab stops, and nothing else as stop; None: the screen's."""
        self.write("\x1b[3g")
        for column in sorted(self._screen.tabs if stops is None else stops):
            self.write(f"\x1b[{column + 1}G\x1bH")

    def save(self, saved: SavedCursor, lines: Sequence[Line], enter: str = "") -> None:
        """Have a cursor saved: go there as it was, save it, and be as before but for the place.

        Args:
            saved: the cursor.
            lines: the rows of its screen.
            enter: what shows the other screen, which may save the cursor once more.
        """
        if saved.origin:
            self.write("\x1b[?6h")  # margins come later, so places are the same
        self._go(saved.row, saved.column, lines[saved.row] if saved.pending_wrap else None)
        self._become(saved.style)
        self._sets(saved.charsets, saved.shifted)
        self.write(f"\x1b7{enter}")
        if saved.origin:
            self.write("\x1b[?6l")
        if saved.shifted or saved.charsets != (ASCII, ASCII):
            self.write(_PLAIN_SETS)
        self.plain()

    def cursor(self) -> None:
        """Put the cursor where it is, as it is; nothing that moves it may follow."""
        screen = self._screen
        row = screen.row
        if screen.origin:
            self.write("\x1b[?6h")
            row = max(row, screen.top) - screen.top
        self._go(row, screen.column, screen.lines[screen.row] if screen.pending_wrap else None)
        if not screen.autowrap:
            self.write("\x1b[?7l")
        if screen.insert:
            self.write("\x1b[4h")
        self._become(screen.styles[screen.pen])
        self._sets((screen.charsets[0], screen.charsets[1]), screen.shifted)

    def _go(self, row: int, column: int, pending: Line | None) -> None:
        """Go to a row and column; where a wrap is pending, by writing the row's last cell."""
        if pending is None:
            self.write(f"\x1b[{row + 1};{column + 1}H")
            return
        last = len(pending.text) - 1
        start = last - (pending.text[last] == SECOND_CELL)
        self.write(f"\x1b[{row + 1};{start + 1}H")
        self._become(self._screen.styles[pending.styles[start]])
        self.write(self._screen.clusters.text(pending.text[start:]))

    def _become(self, style: Style) -> None:
        if style != self._style:
            self.write(_change(self._style, style))
            self._style = style

    def _sets(self, charsets: tuple[str, str], shifted: int) -> None:
        if charsets != (ASCII, ASCII):
            self.write(f"\x1b({charsets[0]}\x1b){charsets[1]}")
        if shifted:
            self.write("\x0e")


@lru_cache(maxsize=4096)
def _change(old: Style, new: Style) -> str:
    """Return what makes another style of one."""
    codes = sgr(new) if old._replace(link="") != new._replace(link="") else ""
    return codes + (f"\x1b]8;{new.link or ';'}\x1b\\" if old.link != new.link else "")


def _length(line: Line) -> int:
    """Return how many cells are more than plain blanks at the end of a row."""
    if (length := len(line.text.rstrip(" "))) == len(line.text):
        return length
    return max(length, len(line.styles.rstrip("\0")))


def _opens(line: Line, below: Line) -> bool:
    """Whether the last cell of a row is left open by a wide character in the next one."""
    return below.text[1:2] == SECOND_CELL and line.styles[-1] == below.styles[0]


def _first_tabs(columns: int) -> Iterable[int]:
    return range(8, columns, 8)


def ansi_rows(screen: Screen, lines: Sequence[Line]) -> list[str]:
    """Return rows as text with their colours and attributes, each beginning and ending plain."""
    return [_row(screen, line) for line in lines]


def text_rows(screen: Screen, lines: Sequence[Line]) -> list[str]:
    """Return rows as text, blanks at their ends left out."""
    return [screen.clusters.text(line.text).rstrip(" ") for line in lines]


def _row(screen: Screen, line: Line, *, erase_from: int = 0) -> str:
    """Return a row as text; a terminal that is wider than it is told to erase the rest."""
    painter = _Painter(screen)
    length = _length(line)
    painter.cells(line, 0, length)
    painter.plain()
    if length < erase_from:
        painter.erase_rest()
    return painter.text()


class Picture(NamedTuple):
    """A part of a screen for a terminal of another size.

    Attributes:
        rows: of each row what draws it from its first column, however the row looks before.
        row: where the cursor is in it, from 0; likewise `column`.
        cursor_visible: whether it is shown.
    """

    rows: tuple[str, ...]
    row: int
    column: int
    cursor_visible: bool

    def changes_from(self, before: "Picture | None") -> bytes:
        """Return what brings a terminal that shows `before` to show this; None: anything."""
        before_rows = before.rows if before else ()
        out = [] if before else [f"{_LEAVE}{_FRESH}"]
        for number, (row, shown) in enumerate(zip_longest(self.rows, before_rows), 1):
            if row != shown:
                out.append(f"\x1b[{number}H{row}")
        out.append(f"\x1b[{self.row + 1};{self.column + 1}H")
        out.append("\x1b[?25h" if self.cursor_visible else "\x1b[?25l")
        return "".join(out).encode("utf-8", "replace")


def picture(terminal: Terminal, rows: int, columns: int) -> Picture:
    """Return what a terminal of that size shows of a screen: its part around the cursor."""
    screen = terminal.screen
    top = _first_shown(screen.row, rows, screen.rows)
    left = _first_shown(screen.column, columns, screen.columns)
    shown = list(_cropped(screen.lines[top : top + rows], left, columns))
    shown += [blank(0)] * (rows - len(shown))
    texts = [_row(screen, line, erase_from=columns) for line in shown]
    visible = terminal.modes.is_set(mode.CURSOR_VISIBLE)
    return Picture(tuple(texts), screen.row - top, screen.column - left, visible)


def _first_shown(cursor: int, shown: int, there: int) -> int:
    """Return the first row or column of the part that has the cursor in it, nearest to 0."""
    return min(max(0, cursor - shown + 1), max(0, there - shown))


def _cropped(lines: Sequence[Line], left: int, columns: int) -> Iterator[Line]:
    for line in lines:
        text = line.text[left:]
        if text.startswith(SECOND_CELL):
            text = f" {text[1:]}"
        cropped = Line(text, line.styles[left:])
        if len(text) > columns:
            cropped.resize(columns)
        yield cropped
