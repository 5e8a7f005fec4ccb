"""The pane that others are tested in shows what is there."""

from pathlib import Path

from tests.integration.pane import pane


def test_a_command_is_typed_into_and_looked_at(tmp_path: Path) -> None:
    with pane(
        tmp_path, ["sh"], {"PS1": "at> ", "PATH": "/usr/bin:/bin"}, columns=60, rows=15
    ) as it:
        it.wait("^at>")
        it.enter("stty size; printf '\\033[31mred\\033[m %s\\n' \"$TERM\"")
        it.wait("^15 60$")
        it.wait("^red tmux-256color$")
        assert "\x1b[31mred" in it.coloured
        it.resize(80, 24)
        it.enter("clear; stty size")
        it.wait("^24 80$")
        it.wait_gone("red")
        it.enter("exit 3")
        assert it.wait_end() == 3
