"""The board as lines: a title, the list, the pane, and a line of keys, in any size. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ctl.dashboard.actions import Confirming, Filtering, Mending, Naming
from ctl.dashboard.board import Board, Pane
from ctl.dashboard.rows import Row, Sorting
from ctl.dashboard.table import counts, fitting, heading, row_line
from ctl.dashboard.text import Line, cut, from_ansi, left, piece, plain, restyled, width_of
from taskmaster.protocol.messages import ScreenShown

_SIDE_BY_SIDE: Final = 120
"""From so many cells on, the pane has its place beside the list."""

_LEAST_WIDTH: Final = 24
_LEAST_HEIGHT: Final = 4
_LIST_CELLS: Final = 74
_LIST_PART: Final = 0.42
_LEAST_LIST: Final = 3

_BUTTONS: Final = (
    ("enter", "Enter", "attach"),
    ("s", "s", "start"),
    ("x", "x", "stop"),
    ("r", "r", "restart"),
    ("k", "k", "signal"),
    ("l", "l", "log"),
    ("w", "w", "why"),
    ("/", "/", "filter"),
    ("e", "e", "edit"),
    ("?", "?", "help"),
    ("q", "q", "quit"),
)
"""Keys of the bottom line: what is pressed, what is written, and what it does."""

_SPARED_FIRST: Final = ("w", "k", "e", "/", "l", "r")
"""Which of them go where there is no room for all."""


@dataclass(frozen=True, slots=True)
class Button:
    """A place on the bottom line that stands for a key."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is on the screen, and what is where.

    Attributes:
        lines: as many as the window has, each of its width.
        rows: the key of the row that is on a line of the list.
        list_cells: the list is as wide.
        buttons: of the last line.
    """

    lines: tuple[Line, ...]
    rows: dict[int, str] = field(default_factory=dict)
    list_cells: int = 0
    buttons: tuple[Button, ...] = ()


def draw(board: Board, width: int, height: int) -> Drawing:
    """Return the board in a window of that size, in cells."""
    if height < _LEAST_HEIGHT or width < _LEAST_WIDTH:
        line: Line = [("", left("too small", width))]
        return Drawing((line, *([("", " " * width)] for _ in range(height - 1))))
    body = height - 2
    places: dict[int, str] = {}
    bottom, buttons = _bottom(board, width)
    if board.is_zoomed or board.sheet is not None:
        lines, list_cells = _pane(board, width, body), 0
    elif width >= _SIDE_BY_SIDE:
        list_cells = max(_LIST_CELLS, int(width * _LIST_PART))
        listed, places = _list(board, list_cells, body)
        pane = _pane(board, width - list_cells - 1, body)
        lines = [[*a, ("class:border", "│"), *b] for a, b in zip(listed, pane, strict=True)]
    else:
        list_cells = width
        wanted = len(board.rows()) + 1
        share = min(wanted, body, max(_LEAST_LIST, int(body * _LIST_PART)))
        listed, places = _list(board, width, share)
        lines = [*listed, *_pane(board, width, body - share)]
    places = {line + 1: key for line, key in places.items()}
    return Drawing((_title(board, width), *lines, bottom), places, list_cells, buttons)


def _title(board: Board, width: int) -> Line:
    line: Line = [("class:title", f" {plain(board.daemon)}  "), *counts(board)]
    if board.lost:
        line = [("class:title class:bad", f" {plain(board.lost)} ")]
    notes = f"filter: {board.pattern}  " if board.pattern else ""
    notes += "" if board.sorting is Sorting.CONFIG else f"by {board.sorting.value}  "
    notes += f"{len(board.marked)} marked  " if board.marked else ""
    notes = cut(plain(f"  {notes}" if notes else ""), width // 2)
    room = width - width_of([("", notes)])
    return [*piece(line, 0, room, "class:title"), ("class:title class:note", notes)]


# --- the list -------------------------------------------------------------------------------------


def _list(board: Board, width: int, height: int) -> tuple[list[Line], dict[int, str]]:
    rows = board.rows()
    longest = max((len(row.key) + 2 * row.depth + row.is_program for row in rows), default=0)
    table = fitting(longest, width)
    selected = board.row(rows)
    lines = [heading(table)] if height > 1 else []
    visible = _visible(rows, selected, height - len(lines))
    places: dict[int, str] = {}
    for row in visible:
        places[len(lines)] = row.key
        lines.append(row_line(board, row, table, is_selected=row is selected))
    if not rows:
        text = "nothing matches; Escape shows all" if board.pattern else "no processes"
        lines.append([("class:note", left(f"  {text}", width))])
    lines += [[("", " " * width)] for _ in range(height - len(lines))]
    return lines[:height], places


def _visible(rows: Sequence[Row], selected: Row | None, count: int) -> Sequence[Row]:
    """Return the rows that there is room for: a window of them with the selected one in it."""
    if len(rows) <= count or selected is None:
        return rows[:count]
    at = rows.index(selected)
    start = max(0, min(at - count // 2, len(rows) - count))
    return rows[start : start + count]


# --- the pane -------------------------------------------------------------------------------------


def _pane(board: Board, width: int, height: int) -> list[Line]:
    if height <= 0:
        return []
    title, lines = _pane_content(board, width, height - 1)
    shown = f"─ {title} "
    line: Line = [("class:border", cut(plain(shown), width))]
    line = [*line, ("class:border", "─" * (width - width_of(line)))]
    lines += [[("", " " * width)] for _ in range(height - 1 - len(lines))]
    return [line, *lines[: height - 1]]


def _pane_content(board: Board, width: int, height: int) -> tuple[str, list[Line]]:
    name = board.shown_name()
    if board.sheet is not None:
        sheet = _by_words(board.sheet.lines, width)
        start = max(0, min(board.scrolled, len(sheet) - height))
        return board.sheet.title, sheet[start : start + height]
    match board.pane:
        case Pane.SCREEN:
            return _screen(board, name, width, height)
        case Pane.LOG:
            return f"{name}  log", _end(board, board.log, width, height)
        case Pane.EVENTS:
            told = [line for line in board.events if _concerns(line, board)]
            return f"{name}  events", _end(board, told, width, height)
        case Pane.DETAILS:
            lines = _by_words(board.details, width)
            start = max(0, min(board.scrolled, len(lines) - height))
            return f"{name}  details", lines[start : start + height]


def _concerns(line: str, board: Board) -> bool:
    row = board.row(board.rows())
    return row is not None and any(_names(line, name) for name in row.names)


def _names(line: str, name: str) -> bool:
    at = line.find(name)
    return at >= 0 and not line[at + len(name) : at + len(name) + 1].isdigit()


def _end(board: Board, lines: Sequence[str], width: int, height: int) -> list[Line]:
    """Return the last lines, or those before them by as many as it was scrolled."""
    wanted = height + board.scrolled
    wrapped = _wrapped(lines[-wanted:], width)
    end = max(min(height, len(wrapped)), len(wrapped) - board.scrolled)
    return wrapped[max(0, end - height) : end]


def _by_words(lines: Sequence[str], width: int) -> list[Line]:
    parts = (textwrap.wrap(text, width) if len(text) > width else [text] for text in lines)
    return _wrapped([part for line in parts for part in line], width)


def _wrapped(lines: Sequence[str], width: int) -> list[Line]:
    found: list[Line] = []
    for text in lines:
        line: Line = [("", plain(text.expandtabs()))]
        size = max(1, width_of(line))
        found += [piece(line, start, width) for start in range(0, size, width)]
    return found


def _screen(board: Board, name: str, width: int, height: int) -> tuple[str, list[Line]]:
    shown = board.picture
    if shown is None or shown.name != name:
        return name, []
    title = f"{name}  {shown.columns}x{shown.rows}"
    title += f"  {shown.title}" if shown.title else ""
    top = max(0, min(shown.cursor_row - height + 1, shown.rows - height))
    first = max(0, min(shown.cursor_column - width + 2, shown.columns - width))
    lines = [
        _with_cursor(shown, row, piece(from_ansi(shown.lines[row]), first, width), first)
        for row in range(top, min(top + height, len(shown.lines)))
    ]
    return title, lines


def _with_cursor(shown: ScreenShown, row: int, line: Line, first: int) -> Line:
    at = shown.cursor_column - first
    size = width_of(line)
    if row != shown.cursor_row or not shown.cursor_visible or not 0 <= at < size:
        return line
    cursor = restyled(piece(line, at, 1), "class:cursor")
    return [*piece(line, 0, at), *cursor, *piece(line, at + 1, size - at - 1)]


# --- the bottom line ------------------------------------------------------------------------------


def _bottom(board: Board, width: int) -> tuple[Line, tuple[Button, ...]]:
    match board.question:
        case Filtering():
            text = f" filter: {board.pattern}▏   (Enter keeps it, Escape drops it)"
        case Naming(names, typed):
            whom = names[0] if len(names) == 1 else f"{len(names)} processes"
            text = f" signal to {whom} (HUP): {typed}▏"
        case Confirming(_, asked):
            text = f" {asked}"
        case Mending():
            text = " the config has errors: e edits it again, any other key leaves it"
        case None if board.message:
            style = "class:bad" if board.is_bad else "class:message"
            return [(style, left(f" {board.message}", width))], ()
        case None:
            return _keys(width)
    return [("class:question", left(text, width))], ()


def _keys(width: int) -> tuple[Line, tuple[Button, ...]]:
    left_out: set[str] = set()
    for key in ("", *_SPARED_FIRST):
        left_out.add(key)
        shown = [button for button in _BUTTONS if button[0] not in left_out]
        if sum(len(label) + len(what) + 3 for _, label, what in shown) < width:
            break
    line: Line = []
    buttons = []
    at = 0
    for key, label, what in shown:
        line += [("class:keys", " "), ("class:keys class:key", label), ("class:keys", f" {what} ")]
        buttons.append(Button(at + 1, at + 2 + len(label) + len(what), key))
        at += len(label) + len(what) + 3
    return piece(line, 0, width, "class:keys"), tuple(buttons)
