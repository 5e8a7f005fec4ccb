"""The life of a process: by scenario, and by enumeration of everything that can happen to it."""

import signal
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from taskmaster.config.model import AutoRestart, Program, Ready, StopStep, Whom
from taskmaster.process.actions import Action, SendSignal, Spawn, TypeText
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
    Survivor,
    SurvivorsSeen,
)
from taskmaster.process.events import Ready as Shown
from taskmaster.process.machine import SHORT_LIFE_SECONDS, UnexpectedEvent, step
from taskmaster.process.state import Process, State, Target
from taskmaster.process.transitions import TRANSITIONS
from taskmaster.process.words import describe_code, describe_left, ending


@dataclass
class Play:
    """A scenario: what happens at which second, and what it leads to."""

    program: Program = field(default_factory=lambda: Program(name="web", command="web"))
    process: Process = field(default_factory=Process)
    actions: tuple[Action, ...] = ()

    def at(self, now: float, event: Event) -> "Play":
        self.process, self.actions = step(self.process, event, self.program, now)
        return self

    def fails(self, now: float) -> "Play":
        return self.at(now, Exited(1, now))

    @property
    def state(self) -> State:
        return self.process.state


def play(**settings: Any) -> Play:
    return Play(Program(name="web", command="web", **settings))


def running(**settings: Any) -> Play:
    story = play(**settings).at(0, StartOrdered()).at(0, Spawned(41, 0))
    return story.at(1, DeadlineReached()) if story.state is State.STARTING else story


TERM = SendSignal(signal.SIGTERM, Whom.PROCESS)
KILL = SendSignal(signal.SIGKILL, Whom.PROCESS)

# --- starting --------------------------------------------------------------------------------


def test_a_start_asks_for_a_spawn() -> None:
    story = play().at(0, StartOrdered())

    assert (story.state, story.process.pid, story.actions) == (State.STARTING, None, (Spawn(),))


def test_up_for_starttime_is_running() -> None:
    story = play(starttime=5).at(0, StartOrdered()).at(0.1, Spawned(41, 0.1))
    assert (story.state, story.process.pid, story.process.deadline) == (State.STARTING, 41, 5.1)

    story.at(5.1, DeadlineReached())

    assert (story.state, story.process.deadline) == (State.RUNNING, None)


def test_starttime_zero_is_running_at_once() -> None:
    assert play(starttime=0).at(0, StartOrdered()).at(0, Spawned(41, 0)).state is State.RUNNING


def test_retries_wait_one_two_three_seconds_and_then_it_is_fatal() -> None:
    story = play(startretries=3).at(0, StartOrdered())
    now, waits = 0.0, []
    while (deadline := story.at(now, Spawned(41, now)).fails(now).process.deadline) is not None:
        waits.append(round(deadline - now, 3))
        now = deadline
        story.at(now, DeadlineReached())

    assert (story.state, waits) == (State.FATAL, [1, 2, 3])
    assert story.process.reason == "exited too quickly: exit status 1"
    assert story.process.failures == 0


def test_no_retries_means_one_attempt() -> None:
    story = play(startretries=0).at(0, StartOrdered()).at(0, SpawnFailed("no"))

    assert (story.state, story.process.reason) == (State.FATAL, "no")


def test_exit_status_zero_before_starttime_is_a_failure() -> None:
    story = play().at(0, StartOrdered()).at(0, Spawned(41, 0)).at(0.5, Exited(0, 0.5))

    assert story.state is State.BACKOFF


def test_autorestart_never_does_not_stop_the_retries() -> None:
    story = play(autorestart=AutoRestart.NEVER).at(0, StartOrdered())

    assert story.at(0, Spawned(41, 0)).at(0.5, Exited(1, 0.5)).state is State.BACKOFF


def test_a_short_life_heard_of_late_is_still_a_failed_start() -> None:
    """supervisord's false RUNNING: it decides by when it looks, and looks once a second."""
    story = play(starttime=1).at(0, StartOrdered()).at(0, Spawned(41, 0))

    story.at(3.0, Exited(1, 0.2))

    assert story.state is State.BACKOFF


def test_a_long_life_whose_deadline_was_not_looked_at_ended_from_running() -> None:
    story = play(starttime=1, autorestart=AutoRestart.NEVER).at(0, StartOrdered())

    story.at(0, Spawned(41, 0)).at(1.5, Exited(0, 1.5))

    assert story.state is State.EXITED


