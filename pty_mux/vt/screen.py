"""The cells of a terminal: two screens, a cursor, margins, tab stops; one method an operation.

Rows and columns count from 0. The primary screen has the lines above it (`history`), bounded by
`MAX_HISTORY_LINES`; the alternate one has none. What the operations are called and do is in
ECMA-48 and xterm's ctlseqs; the *pending wrap* is the state of a VT100 whose last column has just
been written: the cursor stays there, and the next character goes to the next row first.

Not here: which bytes mean which operation, and everything that is no cell (`terminal`).
"""

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from pty_mux.vt.charsets import ASCII, TRANSLATIONS
from pty_mux.vt.line import SECOND_CELL, Clusters, Line, Rows, blank, crowded, resized, wrapped
from pty_mux.vt.reflow import reflow
from pty_mux.vt.style import Style, StyleTable
from pty_mux.vt.width import width

MAX_HISTORY_LINES: Final = 2000
"""tmux's ``history-limit``."""

_SGR: Final = re.compile(r"\x1b\[([0-9:;]*)m")

_TAB_WIDTH: Final = 8


@dataclass(frozen=True, slots=True)
class SavedCursor:
    """What DECSC keeps, of each screen its own."""

    row: int = 0
    column: int = 0
    pending_wrap: bool = False
    style: Style = Style()
    charsets: tuple[str, str] = (ASCII, ASCII)
    shifted: int = 0
    origin: bool = False


