"""What the kernel tells of a process in /proc, and the middle and the edge of some numbers."""

import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the user and system time that the processes have taken together so far."""
    return sum(_cpu_ticks(pid) for pid in pids) / _TICKS_PER_SECOND


def _cpu_ticks(pid: int) -> int:
    # Behind the name, which may hold anything: proc(5), utime and stime are fields 14 and 15.
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


def pss_kilobytes(pids: Iterable[int]) -> int:
    """Return the proportional set size of the processes together, in units of 1024 bytes."""
    return sum(_number(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids)


def voluntary_switches(pids: Iterable[int]) -> int:
    """Return how often the processes' threads have gone to sleep so far: once for each wake-up."""
    return sum(
        _number(Path(task.path, "status"), "voluntary_ctxt_switches:")
        for pid in pids
        for task in os.scandir(f"/proc/{pid}/task")
    )


def _number(path: Path, label: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(label):
            return int(line.split()[1])
    raise ValueError(f"{path} has no {label}")


def children(parent: int) -> list[int]:
    """Return the pids of a process's children, zombies too."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                values = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(values[1]) == parent:
                found.append(int(entry))
    return found


def median(values: Sequence[float]) -> float:
    """Return the middle one."""
    return statistics.median(values)


def p99(values: Sequence[float]) -> float:
    """Return the least value that 99 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-99 * len(ordered) // 100) - 1)]
