"""The life of one process, as one pure function: `step(process, event, program, now)`.

States and rules are supervisord's (DESIGN, section 5). Two facts stand beside the state:

- `target`: what was last ordered, up or down. A restart is "target up" while STOPPING, and so is a
  start that comes while it is being stopped; no flags, and the last order wins.
- `deadline`: when something is to happen by itself, on the monotonic clock. It is a field and not a
  timer, so it cannot go stale: the driver keeps one timer for the least of all deadlines.

A spawn is answered by the keeper a moment later, so STARTING first has no pid. Orders that come in
that moment are not lost: a stop makes it STOPPING without a pid, and the signal follows the answer.

Where we differ from supervisord, which decides when it *notices* things once a second:

- an exit counts at the time when it was reaped, so a short life is never taken for RUNNING;
- a start order always begins a new count of retries, and so does a stop (there the counter
  survives, facts/supervisor.md, A2); a start order to a process in BACKOFF does not wait;
- with ``starttime: 0`` every exit is an exit from RUNNING, which is restarted at once, so a program
  that ends immediately would be started some hundred times a second. After `startretries` lives in
  a row shorter than `SHORT_LIFE_SECONDS` the next start waits until that much has passed.
"""

import enum
import signal
from dataclasses import dataclass, replace
from typing import Final

from taskmaster.config.model import AutoRestart, Program
from taskmaster.process.actions import Action, SendSignal, Spawn
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    PolicyChanged,
    RestartOrdered,
    SignalFailed,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
)

SHORT_LIFE_SECONDS: Final = 1.0
"""supervisord's loop turns once a second, and with it such a program is started as often."""

_LEAST_KILL_INTERVAL_SECONDS: Final = 1.0
"""KILL is sent again each `stoptime`, as in supervisord, but never more often than this."""


