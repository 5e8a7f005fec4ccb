"""Gather what clients ask for of all processes: what the core knows, and Linux's /proc.

`measure` is what `metrics` makes a text of, `statuses` what ``status`` tells.

Nothing is sampled until somebody asks. Where there is no /proc, or a line of it may not be read
(the descriptors of a keeper that is root, by a core that is not), those figures are left out.
"""

import asyncio
import os
import time
from typing import Final

from taskmaster.control import handlers, seats
from taskmaster.control.handlers import Clocks
from taskmaster.driver import Driver
from taskmaster.metrics import DaemonFigures, PartFigures, ProcessFigures, Usage, lines
from taskmaster.protocol.messages import ProcessStatus, Status
from taskmaster.supervisor import Entry

_UTIME: Final = 11
_STARTTIME: Final = 19
_RSS: Final = 21
"""Fields of /proc/PID/stat behind the command's name, counted from 0 (proc_pid_stat(5))."""

_AT_ONCE: Final = 100
"""So many processes are looked at before others get their turn: a few milliseconds."""

_LINES: Final = 16
"""As many lines as one process has, or about."""

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


async def measure(driver: Driver, version: str, core_restarts: int, clocks: Clocks) -> str:
    """Return what is measured now, as text.

    Args:
        driver: knows the processes.
        version: of the code that runs.
        core_restarts: how many cores there were before this one.
        clocks: what time it is.
    """
    figures = []
    for entry in tuple(driver.supervisor.entries.values()):
        figures.append(_process(driver, entry, clocks))
        if len(figures) % _AT_ONCE == 0:
            await asyncio.sleep(0)  # others first
    parts = (_part("keeper", os.getppid(), clocks), _part("core", os.getpid(), clocks))
    daemon = DaemonFigures(
        version=version,
        core_restarts=core_restarts,
        shutting_down=driver.supervisor.shutting_down,
        parts=parts,
    )
    text: list[str] = []
    for line in lines(daemon, figures):
        text.append(line)
        if len(text) % (_AT_ONCE * _LINES) == 0:
            await asyncio.sleep(0)
    return "".join(text)


async def statuses(driver: Driver, request: Status, clocks: Clocks) -> list[ProcessStatus]:
    """Return what `status` tells of the named processes, or of all.

    Raises:
        RequestError: a name stands for nothing.
    """
    supervisor, names = driver.supervisor, request.names
    told = []
    for name in handlers.known_names(supervisor, names) if names else supervisor.names:
        if (entry := supervisor.entries.get(name)) is None:
            continue  # forgotten while others had their turn
        attached = seats.attached(driver, name)
        pid = entry.process.pid if request.usage else None
        usage = Usage() if pid is None else _usage(_stat(pid))
        told.append(handlers.process_status(entry, clocks, attached, usage))
        if len(told) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return told


def _process(driver: Driver, entry: Entry, clocks: Clocks) -> ProcessFigures:
    process = entry.process
    session = driver.sessions.get(entry.name)
    lives = process.pid is not None and process.spawned_at is not None
    return ProcessFigures(
        program=entry.program.name,
        name=entry.name,
        state=process.state,
        started_at=clocks.wall_of(process.spawned_at or 0.0) if lives else None,
        exit_status=process.exit_code,
        restarts=process.restarts,
        output_bytes=session.ring.end if session else 0,
        attached=len(session.attachments) if session else 0,
        usage=_usage(_stat(process.pid)) if process.pid is not None else Usage(),
    )


def _part(part: str, pid: int, clocks: Clocks) -> PartFigures:
    fields = _stat(pid)
    usage = _usage(fields)
    try:
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        descriptors = None
    started_at = None
    if fields:
        started_at = clocks.wall - (_since_boot() - int(fields[_STARTTIME]) / _TICKS)
    usage = Usage(usage.cpu_seconds, usage.resident_bytes, descriptors)
    return PartFigures(part=part, started_at=started_at, usage=usage)


def _usage(fields: list[bytes]) -> Usage:
    if not fields:
        return Usage()
    ticks = int(fields[_UTIME]) + int(fields[_UTIME + 1])
    return Usage(ticks / _TICKS, int(fields[_RSS]) * _PAGE_BYTES)


def _stat(pid: int) -> list[bytes]:
    """Return the fields of a process behind its name, which may hold anything; empty: none."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def _since_boot() -> float:
    # Not /proc/uptime, which some containers have of their own.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