class Screen(Rows):
    """Both screens of a terminal and its cursor.

    Attributes:
        pen: the character of the style (`StyleTable`) that is written with.
        charsets: what G0 and G1 are; `shifted` says which is used.
        origin, autowrap, insert: DECOM, DECAWM and IRM.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__(rows, columns, MAX_HISTORY_LINES)
        self.styles = StyleTable()
        self.clusters = Clusters()
        self.saved = [SavedCursor(), SavedCursor()]
        self.reset_state()

    def reset_state(self) -> None:
        """Bring everything but the cells to where a terminal starts."""
        self.row = 0
        self.column = 0
        self.pending_wrap = False
        self.pen = "\0"
        self.top = 0
        self.bottom = self.rows - 1
        self.charsets = [ASCII, ASCII]
        self.shifted = 0
        self.origin = False
        self.autowrap = True
        self.insert = False
        self.last_char = ""
        self.reset_tabs()

    # --- writing ------------------------------------------------------------------------------

    def write(self, run: str) -> None:
        """Write printable text."""
        charset = self.charsets[self.shifted]
        if charset == ASCII and run.isascii():
            self.last_char = run[-1]
            self._put(run, self.pen * len(run))
            return
        self.last_char = next(filter(width, reversed(run)), self.last_char)
        run = run.translate(TRANSLATIONS.get(charset, {}))
        marks, cells = self.clusters.cells(run, self.columns)
        if marks:
            self._mark(marks)
        self._put(cells, self.pen * len(cells))

    def write_coloured(self, run: str) -> None:
        """Write printable text with SGR sequences in it; the pen follows them."""
        parts = _SGR.split(run)
        if not run.isascii() or self.charsets[self.shifted] != ASCII or not self.autowrap:
            for number, part in enumerate(parts):
                if number & 1:
                    self.pen = self.styles.after_sgr(self.pen, part)
                elif part:
                    self.write(part)
            return
        pen = self.pen
        after_sgr = self.styles.after_sgr
        styles = [pen * len(parts[0])]
        for number in range(1, len(parts), 2):
            pen = after_sgr(pen, parts[number])
            styles.append(pen * len(parts[number + 1]))
        cells = "".join(parts[::2])
        if cells:
            self.last_char = cells[-1]
            self._put(cells, "".join(styles))
        self.pen = pen

    def repeat(self, count: int) -> None:
        """Write the last character again (REP)."""
        if self.last_char:
            self.write(self.last_char * min(count, self.rows * self.columns))

    def _mark(self, marks: str) -> None:
        """Add combining marks to the cell before the cursor."""
        line = self.lines[self.row]
        column = self.column if self.pending_wrap else self.column - 1
        if column > 0 and line.text[column] == SECOND_CELL:
            column -= 1
        if column >= 0:
            cell = line.text[column]
            for mark in marks:
                cell = self.clusters.add(cell, mark)
            line.text = line.text[:column] + cell + line.text[column + 1 :]

    def _put(self, cells: str, styles: str) -> None:
        """Write cells and their styles, row by row."""
        while cells:
            if self.pending_wrap and self.autowrap:
                self.lines[self.row].wraps = True
                self.pen = styles[0]  # which a scroll erases with
                self.index()
                self.column = 0
                self.pending_wrap = False
            room = self.columns - self.column
            if len(cells) <= room:
                self._put_in_row(cells, styles)
                return
            if self.autowrap:
                part, cells = wrapped(cells, room)
                self._put_in_row(part, styles[:room])
                styles = styles[-len(cells) :]
            else:
                cells = crowded(cells, room)
                styles = styles[: len(cells)]

    def _put_in_row(self, cells: str, styles: str) -> None:
        start = self.column
        line = self.lines[self.row]
        if self.insert:
            line.insert(start, cells, styles)
        else:
            line.replace(start, cells, styles)
        end = start + len(cells)
        if end < self.columns:
            self.column = end
        else:
            self.column = self.columns - 1
            self.pending_wrap = True

    # --- the cursor ---------------------------------------------------------------------------

    def move(self, row: int, column: int) -> None:
        """Go to a row and column of the screen, or under DECOM of the scroll region."""
        top, bottom = (self.top, self.bottom) if self.origin else (0, self.rows - 1)
        row += top
        if row < top:
            row = top
        elif row > bottom:
            row = bottom
        if column < 0:
            column = 0
        elif column >= self.columns:
            column = self.columns - 1
        self.row, self.column, self.pending_wrap = row, column, False

    def move_by(self, rows: int, columns: int) -> None:
        """Go relatively; the scroll region's edges stop who is inside."""
        if rows:
            above = self.top if self.row >= self.top else 0
            below = self.bottom if self.row <= self.bottom else self.rows - 1
            self.row = min(max(self.row + rows, above), below)
        if columns:
            self.column = min(max(self.column + columns, 0), self.columns - 1)
        self.pending_wrap = False

    def move_rows(self, rows: int) -> None:
        """Go down to a row that is told relatively (VPR): only the screen's edge stops."""
        self.move(self.row + rows - (self.top if self.origin else 0), self.column)

    def carriage_return(self) -> None:
        """Go to the first column."""
        self.column = 0
        self.pending_wrap = False

    def index(self) -> None:
        """Go down a row; at the bottom of the scroll region its lines move up instead."""
        if self.row == self.bottom:
            line = self.lines.pop(self.top)
            if self.top == 0 and not self.is_alternate:
                self.history.append(line)
            style = "\0" if self.pen == "\0" else self.styles.erased(self.pen)
            self.lines.insert(self.bottom, blank(self.columns, style))
        elif self.row < self.rows - 1:
            self.row += 1

    def reverse_index(self) -> None:
        """Go up a row; at the top of the scroll region its lines move down instead."""
        if self.row == self.top:
            self.scroll_down(1)
        elif self.row > 0:
            self.row -= 1

    def reset_tabs(self) -> None:
        """Set a tab stop every eight columns."""
        self.tabs = set(range(_TAB_WIDTH, self.columns, _TAB_WIDTH))

    def tab(self, count: int) -> None:
        """Go to the next tab stop, or back for a negative count; edges stop."""
        for _ in range(min(abs(count), self.columns)):
            if count > 0:
                following = (stop for stop in self.tabs if stop > self.column)
                self.column = min(following, default=self.columns - 1)
            else:
                before = (stop for stop in self.tabs if stop < self.column)
                self.column = max(before, default=0)
        if count < 0:
            self.pending_wrap = False

    def save_cursor(self) -> None:
        """Keep where and how the cursor is (DECSC)."""
        self.saved[self.is_alternate] = SavedCursor(
            self.row,
            self.column,
            self.pending_wrap,
            self.styles[self.pen],
            (self.charsets[0], self.charsets[1]),
            self.shifted,
            self.origin,
        )

    def restore_cursor(self) -> None:
        """Bring back what was kept (DECRC)."""
        saved = self.saved[self.is_alternate]
        self.row = min(saved.row, self.rows - 1)
        self.column = min(saved.column, self.columns - 1)
        self.pending_wrap = saved.pending_wrap and self.column == self.columns - 1
        self.pen = self.styles.mark(saved.style)
        self.charsets = list(saved.charsets)
        self.shifted = saved.shifted
        self.origin = saved.origin

    # --- erasing and shifting -----------------------------------------------------------------

    def erase_in_line(self, start: int, end: int) -> None:
        """Blank cells of the cursor's row."""
        self.pending_wrap = False
        line = self.lines[self.row]
        end = min(end, self.columns)
        if end > start:
            line.replace(start, " " * (end - start), self.styles.erased(self.pen) * (end - start))
        if end == self.columns:
            line.wraps = False

    def erase_rows(self, start: int, end: int, style: str | None = None) -> None:
        """Blank whole rows, with the background that is set unless a style is given."""
        style = self.styles.erased(self.pen) if style is None else style
        self.lines[start:end] = self.blank_lines(end - start, style)

    def erase_display(self, kind: int) -> None:
        """Blank below the cursor (0), above it (1) or everything (2), without moving it (ED)."""
        self.pending_wrap = False
        match kind:
            case 0:
                self.erase_in_line(self.column, self.columns)
                self.erase_rows(self.row + 1, self.rows)
            case 1:
                self.erase_in_line(0, self.column + 1)
                self.erase_rows(0, self.row)
            case 2:
                self.erase_rows(0, self.rows)

    def erase_cells(self, count: int) -> None:
        """Blank cells from the cursor on (ECH)."""
        self.erase_in_line(self.column, self.column + count)
        self.lines[self.row].wraps = False

    def insert_cells(self, count: int) -> None:
        """Push the rest of the row to the right (ICH)."""
        self.pending_wrap = False
        count = min(count, self.columns - self.column)
        self.lines[self.row].insert(self.column, " " * count, self.styles.erased(self.pen) * count)

    def delete_cells(self, count: int) -> None:
        """Draw the rest of the row to the left (DCH)."""
        self.pending_wrap = False
        count = min(count, self.columns - self.column)
        self.lines[self.row].delete(self.column, count, self.styles.erased(self.pen))
        self.lines[self.row].wraps = False

    def insert_lines(self, count: int) -> None:
        """Push the rows from the cursor's on down, within the scroll region (IL)."""
        if self.top <= self.row <= self.bottom:
            self.shift_down(self.row, count, self.styles.erased(self.pen))
            self.carriage_return()

    def delete_lines(self, count: int) -> None:
        """Draw the rows below the cursor's up, within the scroll region (DL)."""
        if self.top <= self.row <= self.bottom:
            self.cut_above(self.row)
            self.lines[self.bottom].wraps = False
            self.shift_up(self.row, count, self.styles.erased(self.pen))
            self.carriage_return()

    def scroll_up(self, count: int) -> None:
        """Move the scroll region's lines up; from the top of the primary screen into history."""
        count = min(count, self.bottom - self.top + 1)
        if self.top:
            self.cut_above(self.top)
        elif not self.is_alternate:
            self.history.extend(self.lines[:count])
        self.shift_up(self.top, count, self.styles.erased(self.pen))

    def scroll_down(self, count: int) -> None:
        """Move the scroll region's lines down."""
        self.shift_down(self.top, count, self.styles.erased(self.pen))

    def set_margins(self, top: int, bottom: int) -> None:
        """Set the first and the last row of the scroll region and go home (DECSTBM)."""
        bottom = min(bottom, self.rows - 1)
        if 0 <= top < bottom:
            self.top, self.bottom = top, bottom
            self.move(0, 0)

    def fill(self, char: str) -> None:
        """Fill the screen with a character and go home, without margins (DECALN)."""
        self.lines[:] = [Line(char * self.columns, "\0" * self.columns) for _ in range(self.rows)]
        self.top, self.bottom = 0, self.rows - 1
        self.origin = False
        self.move(0, 0)

    # --- the size and the styles --------------------------------------------------------------

    def resize(self, rows: int, columns: int) -> None:
        """Take another size: the primary screen reflows, the alternate one is cut or filled up."""
        if (rows, columns) == (self.rows, self.columns):
            return
        alternate = resized(self.alternate, rows, columns)
        cursor = self.saved[0] if self.is_alternate else self
        flowed = reflow(self.history, self.primary, (cursor.row, cursor.column), rows, columns)
        # The next character goes behind the one whose row was full.
        column = flowed.column + cursor.pending_wrap
        pending = column == columns
        column -= pending
        self.history = deque(flowed.history, maxlen=MAX_HISTORY_LINES)
        self.saved = [_within(saved, rows, columns) for saved in self.saved]
        if self.is_alternate:
            self.lines, self.other = alternate, flowed.screen
            self.saved[0] = replace(
                self.saved[0], row=flowed.row, column=column, pending_wrap=pending
            )
            self.pending_wrap = self.pending_wrap and columns == self.columns
            self.row, self.column = min(self.row, rows - 1), min(self.column, columns - 1)
        else:
            self.lines, self.other = flowed.screen, alternate
            self.row, self.column, self.pending_wrap = flowed.row, column, pending
        self.tabs = {stop for stop in self.tabs if stop < columns} | set(
            range((self.columns + 7) // _TAB_WIDTH * _TAB_WIDTH, columns, _TAB_WIDTH)
        )
        self.rows, self.columns = rows, columns
        self.top, self.bottom = 0, rows - 1

    def forget_unused_styles(self) -> None:
        """Make room in the table of styles."""
        used = set(self.pen)
        for line in self.all_lines():
            used.update(line.styles)
        translation = self.styles.keep(used)
        self.pen = self.pen.translate(translation)
        for line in self.all_lines():
            line.styles = line.styles.translate(translation)


def _within(saved: SavedCursor, rows: int, columns: int) -> SavedCursor:
    """Return a saved cursor of another size that is on the screen."""
    row, column = min(saved.row, rows - 1), min(saved.column, columns - 1)
    return replace(saved, row=row, column=column, pending_wrap=False)