def test_reaching_running_forgets_the_failures() -> None:
    story = play(startretries=1).at(0, StartOrdered()).at(0, SpawnFailed("no"))
    story.at(1, DeadlineReached()).at(1, Spawned(41, 1)).at(2, DeadlineReached())

    assert (story.state, story.process.failures) == (State.RUNNING, 0)


def test_a_start_order_does_not_wait_for_the_back_off_and_counts_anew() -> None:
    story = play().at(0, StartOrdered()).at(0, SpawnFailed("no"))

    story.at(0.2, StartOrdered())

    assert (story.state, story.actions, story.process.failures) == (State.STARTING, (Spawn(),), 0)


# --- ending by itself ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "code", "expected"),
    [
        (AutoRestart.ALWAYS, 0, State.STARTING),
        (AutoRestart.ALWAYS, 1, State.STARTING),
        (AutoRestart.NEVER, 0, State.EXITED),
        (AutoRestart.NEVER, 1, State.EXITED),
        (AutoRestart.UNEXPECTED, 0, State.EXITED),
        (AutoRestart.UNEXPECTED, 2, State.EXITED),
        (AutoRestart.UNEXPECTED, 1, State.STARTING),
        (AutoRestart.UNEXPECTED, -9, State.STARTING),
    ],
)
def test_what_follows_an_exit_from_running(policy: AutoRestart, code: int, expected: State) -> None:
    story = running(autorestart=policy, exitcodes=frozenset({0, 2}))

    story.at(60, Exited(code, 60))

    assert story.state is expected
    assert story.actions == ((Spawn(),) if expected is State.STARTING else ())
    assert story.process.exit_code == code


def test_death_by_signal_is_never_expected() -> None:
    story = running(exitcodes=frozenset(range(256)))

    assert story.at(60, Exited(-15, 60)).state is State.STARTING


def test_restarts_are_counted() -> None:
    story = running(autorestart=AutoRestart.ALWAYS).at(60, Exited(0, 60))

    assert story.process.restarts == 1


def test_with_starttime_zero_an_early_exit_is_not_a_failure() -> None:
    story = running(starttime=0, autorestart=AutoRestart.NEVER)

    assert story.at(0.01, Exited(1, 0.01)).state is State.EXITED


def test_with_starttime_zero_short_lives_are_paced_after_a_few() -> None:
    story = play(starttime=0, startretries=2, autorestart=AutoRestart.ALWAYS)
    story.at(0, StartOrdered())
    for _ in range(3):
        assert story.state is State.STARTING
        story.at(0, Spawned(41, 0)).at(0.01, Exited(0, 0.01))

    assert (story.state, story.process.deadline) == (State.EXITED, SHORT_LIFE_SECONDS)
    assert story.at(SHORT_LIFE_SECONDS, DeadlineReached()).actions == (Spawn(),)


def test_a_paced_restart_can_be_stopped() -> None:
    story = play(starttime=0, startretries=0, autorestart=AutoRestart.ALWAYS)
    story.at(0, StartOrdered()).at(0, Spawned(41, 0)).at(0.01, Exited(0, 0.01))

    story.at(0.1, StopOrdered())

    assert (story.state, story.process.deadline) == (State.STOPPED, None)


# --- stopping --------------------------------------------------------------------------------


def test_a_stop_sends_the_signal_and_then_kill() -> None:
    story = running(stopsignal=signal.SIGQUIT, stoptime=7).at(10, StopOrdered())
    assert (story.state, story.process.deadline) == (State.STOPPING, 17)
    assert story.actions == (SendSignal(signal.SIGQUIT, Whom.PROCESS),)

    story.at(17, DeadlineReached())
    assert (story.state, story.actions, story.process.deadline) == (State.STOPPING, (KILL,), 24)

    assert story.at(17.1, Exited(-9, 17.1)).state is State.STOPPED


def test_groups_are_signalled_where_the_config_says_so() -> None:
    story = running(stopasgroup=True, killasgroup=True).at(10, StopOrdered())
    assert story.actions == (SendSignal(signal.SIGTERM, Whom.GROUP),)

    story.at(20, DeadlineReached())

    assert story.actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)


