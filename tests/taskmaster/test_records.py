"""What the event log and people at a terminal are told of each step."""

from dataclasses import replace
from typing import Any

import pytest

from taskmaster.config.model import AutoRestart, LogLevel, Program, Ready, StopStep, Whom
from taskmaster.orders import Step
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
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State
from taskmaster.process.words import duration
from taskmaster.records import Record, describe, notice, signal_name

START, STOP, RESTART, UP = StartOrdered(), StopOrdered(), RestartOrdered(), DeadlineReached()
NO = SpawnFailed("cannot start: no")
SPAWNED = Spawned(41, 100)
RUNNING = (START, SPAWNED, UP)


def last(*events: Event, **settings: Any) -> Step:
    """What the last of these events led to, all of them in the 103rd second."""
    program = Program(name="web", **{"command": "web", "startretries": 1, **settings})
    process = Process()
    for event in events:
        before = process
        process, actions = step(before, event, program, 103)
    return Step("web:0", before, event, process, program, actions)


def lines(*events: Event, **settings: Any) -> list[str]:
    return [f"{r.level.name} {r.text}" for r in describe(last(*events, **settings))]


def ended(code: int, at: float = 103, **facts: Any) -> Exited:
    return Exited(code, at, cpu_seconds=0.5, **facts)


# --- the event log ---------------------------------------------------------------------------


@pytest.mark.parametrize("event", [START, PolicyChanged()])
def test_what_only_asks_says_nothing(event: Event) -> None:
    assert lines(event) == []


def test_a_spawn_is_told_with_its_pid() -> None:
    assert lines(START, SPAWNED) == ["INFO spawned: 'web:0' with pid 41"]


def test_running_is_told_with_the_starttime() -> None:
    success = (
        "INFO success: web:0 entered RUNNING state, process has stayed up for > than {} seconds "
        "(starttime)"
    )

    assert lines(*RUNNING, starttime=1.5) == [success.format("1.5")]
    assert lines(START, SPAWNED, starttime=0) == [
        "INFO spawned: 'web:0' with pid 41",
        success.format("0"),
    ]


def test_a_failed_start_is_told_with_what_comes_next() -> None:
    assert lines(START, NO) == [
        "WARNING spawnerr: web:0: cannot start: no",
        "INFO backoff: web:0 (cannot start: no), try 2 of 2 in 1 s",
    ]


def test_giving_up_is_told_as_an_error() -> None:
    assert lines(START, NO, UP, NO)[1:] == [
        "ERROR gave up: web:0 entered FATAL state, too many start retries too quickly "
        "(cannot start: no)"
    ]


def test_a_retry_is_told_with_its_count() -> None:
    assert lines(START, NO, UP) == ["INFO restarting: web:0 (restart 1)"]


def test_a_start_by_order_is_no_restart() -> None:
    assert lines(START, NO, UP, NO, START) == []


@pytest.mark.parametrize(
    ("exited", "line"),
    [
        (ended(0), "INFO exited: web:0 (exit status 0; expected) after 0:00:03, cpu 0.50 s"),
        (ended(2), "WARNING exited: web:0 (exit status 2; not expected) after 0:00:03, cpu 0.50 s"),
        (
            ended(-11, core_dumped=True),
            "WARNING exited: web:0 (terminated by SIGSEGV (core dumped); not expected) "
            "after 0:00:03, cpu 0.50 s",
        ),
    ],
)
def test_an_end_is_told_with_its_kind_and_length(exited: Exited, line: str) -> None:
    assert lines(*RUNNING, exited, autorestart=AutoRestart.NEVER) == [line]


def test_a_restart_by_the_rules_is_told_behind_the_end() -> None:
    assert lines(*RUNNING, ended(2))[1:] == ["INFO restarting: web:0 (restart 1)"]


def test_an_end_before_its_starttime_is_never_expected() -> None:
    assert lines(START, SPAWNED, ended(0, 100.5)) == [
        "WARNING exited: web:0 (exit status 0; not expected) after 0:00:00, cpu 0.50 s",
        "INFO backoff: web:0 (exited too quickly: exit status 0), try 2 of 2 in 1 s",
    ]


def test_an_end_after_its_starttime_that_nobody_had_looked_at_may_be_expected() -> None:
    assert lines(START, SPAWNED, ended(0)) == [
        "INFO exited: web:0 (exit status 0; expected) after 0:00:03, cpu 0.50 s"
    ]


def test_what_was_running_was_not_too_early_though_a_reload_has_raised_its_starttime() -> None:
    end = last(*RUNNING, ended(0))

    (record,) = describe(replace(end, program=replace(end.program, starttime=60)))

    assert record.text.startswith("exited: web:0 (exit status 0; expected)")


def test_a_stop_is_told_with_its_signal_and_whom_it_goes_to() -> None:
    assert lines(*RUNNING, STOP) == ["INFO stopping: web:0 (41) with SIGTERM"]
    assert lines(*RUNNING, STOP, stopsignal=1, stopasgroup=True) == [
        "INFO stopping: web:0 (process group 41) with SIGHUP"
    ]


