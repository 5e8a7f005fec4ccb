"""All processes together: by scenario, and by a machine that plays keeper and people at random."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from taskmaster.config.diff import diff
from taskmaster.config.model import (
    AutoRestart,
    Config,
    Program,
    Ready,
    Settings,
    StopStep,
    Whom,
)
from taskmaster.names import process_name
from taskmaster.orders import Kind, Order, Step
from taskmaster.process.actions import SendSignal, Spawn
from taskmaster.process.events import (
    Event,
    Exited,
    SignalFailed,
    Spawned,
    SpawnFailed,
    Survivor,
    SurvivorsSeen,
)
from taskmaster.process.events import Ready as Shown
from taskmaster.process.machine import SURVIVOR_SECONDS
from taskmaster.process.state import State
from taskmaster.protocol.messages import Verdict
from taskmaster.supervisor import Entry, Supervisor

SETTINGS = Settings(socket="/s", logfile="/l")


def program(name: str, **fields: Any) -> Program:
    return Program(name=name, **{"command": name, **fields})


def config(*programs: Program) -> Config:
    return Config(path="/c", settings=SETTINGS, programs={p.name: p for p in programs})


SURVIVOR = Survivor(4711, "sleep", in_group=True, in_session=True)


class World:
    """A supervisor with its keeper, its people and its clock: does what it asks for, and checks it.

    Attributes:
        spawning: what was asked for and not yet answered; `alive`: pids.
        commands: what the present process of a name was spawned with.
        log: what was asked for, as `spawn web:0` and `signal web:0`.
    """

    def __init__(self, *programs: Program) -> None:
        self.now = 0.0
        self.supervisor = Supervisor(config(*programs), self.now)
        self.spawning: list[str] = []
        self.alive: dict[str, int] = {}
        self.commands: dict[str, object] = {}
        self.log: list[str] = []
        self._last_pid = 0

    # --- looking ---

    def __getitem__(self, name: str) -> Entry:
        return self.supervisor.entries[name]

    @property
    def states(self) -> dict[str, State]:
        return {name: entry.process.state for name, entry in self.supervisor.entries.items()}

    def news(self) -> list[str]:
        """What was asked for since the last look."""
        news, self.log = self.log, []
        return news

    # --- people ---

    def order(self, kind: Kind, *names: str) -> Order:
        order, steps = self.supervisor.order(kind, names, self.now)
        self.perform(steps)
        return order

    def reload(self, *programs: Program) -> list[Step]:
        new = config(*programs)
        changes = diff(self.supervisor.config, new)
        return self.perform(self.supervisor.apply(new, changes, self.now))

    def shut_down(self) -> None:
        self.perform(self.supervisor.shut_down(self.now))

    # --- the keeper ---

    def perform(self, steps: list[Step]) -> list[Step]:
        for step in steps:
            name = step.name
            for action in step.actions:
                match action:
                    case Spawn():
                        assert name not in self.spawning, f"two unanswered spawns of {name}"
                        assert name not in self.alive, f"{name} is spawned a second time"
                        assert not self.supervisor.shutting_down
                        self.spawning.append(name)
                        self.commands[name] = self[name].program.command
                        self.log.append(f"spawn {name}")
                    case SendSignal():
                        here = name in self.alive or name in self.spawning
                        assert here or self[name].process.left, f"{name} is gone"
                        self.log.append(f"signal {name}")
            if step.forgotten:
                assert name not in self.alive
                assert name not in self.spawning
        return steps

    def happens(self, name: str, event: Event) -> None:
        self.perform(self.supervisor.handle(name, event, self.now))

    def spawned(self, *names: str) -> None:
        for name in names or tuple(self.spawning):
            self.spawning.remove(name)
            self._last_pid += 1
            self.alive[name] = self._last_pid
            self.happens(name, Spawned(self._last_pid, self.now))

    def spawn_fails(self, name: str) -> None:
        self.spawning.remove(name)
        self.happens(name, SpawnFailed("cannot start"))

    def exits(self, name: str, code: int = 0, *, left: bool = False) -> None:
        del self.alive[name]
        stopping = self[name].process.state is State.STOPPING
        survivors = (SURVIVOR,) if left and stopping else ()
        self.happens(name, Exited(code, self.now, survivors=survivors))

    def left_are_gone(self) -> None:
        for name in self.supervisor.lingering:
            self.happens(name, SurvivorsSeen(()))

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.perform(self.supervisor.reach(self.now))

    def up(self) -> None:
        """Answer every spawn, and let each live long enough to count as RUNNING."""
        self.spawned()
        self.passes(1)

    def drain(self) -> None:
        """Answer everything that was asked for, until nothing is asked for any more."""
        for _ in range(100):
            self.spawned()
            for name in [*self.alive]:
                if self[name].process.state in (State.STOPPING, State.UNKNOWN):
                    self.exits(name, -15)
            deadline = self.supervisor.deadline
            if not self.spawning and deadline is None:
                return
            if deadline is not None:
                self.passes(max(0.0, deadline - self.now))
        raise AssertionError(f"it never comes to rest: {self.states}")


# --- who is not ready, and who leaves somebody behind ----------------------------------------


def test_a_failed_start_that_cannot_be_signalled_is_no_life_more_in_a_shutdown() -> None:
    """Its stop was its own failure's, and the shutdown has not come to it when it ends."""
    unready = program("a", priority=1, ready=Ready("up", 5), starttime=0)
    world = World(unready, program("b", priority=2, starttime=0))
    world.perform(world.supervisor.autostart(world.now))
    world.spawned()
    world.shut_down()
    world.passes(5)
    assert world["a:0"].process.state is State.STOPPING
    world.happens("a:0", SignalFailed(1))

    world.exits("a:0", 1)
    world.drain()

    assert world.supervisor.is_down


