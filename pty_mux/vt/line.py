r"""The rows of a screen: of each a character a cell for the text, and one for its style.

A wide character is followed by U+0000, which stands for its second cell. What does not fit into one
character (a letter with accents) is interned by `Clusters` and stands as one of its characters.
Blank cells are spaces, so both strings always are as long as the screen is wide.
"""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from pty_mux.vt.width import width

SECOND_CELL: Final = "\0"
_FIRST_CLUSTER: Final = 0x100000
"""Clusters take the characters of plane 16, which Unicode gives to private use."""

LEFT_OPEN: Final = chr(_FIRST_CLUSTER)
"""Shown as a blank: the last cell of a row where a wide character had no room and wrapped."""

BLANKS: Final = " " + LEFT_OPEN
WIDE: Final = re.compile(f".{SECOND_CELL}", re.DOTALL)
"""A wide character with its second cell."""

MAX_CLUSTERS: Final = 0xFF00
_MAX_CLUSTER_LENGTH: Final = 16
"""Marks beyond this many characters in a cell are dropped: nobody can read them."""


class Line:
    """A row; it is changed in place.

    Attributes:
        wraps: its text goes on in the next row, without a newline of the program's.
    """

    __slots__ = ("styles", "text", "wraps")

    def __init__(self, text: str, styles: str, *, wraps: bool = False) -> None:
        self.text = text
        self.styles = styles
        self.wraps = wraps

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Line) and (self.text, self.styles, self.wraps) == (
            other.text,
            other.styles,
            other.wraps,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Line({self.text!r}, {self.styles!r}, wraps={self.wraps})"

    def copy(self) -> "Line":
        """Return another line that is the same."""
        return Line(self.text, self.styles, wraps=self.wraps)

    def replace(self, start: int, cells: str, styles: str) -> None:
        """Write cells over those from `start` on; a wide character cut in half leaves a blank."""
        text = self.text
        end = start + len(cells)
        if SECOND_CELL in text:
            if text[start : start + 1] == SECOND_CELL:
                text = f"{text[: start - 1]} {text[start:]}"
            if text[end : end + 1] == SECOND_CELL:
                text = f"{text[:end]} {text[end + 1 :]}"
        self.text = text[:start] + cells + text[end:]
        self.styles = self.styles[:start] + styles + self.styles[end:]

    def insert(self, start: int, cells: str, styles: str) -> None:
        """Push what stands from `start` on to the right, off the edge, and write cells there."""
        length = len(self.text)
        self._split(start)
        self.text = _cut(self.text[:start] + cells + self.text[start:], length)
        self.styles = (self.styles[:start] + styles + self.styles[start:])[:length]

    def delete(self, start: int, count: int, style: str) -> None:
        """Take cells out and draw the rest to the left; blanks of a style come in at the edge."""
        length = len(self.text)
        self._split(start)
        self._split(start + count)
        self.text = (self.text[:start] + self.text[start + count :]).ljust(length)
        self.styles = (self.styles[:start] + self.styles[start + count :]).ljust(length, style)

    def resize(self, columns: int, style: str = "\0") -> None:
        """Cut it off or fill it up at the right edge."""
        self.text = _cut(self.text, columns).ljust(columns)
        self.styles = self.styles[:columns].ljust(columns, style)

    def _split(self, column: int) -> None:
        """Leave blanks where a wide character stands across this column's left edge."""
        if self.text[column : column + 1] == SECOND_CELL:
            self.text = f"{self.text[: column - 1]}  {self.text[column + 1 :]}"


def blank(columns: int, style: str = "\0") -> Line:
    """Return a row of blanks of a style."""
    return Line(" " * columns, style * columns)


def resized(lines: Sequence[Line], rows: int, columns: int) -> list[Line]:
    """Return rows cut off or filled up to a size, below and at the right; they are changed."""
    kept = list(lines[:rows])
    for line in kept:
        line.resize(columns)
        line.wraps = False
    return kept + [blank(columns) for _ in range(rows - len(kept))]


def wrapped(cells: str, room: int) -> tuple[str, str]:
    """Return what of too many cells is written to a row, and what to the next."""
    if cells[room] == SECOND_CELL:
        return cells[: room - 1] + LEFT_OPEN, cells[room - 1 :]
    return cells[:room], cells[room:]


def crowded(cells: str, room: int) -> str:
    """Return what stands in a row where too many cells were written without autowrap.

    Each that comes after the last column's first one is written over it, but for wide ones, which
    have no room there.
    """
    fits = cells[: room - 1] if cells[room] == SECOND_CELL else cells[:room]
    last = WIDE.sub("", cells[len(fits) :])[-1:]
    if last and fits[-1:] == SECOND_CELL:
        fits = f"{fits[:-2]}  "
    return fits[: room - 1] + last if last else fits


def _cut(text: str, length: int) -> str:
    """Return the first cells; a wide character that would be cut in half leaves a blank."""
    if text[length : length + 1] == SECOND_CELL:
        return f"{text[: length - 1]} "
    return text[:length]


class Rows:
    """The rows of both screens, without a cursor.

    Attributes:
        rows: how many each has; `columns`: how many cells each row.
        lines: the rows of the screen that is shown; `other`: those of the other one.
        history: what has left the primary screen at its top, oldest first.
        is_alternate: the alternate screen is shown.
        top, bottom: the first and the last row of the scroll region.
    """

    def __init__(self, rows: int, columns: int, max_history: int) -> None:
        self.rows = rows
        self.columns = columns
        self.history: deque[Line] = deque(maxlen=max_history)
        self.lines = self.blank_lines(rows)
        self.other = self.blank_lines(rows)
        self.is_alternate = False
        self.top = 0
        self.bottom = rows - 1

    def blank_lines(self, count: int, style: str = "\0") -> list[Line]:
        """Return rows of blanks of a style."""
        return [blank(self.columns, style) for _ in range(count)]

    def all_lines(self) -> Iterator[Line]:
        """Return every row there is."""
        return chain(self.history, self.lines, self.other)

    def show(self, *, alternate: bool) -> None:
        """Show the alternate screen or the primary one."""
        if alternate != self.is_alternate:
            self.lines, self.other = self.other, self.lines
            self.is_alternate = alternate

    @property
    def primary(self) -> list[Line]:
        """The rows of the primary screen, shown or not."""
        return self.other if self.is_alternate else self.lines

    @property
    def alternate(self) -> list[Line]:
        """The rows of the alternate screen, shown or not."""
        return self.lines if self.is_alternate else self.other

    def cut_above(self, row: int) -> None:
        """Have the row above one not go on in it: another will be there."""
        if row:
            self.lines[row - 1].wraps = False
        elif self.history and not self.is_alternate:
            self.history[-1].wraps = False

    def shift_up(self, start: int, count: int, style: str) -> None:
        """Move rows up to `start`, down to the scroll region's last; blank ones of a style come."""
        count = min(count, self.bottom - start + 1)
        end = self.bottom + 1 - count
        del self.lines[start : start + count]
        self.lines[end:end] = self.blank_lines(count, style)

    def shift_down(self, start: int, count: int, style: str) -> None:
        """Move rows down from `start`, to the scroll region's last; blank ones of a style come."""
        count = min(count, self.bottom - start + 1)
        end = self.bottom + 1 - count
        del self.lines[end : self.bottom + 1]
        self.cut_above(end)
        self.cut_above(start)
        self.lines[start:start] = self.blank_lines(count, style)


class Clusters:
    """Texts of several characters that take one cell, by the character that stands for each."""

    def __init__(self) -> None:
        self._texts = [" "]
        self._marks: dict[str, str] = {}

    def add(self, cell: str, mark: str) -> str:
        """Return the cell's character with a combining mark added."""
        text = self.text(cell)
        if len(text) >= _MAX_CLUSTER_LENGTH:
            return cell
        return self.intern(text + mark)

    def intern(self, text: str) -> str:
        """Return the one character that stands for a text."""
        found = self._marks.get(text)
        if found is None:
            if len(self._texts) >= MAX_CLUSTERS:
                return text[0] if text[0] < LEFT_OPEN else "\ufffd"
            found = self._marks[text] = chr(_FIRST_CLUSTER + len(self._texts))
            self._texts.append(text)
        return found

    def cells(self, run: str, columns: int) -> tuple[str, str]:
        """Return marks for the cell before, which a run may begin with, and the cells of the rest.

        Args:
            run: printable text.
            columns: of the screen; on one of a single column wide characters are blanks.
        """
        marks = ""
        cells: list[str] = []
        for char in run:
            taken = width(char)
            if taken:
                cells.append(self.intern(char) if char >= LEFT_OPEN else char)
                if taken == 2:
                    cells[-1:] = (cells[-1], SECOND_CELL) if columns > 1 else " "
            elif cells:
                position = -2 if cells[-1] == SECOND_CELL else -1
                cells[position] = self.add(cells[position], char)
            else:
                marks += char
        return marks, "".join(cells)

    def text(self, cells: str) -> str:
        """Return what cells show: clusters written out, second cells left out."""
        if cells.isascii() and SECOND_CELL not in cells:
            return cells
        return "".join(
            self._texts[ord(char) - _FIRST_CLUSTER] if char >= LEFT_OPEN else char
            for char in cells
            if char != SECOND_CELL
        )
