"""The rows as lines: as many columns as the width has room for. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ctl.dashboard.board import Board
from ctl.dashboard.figures import Usage, graph, percent_text
from ctl.dashboard.rows import WORST_FIRST, Row
from ctl.dashboard.text import Line, left, restyled, right
from ctl.statustable import reason, size, span
from taskmaster.protocol.messages import ProcessStatus

_STATE_CELLS: Final = 8
_LEAST_NAME_CELLS: Final = 10
_MOST_NAME_CELLS: Final = 32
_FULL_PROCESSOR: Final = 100.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column that may be left out.

    Attributes:
        title: above it.
        cells: how wide it is, without the blank before it.
    """

    title: str
    cells: int


_CPU: Final = Column("CPU", 5)
_MEMORY: Final = Column("MEM", 6)
_UPTIME: Final = Column("UPTIME", 9)
_RESTARTS: Final = Column("AGAIN", 5)
_CPU_GRAPH: Final = Column("", 10)
_MEMORY_GRAPH: Final = Column("", 6)

_BY_IMPORTANCE: Final = (_CPU, _MEMORY, _UPTIME, _RESTARTS, _CPU_GRAPH, _MEMORY_GRAPH)
_IN_ORDER: Final = (_UPTIME, _CPU, _CPU_GRAPH, _MEMORY, _MEMORY_GRAPH, _RESTARTS)


@dataclass(frozen=True, slots=True)
class Table:
    """How a list of rows is laid out.

    Attributes:
        name_cells: the width of the names.
        columns: those there is room for.
        width: of all, in cells.
    """

    name_cells: int
    columns: tuple[Column, ...]
    width: int

    @property
    def rest(self) -> int:
        """The cells behind the state."""
        return self.width - 2 - self.name_cells - 1 - _STATE_CELLS


def fitting(longest_name: int, width: int) -> Table:
    """Return the layout for names of so many cells and a list of that width."""
    wanted = max(_LEAST_NAME_CELLS, min(longest_name, _MOST_NAME_CELLS))
    name = max(_LEAST_NAME_CELLS, min(wanted, width // 2 - _STATE_CELLS))
    room = width - 2 - name - 1 - _STATE_CELLS
    chosen = set()
    for column in _BY_IMPORTANCE:
        if room < column.cells + 1:
            break
        room -= column.cells + 1
        chosen.add(column)
    return Table(name, tuple(column for column in _IN_ORDER if column in chosen), width)


def heading(table: Table) -> Line:
    """Return the titles of the columns."""
    text = "  " + left("NAME", table.name_cells) + " " + left("STATE", _STATE_CELLS)
    for column in table.columns:
        text += " " + right(column.title, column.cells)
    return [("class:heading", left(text, table.width))]


def row_line(board: Board, row: Row, table: Table, *, is_selected: bool) -> Line:
    """Return the line of a row."""
    line = _program(board, row, table) if row.is_program else _process(board, row, table)
    return restyled(line, "class:selected") if is_selected else line


def _process(board: Board, row: Row, table: Table) -> Line:
    status = board.processes[row.names[0]]
    mark = "*" if status.name in board.marked else " "
    attached = "@" if status.attached else " "
    name = "  " * row.depth + status.name
    line: Line = [
        ("class:marked", mark + attached),
        ("", left(name, table.name_cells) + " "),
        (f"class:{status.state.lower()}", left(status.state, _STATE_CELLS)),
    ]
    if status.state != "RUNNING":
        note = reason(status)
        return [*line, ("class:reason", left(f" {note}" if note else "", table.rest))]
    usage = board.usages.get(status.name) or Usage()
    texts = {
        _UPTIME: span(status.uptime or 0.0),
        _CPU: percent_text(usage.percent) if usage.percents else "",
        _CPU_GRAPH: graph(usage.percents, _CPU_GRAPH.cells, _FULL_PROCESSOR),
        _MEMORY: size(usage.resident_bytes) if usage.sizes else "",
        _MEMORY_GRAPH: graph(usage.sizes, _MEMORY_GRAPH.cells),
        _RESTARTS: str(status.restarts) if status.restarts else "",
    }
    return _with_columns(line, table, texts)


def _program(board: Board, row: Row, table: Table) -> Line:
    statuses = [board.processes[name] for name in row.names]
    usages = [board.usages.get(name) or Usage() for name in row.names]
    marked = sum(name in board.marked for name in row.names)
    mark = "*" if marked == len(row.names) else "+" if marked else " "
    fold = "▸" if row.is_folded else "▾"
    running = sum(status.state == "RUNNING" for status in statuses)
    line: Line = [
        ("class:marked", mark + " "),
        ("class:program", left(f"{fold}{row.key}", table.name_cells) + " "),
        (_worst_style(statuses), left(f"{running}/{len(statuses)}", _STATE_CELLS)),
    ]
    known = [usage for usage in usages if usage.is_known]
    texts = {
        _CPU: percent_text(sum(usage.percent for usage in known)) if known else "",
        _MEMORY: size(sum(usage.resident_bytes for usage in known)) if known else "",
        _RESTARTS: str(sum(status.restarts for status in statuses) or ""),
    }
    return _with_columns(line, table, texts)


def _with_columns(line: Line, table: Table, texts: dict[Column, str]) -> Line:
    rest = "".join(" " + right(texts.get(column, ""), column.cells) for column in table.columns)
    return [*line, ("class:figures", left(rest, table.rest))]


def _worst_style(statuses: Sequence[ProcessStatus]) -> str:
    states = {status.state for status in statuses}
    worst = next((state for state in WORST_FIRST if state in states), "RUNNING")
    return f"class:{worst.lower()}"


def counts(board: Board) -> Line:
    """Return how many processes are in which state; RUNNING first, then what is worst."""
    found = Counter(status.state for status in board.processes.values())
    order = ("RUNNING", *(state for state in WORST_FIRST if state != "RUNNING"))
    line: Line = []
    for state in order:
        if found[state]:
            line += [(f"class:title class:{state.lower()}", f"{found[state]} {state}")]
            line += [("class:title", "  ")]
    return line