def test_a_start_is_not_done_before_the_failed_start_is_stopped() -> None:
    world = World(program("web", ready=Ready("up", 5)))
    order = world.order(Kind.START, "web:0")
    world.spawned()
    world.passes(5)
    assert (world.states["web:0"], order.is_done) == (State.STOPPING, False)

    world.exits("web:0", -15)

    (outcome,) = order.outcomes
    assert outcome.text == "'up' not on its screen in 5 s; next try in 1 s"


def test_a_stop_in_waves_waits_for_what_is_left_and_names_it() -> None:
    world = World(program("low", priority=1), program("high", priority=2))
    world.perform(world.supervisor.autostart(0))
    world.up()
    world.news()
    order = world.order(Kind.STOP, "low:0", "high:0")
    world.exits("high:0", left=True)
    assert world.news() == ["signal high:0"]

    world.passes(SURVIVOR_SECONDS)
    assert world.news() == ["signal low:0"]
    world.exits("low:0")

    texts = [outcome.text for outcome in order.outcomes]
    assert texts == ["stopped", "stopped, but it left behind pid 4711 (sleep)"]


# --- orders in waves -------------------------------------------------------------------------

LOW, MIDDLE, HIGH = (program(name, priority=at) for at, name in enumerate(("low", "mid", "high")))


def running(*programs: Program) -> World:
    world = World(*programs)
    world.order(Kind.START, *world.supervisor.names)
    world.up()
    world.news()
    return world


def verdicts(order: Order) -> list[tuple[str, Verdict, str]]:
    return [(outcome.name, outcome.verdict, outcome.text) for outcome in order.outcomes]


def test_what_starts_by_itself_starts_at_once_by_ascending_priority() -> None:
    world = World(HIGH, replace(MIDDLE, autostart=False), LOW)

    world.perform(world.supervisor.autostart(0))

    assert world.news() == ["spawn low:0", "spawn high:0"]
    assert world.supervisor.names == ("high:0", "mid:0", "low:0")


def test_a_stop_goes_down_the_priorities_and_waits_for_each() -> None:
    world = running(LOW, MIDDLE, replace(HIGH, numprocs=2))

    order = world.order(Kind.STOP, *world.supervisor.names)

    assert world.news() == ["signal high:1", "signal high:0"]
    world.exits("high:1")
    assert world.news() == []
    world.exits("high:0")
    assert world.news() == ["signal mid:0"]
    world.exits("mid:0")
    assert world.news() == ["signal low:0"]
    assert not order.is_done
    world.exits("low:0")
    assert verdicts(order) == [
        (name, Verdict.DONE, "stopped") for name in ("low:0", "mid:0", "high:0", "high:1")
    ]


def test_a_restart_of_several_priorities_is_a_whole_stop_and_then_a_whole_start() -> None:
    world = running(LOW, HIGH)

    order = world.order(Kind.RESTART, "low:0", "high:0")

    world.exits("high:0")
    assert world.news() == ["signal high:0", "signal low:0"]
    assert not world.supervisor.is_final("high:0")
    world.exits("low:0")
    assert world.news() == ["spawn low:0", "spawn high:0"]
    world.up()
    assert verdicts(order) == [
        ("low:0", Verdict.DONE, "started"),
        ("high:0", Verdict.DONE, "started"),
    ]


