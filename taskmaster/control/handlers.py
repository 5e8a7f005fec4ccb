"""What the daemon answers: requests and the supervisor's state in, results out. Pure.

`server` carries, this decides: which processes a name stands for, what `status` says of each, what
an order is given to and what is refused at once.
"""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from taskmaster.config.expand import command_line
from taskmaster.metrics import Usage
from taskmaster.names import select
from taskmaster.process.state import Process, State
from taskmaster.process.words import NOT_READY, TOO_QUICKLY, UNEXPECTED, after, duration
from taskmaster.protocol.messages import (
    ErrorCode,
    Outcome,
    ProcessPid,
    ProcessStatus,
    RequestError,
    Verdict,
)
from taskmaster.supervisor import Entry, Supervisor

_NO_SUCH_PROCESS = "no such process"
_SIGNAL_DIGITS = 9
_NOT_LOOKED_UP = Usage()
_ENDS = (TOO_QUICKLY, NOT_READY, UNEXPECTED)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two readings taken together: a monotonic time and the time of day, both in seconds."""

    monotonic: float
    wall: float

    def wall_of(self, monotonic: float) -> float:
        """Return the time of day of a monotonic time, as far as the clock was not set since."""
        return self.wall - (self.monotonic - monotonic)


def process_status(
    entry: Entry, clocks: Clocks, attached: int, usage: Usage = _NOT_LOOKED_UP
) -> ProcessStatus:
    """Return what `status` tells of one process.

    Args:
        entry: the process.
        clocks: what time it is.
        attached: how many clients sit at its terminal.
        usage: what the system says of it, where it was asked.
    """
    process = entry.process
    waits = process.state in (State.BACKOFF, State.EXITED) and process.deadline is not None
    uptime = None
    if process.pid is not None and process.spawned_at is not None:
        uptime = max(0.0, clocks.monotonic - process.spawned_at)
    return ProcessStatus(
        name=entry.name,
        program=entry.program.name,
        index=entry.index,
        state=process.state.value,
        description=description(process, clocks),
        pid=process.pid,
        uptime=uptime,
        since=clocks.wall_of(process.since),
        exit_status=process.exit_code,
        restarts=process.restarts,
        attached=attached,
        cpu_seconds=usage.cpu_seconds,
        resident_bytes=usage.resident_bytes,
        command=command_line(entry.program, entry.index),
        reason=reason(process),
        next_try_in=max(0.0, (process.deadline or 0.0) - clocks.monotonic) if waits else None,
        failures=process.failures,
        tries=entry.program.startretries + 1,
    )


def reason(process: Process) -> str:
    """Return why a process is not up, with how long it had lived where it is about its end."""
    for beginning in _ENDS:
        if process.reason.startswith(beginning):
            lived = (process.ended_at or 0.0) - (process.spawned_at or 0.0)
            kept = beginning if beginning == NOT_READY else ""
            return kept + process.reason.removeprefix(beginning) + after(lived)
    return process.reason


def description(process: Process, clocks: Clocks) -> str:
    """Return what stands behind the state; supervisord's words where it has any."""
    match process.state:
        case State.RUNNING | State.STOPPING if process.pid is not None:
            uptime = clocks.monotonic - (process.spawned_at or clocks.monotonic)
            return f"pid {process.pid}, uptime {duration(uptime)}"
        case State.STARTING if process.pid is not None:
            return f"pid {process.pid}"
        case State.BACKOFF:
            wait = max(0.0, (process.deadline or 0.0) - clocks.monotonic)
            return f"{process.reason}; try {process.failures + 1} in {wait:.0f} s"
        case State.STOPPED if process.exit_code is None and not process.spawned_at:
            return process.reason or "Not started"
        case State.STOPPED | State.EXITED:
            when = time.localtime(clocks.wall_of(process.since))
            stamp = time.strftime("%b %d %I:%M %p", when)
            return f"{stamp}, {process.reason}" if process.reason else stamp
        case _:
            return process.reason


def known_names(supervisor: Supervisor, names: Sequence[str]) -> tuple[str, ...]:
    """Return the processes that the written names stand for.

    Raises:
        RequestError: one of them stands for nothing.
    """
    selection = select(names, supervisor.names, supervisor.config.groups)
    if selection.unknown:
        text = "\n".join(f"{name}: ERROR ({_NO_SUCH_PROCESS})" for name in selection.unknown)
        raise RequestError(ErrorCode.NO_SUCH_NAME, text)
    return selection.names


def split_names(
    supervisor: Supervisor, names: Sequence[str]
) -> tuple[tuple[str, ...], list[Outcome]]:
    """Return the processes that the names stand for, and an outcome for each that is nothing."""
    selection = select(names, supervisor.names, supervisor.config.groups)
    missing = [Outcome(name, Verdict.NO_SUCH_NAME, _NO_SUCH_PROCESS) for name in selection.unknown]
    return selection.names, missing


def refuse_listener(supervisor: Supervisor, name: str) -> None:
    """Refuse what needs a terminal to type into.

    Raises:
        RequestError: the process is an event listener, which has none.
    """
    if supervisor.entries[name].program.events:
        text = f"{name}: ERROR (an event listener: its input and output belong to the daemon"
        raise RequestError(ErrorCode.NOT_RUNNING, f"{text}; `tail {name}` shows its stderr)")


def one_name(supervisor: Supervisor, name: str) -> str:
    """Return the one process that a name stands for.

    Raises:
        RequestError: it stands for none, or for several, which are listed.
    """
    names = known_names(supervisor, (name,))
    if len(names) > 1:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        text = f"{name}: ERROR (it is {len(names)} processes, name one: {shown})"
        raise RequestError(ErrorCode.NOT_ONE_PROCESS, text)
    return names[0]


def pids(supervisor: Supervisor, names: Sequence[str]) -> list[ProcessPid]:
    """Return the pid of each named process, 0 where it has none.

    Raises:
        RequestError: a name stands for nothing.
    """
    return [
        ProcessPid(name, supervisor.entries[name].process.pid or 0)
        for name in known_names(supervisor, names)
    ]


def refuse_while_shutting_down(supervisor: Supervisor) -> None:
    """Raise the error of a daemon that starts nothing any more, if it is one.

    Raises:
        RequestError: the daemon is shutting down.
    """
    if supervisor.shutting_down:
        raise RequestError(ErrorCode.SHUTTING_DOWN, "the daemon is shutting down")


def signal_number(text: str) -> int:
    """Return the number of a signal given as ``HUP``, ``SIGHUP``, ``hup`` or ``1``.

    0 is allowed, as in supervisorctl: it asks whether the process could be signalled.

    Raises:
        RequestError: there is no such signal.
    """
    # No longer, because int() refuses a number of some thousand digits with an exception.
    if text.isdecimal() and len(text) <= _SIGNAL_DIGITS:
        number = int(text)
        if number == 0 or number in signal.valid_signals():
            return number
    name = text.upper().removeprefix("SIG")
    try:
        return int(signal.Signals[f"SIG{name}"])
    except KeyError:
        error = f"{text[:100]}: ERROR (bad signal name)"
        raise RequestError(ErrorCode.INVALID_PARAMS, error) from None
