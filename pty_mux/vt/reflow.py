"""What becomes of the lines of a primary screen, and of those above it, when the size changes.

Rows that the terminal broke are joined and broken anew at the other width, as most terminals do;
rows that ended with a newline of the program's stay rows. Nothing that was visible is lost but
what stands below the cursor where a smaller screen has no room for both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pty_mux.vt.line import BLANKS, LEFT_OPEN, SECOND_CELL, WIDE, Line, blank


@dataclass(frozen=True, slots=True)
class Flowed:
    """The outcome: lines above the screen, the screen's rows, and where the cursor is."""

    history: list[Line]
    screen: list[Line]
    row: int
    column: int


def reflow(
    history: Iterable[Line],
    screen: Sequence[Line],
    cursor: tuple[int, int],
    rows: int,
    columns: int,
) -> Flowed:
    """Return the lines for a screen of that many rows and columns.

    Args:
        history: the lines above, oldest first; they may be changed.
        screen: the present rows; they may be changed.
        cursor: its row and column on the present screen.
        rows: of the new screen.
        columns: of the new screen.
    """
    above = list(history)
    used = _used_rows(screen, cursor[0])
    was_full = used == len(screen)
    lines = above + list(screen[:used])
    cursor_line, first = len(above) + cursor[0], len(above)
    if lines and len(lines[0].text) != columns:
        lines, (first, _), (cursor_line, column) = _rewrap(
            lines, (first, 0), (cursor_line, cursor[1]), columns
        )
    else:
        column = cursor[1]
    top = max(first, min(len(lines) - rows, cursor_line), cursor_line - rows + 1)
    if was_full and len(lines) - top < rows:
        top = max(0, min(len(lines) - rows, cursor_line))
    shown = lines[top : top + rows]
    shown += [blank(columns) for _ in range(rows - len(shown))]
    return Flowed(lines[:top], shown, cursor_line - top, column)


def _used_rows(screen: Sequence[Line], cursor_row: int) -> int:
    """Return how many rows there are to the last that shows something or has the cursor."""
    for row in range(len(screen) - 1, cursor_row, -1):
        line = screen[row]
        if line.text.strip(BLANKS) or line.styles.strip("\0"):
            return row + 1
    return cursor_row + 1


Place = tuple[int, int]


def _rewrap(
    lines: list[Line], first: Place, cursor: Place, columns: int
) -> tuple[list[Line], Place, Place]:
    """Break lines anew; return them, and where two places (line, column) are now."""
    wanted = {"first": first, "cursor": cursor}
    found: dict[str, Place] = {}
    broken: list[Line] = []
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and lines[end - 1].wraps:
            end += 1
        text, styles, starts = _joined(lines[start:end], columns)
        pieces = _break(text, styles, columns)
        for name, (line, column) in wanted.items():
            if start <= line < end:
                found[name] = _place(pieces, starts[line - start] + column, len(broken), columns)
        broken += [line for _, line in pieces]
        start = end
    return broken, found["first"], found["cursor"]


def _joined(group: Sequence[Line], columns: int) -> tuple[str, str, list[int]]:
    """Return the text and styles of one line of several rows, and where each row begins in it.

    Cells that were left open for a wide character are none of the text's.
    """
    texts: list[str] = []
    styles: list[str] = []
    starts: list[int] = []
    length = 0
    for line in group:
        is_open = line.wraps and line.text[-1] == LEFT_OPEN
        texts.append(line.text[:-1] if is_open else line.text)
        styles.append(line.styles[:-1] if is_open else line.styles)
        starts.append(length)
        length += len(texts[-1])
    text, style = "".join(texts), "".join(styles)
    return WIDE.sub("  ", text) if columns == 1 else text, style, starts


def _break(text: str, styles: str, columns: int) -> list[tuple[int, Line]]:
    """Return rows, each with the offset in the text at which it begins.

    Blanks at the end, which may be coloured, stay as far as they need no row of their own.
    """
    written = len(text.rstrip(BLANKS))
    pieces: list[tuple[int, Line]] = []
    position = 0
    while True:
        end = position + columns
        part, style = text[position:end], styles[position:end]
        if text[end : end + 1] == SECOND_CELL:
            end -= 1
            part = part[:-1] + LEFT_OPEN
        line = Line(part.ljust(columns), style.ljust(columns, "\0"))
        pieces.append((position, line))
        if end >= written:
            return pieces
        line.wraps = True
        position = end


def _place(pieces: list[tuple[int, Line]], offset: int, first_row: int, columns: int) -> Place:
    """Return the row and column at which an offset in a line's text is now."""
    for number in range(len(pieces) - 1, -1, -1):
        begin = pieces[number][0]
        if offset >= begin:
            return first_row + number, min(offset - begin, columns - 1)
    return first_row, 0
