"""The life of one process, as one pure function: `step(process, event, program, now)`.

States and rules are supervisord's (DESIGN, section 5). Two facts stand beside the state:

- `target`: what was last ordered, up or down. A restart is "target up" while STOPPING, and so is a
  start that comes while it is being stopped; no flags, and the last order wins.
- `deadline`: when something is to happen by itself, on the monotonic clock. It is a field and not a
  timer, so it cannot go stale: the driver keeps one timer for the least of all deadlines.

A spawn is answered by the keeper a moment later, so STARTING first has no pid. Orders that come in
that moment are not lost: a stop makes it STOPPING without a pid, and the signal follows the answer.

Where we differ from supervisord, which decides when it *notices* things once a second:

- a process is stopped by steps (`Program.stop_steps`), of which `stopsignal` and `stoptime` are
  the plain case; and it is down only when what it started in its session is gone too, or had
  `SURVIVOR_SECONDS` and every step for its group to go. Whoever is left then is named;
- with ``ready`` it is RUNNING when its screen says so; if it does not in time, it is stopped, and
  that was a failed start (`failing`);
- an exit counts at the time when it was reaped, so a short life is never taken for RUNNING;
- a start order always begins a new count of retries, and so does a stop (there the counter
  survives, facts/supervisor.md, A2); a start order to a process in BACKOFF does not wait;
- with ``starttime: 0`` every exit is an exit from RUNNING, which is restarted at once, so a program
  that ends immediately would be started some hundred times a second. After `startretries` lives in
  a row shorter than `SHORT_LIFE_SECONDS` the next start waits until that much has passed.
"""

from dataclasses import replace
from typing import Final

from taskmaster.config.model import AutoRestart, Program, StopStep, Whom
from taskmaster.process.actions import Action, SendSignal, Spawn, TypeText
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    PolicyChanged,
    Ready,
    RestartOrdered,
    SignalFailed,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
    Survivor,
    SurvivorsSeen,
)
from taskmaster.process.state import Process, State, Target
from taskmaster.process.words import (
    NOT_READY,
    TOO_QUICKLY,
    UNEXPECTED,
    describe_left,
    ending,
)

SHORT_LIFE_SECONDS: Final = 1.0
"""supervisord's loop turns once a second, and with it such a program is started as often."""

SURVIVOR_SECONDS: Final = 1.0
"""How long what a stopped process leaves behind has to go by itself: those who heard the same
signal, or whose terminal hung up, need a moment. As `pty_mux.pump.DRAIN_SECONDS`."""

_LEAST_KILL_INTERVAL_SECONDS: Final = 1.0
"""KILL is sent again each `stoptime`, as in supervisord, but never more often than this."""


class UnexpectedEvent(Exception):
    """An event that cannot happen in that state: a mistake in the driver or in these rules."""

    def __init__(self, process: "Process", event: Event) -> None:
        super().__init__(f"{event} in {process}")


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
        case State.STOPPING, StartOrdered() | RestartOrdered():
            return replace(process, target=Target.UP, failing=""), ()
        case ((State.STARTING | State.RUNNING | State.UNKNOWN), StartOrdered()):
            return replace(process, target=Target.UP), ()
        case ((State.STARTING | State.RUNNING | State.UNKNOWN), RestartOrdered()):
            return _stop(replace(process, target=Target.UP), program, now)
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
            return replace(process, deadline=_spawn_time(process) + _patience(program)), ()
        case State.STOPPING, PolicyChanged() if not process.left and not program.stop:
            steps = program.stop_steps
            at = min(process.stop_step, len(steps) - 1)
            deadline = process.since + sum(step.wait for step in steps[: at + 1])
            return replace(process, stop_step=at, deadline=deadline), ()
        case _, PolicyChanged():
            return unchanged

        # --- the keeper's answer to a spawn ---------------------------------------------------
        case State.STARTING, Spawned(pid, at) if process.pid is None:
            started = replace(process, pid=pid, spawned_at=at)
            if program.starttime <= 0 and program.ready is None:
                return _enter(started, State.RUNNING, now, failures=process.failures), ()
            return replace(started, deadline=at + _patience(program)), ()
        case State.STOPPING, Spawned(pid, at) if not process.is_answered:
            return _stop(replace(process, pid=pid, spawned_at=at), program, now)
        case State.STARTING, SpawnFailed(reason) if process.pid is None:
            return _failed(process, reason, program, now)
        case State.STOPPING, SpawnFailed(reason) if not process.is_answered:
            return _stopped(replace(process, reason=reason), program, now)

        # --- it shows that it is up -----------------------------------------------------------
        case State.STARTING, Ready() if process.pid is not None and program.ready is not None:
            return _enter(process, State.RUNNING, now), ()
        case _, Ready():
            return unchanged  # it was looked for, and meanwhile nobody wants to know any more

        # --- its end --------------------------------------------------------------------------
        case State.STARTING, Exited(at=at) if process.pid is not None:
            ended = _ended(process, event)
            if program.ready is not None:
                return _failed(ended, NOT_READY + ending(event), program, now)
            if at - _spawn_time(process) >= program.starttime:
                return _exited(ended, event, program, now)
            return _failed(ended, TOO_QUICKLY + ending(event), program, now)
        case State.RUNNING, Exited():
            return _exited(_ended(process, event), event, program, now)
        case State.UNKNOWN, Exited() if process.pid is not None:
            return _stopped(_ended(process, event), program, now)
        case State.STOPPING, Exited(survivors=left) if process.pid is not None:
            return _left(replace(_ended(process, event), left=left), program, now)
        case State.STOPPING, SurvivorsSeen(left) if process.left:
            seen = replace(process, left=left)
            return (seen, ()) if _in_session(left) else _stopped(seen, program, now)

        # --- time -----------------------------------------------------------------------------
        case State.STARTING, DeadlineReached() if process.pid is not None:
            if program.ready is not None:
                late = f"{program.ready.text!r} not on its screen in {program.ready.within:g} s"
                failures = process.failures
                return _stop(process, program, now, failing=late, reason=late, failures=failures)
            return _enter(process, State.RUNNING, now), ()
        case State.BACKOFF, DeadlineReached():
            return _spawn(replace(process, restarts=process.restarts + 1), now)
        case State.EXITED, DeadlineReached() if process.deadline is not None:
            return _spawn(replace(process, restarts=process.restarts + 1), now)
        case State.STOPPING, DeadlineReached():
            return (_next_step_for_left if process.left else _next_step)(process, program, now)

        # --- a signal that could not be sent --------------------------------------------------
        case State.STOPPING, SignalFailed() if process.pid is not None:
            reason = "cannot be signalled: operation not permitted"
            kept = {"failing": process.failing, "failures": process.failures}
            return _enter(process, State.UNKNOWN, now, reason=reason, **kept), ()
        case _, SignalFailed() if process.pid is not None:
            return unchanged
        case _:
            raise UnexpectedEvent(process, event)