def test_a_restart_of_one_priority_waits_for_nobody() -> None:
    world = running(program("web", numprocs=2))

    world.order(Kind.RESTART, "web:0", "web:1")
    world.exits("web:1")

    assert world.news() == ["signal web:0", "signal web:1", "spawn web:1"]


def test_a_process_that_cannot_be_signalled_does_not_hold_up_the_rest() -> None:
    world = running(LOW, HIGH)

    order = world.order(Kind.STOP, "low:0", "high:0")
    world.happens("high:0", SignalFailed(1))

    assert world.news() == ["signal high:0", "signal low:0"]
    assert [outcome.verdict for outcome in order.outcomes] == [Verdict.FAILED]


def test_the_last_order_wins() -> None:
    world = running(LOW, HIGH)
    stop = world.order(Kind.STOP, "low:0", "high:0")
    world.news()

    start = world.order(Kind.START, "low:0")
    world.exits("high:0")

    assert world.news() == []
    assert world.states == {"low:0": State.RUNNING, "high:0": State.STOPPED}
    assert verdicts(stop) == [
        ("low:0", Verdict.FAILED, "a newer order came first"),
        ("high:0", Verdict.DONE, "stopped"),
    ]
    assert verdicts(start) == [("low:0", Verdict.ALREADY, "already started")]


def test_an_order_for_nobody_is_done_at_once() -> None:
    assert all(World().order(kind).is_done for kind in Kind)


# --- looking ---------------------------------------------------------------------------------


def test_the_deadline_is_the_least_of_all_and_only_what_is_due_is_reached() -> None:
    world = World(program("quick", starttime=1), program("slow", starttime=5))
    assert world.supervisor.deadline is None
    world.perform(world.supervisor.autostart(0))
    world.spawned()
    assert world.supervisor.deadline == 1

    world.passes(1)

    assert world.states == {"quick:0": State.RUNNING, "slow:0": State.STARTING}
    assert world.supervisor.deadline == 5


def test_a_paced_restart_is_down_but_neither_final_nor_the_end() -> None:
    restless = program("web", starttime=0, startretries=0, autorestart=AutoRestart.ALWAYS)
    world = running(restless)

    world.exits("web:0")
    world.spawned()
    world.exits("web:0")

    assert world.states == {"web:0": State.EXITED}
    assert not world.supervisor.is_final("web:0")
    assert not world.supervisor.is_down


def test_what_is_not_known_any_more_is_final() -> None:
    assert World().supervisor.is_final("gone:0")


# --- reload ----------------------------------------------------------------------------------

WEB = program("web", command="old")
NEW = replace(WEB, command="new")


def test_what_did_not_change_is_not_touched() -> None:
    world = running(WEB, LOW)

    assert world.reload(LOW, WEB, HIGH) != []
    assert world.news() == ["spawn high:0"]
    assert world.supervisor.names == ("low:0", "web:0", "high:0")
    assert world.reload(LOW, WEB, HIGH) == []


def test_a_new_condition_governs_at_once() -> None:
    world = running(WEB)

    world.reload(replace(WEB, autorestart=AutoRestart.NEVER, stopsignal=2))
    world.exits("web:0", 1)

    assert world.news() == []
    assert world.states == {"web:0": State.EXITED}


def test_a_new_starttime_counts_for_what_is_starting() -> None:
    world = World(replace(WEB, starttime=60))
    world.order(Kind.START, "web:0")
    world.spawned()

    world.reload(replace(WEB, starttime=5))

    assert world.supervisor.deadline == 5


def test_what_is_added_starts_if_it_starts_by_itself() -> None:
    world = World()

    world.reload(HIGH, replace(MIDDLE, autostart=False), LOW)

    assert world.news() == ["spawn low:0", "spawn high:0"]
    assert world.supervisor.names == ("high:0", "mid:0", "low:0")


def test_numprocs_stops_only_the_surplus_and_starts_only_the_missing() -> None:
    world = running(replace(WEB, numprocs=3))

    world.reload(WEB)
    assert world.news() == ["signal web:1", "signal web:2"]
    world.drain()
    assert world.supervisor.names == ("web:0",)

    world.reload(replace(WEB, numprocs=2))
    assert world.news() == ["spawn web:1"]


