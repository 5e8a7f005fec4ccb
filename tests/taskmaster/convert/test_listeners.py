"""An event listener of supervisord's, and who is listened to."""

from pathlib import Path

import pytest

from taskmaster.convert.findings import Refused
from tests.taskmaster.convert.test_programs import conversion, program


def listener(folder: Path, options: str) -> tuple[list[str], list[str]]:
    """Return the keys of a listener with those options, and the notes."""
    text, notes = conversion(folder, f"[supervisord]\n[eventlistener:a]\ncommand=cat\n{options}\n")
    return [line.strip() for line in text.splitlines()][1:], notes


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ("events=TICK_60", ["cmd: cat", "events: [TICK_60]"]),
        ("events=tick, TICK_5,Event", ["cmd: cat", "events: [TICK, TICK_5, EVENT]"]),
        ("events=EVENT\nbuffer_size=50\nnumprocs=2\nprocess_name=x%(process_num)d\npriority=-5",
         ["cmd: cat", "numprocs: 2", "priority: -5", "events: [EVENT]", "buffer_size: 50"]),
        ("events=EVENT\nstdout_logfile=/tmp/o\nstderr_logfile=/tmp/e",
         ["cmd: cat", "stdout: /tmp/o", "stderr: /tmp/e", "events: [EVENT]"]),
        ("events=EVENT\nstdout_logfile=/tmp/o", ["cmd: cat", "stdout: /tmp/o", "events: [EVENT]"]),
        ("events=EVENT\nresult_handler=supervisor.dispatchers:default_handler",
         ["cmd: cat", "events: [EVENT]"]),
    ],
)  # fmt: skip
def test_it_is_a_program_with_events(tmp_path: Path, options: str, keys: list[str]) -> None:
    found, notes = listener(tmp_path, options)

    assert found == keys
    assert [note for note in notes if "process_name" not in note] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("events=EVENT\nresult_handler=a.b:c", "result_handler: left out"),
        ("events=EVENT\nstderr_events_enabled=true", "stderr_events_enabled: left out"),
        ("events=PROCESS_COMMUNICATION,EVENT", "events: PROCESS_COMMUNICATION left out"),
        ("events=EVENT\nbuffer_size=1000000", "buffer_size: it is 100000 now"),
    ],
)
def test_what_has_no_counterpart_is_noted(tmp_path: Path, options: str, said: str) -> None:
    _, notes = listener(tmp_path, options)

    assert len(notes) == 1
    assert f"[eventlistener:a] {said}" in notes[0]


def test_one_for_which_nothing_is_left_is_left_out(tmp_path: Path) -> None:
    keys, notes = listener(tmp_path, "events=PROCESS_COMMUNICATION_STDOUT")

    assert keys == []
    assert len(notes) == 2
    assert any("[eventlistener:a]: left out" in note for note in notes)


@pytest.mark.parametrize(
    "options",
    ["", "events=", "events=TICK_06", "events=EVENT\nbuffer_size=0",
     "events=EVENT\nredirect_stderr=true"],
)  # fmt: skip
def test_what_supervisord_refuses_is_refused(tmp_path: Path, options: str) -> None:
    with pytest.raises(Refused):
        listener(tmp_path, options)


def test_processes_with_numbers_of_their_own_are_pools_of_their_own(tmp_path: Path) -> None:
    options = "events=EVENT\nnumprocs=2\nprocess_name=%(process_num)x\ndirectory=/%(process_num)x"

    keys, notes = listener(tmp_path, options)

    assert keys.count("events: [EVENT]") == 2
    assert any("each of its 2 programs is told every event" in note for note in notes)


def test_a_program_whose_stderr_is_told_has_one_of_its_own(tmp_path: Path) -> None:
    assert program(tmp_path, "stderr_events_enabled=true") == (
        ["stderr: discard", "stderr_events: true"],
        [],
    )
    assert program(tmp_path, "stderr_events_enabled=true\nstderr_logfile=/tmp/e")[0] == [
        "stderr: /tmp/e",
        "stderr_events: true",
    ]
    assert program(tmp_path, "stderr_events_enabled=true\nredirect_stderr=true") == ([], [])
