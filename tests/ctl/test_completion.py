"""What the shell offers where the cursor is."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from ctl import candidates
from ctl.candidates import Candidate, ranked
from ctl.commands import COMMANDS
from ctl.completion import ShellCompleter
from taskmaster.protocol.messages import ProcessStatus

NAMES = ["web:0", "web:1", "db:0"]
ALL_OF_THEM = ["web", "db", *NAMES, "all"]


def process(name: str, state: str, attached: int = 0) -> ProcessStatus:
    program, _, index = name.rpartition(":")
    pid = 7 if state in ("RUNNING", "STARTING", "STOPPING") else None
    return ProcessStatus(
        name, program, int(index), state, "", pid, None, 0.0, None, 0, attached, tries=4
    )


BACKING_OFF = [process(name, "BACKOFF") for name in NAMES]
"""What both may be started and may be stopped."""

MIXED = [
    process("up:0", "RUNNING"),
    process("up:1", "STOPPED"),
    process("down:0", "FATAL"),
    process("seen:0", "RUNNING", attached=1),
]


@dataclass
class Daemon:
    """Knows the states, and counts how often it was asked."""

    processes: list[ProcessStatus]
    questions: int = 0

    def ask(self) -> list[ProcessStatus]:
        self.questions += 1
        return self.processes


def meanings(text: str, processes: list[ProcessStatus] = MIXED) -> dict[str, str]:
    """What is offered, and what is said beside it."""
    completer = ShellCompleter(Daemon(processes).ask)
    found = completer.get_completions(Document(text), CompleteEvent())
    return {one.text: one.display_meta_text for one in found}


def offered(text: str, cursor: int | None = None) -> list[str]:
    """What a word could become, of all that is offered at the cursor."""
    document = Document(text, len(text) if cursor is None else cursor)
    completer = ShellCompleter(Daemon(BACKING_OFF).ask)
    found = completer.get_completions(document, CompleteEvent())
    return [document.text_before_cursor[: document.cursor_position + one.start_position] + one.text
            for one in found]  # fmt: skip


def words(text: str) -> list[str]:
    return [line.split(" ")[-1] for line in offered(text)]


@pytest.mark.parametrize("text", ["", "  ", "help "])
def test_commands_come_first_and_behind_help(text: str) -> None:
    assert words(text) == list(COMMANDS)


def test_what_is_typed_is_replaced_by_the_whole_word() -> None:
    assert offered("re") == [name for name in COMMANDS if name.startswith("re")]
    assert offered("stop d") == ["stop db", "stop db:0"]
    assert offered("stop web:") == ["stop web:0", "stop web:1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("start ", {"up": "1 STOPPED", "down": "1 FATAL", "up:1": "STOPPED", "down:0": "FATAL",
                    "all": "1 STOPPED, 1 FATAL"}),
        ("stop ", {"up": "1 RUNNING", "seen": "1 RUNNING", "up:0": "RUNNING",
                   "seen:0": "RUNNING", "all": "2 RUNNING"}),
        ("restart u", {"up": "1 RUNNING", "up:0": "RUNNING"}),
        ("attach ", {"up:0": "RUNNING", "seen:0": "RUNNING"}),
        ("attach --take ", {"up:0": "RUNNING", "seen:0": "RUNNING"}),
        ("detach ", {"seen:0": "RUNNING"}),
        ("status u", {"up": "1 RUNNING, 1 STOPPED", "up:0": "RUNNING", "up:1": "STOPPED"}),
        ("attach --ta", {"--take": "put everybody else out"}),
        ("wait --state F", {"FATAL": ""}),
        ("notify ", {"on": "", "off": ""}),
    ],
)  # fmt: skip
def test_what_fits_is_offered_with_its_state(text: str, expected: dict[str, str]) -> None:
    assert meanings(text) == expected


def test_a_recording_goes_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "one.cast").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / ".hidden").touch()

    assert list(meanings("record ")) == ["up:0", "seen:0"]
    assert meanings("record up:0 of") == {"off": "end the recording"}
    assert list(meanings(f"record up:0 {tmp_path}/o")) == [
        f"{tmp_path}/one.cast",
        f"{tmp_path}/other/",
    ]
    assert list(meanings("record up:0 /no/such/folder/")) == []


def test_letters_in_order_are_enough_and_the_closest_come_first() -> None:
    assert list(meanings("stop p0")) == ["up:0"]
    names = [Candidate(name) for name in ("northgate:1", "nginx:1", "nginx:0", "other")]
    assert [one.text for one in ranked("ng1", names)] == ["nginx:1", "northgate:1"]
    assert [one.text for one in ranked("NG", names)] == ["nginx:1", "nginx:0", "northgate:1"]
    assert ranked("zz", names) == []


def test_what_stands_behind_the_cursor_does_not_matter() -> None:
    assert offered("sta web", cursor=3) == ["status", "start"]
    assert offered("stop d eb", cursor=6) == ["stop db", "stop db:0"]


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "clear", "pid"])
def test_programs_processes_and_all_can_be_named(command: str) -> None:
    assert words(f"{command} ") == ALL_OF_THEM
    assert words(f"{command} web:0 ") == [name for name in ALL_OF_THEM if name != "web:0"]


@pytest.mark.parametrize("command", ["why", "tail", "screen"])
def test_where_one_process_is_needed_only_processes_are_offered(command: str) -> None:
    assert words(f"{command} ") == NAMES


@pytest.mark.parametrize("text", ["tail web:0 ", "tail -f web:0 ", "tail -100 web:0 std"])
def test_a_tail_goes_on_with_the_stream(text: str) -> None:
    assert words(text) == ["stdout", "stderr"]


def test_a_signal_comes_before_the_names() -> None:
    assert words("signal HU") == ["HUP"]
    assert {"KILL", "TERM", "USR1"} <= set(words("signal "))
    assert list(meanings("signal HUP ")) == ["up", "seen", "up:0", "seen:0", "all"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("attach -", ["--read-only", "--take", "--detach-key"]),
        ("attach --r", ["--read-only"]),
        ("tail -", ["-f"]),
        ("maintail -", ["-f"]),
        ("stop -", []),
    ],
)
def test_options_are_offered_behind_a_dash(text: str, options: list[str]) -> None:
    assert words(text) == options


@pytest.mark.parametrize(
    "text", ["reload ", "maintail ", "exit ", "nonsense ", "nonsense w", "zzz"]
)
def test_where_nothing_can_stand_nothing_is_offered(text: str) -> None:
    assert offered(text) == []


def test_the_daemon_is_asked_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = (0.0, 0.5, 0.9, 1.0, 1.5, 2.0)
    monkeypatch.setattr(candidates, "time", SimpleNamespace(monotonic=iter(looks).__next__))
    daemon = Daemon(BACKING_OFF)
    completer = ShellCompleter(daemon.ask)
    questions = []

    for _ in looks:
        found = completer.get_completions(Document("stop "), CompleteEvent())
        assert [one.text for one in found] == ALL_OF_THEM
        questions.append(daemon.questions)

    assert questions == [1, 1, 1, 2, 2, 3]


def test_the_daemon_is_not_asked_where_no_name_can_stand() -> None:
    daemon = Daemon(BACKING_OFF)

    for text in ("st", "help ", "signal ", "tail -", "reload "):
        list(ShellCompleter(daemon.ask).get_completions(Document(text), CompleteEvent()))

    assert daemon.questions == 0


def test_groups_complete_where_several_can_be_named() -> None:
    completer = ShellCompleter(Daemon(MIXED).ask, lambda: ["site"])
    told = {}
    for text in ("stop si", "attach si", "stop site si"):
        found = completer.get_completions(Document(text), CompleteEvent())
        told[text] = [(one.text, one.display_meta_text) for one in found]
    assert told == {"stop si": [("site", "a group")], "attach si": [], "stop site si": []}