def test_kill_is_not_repeated_without_pause() -> None:
    story = running(stoptime=0).at(10, StopOrdered()).at(10, DeadlineReached())

    assert story.process.deadline == 11


def test_what_was_stopped_stays_stopped() -> None:
    story = running(autorestart=AutoRestart.ALWAYS).at(10, StopOrdered())

    assert story.at(11, Exited(1, 11)).state is State.STOPPED


def test_a_stop_while_starting_ends_in_stopped_not_in_back_off() -> None:
    story = play(starttime=60).at(0, StartOrdered()).at(0, Spawned(41, 0)).at(1, StopOrdered())

    assert story.actions == (TERM,)
    assert story.at(1.1, Exited(-15, 1.1)).state is State.STOPPED


def test_a_stop_before_the_keepers_answer_is_not_lost() -> None:
    story = play().at(0, StartOrdered()).at(0, StopOrdered())
    assert (story.state, story.actions) == (State.STOPPING, ())

    story.at(0.1, Spawned(41, 0.1))

    assert (story.state, story.process.pid, story.actions) == (State.STOPPING, 41, (TERM,))


def test_a_stop_before_a_failed_spawn_ends_in_stopped() -> None:
    story = play().at(0, StartOrdered()).at(0, StopOrdered()).at(0.1, SpawnFailed("no"))

    assert (story.state, story.actions) == (State.STOPPED, ())


def test_a_spawn_that_hangs_before_its_exec_is_killed_in_the_end() -> None:
    story = play(stoptime=10).at(0, StartOrdered()).at(0, StopOrdered())

    assert story.at(10, DeadlineReached()).actions == (KILL,)


def test_a_stop_in_back_off_is_immediate_and_final() -> None:
    story = play().at(0, StartOrdered()).at(0, SpawnFailed("no")).at(0.1, StopOrdered())

    assert (story.state, story.process.deadline, story.process.failures) == (State.STOPPED, None, 0)


def test_a_start_while_stopping_starts_it_again_once_it_is_down() -> None:
    story = running().at(10, StopOrdered()).at(10.1, StartOrdered())
    assert story.state is State.STOPPING

    assert story.at(10.2, Exited(-15, 10.2)).actions == (Spawn(),)


def test_the_last_order_wins_while_stopping() -> None:
    story = running().at(10, StopOrdered()).at(10.1, StartOrdered()).at(10.2, StopOrdered())

    assert story.at(10.3, Exited(-15, 10.3)).state is State.STOPPED


def test_a_restart_is_a_stop_with_the_target_up() -> None:
    story = running().at(10, RestartOrdered())
    assert (story.state, story.actions) == (State.STOPPING, (TERM,))

    story.at(10.1, Exited(0, 10.1))

    assert (story.state, story.actions, story.process.restarts) == (State.STARTING, (Spawn(),), 0)


@pytest.mark.parametrize("state", [State.STOPPED, State.EXITED, State.FATAL])
def test_a_restart_of_what_is_down_is_a_start(state: State) -> None:
    process, actions = step(Process(state=state), RestartOrdered(), play().program, 0)

    assert (process.state, process.target, actions) == (State.STARTING, Target.UP, (Spawn(),))


def test_a_process_that_cannot_be_signalled_is_unknown_until_it_ends() -> None:
    story = running().at(10, StopOrdered()).at(10, SignalFailed(1))
    assert (story.state, story.process.pid) == (State.UNKNOWN, 41)

    assert story.at(60, Exited(0, 60)).state is State.STOPPED


def test_an_unknown_process_can_be_tried_again() -> None:
    story = running().at(10, StopOrdered()).at(10, SignalFailed(1)).at(20, StopOrdered())

    assert (story.state, story.actions) == (State.STOPPING, (TERM,))


# --- a reload in between ---------------------------------------------------------------------


def test_a_new_starttime_counts_from_the_spawn() -> None:
    story = play(starttime=60).at(0, StartOrdered()).at(0, Spawned(41, 0))

    story.program = replace(story.program, starttime=5)
    story.at(3, PolicyChanged())

    assert story.process.deadline == 5


def test_a_new_stoptime_counts_from_the_stop() -> None:
    story = running(stoptime=60).at(10, StopOrdered())

    story.program = replace(story.program, stoptime=5)
    story.at(12, PolicyChanged())

    assert story.process.deadline == 15