class State(enum.Enum):
    """supervisord's states, under its names."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def is_down(self) -> bool:
        """Whether no process is there and none will come by itself, but for a paced restart."""
        return self in (State.STOPPED, State.EXITED, State.FATAL)


class Target(enum.Enum):
    """What was last ordered."""

    UP = "up"
    DOWN = "down"


class UnexpectedEvent(Exception):
    """An event that cannot happen in that state: a mistake in the driver or in these rules."""

    def __init__(self, process: "Process", event: Event) -> None:
        super().__init__(f"{event} in {process}")


@dataclass(frozen=True, slots=True)
class Process:
    """One process: everything that the rules know of it.

    Attributes:
        since: when it entered the state; monotonic seconds, as all times here.
        pid: None where there is none, and until the keeper has answered a spawn.
        spawned_at: when the present or the last process became its command.
        deadline: when `DeadlineReached` is due, or None.
        failures: failed starts in a row (with ``starttime: 0``: short lives in a row).
        reason: why it is not up, for people; empty where there is nothing to tell.
        exit_code: of its last end; minus the signal's number where one ended it.
        restarts: how often it was started again without an order.
    """

    state: State = State.STOPPED
    target: Target = Target.DOWN
    since: float = 0.0
    pid: int | None = None
    spawned_at: float | None = None
    deadline: float | None = None
    failures: int = 0
    reason: str = ""
    exit_code: int | None = None
    restarts: int = 0


Result = tuple[Process, tuple[Action, ...]]


def step(process: Process, event: Event, program: Program, now: float) -> Result:
    """Return the process after the event, and what is to be done.

    Raises:
        UnexpectedEvent: the event makes no sense in this state.
    """
    unchanged: Result = (process, ())
    match process.state, event:
        # --- orders ---------------------------------------------------------------------------
        case (
            (State.STOPPED | State.EXITED | State.FATAL | State.BACKOFF),
            StartOrdered() | RestartOrdered(),
        ):
            return _spawn(replace(process, target=Target.UP, failures=0), now)
        case ((State.STARTING | State.RUNNING | State.STOPPING | State.UNKNOWN), StartOrdered()):
            return replace(process, target=Target.UP), ()
        case ((State.STARTING | State.RUNNING | State.UNKNOWN), RestartOrdered()):
            return _stop(replace(process, target=Target.UP), program, now)
        case State.STOPPING, RestartOrdered():
            return replace(process, target=Target.UP), ()
        case ((State.STARTING | State.RUNNING | State.UNKNOWN), StopOrdered()):
            return _stop(replace(process, target=Target.DOWN), program, now)
        case State.STOPPING, StopOrdered():
            return replace(process, target=Target.DOWN), ()
        case State.BACKOFF, StopOrdered():
            return _enter(process, State.STOPPED, now, target=Target.DOWN, failures=0), ()
        case State.EXITED, StopOrdered() if process.deadline is not None:
            return _enter(process, State.STOPPED, now, target=Target.DOWN, failures=0), ()
        case ((State.STOPPED | State.EXITED | State.FATAL), StopOrdered()):
            return replace(process, target=Target.DOWN), ()

        # --- a reload changed the rules -------------------------------------------------------
        case State.STARTING, PolicyChanged() if process.pid is not None:
            return replace(process, deadline=_spawn_time(process) + program.starttime), ()
        case State.STOPPING, PolicyChanged():
            return replace(process, deadline=process.since + program.stoptime), ()
        case _, PolicyChanged():
            return unchanged

        # --- the keeper's answer to a spawn ---------------------------------------------------
        case State.STARTING, Spawned(pid, at) if process.pid is None:
            started = replace(process, pid=pid, spawned_at=at)
            if program.starttime <= 0:
                return _enter(started, State.RUNNING, now, failures=process.failures), ()
            return replace(started, deadline=at + program.starttime), ()
        case State.STOPPING, Spawned(pid, at) if process.pid is None:
            return _stop(replace(process, pid=pid, spawned_at=at), program, now)
        case State.STARTING, SpawnFailed(reason) if process.pid is None:
            return _failed(process, reason, program, now)
        case State.STOPPING, SpawnFailed(reason) if process.pid is None:
            return _stopped(replace(process, reason=reason), now)

        # --- its end --------------------------------------------------------------------------
        case State.STARTING, Exited(code, at) if process.pid is not None:
            ended = replace(process, pid=None, exit_code=code)
            if at - _spawn_time(process) >= program.starttime:
                return _exited(ended, code, at, program, now)
            return _failed(ended, f"exited too quickly: {ending(event)}", program, now)
        case State.RUNNING, Exited(code, at):
            return _exited(replace(process, pid=None, exit_code=code), code, at, program, now)
        case ((State.STOPPING | State.UNKNOWN), Exited(code)) if process.pid is not None:
            return _stopped(replace(process, pid=None, exit_code=code), now)

        # --- time -----------------------------------------------------------------------------
        case State.STARTING, DeadlineReached() if process.pid is not None:
            return _enter(process, State.RUNNING, now), ()
        case State.BACKOFF, DeadlineReached():
            return _spawn(replace(process, restarts=process.restarts + 1), now)
        case State.EXITED, DeadlineReached() if process.deadline is not None:
            return _spawn(replace(process, restarts=process.restarts + 1), now)
        case State.STOPPING, DeadlineReached():
            again = now + max(program.stoptime, _LEAST_KILL_INTERVAL_SECONDS)
            kill = SendSignal(signal.SIGKILL, group=program.killasgroup)
            return replace(process, deadline=again), (kill,)

        # --- a signal that could not be sent --------------------------------------------------
        case State.STOPPING, SignalFailed() if process.pid is not None:
            reason = "cannot be signalled: operation not permitted"
            return _enter(process, State.UNKNOWN, now, reason=reason), ()
        case _, SignalFailed() if process.pid is not None:
            return unchanged
        case _:
            raise UnexpectedEvent(process, event)


def _enter(process: Process, state: State, now: float, **changes: object) -> Process:
    """Change the state; deadline, failures and reason start anew unless they are given."""
    fresh: dict[str, object] = {"deadline": None, "failures": 0, "reason": ""}
    return replace(process, state=state, since=now, **(fresh | changes))  # type: ignore[arg-type]


def _spawn(process: Process, now: float) -> Result:
    starting = _enter(process, State.STARTING, now, failures=process.failures, pid=None)
    return starting, (Spawn(),)


def _stop(process: Process, program: Program, now: float) -> Result:
    stopping = _enter(process, State.STOPPING, now, deadline=now + program.stoptime)
    if process.pid is None:
        return stopping, ()
    return stopping, (SendSignal(program.stopsignal, group=program.stopasgroup),)


def _stopped(process: Process, now: float) -> Result:
    if process.target is Target.UP:
        return _spawn(replace(process, failures=0), now)
    return _enter(process, State.STOPPED, now, reason=process.reason), ()


def _failed(process: Process, reason: str, program: Program, now: float) -> Result:
    failures = process.failures + 1
    if failures > program.startretries:
        return _enter(process, State.FATAL, now, reason=reason), ()
    # 1, 2, 3... seconds: supervisord's linear back-off.
    waiting = _enter(
        process, State.BACKOFF, now, deadline=now + failures, failures=failures, reason=reason
    )
    return waiting, ()


def _exited(process: Process, code: int, at: float, program: Program, now: float) -> Result:
    expected = is_expected(code, program)
    reason = "" if expected else f"unexpected {describe_code(code)}"
    again = program.autorestart is AutoRestart.ALWAYS or (
        program.autorestart is AutoRestart.UNEXPECTED and not expected
    )
    if not again:
        return _enter(process, State.EXITED, now, reason=reason), ()
    began = _spawn_time(process)
    short = at - began < SHORT_LIFE_SECONDS
    failures = min(process.failures, program.startretries) + 1 if short else 0
    if failures > program.startretries:
        pace = began + SHORT_LIFE_SECONDS
        paced = _enter(process, State.EXITED, now, deadline=pace, failures=failures, reason=reason)
        return paced, ()
    restarted = replace(process, restarts=process.restarts + 1, failures=failures)
    return _spawn(restarted, now)


def _spawn_time(process: Process) -> float:
    if process.spawned_at is None:
        raise AssertionError(f"a process that was never spawned has ended: {process}")
    return process.spawned_at


def is_expected(code: int, program: Program) -> bool:
    """Whether ending with this code is what the config calls expected; by a signal it never is."""
    return code in program.exitcodes


def describe_code(code: int) -> str:
    """Return ``exit status 3`` or ``terminated by SIGKILL`` for the code of an `Exited`."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"terminated by {signal.Signals(-code).name}"
    except ValueError:
        return f"terminated by signal {-code}"