def test_a_new_command_restarts_what_is_up_and_the_old_one_governs_until_it_is_down() -> None:
    world = running(WEB)

    world.reload(NEW)
    assert world.news() == ["signal web:0"]
    assert world["web:0"].program == WEB

    world.exits("web:0")
    assert world.news() == ["spawn web:0"]
    assert world.commands["web:0"] == "new"


def test_what_was_stopped_by_hand_stays_stopped_when_its_command_changes() -> None:
    world = running(WEB)
    world.order(Kind.STOP, "web:0")
    world.exits("web:0")
    world.news()

    world.reload(NEW)

    assert (world.news(), world.states) == ([], {"web:0": State.STOPPED})
    world.order(Kind.START, "web:0")
    assert world.commands["web:0"] == "new"


def test_what_is_being_stopped_by_hand_stays_stopped_when_its_command_changes() -> None:
    world = running(WEB)
    world.order(Kind.STOP, "web:0")

    world.reload(NEW)
    world.drain()

    assert world.states == {"web:0": State.STOPPED}
    assert world["web:0"].program == NEW


def test_a_new_command_does_not_wait_for_the_back_off_of_the_old() -> None:
    world = World(WEB)
    world.order(Kind.START, "web:0")
    world.spawn_fails("web:0")
    world.news()

    world.reload(NEW)

    assert (world.news(), world.commands) == (["spawn web:0"], {"web:0": "new"})


def test_a_new_command_before_the_keeper_has_answered_lets_the_old_one_come_and_go() -> None:
    world = World(WEB)
    world.order(Kind.START, "web:0")
    world.news()

    world.reload(NEW)
    assert (world.news(), world["web:0"].program) == ([], WEB)
    world.spawned()
    assert (world.news(), world.commands["web:0"]) == (["signal web:0"], "old")

    world.exits("web:0")
    assert (world.news(), world.commands["web:0"]) == (["spawn web:0"], "new")


def test_the_last_of_several_reloads_counts_while_stopping() -> None:
    world = running(WEB)

    world.reload(NEW)
    world.reload(replace(NEW, priority=1))
    assert world["web:0"].program == WEB
    world.reload(replace(NEW, command="newest"))
    world.exits("web:0")

    assert world.news() == ["signal web:0", "spawn web:0"]
    assert world.commands["web:0"] == "newest"


def test_a_removed_program_is_stopped_and_then_forgotten() -> None:
    world = running(WEB, LOW)

    world.reload(LOW)
    assert (world.news(), world.supervisor.names) == (["signal web:0"], ("low:0", "web:0"))
    world.exits("web:0")

    assert world.supervisor.names == ("low:0",)


def test_what_is_forgotten_before_its_wave_has_been_stopped() -> None:
    world = running(HIGH, LOW)
    stop = world.order(Kind.STOP, "high:0", "low:0")

    world.reload(HIGH)
    world.exits("low:0")
    world.exits("high:0")

    assert world.states == {"high:0": State.STOPPED}
    assert [outcome.verdict for outcome in stop.outcomes] == [Verdict.DONE, Verdict.DONE]


def test_what_is_on_its_way_out_is_not_governed_by_what_its_program_becomes() -> None:
    world = running(replace(WEB, numprocs=2, stoptime=5))
    world.reload(replace(WEB, stoptime=5))

    world.reload(replace(WEB, stoptime=60))

    assert world["web:1"].process.deadline == world.now + 5


@pytest.mark.parametrize("started", [False, True], ids=["stopped", "in back-off"])
def test_a_removed_program_that_is_not_up_is_forgotten_at_once(started: bool) -> None:
    world = World(WEB)
    if started:
        world.order(Kind.START, "web:0")
        world.spawn_fails("web:0")

    steps = world.reload()

    assert (world.supervisor.names, steps[-1].forgotten) == ((), True)


@pytest.mark.parametrize("autostart", [True, False])
def test_a_program_that_comes_back_while_stopping_lives_again_as_the_new_one(
    autostart: bool,
) -> None:
    world = running(WEB)
    world.reload()

    world.reload(replace(NEW, autostart=autostart))
    assert world["web:0"].program == WEB
    world.exits("web:0")

    assert world.news() == ["signal web:0", *(["spawn web:0"] if autostart else [])]
    assert world["web:0"].program.command == "new"


# --- shutdown --------------------------------------------------------------------------------