# --- stopping by steps -----------------------------------------------------------------------

STEPS = (
    StopStep(text="save-all\r"),
    StopStep(wait=2),
    StopStep(signal=signal.SIGINT, whom=Whom.FOREGROUND, wait=3),
    StopStep(signal=signal.SIGTERM, whom=Whom.GROUP, wait=10),
    StopStep(signal=signal.SIGKILL, whom=Whom.GROUP, wait=5),
)


def test_steps_are_done_one_after_the_other_with_the_waits_between_them() -> None:
    story = running(stop=STEPS).at(10, StopOrdered())
    assert (story.actions, story.process.deadline) == ((TypeText("save-all\r"),), 12)

    story.at(12, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGINT, Whom.FOREGROUND),)
    assert story.process.deadline == 15

    story.at(15, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGTERM, Whom.GROUP),)

    story.at(25, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)
    assert story.process.deadline == 30

    story.at(30, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)


def test_steps_without_a_wait_are_done_together() -> None:
    steps = (StopStep(text="q"), StopStep(signal=1), StopStep(signal=signal.SIGKILL))
    story = running(stop=steps).at(10, StopOrdered())

    assert story.actions == (TypeText("q"), SendSignal(1, Whom.PROCESS), KILL)
    assert story.process.deadline == 11


def test_an_end_at_any_step_is_the_end() -> None:
    story = running(stop=STEPS).at(10, StopOrdered()).at(11, Exited(0, 11))

    assert (story.state, story.process.stop_step, story.process.deadline) == (
        State.STOPPED, 0, None,
    )  # fmt: skip


def test_who_is_not_even_started_is_killed_after_the_time_of_all_steps() -> None:
    story = play(stop=STEPS).at(0, StartOrdered()).at(10, StopOrdered())
    assert (story.actions, story.process.deadline) == ((), 25)

    story.at(25, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)


def test_a_stop_that_was_ordered_before_the_spawn_begins_with_its_first_step() -> None:
    story = play(stop=STEPS).at(0, StartOrdered()).at(1, StopOrdered()).at(2, Spawned(41, 2))

    assert (story.actions, story.process.deadline) == ((TypeText("save-all\r"),), 4)


def test_a_step_that_is_waited_for_has_its_time_whatever_a_reload_says() -> None:
    story = running(stop=STEPS).at(10, StopOrdered()).at(12, DeadlineReached())

    story.program = replace(story.program, stop=STEPS[2:])
    story.at(13, PolicyChanged())

    assert (story.actions, story.process.deadline) == ((), 15)


# --- who is left -----------------------------------------------------------------------------

CHILD = Survivor(42, "sleep 100", in_group=True, in_session=True)
JOB = Survivor(43, "job", in_group=False, in_session=True)
AGENT = Survivor(44, "agent", in_group=False, in_session=False)


def test_it_is_not_down_while_somebody_of_its_session_is_left() -> None:
    story = running().at(10, StopOrdered()).at(11, Exited(0, 11, survivors=(JOB, CHILD)))
    assert (story.state, story.process.pid) == (State.STOPPING, None)

    story.at(11.1, SurvivorsSeen((JOB,)))
    assert story.state is State.STOPPING

    story.at(11.2, SurvivorsSeen(()))
    assert (story.state, story.process.reason) == (State.STOPPED, "")


def test_whoever_does_not_go_is_named() -> None:
    story = running().at(10, StopOrdered()).at(11, Exited(0, 11, survivors=(CHILD, JOB)))

    story.at(12, DeadlineReached())

    assert (story.state, story.actions) == (State.STOPPED, ())
    assert story.process.reason == "left behind: pid 42 (sleep 100), pid 43 (job)"


def test_who_took_a_session_of_its_own_is_named_and_not_waited_for() -> None:
    story = running().at(10, StopOrdered()).at(11, Exited(0, 11, survivors=(AGENT,)))

    assert (story.state, story.process.reason) == (
        State.STOPPED, "left behind: pid 44 (agent)",
    )  # fmt: skip


def test_a_restart_waits_for_them_too() -> None:
    story = running().at(10, RestartOrdered()).at(11, Exited(0, 11, survivors=(CHILD,)))
    assert story.state is State.STOPPING

    story.at(12, DeadlineReached())

    assert (story.state, story.actions, story.process.left) == (State.STARTING, (Spawn(),), ())


