"""Which rows there are: processes below their program, as filtered, folded and sorted. Pure."""

import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from taskmaster.protocol.messages import ProcessStatus

WORST_FIRST: Final = (
    "FATAL",
    "UNKNOWN",
    "BACKOFF",
    "STOPPING",
    "STARTING",
    "EXITED",
    "RUNNING",
    "STOPPED",
)
"""supervisord's eight states; what needs somebody comes first."""


class Sorting(enum.Enum):
    """By what the rows are sorted."""

    CONFIG = "config"
    STATE = "state"
    CPU = "cpu"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a process, or a program of several.

    Attributes:
        key: the name of the process, or of the program.
        names: of the processes that an order to this row is for.
        is_program: it stands for all of a program.
        is_folded: the processes of that program have no rows at the moment.
        depth: 1 for a process below its program, else 0.
    """

    key: str
    names: tuple[str, ...]
    is_program: bool = False
    is_folded: bool = False
    depth: int = 0


def matches(process: ProcessStatus, pattern: str) -> bool:
    """Whether each word of the pattern is in the process's name, state or reason."""
    text = f"{process.name} {process.state} {process.description}".lower()
    return all(word in text for word in pattern.lower().split())


def rows_of(
    processes: Mapping[str, ProcessStatus],
    pattern: str,
    folded: Collection[str],
    sorting: Sorting,
    weight: Callable[[str], float],
) -> list[Row]:
    """Return the rows.

    Args:
        processes: by name, in the order of the config.
        pattern: words that filter them; '' lets all pass.
        folded: programs whose processes have no rows of their own.
        sorting: by what; only in the config's order processes stand below their program.
        weight: of a process by its name, where figures decide.
    """
    chosen = [process for process in processes.values() if matches(process, pattern)]
    if sorting is Sorting.CONFIG:
        return _by_program(chosen, folded)
    if sorting is Sorting.STATE:
        chosen.sort(key=lambda process: _badness(process.state))
    else:
        chosen.sort(key=lambda process: -weight(process.name))
    return [Row(process.name, (process.name,)) for process in chosen]


def _badness(state: str) -> int:
    return WORST_FIRST.index(state) if state in WORST_FIRST else 0


def _by_program(chosen: Sequence[ProcessStatus], folded: Collection[str]) -> list[Row]:
    programs: dict[str, list[str]] = {}
    for process in chosen:
        programs.setdefault(process.program, []).append(process.name)
    rows: list[Row] = []
    for program, names in programs.items():
        if len(names) == 1:
            rows.append(Row(names[0], (names[0],)))
            continue
        is_folded = program in folded
        rows.append(Row(program, tuple(names), is_program=True, is_folded=is_folded))
        if not is_folded:
            rows += [Row(name, (name,), depth=1) for name in names]
    return rows
