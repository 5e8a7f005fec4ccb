"""One order: its waves, and how it ends for each process."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.model import AutoRestart, Program
from taskmaster.orders import Kind, Order, Step
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    RestartOrdered,
    SignalFailed,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
)
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State
from taskmaster.protocol.messages import Outcome, Verdict

WEB = Program(name="web", command="web", autorestart=AutoRestart.NEVER, startretries=1)
ORDERED: dict[Kind, Event] = {
    Kind.START: StartOrdered(),
    Kind.STOP: StopOrdered(),
    Kind.RESTART: RestartOrdered(),
}
START, STOP, UP = StartOrdered(), StopOrdered(), DeadlineReached()
SPAWNED, ENDED, DENIED = Spawned(41, 0), Exited(-15, 0.5), SignalFailed(1)
RUNNING = (START, SPAWNED, UP)
UNKNOWN = (*RUNNING, STOP, DENIED)


def steps(process: Process, events: Sequence[Event], name: str = "web:0") -> list[Step]:
    """Let things happen to a process at second 1; each must mean something to it."""
    taken = []
    for event in events:
        after, actions = step(process, event, WEB, 1)
        taken.append(Step(name, process, event, after, WEB, actions))
        process = after
    return taken


def at(state: State) -> Process:
    return Process(state=state)


def observe(order: Order, name: str, *states: State) -> None:
    for before, after in pairwise(states):
        order.observe(Step(name, at(before), Exited(0, 1), at(after), WEB))


# --- waves -----------------------------------------------------------------------------------

PRIORITIES = {"b": 2, "a": 1, "c": 2}


def waves(order: Order) -> list[tuple[Event, list[str]]]:
    """Every wave, each as soon as the processes of the one before are down."""
    found = []
    while (wave := order.next_wave()) is not None:
        found.append((wave[0], list(wave[1])))
        for name in wave[1]:
            observe(order, name, State.STOPPING, State.STOPPED)
    return found


def test_starts_ascend_stops_descend_and_a_restart_does_both() -> None:
    starts: list[tuple[Event, list[str]]] = [(START, ["a"]), (START, ["b", "c"])]
    stops: list[tuple[Event, list[str]]] = [(STOP, ["c", "b"]), (STOP, ["a"])]

    assert waves(Order(Kind.START, PRIORITIES)) == starts
    assert waves(Order(Kind.STOP, PRIORITIES)) == stops
    assert waves(Order(Kind.RESTART, PRIORITIES)) == stops + starts


def test_a_restart_of_one_priority_is_one_wave() -> None:
    assert waves(Order(Kind.RESTART, {"b": 7, "a": 7})) == [(RestartOrdered(), ["b", "a"])]


@given(st.sampled_from(Kind), st.dictionaries(st.text("abcd", min_size=1), st.integers(0, 3)))
def test_each_process_is_in_one_wave_of_a_kind_and_with_its_equals(
    kind: Kind, priorities: dict[str, int]
) -> None:
    planned = waves(Order(kind, priorities))

    for event in (START, STOP, RestartOrdered()):
        names = [name for planned_event, wave in planned if planned_event == event for name in wave]
        assert sorted(names) in ([], sorted(priorities))
    for _, wave in planned:
        assert len({priorities[name] for name in wave}) == 1


def test_starts_wait_for_nothing() -> None:
    order = Order(Kind.START, PRIORITIES)

    assert [order.next_wave() is None for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize("end", [State.STOPPED, State.EXITED, State.FATAL, State.UNKNOWN])
def test_a_stop_waits_until_all_of_a_wave_are_down_or_beyond_reach(end: State) -> None:
    order = Order(Kind.STOP, PRIORITIES)
    order.next_wave()

    observe(order, "b", State.RUNNING, State.STOPPING, end)
    observe(order, "c", State.RUNNING, State.STOPPING)
    assert order.next_wave() is None
    observe(order, "c", State.STOPPING, end)

    assert order.next_wave() == (STOP, ["a"])


def test_an_order_awaits_those_of_the_waves_to_come() -> None:
    order = Order(Kind.STOP, PRIORITIES)
    assert [order.awaits(name) for name in "abc"] == [True, True, True]

    order.next_wave()

    assert [order.awaits(name) for name in "abc"] == [True, False, False]


# --- the last order wins ---------------------------------------------------------------------


def test_what_a_newer_order_names_is_left_to_it() -> None:
    order = Order(Kind.STOP, PRIORITIES)
    order.next_wave()

    order.supersede(["a", "c", "stranger"])
    assert order.outcomes == (Outcome("a", Verdict.FAILED, "a newer order came first"),)
    assert not order.awaits("a")
    observe(order, "b", State.STOPPING, State.STOPPED)
    assert (order.next_wave(), order.is_done) == (None, False)

    observe(order, "c", State.STOPPING, State.STOPPED)
    assert [outcome.name for outcome in order.outcomes] == ["b", "a", "c"]
    assert order.is_done


def test_a_wave_does_not_wait_for_what_a_newer_order_has_taken() -> None:
    order = Order(Kind.STOP, {"b": 2, "a": 1})
    order.next_wave()

    order.supersede(["b"])

    assert order.next_wave() == (STOP, ["a"])


# --- outcomes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "before", "then", "verdict", "text"),
    [
        (Kind.START, (), (SPAWNED, UP), Verdict.DONE, "started"),
        (Kind.START, (), (SPAWNED, Exited(0, 2)), Verdict.DONE, "started"),
        (Kind.START, (START,), (SPAWNED, UP), Verdict.DONE, "started"),
        (Kind.START, (*RUNNING, STOP), (ENDED, SPAWNED, UP), Verdict.DONE, "started"),
        (Kind.START, RUNNING, (), Verdict.ALREADY, "already started"),
        (Kind.START, (), (SpawnFailed("no"),), Verdict.FAILED, "no; next try in 1 s"),
        (
            Kind.START,
            (),
            (SPAWNED, ENDED),
            Verdict.FAILED,
            "exited too quickly: terminated by SIGTERM; next try in 1 s",
        ),
        (
            Kind.START,
            (),
            (SPAWNED, STOP),
            Verdict.FAILED,
            "stopped by another order while it was starting",
        ),
        (
            Kind.START,
            (*RUNNING, STOP),
            (STOP, ENDED),
            Verdict.FAILED,
            "stopped by another order",
        ),
        (
            Kind.START,
            UNKNOWN,
            (),
            Verdict.FAILED,
            "cannot be signalled: operation not permitted",
        ),
        (Kind.RESTART, RUNNING, (ENDED, SPAWNED, UP), Verdict.DONE, "started"),
        (Kind.RESTART, (), (SPAWNED, UP), Verdict.DONE, "started"),
        (Kind.RESTART, RUNNING, (STOP, ENDED), Verdict.FAILED, "stopped by another order"),
        (Kind.STOP, RUNNING, (ENDED,), Verdict.DONE, "stopped"),
        (Kind.STOP, RUNNING, (START, ENDED), Verdict.DONE, "stopped"),
        (Kind.STOP, (START,), (SPAWNED, ENDED), Verdict.DONE, "stopped"),
        (Kind.STOP, (START, SpawnFailed("no")), (), Verdict.DONE, "stopped"),
        (Kind.STOP, (), (), Verdict.ALREADY, "not running"),
        (Kind.STOP, (*RUNNING, Exited(0, 1)), (), Verdict.ALREADY, "not running"),
        (
            Kind.STOP,
            RUNNING,
            (DENIED,),
            Verdict.FAILED,
            "cannot be signalled: operation not permitted",
        ),
    ],
)
def test_an_order_ends_by_what_happens_last(
    kind: Kind, before: tuple[Event, ...], then: tuple[Event, ...], verdict: Verdict, text: str
) -> None:
    past = steps(Process(), before)
    order = Order(kind, {"web:0": 1})
    order.next_wave()

    for taken in steps(past[-1].after if past else Process(), (ORDERED[kind], *then)):
        assert not order.is_done
        order.observe(taken)

    assert order.outcomes == (Outcome("web:0", verdict, text),)


def test_a_stop_of_what_only_waits_for_its_next_start_is_a_stop() -> None:
    order = Order(Kind.STOP, {"web:0": 1})
    order.next_wave()

    for taken in steps(Process(state=State.EXITED, deadline=2), (STOP,)):
        order.observe(taken)

    assert order.outcomes == (Outcome("web:0", Verdict.DONE, "stopped"),)


def test_the_last_retry_gives_up() -> None:
    order = Order(Kind.START, {"web:0": 1})
    order.next_wave()

    for taken in steps(Process(failures=1, state=State.BACKOFF), (UP, SpawnFailed("no"))):
        order.observe(taken)

    assert order.outcomes == (Outcome("web:0", Verdict.FAILED, "no; gave up"),)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (Kind.START, Outcome("web:0", Verdict.FAILED, "removed from the config")),
        (Kind.RESTART, Outcome("web:0", Verdict.FAILED, "removed from the config")),
        (Kind.STOP, Outcome("web:0", Verdict.DONE, "stopped")),
    ],
)
def test_what_left_the_config_was_stopped_and_not_started(kind: Kind, outcome: Outcome) -> None:
    order = Order(kind, {"web:0": 1})
    order.next_wave()

    order.observe(Step("web:0", at(State.STOPPING), ENDED, at(State.STOPPED), WEB, forgotten=True))

    assert order.outcomes == (outcome,)


def test_an_outcome_once_told_stays() -> None:
    order = Order(Kind.STOP, {"web:0": 1})
    order.next_wave()

    for taken in steps(Process(), (STOP, START, STOP, SPAWNED, ENDED)):
        order.observe(taken)

    assert order.outcomes == (Outcome("web:0", Verdict.ALREADY, "not running"),)


def test_what_was_not_ordered_is_no_business_of_an_order() -> None:
    order = Order(Kind.STOP, {"web:0": 1})
    order.next_wave()

    for taken in steps(Process(), (STOP,), name="other:0"):
        order.observe(taken)

    assert (order.outcomes, order.is_done) == ((), False)


def test_an_order_for_nobody_is_done() -> None:
    order = Order(Kind.RESTART, {})

    assert (order.is_done, order.next_wave(), order.outcomes) == (True, None, ())
