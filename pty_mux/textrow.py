"""One row of the lines of a log, while it may still be drawn over. Pure."""

from pty_mux.vt.width import width


class Row:
    """The cells of a line, written anywhere; the second cell of a wide character is "".

    Attributes:
        is_overwritten: something was written over what was there.
        size: in bytes; at most, since what was overwritten may be counted in.
    """

    __slots__ = ("cells", "is_overwritten", "size")

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.is_overwritten = False
        self.size = 0

    @property
    def text(self) -> str:
        """What a log says of it."""
        text = "".join(self.cells)
        return text.rstrip(" ") if self.is_overwritten else text

    def measure(self) -> None:
        """Find out the true size."""
        self.size = len("".join(self.cells).encode())

    def write(self, column: int, text: str) -> int:
        """Write text from a column on, over what is there; return the column after it."""
        self.cells += " " * (column - len(self.cells))
        cells = list(text) if text.isascii() else self._cells_of(text, column)
        self.is_overwritten |= column < len(self.cells)
        self.replace(column, column + len(cells), cells)
        return column + len(cells)

    def _cells_of(self, text: str, column: int) -> list[str]:
        """Return text as cells; a mark joins the cell before it, or has its own at the start."""
        cells: list[str] = []
        for char in text:
            taken = width(char)
            if taken == 0:
                before, last = (cells, len(cells) - 1) if cells else (self.cells, column - 1)
                if last > 0 and not before[last]:
                    last -= 1
                if last >= 0:
                    before[last] += char
                    continue
            cells += (char, "") if taken == 2 else (char,)
        return cells

    def replace(self, start: int, end: int, cells: list[str]) -> None:
        """Put cells in the place of others; a wide character cut in half leaves blanks."""
        for edge in (start, end):
            if edge < len(self.cells) and not self.cells[edge]:
                self.cells[edge - 1 : edge + 1] = "  "
        self.cells[start:end] = cells

    def erase(self, start: int, end: int) -> None:
        """Blank cells; at the end of the text there is nothing then."""
        if start < len(self.cells):
            self.replace(start, end, [] if end >= len(self.cells) else [" "] * (end - start))