def test_a_shutdown_goes_down_the_priorities_and_starts_nothing_again() -> None:
    restless = replace(LOW, autorestart=AutoRestart.ALWAYS)
    world = running(restless, HIGH)

    world.shut_down()
    world.exits("low:0")
    assert world.news() == ["signal high:0"]
    assert not world.supervisor.is_down
    world.exits("high:0")

    assert world.states == {"low:0": State.EXITED, "high:0": State.STOPPED}
    assert world.supervisor.is_down


def test_a_shutdown_ends_what_waits_for_its_time() -> None:
    world = running(HIGH)
    world.reload(HIGH, LOW)
    world.spawn_fails("low:0")

    world.shut_down()

    assert world.states == {"high:0": State.STOPPING, "low:0": State.STOPPED}


def test_a_start_that_fails_during_the_shutdown_is_not_tried_again() -> None:
    world = running(HIGH, LOW)
    world.order(Kind.RESTART, "low:0")
    world.exits("low:0")
    world.shut_down()

    world.spawn_fails("low:0")

    assert world.states["low:0"] is State.STOPPED


def test_a_restart_under_way_ends_with_the_stop() -> None:
    world = running(HIGH, LOW)
    world.order(Kind.RESTART, "low:0")

    world.shut_down()
    world.exits("low:0")
    world.exits("high:0")

    assert world.news() == ["signal low:0", "signal high:0"]
    assert world.supervisor.is_down


# --- at random -------------------------------------------------------------------------------

VALUES: Mapping[str, Sequence[Any]] = {
    "command": ("x", "y"),
    "numprocs": (1, 2, 3),
    "priority": (1, 2),
    "autostart": (True, False),
    "autorestart": tuple(AutoRestart),
    "starttime": (0.0, 1.0),
    "startretries": (0, 1),
    "stoptime": (0.0, 5.0),
    "ready": (None, Ready("up", 2.0)),
    "stop": (
        (),
        (StopStep(text="q", wait=2), StopStep(signal=9, whom=Whom.GROUP, wait=2)),
        (StopStep(signal=15, whom=Whom.GROUP), StopStep(signal=1), StopStep(signal=9)),
    ),
}
"""Fields of each cost of a reload, and what they may be."""


@st.composite
def programs(draw: st.DrawFn, least: int = 0) -> list[Program]:
    names = draw(st.lists(st.sampled_from("abc"), unique=True, min_size=least))
    fields = st.fixed_dictionaries({key: st.sampled_from(some) for key, some in VALUES.items()})
    return [program(name, **draw(fields)) for name in names]


