"""What the event log says of each thing that happens: pure, a step to its lines.

The words are supervisord's where it has them (facts/supervisor.md, section 6), since people search
and alert for them, with what it leaves out added behind: how long a process had lived, what comes
next.
"""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from taskmaster.config.model import LogLevel, Program, Whom
from taskmaster.orders import Step
from taskmaster.process.actions import SendSignal, TypeText
from taskmaster.process.events import (
    DeadlineReached,
    Exited,
    SignalFailed,
    Spawned,
    SpawnFailed,
    SurvivorsSeen,
)
from taskmaster.process.machine import is_expected
from taskmaster.process.state import Process, State
from taskmaster.process.words import describe_code, describe_left, duration, ending


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the event log, without its time."""

    level: LogLevel
    text: str


_WHOM: Final = {
    Whom.PROCESS: "",
    Whom.GROUP: "process group ",
    Whom.FOREGROUND: "foreground process group of ",
}


def signal_name(number: int) -> str:
    """Return ``SIGTERM`` for 15, and ``signal 99`` for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def describe(step: Step) -> Iterator[Record]:
    """Yield the lines for one step."""
    name, before, event, after = step.name, step.before, step.event, step.after
    program = step.program
    match event:
        case Spawned(pid):
            yield Record(LogLevel.INFO, f"spawned: '{name}' with pid {pid}")
        case SpawnFailed(reason):
            yield Record(LogLevel.WARNING, f"spawnerr: {name}: {reason}")
        case Exited():
            yield _end(name, before, event, program)
        case DeadlineReached() if after.failing and not before.failing:
            yield Record(LogLevel.WARNING, f"not ready: {name} ({after.failing})")
        case SignalFailed():
            yield Record(LogLevel.ERROR, f"unknown problem killing {name} ({before.pid})")
    if before.state is State.STOPPING and after.state is not State.STOPPING:
        left = event.survivors if isinstance(event, Exited | SurvivorsSeen) else before.left
        if left:
            yield Record(LogLevel.WARNING, f"left behind: {name}: {describe_left(left)}")
    yield from _entered(name, before, after, program)
    for action in step.actions:
        if isinstance(action, SendSignal):
            yield _signalled(name, action, after)
        elif isinstance(action, TypeText):
            yield Record(LogLevel.INFO, f"stopping: {name} ({after.pid}) by typing {action.text!r}")
    if step.forgotten:
        yield Record(LogLevel.INFO, f"removed: {name}")


def notice(step: Step) -> str | None:
    """Return what people at the process's terminal are told of a step, one line, or None."""
    name, after = step.name, step.after
    if isinstance(step.event, Exited):
        what = f"{name}: {ending(step.event)}"
    elif isinstance(step.event, SpawnFailed):
        what = f"{name}: {step.event.reason}"
    else:
        return None
    match after.state:
        case State.STARTING:
            return f"{what}; starting it again"
        case State.BACKOFF:
            return f"{what}; next try in {after.failures} s"
        case State.EXITED if after.deadline is not None:
            return f"{what}; starting it again in a moment"
        case state:
            return f"{what}; now {state.value}"


def life_begins(name: str, process: Process, pid: int) -> str:
    """Return the line at a terminal between what one life showed and what the next will."""
    code = process.exit_code
    before = f"{describe_code(code)}; " if code is not None else ""
    return f"{name}: {before}started with pid {pid}"


def _end(name: str, before: Process, event: Exited, program: Program) -> Record:
    lived = f"after {duration(event.at - (before.spawned_at or event.at))}"
    usage = f"cpu {event.cpu_seconds:.2f} s"
    how = ending(event)
    if before.state in (State.STOPPING, State.UNKNOWN):
        return Record(LogLevel.INFO, f"stopped: {name} ({how}) {lived}, {usage}")
    # Too early is never expected, whatever the code: so supervisord, and so our FATAL.
    early = before.state is State.STARTING and event.at - (before.spawned_at or 0) < (
        program.starttime
    )
    if is_expected(event.code, program) and not early:
        return Record(LogLevel.INFO, f"exited: {name} ({how}; expected) {lived}, {usage}")
    return Record(LogLevel.WARNING, f"exited: {name} ({how}; not expected) {lived}, {usage}")


def _entered(name: str, before: Process, after: Process, program: Program) -> Iterator[Record]:
    if before.state is after.state:
        return
    match after.state:
        case State.RUNNING if program.ready is not None:
            yield Record(
                LogLevel.INFO,
                f"success: {name} entered RUNNING state, its screen shows {program.ready.text!r}",
            )
        case State.RUNNING:
            yield Record(
                LogLevel.INFO,
                f"success: {name} entered RUNNING state, process has stayed up for > than "
                f"{program.starttime:g} seconds (starttime)",
            )
        case State.BACKOFF:
            yield Record(
                LogLevel.INFO,
                f"backoff: {name} ({after.reason}), try {after.failures + 1} of "
                f"{program.startretries + 1} in {after.failures} s",
            )
        case State.FATAL:
            yield Record(
                LogLevel.ERROR,
                f"gave up: {name} entered FATAL state, too many start retries too quickly "
                f"({after.reason})",
            )
        case State.STARTING if after.restarts > before.restarts:
            yield Record(LogLevel.INFO, f"restarting: {name} (restart {after.restarts})")
        case State.STOPPED if before.pid is None and before.state is not State.STOPPING:
            yield Record(LogLevel.INFO, f"stopped: {name} (it was waiting to be started again)")
        case _:
            pass


def _signalled(name: str, action: SendSignal, after: Process) -> Record:
    whom = _WHOM[action.whom]
    whose = f"{whom}{after.pid}" if after.pid else "what it left in its process group"
    if action.number == signal.SIGKILL and after.state is State.STOPPING:
        return Record(LogLevel.WARNING, f"killing '{name}' ({whose}) with SIGKILL")
    return Record(
        LogLevel.INFO,
        f"stopping: {name} ({whose}) with {signal_name(action.number)}",
    )
