"""What the shell offers where the cursor is."""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from ctl import completion
from ctl.commands import COMMANDS
from ctl.completion import ShellCompleter

NAMES = ["web:0", "web:1", "db:0"]
ALL_OF_THEM = ["web", "db", *NAMES, "all"]


@dataclass
class Daemon:
    """Knows the names, and counts how often it was asked."""

    questions: int = 0

    def names(self) -> list[str]:
        self.questions += 1
        return [*NAMES]


def offered(text: str, cursor: int | None = None) -> list[str]:
    """What a word could become, of all that is offered at the cursor."""
    document = Document(text, len(text) if cursor is None else cursor)
    completer = ShellCompleter(Daemon().names)
    found = completer.get_completions(document, CompleteEvent())
    return [document.text_before_cursor[: document.cursor_position + one.start_position] + one.text
            for one in found]  # fmt: skip


def words(text: str) -> list[str]:
    return [line.split(" ")[-1] for line in offered(text)]


@pytest.mark.parametrize("text", ["", "  ", "help "])
def test_commands_come_first_and_behind_help(text: str) -> None:
    assert words(text) == list(COMMANDS)


def test_what_is_typed_is_replaced_by_the_whole_word() -> None:
    assert offered("re") == ["restart", "record", "reload", "reread", "remove", "relay"]
    assert offered("stop d") == ["stop db", "stop db:0"]
    assert offered("stop web:") == ["stop web:0", "stop web:1"]


def test_what_stands_behind_the_cursor_does_not_matter() -> None:
    assert offered("sta web", cursor=3) == ["status", "start"]
    assert offered("stop d eb", cursor=6) == ["stop db", "stop db:0"]


@pytest.mark.parametrize("command", ["status", "start", "stop", "restart", "clear", "pid"])
def test_programs_processes_and_all_can_be_named(command: str) -> None:
    assert words(f"{command} ") == ALL_OF_THEM
    assert words(f"{command} web:0 ") == ALL_OF_THEM


@pytest.mark.parametrize("command", ["attach", "tail"])
def test_where_one_process_is_needed_only_processes_are_offered(command: str) -> None:
    assert words(f"{command} ") == NAMES


@pytest.mark.parametrize("text", ["tail web:0 ", "tail -f web:0 ", "tail -100 web:0 std"])
def test_a_tail_goes_on_with_the_stream(text: str) -> None:
    assert words(text) == ["stdout", "stderr"]


def test_a_signal_comes_before_the_names() -> None:
    assert words("signal HU") == ["HUP"]
    assert {"KILL", "TERM", "USR1"} <= set(words("signal "))
    assert words("signal HUP ") == ALL_OF_THEM


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


@pytest.mark.parametrize("text", ["reload ", "maintail ", "exit ", "nonsense ", "nonsense w", "zz"])
def test_where_nothing_can_stand_nothing_is_offered(text: str) -> None:
    assert offered(text) == []


def test_the_daemon_is_asked_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = (0.0, 0.5, 0.9, 1.0, 1.5, 2.0)
    monkeypatch.setattr(completion, "time", SimpleNamespace(monotonic=iter(looks).__next__))
    daemon = Daemon()
    completer = ShellCompleter(daemon.names)
    questions = []

    for _ in looks:
        found = completer.get_completions(Document("stop "), CompleteEvent())
        assert [one.text for one in found] == ALL_OF_THEM
        questions.append(daemon.questions)

    assert questions == [1, 1, 1, 2, 2, 3]


def test_the_daemon_is_not_asked_where_no_name_can_stand() -> None:
    daemon = Daemon()

    for text in ("st", "help ", "signal ", "tail -", "reload "):
        list(ShellCompleter(daemon.names).get_completions(Document(text), CompleteEvent()))

    assert daemon.questions == 0
