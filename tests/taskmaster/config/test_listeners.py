"""The keys of event listeners."""

from pathlib import Path

import pytest

from taskmaster.config.model import Program, StderrChannel
from taskmaster.listeners.kinds import KNOWN
from tests.taskmaster.config.test_load import loaded, problems


def config(keys: str) -> str:
    return f"programs: {{a: {{cmd: cat, {keys}}}}}\n"


def program(tmp_path: Path, keys: str) -> Program:
    return loaded(tmp_path, config(keys)).config.programs["a"]


def test_a_program_with_events_is_a_listener(tmp_path: Path) -> None:
    read = program(tmp_path, "events: [process_state, Tick_60, TICK_60], buffer_size: 3")

    assert read.events == ("PROCESS_STATE", "TICK_60")
    assert read.buffer_size == 3
    assert read.stderr_channel is StderrChannel.THREE_PIPES
    assert read.priority == -1


def test_one_event_and_another_priority(tmp_path: Path) -> None:
    read = program(tmp_path, "events: EVENT, priority: 5, stderr: a.err, stdout: a.out")

    assert (read.events, read.priority, read.buffer_size) == (("EVENT",), 5, 10)
    assert read.stderr_channel is StderrChannel.THREE_PIPES


def test_another_program_is_none(tmp_path: Path) -> None:
    read = program(tmp_path, "stdout_events: true, stderr_events: true, stderr: a.err")

    assert read.events == ()
    assert (read.stdout_events, read.stderr_events) == (True, True)
    assert (read.stderr_channel, read.priority) == (StderrChannel.PIPE, 999)


@pytest.mark.parametrize("name", KNOWN)
def test_every_event_can_be_named(tmp_path: Path, name: str) -> None:
    assert program(tmp_path, f"events: [{name.lower()}]").events == (name,)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("events: [TICK_06]", "(did you mean TICK_60?)"),
        ("events: [PROCES_STATE]", "(did you mean PROCESS_STATE?)"),
        ("events: []", "expected at least one event"),
        ("events: [{a: b}]", "expected a value, got keys and values"),
        ("events: [PROCESS_COMMUNICATION]", "there is no capture mode on a terminal"),
        ("events: EVENT, ready: {text: up}", "an event listener has no terminal"),
        ("events: EVENT, record: a.cast", "an event listener has no terminal"),
        ("events: EVENT, size: 80x24", "an event listener has no terminal"),
        ("events: EVENT, stderr: a, stderr_tty: true", "an event listener has no terminal"),
        ("events: EVENT, stdout_events: true", "would be told of what it says itself"),
        ("events: EVENT, stop: [{send: q}]", "no terminal to type into"),
        ("events: EVENT, buffer_size: 0", "expected a whole number from 1"),
        ("buffer_size: 5", "it is for event listeners (add events: [...])"),
        ("stderr_events: true", "its stderr goes with its stdout here (add stderr: PATH)"),
        ("stdout_events_enabled: true", "here it is called stdout_events"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, keys: str, told: str) -> None:
    (problem,) = problems(tmp_path, config(keys))

    assert told in problem
    assert "c.yaml:1:" in problem