class AnythingMayHappen(RuleBasedStateMachine):
    """Keeper and people at random; what must always hold is checked after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.orders: list[tuple[Order, Sequence[str]]] = []
        self.last: dict[str, Kind] = {}
        self.former: list[Program] = []

    @property
    def supervisor(self) -> Supervisor:
        return self.world.supervisor

    @initialize(programs=programs(least=2))
    def begin(self, programs: list[Program]) -> None:
        self.world = World(*programs)
        self.former = programs
        self.world.perform(self.supervisor.autostart(0))

    # --- people ---

    @precondition(lambda self: not self.supervisor.shutting_down)
    @rule(data=st.data(), kind=st.sampled_from(Kind), everything=st.booleans())
    def order(self, data: st.DataObject, kind: Kind, everything: bool) -> None:
        names = self.supervisor.names
        if names and not everything:
            names = tuple(data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1)))

        self.orders.append((self.world.order(kind, *names), names))

        self.last |= dict.fromkeys(names, kind)

    @precondition(lambda self: not self.supervisor.shutting_down)
    @rule(new=programs())
    def reload(self, new: list[Program]) -> None:
        old = self.supervisor.config
        changes = diff(old, config(*new))
        self.former = list(old.programs.values())
        changing = {
            name
            for name, entry in self.supervisor.entries.items()
            if entry.removed or entry.successor is not None
        }

        steps = self.world.reload(*new)

        self.last.clear()
        for step in steps:
            name, fields = step.program.name, changes.fields.get(step.program.name)
            if any(isinstance(action, SendSignal) for action in step.actions):
                assert name not in changes.unchanged, f"unchanged, and signalled: {step}"
                if fields == ("numprocs",):
                    assert self.world[step.name].removed or step.name in changing

    @precondition(lambda self: not self.supervisor.shutting_down and self.supervisor.names)
    @rule(data=st.data(), key=st.sampled_from(sorted(VALUES)))
    def reload_one_field(self, data: st.DataObject, key: str) -> None:
        present = tuple(self.supervisor.config.programs.values())
        changed = data.draw(st.sampled_from(present)) if present else None
        value = data.draw(st.sampled_from(VALUES[key]))
        self.reload([replace(p, **{key: value}) if p is changed else p for p in present])

    @precondition(lambda self: not self.supervisor.shutting_down)
    @rule()
    def reload_what_was_before(self) -> None:
        self.reload(self.former)

    @precondition(lambda self: not self.supervisor.shutting_down)
    @rule()
    def shut_down(self) -> None:
        self.last.clear()
        self.world.shut_down()

    # --- the keeper and the clock ---

    @precondition(lambda self: self.world.spawning)
    @rule(data=st.data(), fails=st.booleans())
    def spawn_is_answered(self, data: st.DataObject, fails: bool) -> None:
        name = data.draw(st.sampled_from(self.world.spawning))
        if fails:
            self.world.spawn_fails(name)
        else:
            self.world.spawned(name)

    @precondition(lambda self: self.world.alive)
    @rule(data=st.data(), code=st.sampled_from((0, 1, -9)), left=st.booleans())
    def one_exits(self, data: st.DataObject, code: int, left: bool) -> None:
        self.world.exits(data.draw(st.sampled_from(sorted(self.world.alive))), code, left=left)

    @precondition(lambda self: self.supervisor.lingering)
    @rule()
    def what_it_left_is_gone(self) -> None:
        self.world.left_are_gone()

    @precondition(lambda self: self.world.alive)
    @rule(data=st.data())
    def one_shows_that_it_is_ready(self, data: st.DataObject) -> None:
        self.world.happens(data.draw(st.sampled_from(sorted(self.world.alive))), Shown())

    @precondition(lambda self: self.world.alive)
    @rule(data=st.data())
    def a_signal_fails(self, data: st.DataObject) -> None:
        self.world.happens(data.draw(st.sampled_from(sorted(self.world.alive))), SignalFailed(1))

    @rule(seconds=st.sampled_from((0.25, 1.5)))
    def time_passes_unnoticed(self, seconds: float) -> None:
        self.world.now += seconds

    @precondition(lambda self: self.supervisor.deadline is not None)
    @rule()
    def a_deadline_comes(self) -> None:
        self.world.passes(max(0.0, (self.supervisor.deadline or 0) - self.world.now))

    @rule()
    def everything_is_answered(self) -> None:
        self.world.drain()

        for order, names in self.orders:
            assert order.is_done, (order.kind, order.outcomes)
            assert [outcome.name for outcome in order.outcomes] == list(names)
        self.orders.clear()
        assert not any(entry.removed for entry in self.supervisor.entries.values())
        assert all(entry.successor is None for entry in self.supervisor.entries.values())
        for name, state in self.world.states.items():
            kind = self.last.get(name)
            assert kind is not Kind.STOP or state.is_down
            assert kind in (None, Kind.STOP) or state is not State.STOPPED
        assert self.supervisor.is_down or not self.supervisor.shutting_down

    def teardown(self) -> None:
        if not self.supervisor.shutting_down:
            self.shut_down()
        self.everything_is_answered()

    # --- what always holds ---

    @invariant()
    def a_pid_is_where_the_state_says_so(self) -> None:
        for name, entry in self.supervisor.entries.items():
            process = entry.process
            assert process.pid == self.world.alive.get(name)
            there = name in self.world.alive or name in self.world.spawning
            there = there or name in self.supervisor.lingering
            assert there == (not process.state.is_down and process.state is not State.BACKOFF)
        assert {*self.world.alive, *self.world.spawning} <= set(self.supervisor.names)

    @invariant()
    def each_is_governed_by_what_it_was_started_with_and_next_by_the_config(self) -> None:
        for name, entry in self.supervisor.entries.items():
            if name in self.world.alive or name in self.world.spawning:
                assert entry.program.command == self.world.commands[name]
            if not entry.removed:
                wanted = self.supervisor.config.programs[entry.program.name]
                assert (entry.successor or entry.program) == wanted

    @invariant()
    def the_processes_are_those_of_the_config_in_its_order(self) -> None:
        wanted = [
            process_name(program.name, index)
            for program in self.supervisor.config.programs.values()
            for index in range(program.numprocs)
        ]
        staying = [name for name, entry in self.supervisor.entries.items() if not entry.removed]
        assert staying == wanted


AnythingMayHappen.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None
)
TestAnythingMayHappen = AnythingMayHappen.TestCase
