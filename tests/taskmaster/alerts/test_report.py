"""Which steps are worth an alert, and what is said of them."""

from typing import Any

import pytest

from taskmaster.alerts.model import Alert, Command, Kind
from taskmaster.alerts.report import Report, is_for, kinds_of, log_failed, report_of
from taskmaster.config.model import AutoRestart, Program
from taskmaster.orders import Step
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
)
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State, Target


def steps(program: Program, *events: tuple[float, Event]) -> list[Step]:
    """What the rules make of these events, each at its time."""
    process, done = Process(), []
    for now, event in events:
        after, actions = step(process, event, program, now)
        done.append(Step("web:0", process, event, after, program, actions))
        process = after
    return done


def last(program: Program, *events: tuple[float, Event]) -> tuple[tuple[Kind, ...], Report]:
    final = steps(program, *events)[-1]
    kinds = kinds_of(final)
    return kinds, report_of(final, kinds, 1000.0)


UP = ((0.0, StartOrdered()), (0.0, Spawned(42, 0.0)), (1.0, DeadlineReached()))
EXIT = Exited(3, 12.5, False, 0.0, ())


def program(**fields: Any) -> Program:
    return Program(name="web", command="web", **fields)


def test_a_death_of_what_was_running_is_died_and_restarted() -> None:
    kinds, report = last(program(), *UP, (12.5, EXIT))

    assert kinds == (Kind.DIED, Kind.RESTARTED)
    assert report.what == "died unexpectedly: exit status 3"
    assert (report.pid, report.lived, report.restarts) == (42, 12.5, 1)
    assert report.next == "it is started again now"


def test_a_death_that_stays_says_why() -> None:
    kinds, report = last(program(autorestart=AutoRestart.NEVER), *UP, (12.5, EXIT))

    assert kinds == (Kind.DIED,)
    assert report.next == "nothing: autorestart is never"


@pytest.mark.parametrize("how", ["expected", "ordered"])
def test_an_end_that_was_wanted_is_no_alert(how: str) -> None:
    if how == "expected":
        kinds, _ = last(program(), *UP, (12.5, Exited(0, 12.5, False, 0.0, ())))
    else:
        kinds, _ = last(program(), *UP, (12.0, StopOrdered()), (12.5, EXIT))

    assert kinds == ()


def test_an_early_death_says_which_try_is_next() -> None:
    early = Exited(0, 0.5, False, 0.0, ())
    kinds, report = last(program(), *UP[:2], (0.5, early))

    assert kinds == (Kind.DIED, Kind.BACKOFF)
    assert (report.attempt, report.attempts) == (2, 4)
    assert report.next == "it is started again in 1 s"
    again, _ = last(program(), *UP[:2], (0.5, early), (1.5, DeadlineReached()))
    assert again == (Kind.RESTARTED,)


def test_giving_up_says_how_to_go_on() -> None:
    events = ((0.0, StartOrdered()), (0.0, SpawnFailed("cannot start: x: no such file")))
    kinds, report = last(program(startretries=0), *events)

    assert kinds == (Kind.FATAL,)
    assert report.what == "gave up after 1 try: cannot start: x: no such file"
    assert report.next.endswith("taskmasterctl start web:0")
    assert report.lived is None


def test_what_does_not_come_up_names_the_reason() -> None:
    before = Process(State.STOPPING, Target.UP, pid=42, spawned_at=0.0, failing="'up' not seen")
    end = Exited(-15, 9.0, False, 0.0, ())
    after, actions = step(before, end, program(), 9.0)
    done = Step("web:0", before, end, after, program(), actions)

    assert kinds_of(done) == (Kind.BACKOFF,)
    assert report_of(done, (Kind.BACKOFF,), 0.0).what.startswith("did not come up: ")


def alert(**fields: Any) -> Alert:
    return Alert(name="a", target=Command(words=("x",)), pause=0.0, **fields)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [((), True), (("web",), True), (("w*",), True), (("web:0",), True), (("db", "web:1"), False)],
)
def test_programs_are_named_as_everywhere(words: tuple[str, ...], *, wanted: bool) -> None:
    report = Report((Kind.DIED,), 0.0, "", "", process="web:0")

    assert is_for(alert(programs=words), report) is wanted


def test_events_are_chosen_and_the_daemon_has_no_program() -> None:
    report = Report((Kind.FATAL, Kind.DIED), 0.0, "", "", process="web:0")

    assert is_for(alert(events=(Kind.DIED,)), report)
    assert not is_for(alert(events=(Kind.BACKOFF,)), report)
    assert is_for(alert(programs=("db",)), Report((Kind.CORE,), 0.0, "", ""))


def test_a_log_of_several_processes_is_for_each_of_them() -> None:
    report = log_failed("log /x cannot be opened: disk full; kept in memory", ("a:0", "b:0"), 0.0)

    assert report.what == "log /x cannot be opened: disk full"
    assert report.next == "kept in memory"
    assert is_for(alert(programs=("b",)), report)
    assert not is_for(alert(programs=("c",)), report)
