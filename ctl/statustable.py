"""The states of processes as a table for a terminal. Pure: values, a width and whether in colour.

Scripts get `render.status_table`, which is supervisorctl's. Here a process that is up has its
figures in columns, as many as fit; one that is not says why, over the place of the figures.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from ctl.cells import cells, cut, cut_middle, harmless, left, right
from taskmaster.protocol.messages import ProcessStatus

_GAP: Final = "  "
_RESET: Final = "\x1b[m"
_BOLD: Final = "\x1b[1m"
COLOURS: Final[Mapping[str, str]] = {
    "RUNNING": "\x1b[32m",
    "STARTING": "\x1b[33m",
    "STOPPING": "\x1b[33m",
    "BACKOFF": "\x1b[33m",
    "EXITED": "\x1b[36m",
    "FATAL": "\x1b[1;31m",
    "UNKNOWN": "\x1b[1;31m",
    "STOPPED": "\x1b[90m",
}
"""How a state looks; EXITED is red where that was not expected."""

_FAILED: Final = "\x1b[31m"
_LEAST_NAME: Final = 12
_SECONDS_A_DAY: Final = 86400


class _Column(NamedTuple):
    title: str
    width: int


_COLUMNS: Final = (
    _Column("PID", 7),
    _Column("UPTIME", 9),
    _Column("CPU %", 6),
    _Column("MEMORY", 6),
    _Column("RESTARTS", 8),
)
_LEAST_IMPORTANT: Final = (0, 3, 2, 4, 1)
"""The order in which columns are dropped: a pid can be asked for, how long it is up says most."""


def table(
    processes: Sequence[ProcessStatus],
    width: int,
    *,
    colour: bool,
    percents: Mapping[str, float] | None = None,
) -> list[str]:
    """Return a heading and a line for each process, none of more cells than `width`.

    Args:
        processes: in their order.
        width: of the terminal, in cells.
        colour: whether escape sequences for colours may be in the lines.
        percents: CPU time of the last moments by name; else what it is since the process began.
    """
    if not processes:
        return []
    layout = _layout(processes, width)
    known = percents or {}
    rows = [_row(layout, process, known.get(process.name)) for process in processes]
    lines = [_painted(_heading(layout), _BOLD) if colour else _heading(layout)]
    for process, (name, state, note) in zip(processes, rows, strict=True):
        if colour:
            note_paint = _FAILED if _has_failed(process) else ""
            painted = _painted(state, _state_paint(process)) + _painted(note, note_paint)
            lines.append(name + painted)
        else:
            lines.append(name + state + note)
    return lines


class _Layout(NamedTuple):
    """How wide each part is, in cells; `shown` are the numbers of the columns that have a place."""

    width: int
    name: int
    state: int
    shown: tuple[int, ...]


def _layout(processes: Sequence[ProcessStatus], width: int) -> _Layout:
    longest = max(4, *(cells(harmless(process.name)) for process in processes))
    state = max(8, *(cells(harmless(process.state)) for process in processes))
    name = max(1, min(longest, max(_LEAST_NAME, width // 3), width - len(_GAP) - state))
    shown = list(range(len(_COLUMNS)))
    for number in _LEAST_IMPORTANT:
        if name + len(_GAP) + state + _width_of(shown) <= width:
            break
        shown.remove(number)
    return _Layout(width, name, state, tuple(shown))


def _width_of(shown: Sequence[int]) -> int:
    return sum(len(_GAP) + _COLUMNS[number].width for number in shown)


def _heading(layout: _Layout) -> str:
    titles = "".join(_GAP + right(_COLUMNS[n].title, _COLUMNS[n].width) for n in layout.shown)
    line = left("NAME", layout.name) + _GAP + left("STATE", layout.state) + titles
    return cut(line.rstrip(), layout.width)


def _row(layout: _Layout, process: ProcessStatus, percent: float | None) -> tuple[str, str, str]:
    """Return name, state and what stands behind it, which together are one line."""
    name = left(cut_middle(harmless(process.name), layout.name), layout.name) + _GAP
    name = cut(name, layout.width)
    state = cut(harmless(process.state), layout.width - cells(name))
    room = layout.width - cells(name) - layout.state
    why = reason(process)
    if why or process.pid is None:
        note = _GAP + harmless(why) if why else ""
    else:
        figures = _figures(process, since_start(process) if percent is None else percent)
        note = "".join(_GAP + right(figures[n], _COLUMNS[n].width) for n in layout.shown)
        attached = f"{_GAP}{process.attached} attached" if process.attached else ""
        note += attached if cells(note + attached) <= room else ""
    note = cut(note, room).rstrip()
    return name, left(state, layout.state) if note else state, note


def reason(process: ProcessStatus) -> str:
    """Return why it is not up, as far as there is something to tell, and what comes next."""
    if process.tries == 0:  # a daemon that does not tell them apart yet
        up = process.pid is not None
        return "" if up else process.description
    why = process.reason
    match process.state:
        case "BACKOFF":
            wait = process.next_try_in or 0.0
            return f"{why}, try {process.failures + 1} of {process.tries} in {wait:.0f} s"
        case "EXITED" if process.next_try_in is not None:
            return f"{why or ending(process)}, again in a moment"
        case "EXITED" if not why:
            return f"{ending(process)}, {process.description}"
        case "STOPPED" if not why:
            return process.description
        case _:
            return why


def ending(process: ProcessStatus) -> str:
    """Return how a process ended last."""
    code = process.exit_status
    if code is None:
        return "ended"
    return f"exit status {code}" if code >= 0 else f"ended by signal {-code}"


def since_start(process: ProcessStatus) -> float | None:
    """Return what part of a CPU a process took since it began, in percent; None: unknown."""
    if process.cpu_seconds is None or not process.uptime:
        return None
    return 100 * process.cpu_seconds / process.uptime


def percents(
    before: Mapping[str, ProcessStatus], now: Sequence[ProcessStatus], seconds: float
) -> dict[str, float]:
    """Return what part of a CPU each process took between two samples, in percent, by name."""
    found = {}
    for process in now:
        earlier = before.get(process.name)
        if earlier is None or earlier.pid != process.pid or seconds <= 0:
            continue
        if process.cpu_seconds is not None and earlier.cpu_seconds is not None:
            taken = max(0.0, process.cpu_seconds - earlier.cpu_seconds)
            found[process.name] = 100 * taken / seconds
    return found


def span(seconds: float) -> str:
    """Return a span of time in at most nine cells: ``0:00:05``, ``12d 03:04``."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, _SECONDS_A_DAY)
    if days:
        return f"{days}d {rest // 3600:02}:{rest // 60 % 60:02}" if days < 1000 else f"{days}d"
    return f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"


def size(number: int) -> str:
    """Return a number of bytes in at most six cells: ``812K``, ``12.3M``."""
    amount = number / 1024
    for unit in "KMG":
        if amount < 999.5:
            return (
                f"{amount:.1f}{unit}" if unit != "K" and amount < 99.95 else f"{amount:.0f}{unit}"
            )
        amount /= 1024
    return f"{amount:.1f}T"


def _figures(process: ProcessStatus, percent: float | None) -> tuple[str, ...]:
    return (
        str(process.pid),
        "" if process.uptime is None else span(process.uptime),
        "" if percent is None else f"{percent:.1f}",
        "" if process.resident_bytes is None else size(process.resident_bytes),
        str(process.restarts),
    )


def _has_failed(process: ProcessStatus) -> bool:
    return process.state in ("FATAL", "UNKNOWN") or (
        process.state in ("EXITED", "BACKOFF") and bool(process.reason)
    )


def _state_paint(process: ProcessStatus) -> str:
    is_unexpected = process.state == "EXITED" and _has_failed(process)
    return _FAILED if is_unexpected else COLOURS.get(process.state, "")


def _painted(text: str, paint: str) -> str:
    return f"{paint}{text}{_RESET}" if paint and text else text