def test_a_group_that_was_asked_has_the_whole_time_and_is_killed_then() -> None:
    story = running(stopasgroup=True, killasgroup=True, stoptime=10).at(10, StopOrdered())
    story.at(11, Exited(0, 11, survivors=(CHILD,)))
    assert story.process.deadline == 20

    story.at(20, DeadlineReached())
    assert story.actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)
    assert story.process.deadline == 21

    story.at(21, DeadlineReached())
    assert (story.state, story.actions) == (State.STOPPED, ())


def test_a_group_that_was_not_asked_is_killed_soon() -> None:
    story = running(killasgroup=True, stoptime=10).at(10, StopOrdered())
    story.at(11, Exited(0, 11, survivors=(CHILD,)))
    assert story.process.deadline == 12

    assert story.at(12, DeadlineReached()).actions == (SendSignal(signal.SIGKILL, Whom.GROUP),)


def test_many_are_not_all_named() -> None:
    many = tuple(Survivor(n, "x", in_group=False, in_session=False) for n in range(7))

    assert describe_left(many).endswith("pid 4 (x) and 2 more")


# --- ready -----------------------------------------------------------------------------------


def test_it_is_running_when_its_screen_says_so_and_not_by_time() -> None:
    story = play(ready=Ready("Done", 60)).at(0, StartOrdered()).at(0, Spawned(41, 0))
    assert (story.state, story.process.deadline) == (State.STARTING, 60)

    story.at(30, Shown())

    assert (story.state, story.process.deadline) == (State.RUNNING, None)


def test_it_is_stopped_when_it_is_not_ready_in_time_and_that_is_a_failed_start() -> None:
    story = play(ready=Ready("Done", 60), startretries=1).at(0, StartOrdered())
    story.at(0, Spawned(41, 0)).at(60, DeadlineReached())
    assert (story.state, story.actions) == (State.STOPPING, (TERM,))

    story.at(61, Exited(-15, 61))
    assert (story.state, story.process.failures) == (State.BACKOFF, 1)
    assert story.process.reason == "'Done' not on its screen in 60 s"

    story.at(62, DeadlineReached()).at(62, Spawned(42, 62)).at(122, DeadlineReached())
    assert story.at(123, Exited(-15, 123)).state is State.FATAL


def test_an_order_while_it_is_stopped_for_not_being_ready_counts() -> None:
    late = play(ready=Ready("Done", 60)).at(0, StartOrdered()).at(0, Spawned(41, 0))
    late.at(60, DeadlineReached())

    stopped = Play(late.program, late.process).at(61, StopOrdered()).at(62, Exited(0, 62))
    started = Play(late.program, late.process).at(61, StartOrdered()).at(62, Exited(0, 62))

    assert stopped.state is State.STOPPED
    assert (started.state, started.process.failures) == (State.STARTING, 0)


def test_ending_before_it_is_ready_is_a_failed_start_however_long_it_took() -> None:
    story = play(ready=Ready("Done", 60)).at(0, StartOrdered()).at(0, Spawned(41, 0))

    story.at(30, Exited(0, 30))

    assert (story.state, story.process.reason) == (
        State.BACKOFF, "ended before it was ready: exit status 0",
    )  # fmt: skip


# --- enumeration -----------------------------------------------------------------------------

EVENTS: tuple[Event, ...] = (
    StartOrdered(),
    StopOrdered(),
    RestartOrdered(),
    PolicyChanged(),
    Spawned(41, 0),
    SpawnFailed("no"),
    Exited(0, 0.5),
    Exited(1, 100),
    Exited(-9, 100),
    Exited(0, 100, survivors=(CHILD, AGENT)),
    SurvivorsSeen((JOB,)),
    SurvivorsSeen(()),
    SignalFailed(1),
    DeadlineReached(),
)


