"""What happened in supervisord's words, and which names subscribe to what."""

from typing import Any

import pytest
from supervisor.events import EventTypes

from taskmaster.config.model import AutoRestart, Program
from taskmaster.listeners import payloads
from taskmaster.listeners.kinds import CONCRETE, KNOWN, LEFT_OUT, meant_by
from taskmaster.orders import Step
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
    SurvivorsSeen,
)
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State
from taskmaster.supervisor import Entry

WEB = Program(name="web", command="cat", startretries=1)


def told(before: Process, event: Event, now: float = 10.0, pid: int = 7, **keys: Any) -> list[str]:
    """What is told of an event, each its kind and what differs of its payload."""
    program = Program(name="web", command="cat", **{"startretries": 1, **keys})
    after, actions = step(before, event, program, now)
    taken = Step("web:0", before, event, after, program, actions)
    return [
        f"{one.kind.removeprefix('PROCESS_STATE_')} {one.payload.partition('groupname:web ')[2]}"
        for one in payloads.events_of(taken, pid, "web")
    ]


STARTING = Process(State.STARTING, pid=7, spawned_at=5.0)
RUNNING = Process(State.RUNNING, pid=7, spawned_at=5.0)
STOPPING = Process(State.STOPPING, pid=7, spawned_at=5.0)
BACKOFF = Process(State.BACKOFF, failures=1)
NEVER = {"autorestart": AutoRestart.NEVER}


@pytest.mark.parametrize(
    ("before", "event", "keys", "expected"),
    [
        (Process(), StartOrdered(), {}, ["STARTING from_state:STOPPED tries:0"]),
        (BACKOFF, DeadlineReached(), {}, ["STARTING from_state:BACKOFF tries:1"]),
        (Process(State.STARTING), Spawned(7, 5.0), {}, []),
        (Process(State.STARTING), Spawned(7, 5.0), {"starttime": 0},
         ["RUNNING from_state:STARTING pid:7"]),
        (Process(State.STARTING), SpawnFailed("x"), {}, ["BACKOFF from_state:STARTING tries:1"]),
        (STARTING, DeadlineReached(), {}, ["RUNNING from_state:STARTING pid:7"]),
        (STARTING, Exited(1, 5.1), {}, ["BACKOFF from_state:STARTING tries:1"]),
        (Process(State.STARTING, pid=7, spawned_at=5.0, failures=1), Exited(1, 5.1), {},
         ["BACKOFF from_state:STARTING tries:2", "FATAL from_state:BACKOFF"]),
        (STARTING, Exited(0, 9.0), {},
         ["RUNNING from_state:STARTING pid:7", "EXITED from_state:RUNNING expected:1 pid:7"]),
        (STARTING, Exited(1, 9.0), {},
         ["RUNNING from_state:STARTING pid:7", "EXITED from_state:RUNNING expected:0 pid:7",
          "STARTING from_state:EXITED tries:0"]),
        (RUNNING, Exited(0, 9.0), {}, ["EXITED from_state:RUNNING expected:1 pid:7"]),
        (RUNNING, Exited(3, 9.0), NEVER, ["EXITED from_state:RUNNING expected:0 pid:7"]),
        (RUNNING, Exited(-9, 9.0), {}, ["EXITED from_state:RUNNING expected:0 pid:7",
                                        "STARTING from_state:EXITED tries:0"]),
        (RUNNING, StopOrdered(), {}, ["STOPPING from_state:RUNNING pid:7"]),
        (STARTING, StopOrdered(), {}, ["STOPPING from_state:STARTING pid:7"]),
        (STOPPING, Exited(0, 9.0), {}, ["STOPPED from_state:STOPPING pid:7"]),
        (Process(State.STOPPING, spawned_at=5.0, left=("x",)), SurvivorsSeen(()), {},  # type: ignore[arg-type]
         ["STOPPED from_state:STOPPING pid:7"]),
        (BACKOFF, StopOrdered(), {}, ["STOPPED from_state:BACKOFF pid:0"]),
    ],
)  # fmt: skip
def test_a_step_is_told_as_there(
    before: Process, event: Event, keys: dict[str, Any], expected: list[str]
) -> None:
    assert told(before, event, **keys) == expected


def test_a_restart_is_a_stop_and_a_start() -> None:
    from taskmaster.process.state import Target

    stopping = Process(State.STOPPING, Target.UP, pid=7, spawned_at=5.0)

    assert told(stopping, Exited(0, 9.0)) == [
        "STOPPED from_state:STOPPING pid:7",
        "STARTING from_state:STOPPED tries:0",
    ]


def test_a_process_that_ends_too_early_to_be_ready_was_never_running() -> None:
    from taskmaster.config.model import Ready

    ready: dict[str, Any] = {"ready": Ready("up", 5.0)}

    assert told(STARTING, Exited(1, 9.0), **ready) == ["BACKOFF from_state:STARTING tries:1"]


def test_names_are_supervisords() -> None:
    several = Program(name="web", command="cat", numprocs=4)
    one = payloads.logged("web", Entry("web:0", WEB, 0), 7, "stdout", b"x\n")
    other = payloads.logged("site", Entry("web:3", several, 3), 8, "stderr", b"\xff")

    assert one.kind == "PROCESS_LOG_STDOUT"
    assert one.payload == "processname:web groupname:web pid:7 channel:stdout\nx\n"
    assert other.kind == "PROCESS_LOG_STDERR"
    assert other.payload == (
        "processname:web_3 groupname:site pid:8 channel:stderr\nUndecodable: b'\\xff'"
    )


def test_the_rest_is_said_as_there() -> None:
    assert payloads.tick(60, 1234567.9).payload == "when:1234560"
    assert payloads.remote("kind", "data").payload == "type:kind\ndata"
    assert payloads.group_event("web", "ADDED").payload == "groupname:web\n"
    assert payloads.daemon_event("STOPPING").kind == "SUPERVISOR_STATE_CHANGE_STOPPING"


def test_every_event_of_supervisords_is_known_or_left_out() -> None:
    theirs = {name for name in vars(EventTypes) if name.isupper()}

    assert theirs == {*KNOWN, *LEFT_OUT}


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_subscribes_to_what_it_does_there(name: str) -> None:
    kind = getattr(EventTypes, name)

    assert meant_by([name]) == {
        one for one in CONCRETE if issubclass(getattr(EventTypes, one), kind)
    }
