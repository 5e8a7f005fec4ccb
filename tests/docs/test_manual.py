"""The manual pages are read without a warning, and tell of everything that there is."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctl.commands import COMMANDS
from docs.blocks import Code, Heading, Paragraph, Terms, markdown, roff
from docs.events import event_lines
from docs.facts import CLIENT_STATUSES, VARIABLES
from docs.made import ROOT
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS

PAGES = sorted((ROOT / "docs/man").iterdir())


def read(path: Path) -> str:
    """What man shows of a page; what it complains of fails."""
    done = subprocess.run(
        ["man", "--warnings=w", "-P", "cat", "-l", str(path)],
        env={
            "PATH": "/usr/bin:/bin",
            "MANWIDTH": "200",
            "LC_ALL": "C.UTF-8",
            "MAN_KEEP_FORMATTING": "",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_is_read_without_a_warning(path: Path) -> None:
    shown = read(path)

    assert "NAME" in shown
    assert "SEE ALSO" in shown
    assert "`" not in shown


def test_every_key_and_every_command_is_in_its_page() -> None:
    config, client = (
        read(ROOT / "docs/man/taskmaster.yaml.5"),
        read(ROOT / "docs/man/taskmasterctl.1"),
    )

    for name in (*PROGRAM_KEYS, *SETTING_KEYS):
        assert re.search(rf"^\s+{name}\b", config, re.MULTILINE), name
    for command in COMMANDS.values():
        assert command.usage in client


def constants(prefix: str) -> Iterator[int]:
    for path in sorted((ROOT / "ctl").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
                name, value = getattr(node.target, "id", ""), node.value.value
                if name.lstrip("_").startswith(prefix) and isinstance(value, int):
                    yield value


def test_every_exit_status_of_the_client_is_told() -> None:
    assert set(constants("EXIT_")) == set(CLIENT_STATUSES)


def test_every_variable_of_ours_is_told() -> None:
    told = " ".join(VARIABLES)
    for path in [*(ROOT / "ctl").rglob("*.py"), *(ROOT / "taskmaster").rglob("*.py")]:
        for name in re.findall(r"[\"'](TASKMASTER_[A-Z_]+)[\"'=]", path.read_text()):
            assert name in told, f"{path}: {name} is not in docs/facts.py"


def test_lines_of_the_event_log_are_found() -> None:
    texts = [line.text for line in event_lines(ROOT / "taskmaster")]

    assert "spawned: 'NAME' with pid PID" in texts
    assert "attached: NAME (CLIENT)" in texts
    assert len(texts) > 50


BLOCKS = (
    Heading("A `b`"),
    Paragraph(".dot 'quote' \\back **strong** `co-de`"),
    Code(".x\n'y\n\na-b"),
    Terms(("a", "b"), [("`t|u`", ".m")]),
)


def test_a_text_is_the_same_in_both_forms(tmp_path: Path) -> None:
    """Dots and quotes at the beginning of a line are orders to roff, backslashes its escapes."""
    page = tmp_path / "x.1"
    page.write_text(roff("x", 1, BLOCKS))

    shown = read(page)

    for text in (".dot 'quote' \\back strong co-de", ".x\n", "'y\n", "a-b", "t|u", ".m"):
        assert text in shown, text
    assert "| `t\\|u` | .m |" in markdown(BLOCKS)