def test_the_end_that_was_ordered_is_a_stop_whatever_its_code() -> None:
    assert lines(*RUNNING, STOP, ended(-15)) == [
        "INFO stopped: web:0 (terminated by SIGTERM) after 0:00:03, cpu 0.50 s"
    ]


def test_a_kill_is_a_warning() -> None:
    assert lines(*RUNNING, STOP, UP) == ["WARNING killing 'web:0' (41) with SIGKILL"]
    assert lines(*RUNNING, STOP, UP, killasgroup=True) == [
        "WARNING killing 'web:0' (process group 41) with SIGKILL"
    ]


def test_a_stop_by_steps_tells_each_of_them() -> None:
    steps = (
        StopStep(text="save\r"),
        StopStep(signal=2, whom=Whom.FOREGROUND, wait=1),
        StopStep(signal=9, whom=Whom.GROUP),
    )
    assert lines(*RUNNING, STOP, stop=steps) == [
        r"INFO stopping: web:0 (41) by typing 'save\r'",
        "INFO stopping: web:0 (foreground process group of 41) with SIGINT",
    ]


def test_who_is_left_behind_is_a_warning_once_it_is_not_waited_for_any_more() -> None:
    left = (Survivor(42, "sleep 9", in_group=True, in_session=True),)
    end = ended(0, survivors=left)
    stopped = "INFO stopped: web:0 (exit status 0) after 0:00:03, cpu 0.50 s"

    assert lines(*RUNNING, STOP, end) == [stopped]
    assert lines(*RUNNING, STOP, end, UP) == ["WARNING left behind: web:0: pid 42 (sleep 9)"]
    assert lines(*RUNNING, STOP, end, SurvivorsSeen(())) == []
    assert lines(*RUNNING, STOP, end, UP, killasgroup=True) == [
        "WARNING killing 'web:0' (what it left in its process group) with SIGKILL"
    ]


def test_ready_and_not_ready_are_told_with_the_text() -> None:
    ready = Ready("Done", 60)

    assert lines(START, SPAWNED, Shown(), ready=ready) == [
        "INFO success: web:0 entered RUNNING state, its screen shows 'Done'"
    ]
    assert lines(START, SPAWNED, UP, ready=ready) == [
        "WARNING not ready: web:0 ('Done' not on its screen in 60 s)",
        "INFO stopping: web:0 (41) with SIGTERM",
    ]


def test_a_stop_of_what_only_waits_is_told() -> None:
    assert lines(START, NO, STOP) == ["INFO stopped: web:0 (it was waiting to be started again)"]


def test_a_stop_before_the_spawn_was_answered_is_told_with_the_answer() -> None:
    assert lines(START, STOP) == []
    assert lines(START, STOP, SPAWNED) == [
        "INFO spawned: 'web:0' with pid 41",
        "INFO stopping: web:0 (41) with SIGTERM",
    ]
    assert lines(START, STOP, NO) == ["WARNING spawnerr: web:0: cannot start: no"]


def test_a_process_that_cannot_be_signalled_is_an_error() -> None:
    assert lines(*RUNNING, STOP, SignalFailed(1)) == ["ERROR unknown problem killing web:0 (41)"]


def test_what_left_the_config_is_told_last() -> None:
    gone = replace(last(*RUNNING, STOP, ended(0)), forgotten=True)

    assert list(describe(gone))[-1] == Record(LogLevel.INFO, "removed: web:0")


# --- people at the terminal ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ((START,), None),
        (RUNNING, None),
        ((*RUNNING, STOP), None),
        ((START, NO), "web:0: cannot start: no; next try in 1 s"),
        ((START, NO, UP, NO), "web:0: cannot start: no; now FATAL"),
        ((*RUNNING, Exited(0, 103)), "web:0: exit status 0; now EXITED"),
        ((*RUNNING, Exited(1, 103)), "web:0: exit status 1; starting it again"),
        ((*RUNNING, STOP, Exited(-9, 103)), "web:0: terminated by SIGKILL; now STOPPED"),
        ((*RUNNING, RESTART, Exited(0, 103)), "web:0: exit status 0; starting it again"),
    ],
)
def test_people_at_the_terminal_are_told_of_ends_and_what_follows(
    events: tuple[Event, ...], text: str | None
) -> None:
    assert notice(last(*events)) == text


def test_people_at_the_terminal_are_told_of_a_paced_restart() -> None:
    paced = last(
        START,
        SPAWNED,
        Exited(0, 100.1),
        starttime=0,
        startretries=0,
        autorestart=AutoRestart.ALWAYS,
    )

    assert paced.after.state is State.EXITED
    assert notice(paced) == "web:0: exit status 0; starting it again in a moment"


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0:00:00"),
        (5.9, "0:00:05"),
        (3 * 3600 + 25 * 60 + 45, "3:25:45"),
        (86399, "23:59:59"),
        (86400 + 2 * 3600 + 3 * 60 + 4, "1 day, 2:03:04"),
        (2 * 86400, "2 days, 0:00:00"),
    ],
)
def test_a_span_of_time_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_signals_have_names_or_numbers() -> None:
    assert (signal_name(15), signal_name(99)) == ("SIGTERM", "signal 99")
