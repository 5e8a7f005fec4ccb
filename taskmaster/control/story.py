"""The story of one process, as `why` tells it: why it is as it is, and what comes next. Pure."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Final

from taskmaster.config.diff import KEYS
from taskmaster.config.expand import command_line
from taskmaster.config.model import AutoRestart, Program, StopStep
from taskmaster.control.handlers import Clocks, reason
from taskmaster.process.state import Process, State, Target
from taskmaster.process.words import after, describe_code, describe_left
from taskmaster.protocol.messages import Story
from taskmaster.records import signal_name
from taskmaster.supervisor import Entry

_NUMBERS: Final[Mapping[str, Callable[[int], str]]] = {
    "umask": "{:03o}".format,
    "stopsignal": signal_name,
}
"""Numbers that people write otherwise."""

_SHOWN: Final = 60
"""Of a value that has changed, so many characters are shown."""


def story(entry: Entry, clocks: Clocks, attached: int) -> Story:
    """Return what is known of a process, in words."""
    process, program = entry.process, entry.program
    asked = entry.past.asked
    uptime = None
    if process.pid is not None and process.spawned_at is not None:
        uptime = max(0.0, clocks.monotonic - process.spawned_at)
    return Story(
        name=entry.name,
        program=program.name,
        state=process.state.value,
        since=clocks.wall_of(process.since),
        pid=process.pid,
        uptime=uptime,
        restarts=process.restarts,
        attached=attached,
        command=command_line(program, entry.index),
        reason=reason(process),
        ending=_ending(process),
        ended_at=None if process.ended_at is None else clocks.wall_of(process.ended_at),
        order="" if asked is None else asked[1],
        ordered_at=None if asked is None else clocks.wall_of(asked[0]),
        waits_for=_waits_for(entry, clocks.monotonic),
        ran_well=entry.well is not None,
        changes=tuple(_changes(entry.well, entry.successor or program)) if entry.well else (),
        past=tuple(f"{_stamp(clocks.wall_of(at))} {text}" for at, text in entry.past.notes),
    )


def _stamp(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))


def _ending(process: Process) -> str:
    if process.exit_code is None or process.ended_at is None:
        return ""
    is_of_last = process.spawned_at is not None and process.spawned_at <= process.ended_at
    lived = (
        after(process.ended_at - process.spawned_at) if is_of_last and process.spawned_at else ""
    )
    return describe_code(process.exit_code) + lived


def _waits_for(entry: Entry, now: float) -> str:
    """Return what must come so that something happens to it, or "" where it just runs."""
    process, program = entry.process, entry.program
    left = max(0.0, (process.deadline or now) - now)
    match process.state:
        case State.BACKOFF:
            return f"try {process.failures + 1} of {program.startretries + 1}, in {left:.0f} s"
        case State.EXITED if process.deadline is not None:
            return f"being started again, in {left:.1f} s"
        case State.STARTING if process.pid is None:
            return "its process"
        case State.STARTING if program.ready is not None:
            return f"{program.ready.text!r} on its screen, for {left:.0f} s more"
        case State.STARTING:
            return f"being up for {program.starttime:g} s (starttime), {left:.1f} s more"
        case State.STOPPING:
            return _waits_for_end(process, program, left)
        case State.RUNNING:
            return ""
        case State.UNKNOWN:
            return "its end: it cannot be signalled"
        case State.FATAL:
            return f"an order: it is given up after {program.startretries + 1} tries"
        case _:
            return f"an order{_why_none_comes(process, program)}"


def _why_none_comes(process: Process, program: Program) -> str:
    if process.state is State.EXITED and program.autorestart is AutoRestart.NEVER:
        return ": autorestart is never"
    if process.state is State.EXITED:
        return ": with autorestart unexpected, this end counts as expected"
    if process.spawned_at is None and not program.autostart:
        return ": autostart is false"
    return ""


def _waits_for_end(process: Process, program: Program, left: float) -> str:
    then = ", and is then started again" if process.target is Target.UP else ""
    if process.left:
        return f"what it left behind to end: {describe_left(process.left)}{then}"
    steps = program.stop_steps
    at = max(0, process.stop_step)
    if at + 1 < len(steps):
        return f"its end, {left:.0f} s more; then {_deed(steps[at + 1])}{then}"
    return f"its end, after {_deed(steps[-1])}{then}"


def _deed(step: StopStep) -> str:
    if step.signal is not None:
        return signal_name(step.signal)
    return f"{step.text!r} is typed" if step.text else "the next step"


def _changes(well: Program, now: Program) -> Iterator[str]:
    """Yield what is otherwise than when it was RUNNING last, by the keys of the config."""
    for field in fields(Program):
        before, after = getattr(well, field.name), getattr(now, field.name)
        if before == after:
            continue
        key = KEYS.get(field.name, field.name)
        if field.name == "environment":
            # Values may be secrets, names are not.
            both = dict(before), dict(after)
            names = [n for n in both[0] | both[1] if both[0].get(n) != both[1].get(n)]
            yield f"{key}: {', '.join(names) or 'another order'}"
        else:
            yield f"{key}: {_value(key, before)} became {_value(key, after)}"


def _value(key: str, value: object) -> str:
    if isinstance(value, int) and key in _NUMBERS:
        return _NUMBERS[key](value)
    text = value if isinstance(value, str) else _worded(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _worded(value: object) -> str:
    worded: tuple[tuple[type, Callable[[object], str]], ...] = (
        (bool, lambda it: str(it).lower()),
        (float, lambda it: f"{it:g}"),
        (frozenset, lambda it: ", ".join(map(str, sorted(it)))),  # type: ignore[call-overload]
        (tuple, lambda it: " ".join(map(str, it))),  # type: ignore[call-overload]
    )
    if value is None:
        return "none"
    if isinstance(value, AutoRestart):
        return value.value
    return next((said(value) for kind, said in worded if isinstance(value, kind)), str(value))
