"""What requests are answered with, from the supervisor's state."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from taskmaster.config.model import Config, Program, Settings
from taskmaster.control.handlers import (
    Clocks,
    description,
    known_names,
    one_name,
    pids,
    process_status,
    reason,
    refuse_while_shutting_down,
    signal_number,
    split_names,
)
from taskmaster.metrics import Usage
from taskmaster.orders import Kind
from taskmaster.process.events import Exited, Spawned
from taskmaster.process.state import Process, State
from taskmaster.protocol.messages import (
    ErrorCode,
    Outcome,
    ProcessPid,
    ProcessStatus,
    RequestError,
    Verdict,
)
from taskmaster.supervisor import Supervisor

NOON = 1_764_158_400.0
CLOCKS = Clocks(monotonic=1000, wall=NOON)


@pytest.fixture(scope="module", autouse=True)
def _nowhere_in_particular() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def supervisor(**numprocs: int) -> Supervisor:
    programs = {
        name: Program(name=name, command=name, numprocs=number) for name, number in numprocs.items()
    }
    settings = Settings(socket="/s", logfile="/l")
    return Supervisor(Config(path="/c", settings=settings, programs=programs), 940)


def refusal(ask: Callable[[], object]) -> tuple[ErrorCode, str]:
    with pytest.raises(RequestError) as caught:
        ask()
    return caught.value.code, caught.value.message


# --- status ----------------------------------------------------------------------------------


def test_the_status_of_what_is_up() -> None:
    both = supervisor(web=2)
    both.order(Kind.START, ("web:1",), 990)
    both.handle("web:1", Spawned(41, 991), 991)
    both.reach(992)

    idle, busy = (
        process_status(both.entries[name], CLOCKS, attached, usage)
        for name, attached, usage in (("web:0", 0, Usage()), ("web:1", 3, Usage(1.5, 4096)))
    )

    known: dict[str, Any] = {"command": "web", "tries": 4}
    assert idle == ProcessStatus(
        "web:0", "web", 0, "STOPPED", "Not started", None, None, NOON - 60, None, 0, 0, **known
    )
    more = known | {"cpu_seconds": 1.5, "resident_bytes": 4096}
    assert busy == ProcessStatus(
        "web:1", "web", 1, "RUNNING", "pid 41, uptime 0:00:09", 41, 9, NOON - 8, None, 0, 3, **more
    )


def test_the_status_of_what_has_ended() -> None:
    one = supervisor(web=1)
    one.order(Kind.START, ("web:0",), 900)
    one.handle("web:0", Spawned(41, 900), 900)
    one.handle("web:0", Exited(0, 940), 940)

    told = process_status(one.entries["web:0"], CLOCKS, 0)

    assert (told.state, told.pid, told.uptime, told.exit_status) == ("EXITED", None, None, 0)
    assert (told.since, told.description) == (NOON - 60, "Nov 26 11:59 AM")


def test_what_waits_for_its_next_try_tells_when_and_which_one_that_is() -> None:
    one = supervisor(web=1)
    one.order(Kind.START, ("web:0",), 997)
    one.handle("web:0", Spawned(41, 998), 998)
    one.handle("web:0", Exited(1, 998.25), 999.5)

    told = process_status(one.entries["web:0"], CLOCKS, 0)

    assert (told.state, told.reason) == ("BACKOFF", "exit status 1 after 0.2 s")
    assert (told.next_try_in, told.failures, told.tries) == (0.5, 1, 4)


def test_a_deadline_of_what_is_up_is_no_next_try() -> None:
    one = supervisor(web=1)
    one.order(Kind.START, ("web:0",), 999)
    one.handle("web:0", Spawned(41, 999.5), 999.5)

    assert process_status(one.entries["web:0"], CLOCKS, 0).next_try_in is None


LIVED = Process(state=State.BACKOFF, spawned_at=100, ended_at=109.94)


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (Process(), ""),
        (replace(LIVED, reason="exited too quickly: exit status 3"), "exit status 3 after 9.9 s"),
        (
            replace(LIVED, reason="unexpected terminated by SIGKILL", ended_at=3700),
            "terminated by SIGKILL after 1:00:00",
        ),
        (
            replace(LIVED, reason="ended before it was ready: exit status 0", ended_at=100),
            "ended before it was ready: exit status 0 after 0.0 s",
        ),
        (replace(LIVED, reason="cannot start: /nope: no"), "cannot start: /nope: no"),
    ],
)
def test_why_it_is_not_up_has_how_long_it_lived_only_where_it_did(
    process: Process, words: str
) -> None:
    assert reason(process) == words


BACKOFF = Process(state=State.BACKOFF, reason="no", failures=2, deadline=1001.6)
RUNNING = Process(state=State.RUNNING, pid=41, spawned_at=910)
ENDED = Process(state=State.EXITED, spawned_at=910, exit_code=3, since=1000 - 3600)


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (Process(), "Not started"),
        (Process(reason="cannot start"), "cannot start"),
        (RUNNING, "pid 41, uptime 0:01:30"),
        (replace(RUNNING, state=State.STARTING), "pid 41"),
        (Process(state=State.STARTING), ""),
        (replace(RUNNING, state=State.STOPPING), "pid 41, uptime 0:01:30"),
        (Process(state=State.STOPPING), ""),
        (BACKOFF, "no; try 3 in 2 s"),
        (replace(BACKOFF, deadline=999), "no; try 3 in 0 s"),
        (replace(ENDED, state=State.STOPPED), "Nov 26 11:00 AM"),
        (replace(ENDED, reason="unexpected"), "Nov 26 11:00 AM, unexpected"),
        (Process(state=State.FATAL, reason="no"), "no"),
        (Process(state=State.UNKNOWN, pid=41, reason="not permitted"), "not permitted"),
    ],
)
def test_what_stands_behind_the_state(process: Process, words: str) -> None:
    assert description(process, CLOCKS) == words


def test_a_monotonic_time_has_a_time_of_day() -> None:
    assert Clocks(monotonic=1000, wall=5000).wall_of(990) == 4990


# --- names -----------------------------------------------------------------------------------


def test_every_name_that_stands_for_nothing_is_told() -> None:
    assert refusal(lambda: known_names(supervisor(a=2), ("a", "x", "a:7"))) == (
        ErrorCode.NO_SUCH_NAME,
        "x: ERROR (no such process)\na:7: ERROR (no such process)",
    )
    assert known_names(supervisor(a=2), ("a",)) == ("a:0", "a:1")


def test_an_order_goes_to_those_that_are_there() -> None:
    assert split_names(supervisor(a=1, b=1), ("x", "b")) == (
        ("b:0",),
        [Outcome("x", Verdict.NO_SUCH_NAME, "no such process")],
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (2, "a:0, a:1"),
        (8, "a:0, a:1, a:2, a:3, a:4, a:5, a:6, a:7"),
        (9, "a:0, a:1, a:2, a:3, a:4, a:5, a:6, a:7, ..."),
    ],
)
def test_one_name_must_be_one_process(number: int, shown: str) -> None:
    assert one_name(supervisor(a=1), "a") == "a:0"
    assert refusal(lambda: one_name(supervisor(a=number), "a")) == (
        ErrorCode.NOT_ONE_PROCESS,
        f"a: ERROR (it is {number} processes, name one: {shown})",
    )


def test_pids_are_zero_where_there_is_none() -> None:
    both = supervisor(web=2)
    both.order(Kind.START, ("web:1",), 0)
    both.handle("web:1", Spawned(41, 0), 0)

    assert pids(both, ("web",)) == [ProcessPid("web:0", 0), ProcessPid("web:1", 41)]
    assert refusal(lambda: pids(both, ("x",)))[0] is ErrorCode.NO_SUCH_NAME


# --- refusals --------------------------------------------------------------------------------


def test_a_daemon_that_shuts_down_takes_no_orders() -> None:
    one = supervisor(web=1)
    refuse_while_shutting_down(one)

    one.shut_down(0)

    assert refusal(lambda: refuse_while_shutting_down(one))[0] is ErrorCode.SHUTTING_DOWN


@pytest.mark.parametrize("text", ["HUP", "SIGHUP", "hup", "sighup", "1"])
def test_a_signal_may_be_written_in_many_ways(text: str) -> None:
    assert signal_number(text) == 1


def test_signal_zero_asks_whether_it_could_be_signalled() -> None:
    assert signal_number("0") == 0


@pytest.mark.parametrize("text", ["", "SIG", "NOPE", "-1", "1000", "1.0", "\u00b2"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    assert refusal(lambda: signal_number(text)) == (
        ErrorCode.INVALID_PARAMS,
        f"{text}: ERROR (bad signal name)",
    )


def test_a_signal_of_thousands_of_digits_is_an_ordinary_error() -> None:
    # int() raises ValueError for more than 4,300 digits, which ended the connection.
    code, text = refusal(lambda: signal_number("9" * 5000))

    assert code is ErrorCode.INVALID_PARAMS
    assert len(text) < 200
