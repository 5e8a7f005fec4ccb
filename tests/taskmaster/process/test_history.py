"""What is remembered of a process: bounded, in words, and of a KILL that was not ours."""

import pytest

from taskmaster.config.model import Program
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
from taskmaster.process.history import MOST_NOTES, Past, remember, signalled
from taskmaster.process.machine import step
from taskmaster.process.state import Process

WEB = Program(name="web", command="web", startretries=0, starttime=1)
UNEXPLAINED = ", and not by us: perhaps out of memory, or somebody's kill -9"


def past_of(*events: tuple[float, Event], by: str = "uid 7") -> Past:
    process, past = Process(), Past()
    for at, event in events:
        before = process
        process, actions = step(before, event, WEB, at)
        past = remember(past, before, event, process, actions, by, at)
    return past


UP = ((1.0, StartOrdered()), (1.1, Spawned(41, 1.1)), (2.1, DeadlineReached()))


def test_a_life_from_order_to_end() -> None:
    past = past_of(*UP, (9.0, StopOrdered()), (9.5, Exited(-15, 9.4)))

    assert past.notes == (
        (1.0, "start ordered by uid 7"),
        (1.1, "started with pid 41"),
        (9.0, "stop ordered by uid 7"),
        (9.0, "sent SIGTERM"),
        (9.4, "terminated by SIGTERM after 8.3 s"),
    )
    assert past.asked == (9.0, "stop ordered by uid 7")


def test_an_order_that_does_nothing_is_none() -> None:
    assert past_of((1.0, StopOrdered())) == Past()
    assert past_of(*UP, (5.0, StartOrdered())).notes[-1][1] == "started with pid 41"


def test_what_nobody_ordered_has_no_author() -> None:
    assert past_of(*UP, by="").asked is None


@pytest.mark.parametrize(
    ("events", "last"),
    [
        ((UP[0], (1.1, SpawnFailed("cannot start: /x: no"))), ["cannot start: /x: no", "given up"]),
        ((*UP, (3.0, RestartOrdered()), (3.1, SignalFailed(1))), ["could not be signalled"]),
        ((*UP, (3.0, Exited(-6, 3.1, core_dumped=True))), ["(core dumped) after 2.0 s"]),
        (
            (*UP, (3.0, Exited(-9, 3.1, out_of_memory=True))),
            ["terminated by SIGKILL (the kernel ran out of memory) after 2.0 s"],
        ),
        ((*UP, (3.0, Exited(-9, 3.1))), [f"terminated by SIGKILL{UNEXPLAINED} after 2.0 s"]),
        (
            (*UP, (3.0, StopOrdered()), (13.0, DeadlineReached()), (13.5, Exited(-9, 13.5))),
            ["sent SIGTERM", "sent SIGKILL", "terminated by SIGKILL after 0:00:12"],
        ),
    ],
)
def test_ends_in_words(events: tuple[tuple[float, Event], ...], last: list[str]) -> None:
    texts = [text for _, text in past_of(*events).notes]

    for text, expected in zip(texts[-len(last) :], last, strict=True):
        assert text.endswith(expected)


def test_a_kill_for_somebody_explains_the_end_of_that_life_only() -> None:
    past = signalled(past_of(*UP), 9, "uid 7", 3.0)
    alive, _ = step(*_running(), WEB, 2.1)
    ended = Exited(-9, 3.1)
    told = remember(past, alive, ended, alive, (), "", 3.1)

    assert told.notes[-2:] == (
        (3.0, "sent SIGKILL for uid 7"),
        (3.1, "terminated by SIGKILL after 2.0 s"),
    )
    again = remember(told.noted(4, "started with pid 42"), alive, ended, alive, (), "", 5)
    assert UNEXPLAINED in again.notes[-1][1]


def _running() -> tuple[Process, Event]:
    process = Process()
    for at, event in UP[:2]:
        process, _ = step(process, event, WEB, at)
    return process, UP[2][1]


def test_it_is_bounded_and_says_nothing_twice() -> None:
    past = Past()
    for number in range(100):
        past = past.noted(number, f"note {number // 2}")

    assert [text for _, text in past.notes] == [f"note {n}" for n in range(50 - MOST_NOTES, 50)]


def test_a_signal_without_a_name_has_its_number() -> None:
    assert signalled(Past(), 99, "", 1.0).notes == ((1.0, "sent signal 99"),)
