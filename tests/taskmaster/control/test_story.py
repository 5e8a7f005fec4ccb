"""What `why` tells of a process, from the supervisor's state."""

from dataclasses import replace
from typing import Any

import pytest

from taskmaster.config.diff import diff
from taskmaster.config.model import AutoRestart, Config, Program, Ready, Settings, StopStep
from taskmaster.control.handlers import Clocks
from taskmaster.control.story import story
from taskmaster.orders import Kind
from taskmaster.process.events import DeadlineReached, Event, Exited, Spawned, Survivor
from taskmaster.protocol.messages import Story
from taskmaster.supervisor import Supervisor

WEB = Program(name="web", command="web -p 80", startretries=1, starttime=1)


def config(program: Program) -> Config:
    settings = Settings(socket="/s", logfile="/l")
    return Config(path="/c", settings=settings, programs={program.name: program})


def supervised(program: Program, *events: Event) -> Supervisor:
    """One that was ordered up at 10 and met an event a second from 11 on."""
    one = Supervisor(config(program), 0)
    if events:
        one.order(Kind.START, ("web:0",), 10, by="uid 7, pid 1")
    for at, event in enumerate(events, 11):
        one.handle("web:0", event, at)
    return one


def told(one: Supervisor, at: float) -> Story:
    return story(one.entries["web:0"], Clocks(at, 1000 + at), 2)


UP = (Spawned(41, 11), DeadlineReached())


def test_of_a_process_that_is_up() -> None:
    now = told(supervised(WEB, *UP), 20)

    assert (now.name, now.state, now.pid, now.uptime) == ("web:0", "RUNNING", 41, 9)
    assert (now.command, now.attached, now.since) == ("web -p 80", 2, 1012)
    assert (now.order, now.ordered_at) == ("start ordered by uid 7, pid 1", 1010)
    assert (now.reason, now.ending, now.waits_for, now.ran_well) == ("", "", "", True)
    assert [line[20:] for line in now.past] == [
        "start ordered by uid 7, pid 1",
        "started with pid 41",
    ]


def test_of_its_end() -> None:
    now = told(supervised(WEB, *UP, Exited(3, 12.5)), 20)

    assert now.state == "STARTING"
    assert now.ending == "exit status 3 after 1.5 s"
    assert now.ended_at == 1012.5


READY = replace(WEB, ready=Ready("up$", 8.0))
STEPS = replace(WEB, stop=(StopStep(text="quit\n", wait=5), StopStep(signal=9, wait=1)))
FAILED = (Spawned(41, 11), Exited(1, 11.5))
LEFT = (Survivor(50, "sleep 9", in_group=True, in_session=True),)


@pytest.mark.parametrize(
    ("program", "events", "at", "words"),
    [
        (WEB, (), 5, "an order"),
        (replace(WEB, autostart=False), (), 5, "an order: autostart is false"),
        (WEB, FAILED, 12.5, "try 2 of 2, in 0 s"),
        (replace(WEB, startretries=0), FAILED, 20, "an order: it is given up after 1 tries"),
        (WEB, (Spawned(41, 11),), 11.5, "being up for 1 s (starttime), 0.5 s more"),
        (READY, (Spawned(41, 11),), 13, "'up$' on its screen, for 6 s more"),
        (WEB, (*UP, Exited(3, 12.5)), 13.5, "its process"),
        (
            replace(WEB, autorestart=AutoRestart.NEVER),
            (*UP, Exited(3, 13)),
            20,
            "an order: autorestart is never",
        ),
        (
            WEB,
            (*UP, Exited(0, 13)),
            20,
            "an order: with autorestart unexpected, this end counts as expected",
        ),
    ],
)
def test_what_it_waits_for(
    program: Program, events: tuple[Event, ...], at: float, words: str
) -> None:
    assert told(supervised(program, *events), at).waits_for == words


@pytest.mark.parametrize(
    ("program", "kind", "then", "words"),
    [
        (WEB, Kind.STOP, [], "its end, 9 s more; then SIGKILL"),
        (WEB, Kind.RESTART, [], "its end, 9 s more; then SIGKILL, and is then started again"),
        (STEPS, Kind.STOP, [], "its end, 4 s more; then SIGKILL"),
        (WEB, Kind.STOP, [DeadlineReached()], "its end, after SIGKILL"),
        (
            WEB,
            Kind.STOP,
            [Exited(-15, 30.5, survivors=LEFT)],
            "what it left behind to end: pid 50 (sleep 9)",
        ),
    ],
)
def test_what_it_waits_for_while_it_stops(
    program: Program, kind: Kind, then: list[Event], words: str
) -> None:
    one = supervised(program, *UP)
    one.order(kind, ("web:0",), 30, by="uid 8")
    for event in then:
        one.handle("web:0", event, 30.5)

    assert told(one, 31).waits_for == words


def reloaded(one: Supervisor, **changes: Any) -> Story:
    new = config(replace(one.config.programs["web"], **changes))
    one.apply(new, diff(one.config, new), 20)
    return told(one, 21)


def test_what_is_otherwise_than_when_it_ran_well() -> None:
    one = supervised(WEB, *UP)

    assert told(one, 15).changes == ()
    assert reloaded(one, command="web -p 81", umask=0o22).changes == (
        "cmd: web -p 80 became web -p 81",
        "umask: none became 022",
    )
    assert one.entries["web:0"].past.notes[-2][1] == "restart ordered by a reload"
    one.handle("web:0", Exited(-15, 22), 22)
    one.handle("web:0", Spawned(42, 22), 22)
    assert len(told(one, 22).changes) == 2
    one.handle("web:0", DeadlineReached(), 23)
    assert told(one, 24).changes == ()


def test_values_of_variables_are_nobodys_business() -> None:
    one = supervised(replace(WEB, environment=(("A", "1"), ("B", "2"))), *UP)

    changed = reloaded(one, environment=(("A", "secret"), ("C", "3")), exitcodes=frozenset({0, 2}))

    assert changed.changes == ("exitcodes: 0 became 0, 2", "env: A, B, C")


def test_what_never_ran_well_has_nothing_to_compare_with() -> None:
    now = told(supervised(WEB, *FAILED), 12)

    assert (now.ran_well, now.changes) == (False, ())
