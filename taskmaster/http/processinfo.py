"""What supervisord's ``getProcessInfo`` tells of a process. Pure."""

import re
import time
from collections.abc import Mapping
from typing import Final

from taskmaster.config.expand import log_paths
from taskmaster.control.handlers import Clocks
from taskmaster.http.xmlcalls import Value, capped
from taskmaster.process.state import Process, State
from taskmaster.process.words import duration
from taskmaster.supervisor import Entry

STATE_CODES: Final[Mapping[State, int]] = {
    State.STOPPED: 0,
    State.STARTING: 10,
    State.RUNNING: 20,
    State.BACKOFF: 30,
    State.STOPPING: 40,
    State.EXITED: 100,
    State.FATAL: 200,
    State.UNKNOWN: 1000,
}

_NOT_FOUND: Final = re.compile(r"cannot start: (/?\S+): no such file or directory")
_TOO_QUICKLY: Final = "Exited too quickly (process log may have details)"


def process_info(entry: Entry, group: str, clocks: Clocks) -> dict[str, Value]:
    """Return the fields of a process of that group, in their order there."""
    process = entry.process
    stdout, stderr = (path or "" for path in log_paths(entry.program, entry.index))
    name = entry.short_name
    start, stop = _start(process, clocks), _wall(process.ended_at, clocks)
    now = capped(clocks.wall)
    error = _spawn_error(process)
    return {
        "name": name,
        "group": group,
        "start": start,
        "stop": stop,
        "now": now,
        "state": STATE_CODES[process.state],
        "statename": process.state.value,
        "spawnerr": error,
        "exitstatus": _exit_status(process),
        "logfile": stdout,
        "stdout_logfile": stdout,
        "stderr_logfile": stderr,
        "pid": process.pid or 0,
        "description": _description(process, start, stop, now, error, name),
    }


def is_running(process: Process) -> bool:
    """Whether it is what `start` refuses there."""
    return process.state in (State.STARTING, State.RUNNING, State.BACKOFF)


def is_stoppable(process: Process) -> bool:
    """Whether it is what `stop` accepts there, or waits for the time of its next start."""
    is_paced = process.state is State.EXITED and process.deadline is not None
    return is_running(process) or is_paced


def is_signallable(process: Process) -> bool:
    """Whether it may be sent a signal."""
    return process.state in (State.STARTING, State.RUNNING, State.STOPPING)


def _wall(monotonic: float | None, clocks: Clocks) -> int:
    return 0 if monotonic is None else capped(clocks.wall_of(monotonic))


def _start(process: Process, clocks: Clocks) -> int:
    if process.state is State.STARTING and process.pid is None:
        return _wall(process.since, clocks)
    return _wall(process.spawned_at, clocks)


def _exit_status(process: Process) -> int:
    """Of the last end where that is what it is about; -1 for a signal, as there."""
    if process.state not in (State.STOPPED, State.EXITED) or process.exit_code is None:
        return 0
    return max(-1, process.exit_code)


def _spawn_error(process: Process) -> str:
    match process.state:
        case State.BACKOFF | State.FATAL if process.reason.startswith("exited too quickly"):
            return _TOO_QUICKLY
        case State.BACKOFF | State.FATAL:
            found = _NOT_FOUND.fullmatch(process.reason)
            return f"can't find command {found[1]!r}" if found else process.reason
        case State.EXITED if process.reason:
            return f"Bad exit code {_exit_status(process)}"
        case _:
            return ""


def _description(process: Process, start: int, stop: int, now: int, error: str, name: str) -> str:
    match process.state:
        case State.RUNNING:
            return f"pid {process.pid}, uptime {duration(max(0, now - start))}"
        case State.BACKOFF | State.FATAL:
            return error or f'unknown error (try "tail {name}")'
        case State.STOPPED | State.EXITED if start:
            return time.strftime("%b %d %I:%M %p", time.localtime(stop or now))
        case State.STOPPED | State.EXITED:
            return "Not started"
        case _:
            return ""