def plausible(process: Process) -> list[Event]:
    """The events that can reach a process of that shape, orders at any time."""
    orders: list[Event] = [StartOrdered(), StopOrdered(), RestartOrdered()]
    orders += [PolicyChanged(), Shown()]
    coming = process.state in (State.STARTING, State.STOPPING)
    lingering = process.state is State.STOPPING and bool(process.left)
    if coming and process.pid is None and not lingering:
        orders += [Spawned(41, 0), SpawnFailed("no")]
    if lingering:
        orders += [SurvivorsSeen((JOB,)), SurvivorsSeen(())]
    if process.pid is not None:
        orders += [Exited(0, 0.5), Exited(1, 100), Exited(-9, 100), SignalFailed(1)]
    if process.pid is not None and process.state is State.STOPPING:
        orders += [Exited(0, 100, survivors=(CHILD, AGENT))]
    if process.deadline is not None:
        orders += [DeadlineReached()]
    return orders


def shape(process: Process) -> Process:
    """A process without what only grows or only tells."""
    deadline = None if process.deadline is None else 1.0
    return replace(process, since=0, deadline=deadline, reason="", exit_code=None, restarts=0)


def reachable(program: Program) -> dict[Process, list[tuple[Event, Process, tuple[Action, ...]]]]:
    found: dict[Process, list[tuple[Event, Process, tuple[Action, ...]]]] = {}
    queue = deque([Process()])
    while queue:
        process = queue.popleft()
        if process in found:
            continue
        found[process] = []
        for event in plausible(process):
            after, actions = step(process, event, program, 100.0)
            found[process].append((event, after, actions))
            queue.append(shape(after))
    return found


PROGRAMS = [
    Program(name="web", command="web", autorestart=policy, starttime=starttime, startretries=2)
    for policy in AutoRestart
    for starttime in (0, 1)
] + [
    Program(name="web", command="web", ready=Ready("Done", 60), stop=STEPS, startretries=2)
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.autorestart.value}-{p.starttime}")
def test_every_reachable_shape_makes_sense(program: Program) -> None:
    for process in reachable(program):
        with_pid = process.pid is not None
        match process.state:
            case State.RUNNING | State.UNKNOWN:
                assert with_pid
            case State.STARTING | State.STOPPING:
                pass
            case _:
                assert not with_pid
        if process.state in (State.BACKOFF, State.STOPPING):
            assert process.deadline is not None
        if process.state in (State.RUNNING, State.FATAL, State.STOPPED, State.UNKNOWN):
            assert process.deadline is None
        if process.state is State.STARTING:
            assert (process.deadline is not None) == with_pid
        assert process.failures <= program.startretries + 1 or program.starttime == 0


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.autorestart.value}-{p.starttime}")
def test_every_step_asks_only_for_what_can_be_done(program: Program) -> None:
    for process, steps in reachable(program).items():
        for event, after, actions in steps:
            spawns = [action for action in actions if isinstance(action, Spawn)]
            assert len(spawns) <= 1
            if spawns:
                assert after.state is State.STARTING
                assert after.pid is None
            if any(isinstance(action, SendSignal | TypeText) for action in actions):
                assert after.state is State.STOPPING
            if isinstance(event, StopOrdered):
                assert after.target is Target.DOWN
            if isinstance(event, StartOrdered | RestartOrdered):
                assert after.target is Target.UP
            if process.target is Target.DOWN and not isinstance(
                event, StartOrdered | RestartOrdered
            ):
                assert not spawns


def test_the_table_lists_exactly_what_happens() -> None:
    seen: dict[tuple[State, type[Event]], set[State]] = {}
    for program in PROGRAMS:
        for process, steps in reachable(program).items():
            for event, after, _ in steps:
                seen.setdefault((process.state, type(event)), set()).add(after.state)

    assert {pair: frozenset(states) for pair, states in seen.items()} == TRANSITIONS


def test_every_other_pair_raises() -> None:
    shapes = reachable(PROGRAMS[0])
    for process in shapes:
        for event in EVENTS:
            if type(event) in {type(possible) for possible in plausible(process)}:
                continue
            with pytest.raises(UnexpectedEvent):
                step(process, event, PROGRAMS[0], 100.0)


def test_every_state_is_reachable() -> None:
    assert {process.state for process in reachable(PROGRAMS[-1])} == set(State)


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit status 0"),
        (127, "exit status 127"),
        (-9, "terminated by SIGKILL"),
        (-33, "terminated by signal 33"),
    ],
)
def test_an_end_in_words(code: int, words: str) -> None:
    assert describe_code(code) == words


def test_a_core_dump_is_told() -> None:
    assert ending(Exited(-6, 0, core_dumped=True)) == "terminated by SIGABRT (core dumped)"