def ending(event: Exited) -> str:
    """Return how a process ended, in supervisord's words, with a core dump where there was one."""
    return describe_code(event.code) + (" (core dumped)" if event.core_dumped else "")


_NEXT: Final[dict[type[Event], dict[State, set[State]]]] = {
    StartOrdered: {
        State.STOPPED: {State.STARTING},
        State.STARTING: {State.STARTING},
        State.RUNNING: {State.RUNNING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.STARTING},
        State.FATAL: {State.STARTING},
        State.UNKNOWN: {State.UNKNOWN},
    },
    StopOrdered: {
        State.STOPPED: {State.STOPPED},
        State.STARTING: {State.STOPPING},
        State.RUNNING: {State.STOPPING},
        State.BACKOFF: {State.STOPPED},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.EXITED, State.STOPPED},
        State.FATAL: {State.FATAL},
        State.UNKNOWN: {State.STOPPING},
    },
    RestartOrdered: {
        State.STOPPED: {State.STARTING},
        State.STARTING: {State.STOPPING},
        State.RUNNING: {State.STOPPING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.STARTING},
        State.FATAL: {State.STARTING},
        State.UNKNOWN: {State.STOPPING},
    },
    PolicyChanged: {state: {state} for state in State},
    Spawned: {
        State.STARTING: {State.STARTING, State.RUNNING},
        State.STOPPING: {State.STOPPING},
    },
    SpawnFailed: {
        State.STARTING: {State.BACKOFF, State.FATAL},
        State.STOPPING: {State.STOPPED, State.STARTING},
    },
    Exited: {
        State.STARTING: {State.BACKOFF, State.FATAL, State.EXITED, State.STARTING},
        State.RUNNING: {State.EXITED, State.STARTING},
        State.STOPPING: {State.STOPPED, State.STARTING},
        State.UNKNOWN: {State.STOPPED, State.STARTING},
    },
    SignalFailed: {
        State.STARTING: {State.STARTING},
        State.RUNNING: {State.RUNNING},
        State.STOPPING: {State.UNKNOWN},
        State.UNKNOWN: {State.UNKNOWN},
    },
    DeadlineReached: {
        State.STARTING: {State.RUNNING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.STARTING},
    },
}
TRANSITIONS: Final[dict[tuple[State, type[Event]], frozenset[State]]] = {
    (state, event): frozenset(nexts)
    for event, by_state in _NEXT.items()
    for state, nexts in by_state.items()
}
"""Every pair of state and event that means something, and the states it may lead to."""