def _enter(process: Process, state: State, now: float, **changes: object) -> Process:
    """Change the state; deadline, failures and reason start anew unless they are given."""
    fresh: dict[str, object] = {
        "deadline": None,
        "failures": 0,
        "reason": "",
        "stop_step": 0,
        "failing": "",
        "left": (),
    }
    return replace(process, state=state, since=now, **(fresh | changes))  # type: ignore[arg-type]


def _ended(process: Process, event: Exited) -> Process:
    return replace(process, pid=None, exit_code=event.code, ended_at=event.at)


def _spawn(process: Process, now: float) -> Result:
    starting = _enter(process, State.STARTING, now, failures=process.failures, pid=None)
    return starting, (Spawn(),)


def _patience(program: Program) -> float:
    """Return after how many seconds a process that is starting is looked at again."""
    return program.ready.within if program.ready is not None else program.starttime


def _stop(process: Process, program: Program, now: float, **changes: object) -> Result:
    if process.pid is None:
        # Not even started: there is nobody who could follow a step, but for the last one.
        steps = program.stop_steps
        last = len(steps) - 1
        deadline = now + sum(step.wait for step in steps[:last])
        changes = changes | {"stop_step": last - 1, "deadline": deadline}
        return _enter(process, State.STOPPING, now, **changes), ()
    stopping = _enter(process, State.STOPPING, now, **(changes | {"stop_step": -1}))
    return _next_step(stopping, program, now)


def _next_step(process: Process, program: Program, now: float) -> Result:
    """Do the next step, and the ones behind it as far as nothing is waited for in between.

    The last one, a KILL, is done again and again.
    """
    steps = program.stop_steps
    last = len(steps) - 1
    at, wait = process.stop_step, 0.0
    actions: list[Action] = []
    while wait <= 0:
        at = min(at + 1, last)
        actions += _deeds(steps[at])
        wait = steps[at].wait if at < last else max(steps[at].wait, _LEAST_KILL_INTERVAL_SECONDS)
    return replace(process, stop_step=at, deadline=now + wait), tuple(actions)


def _deeds(step: StopStep) -> list[Action]:
    if step.signal is not None:
        return [SendSignal(step.signal, step.whom)]
    return [TypeText(step.text)] if step.text else []


def _left(process: Process, program: Program, now: float) -> Result:
    """The process is gone; go on with those whom it left in its session."""
    if not _in_session(process.left):
        return _stopped(process, program, now)
    at = min(process.stop_step, len(program.stop_steps) - 1)
    soon = now + SURVIVOR_SECONDS
    if at >= 0 and program.stop_steps[at].whom is Whom.GROUP and process.deadline is not None:
        # They were asked too, and have the same time for it.
        soon = max(soon, process.deadline) if at < len(program.stop_steps) - 1 else soon
    return replace(process, deadline=soon), ()


def _next_step_for_left(process: Process, program: Program, now: float) -> Result:
    """Do the next step that is for the group; where there is none they have had their time."""
    steps = program.stop_steps
    if any(survivor.in_group for survivor in process.left):
        for at in range(process.stop_step + 1, len(steps)):
            step = steps[at]
            if step.whom is Whom.GROUP and step.signal is not None:
                wait = step.wait if at < len(steps) - 1 else SURVIVOR_SECONDS
                signalled = replace(process, stop_step=at, deadline=now + wait)
                return signalled, (SendSignal(step.signal, Whom.GROUP),)
    return _stopped(process, program, now)


def _in_session(left: tuple[Survivor, ...]) -> bool:
    return any(survivor.in_session for survivor in left)


def _stopped(process: Process, program: Program, now: float) -> Result:
    if process.failing and process.target is Target.UP:
        return _failed(process, process.failing, program, now)
    if process.target is Target.UP:
        return _spawn(replace(process, failures=0), now)
    reason = f"left behind: {describe_left(process.left)}" if process.left else process.reason
    return _enter(process, State.STOPPED, now, reason=reason, left=process.left), ()


def _failed(process: Process, reason: str, program: Program, now: float) -> Result:
    failures = process.failures + 1
    if failures > program.startretries:
        return _enter(process, State.FATAL, now, reason=reason), ()
    # 1, 2, 3... seconds: supervisord's linear back-off.
    waiting = _enter(
        process, State.BACKOFF, now, deadline=now + failures, failures=failures, reason=reason
    )
    return waiting, ()


def _exited(process: Process, event: Exited, program: Program, now: float) -> Result:
    expected, at = is_expected(event.code, program), event.at
    reason = "" if expected else UNEXPECTED + ending(event)
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
