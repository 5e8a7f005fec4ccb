"""The scripts of `completion` in real shells; they are silent without a daemon."""

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import Site
from tests.integration.pane import Pane, pane

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "--no-config"],
}
LOADED = {
    "bash": "source <(taskmasterctl completion bash)",
    "zsh": "autoload -U compinit && compinit -u && source <(taskmasterctl completion zsh)",
    "fish": "taskmasterctl completion fish | source",
}
PROGRAMS = """\
  web: {cmd: sleep 1000, starttime: 0, numprocs: 2}
  vogsphere: {cmd: cat, autostart: false}"""


@contextmanager
def shell(site: Site, name: str) -> Iterator[Pane]:
    """A shell that finds a taskmasterctl, with the script loaded."""
    folder = site.folder / "bin"
    folder.mkdir()
    (folder / "taskmasterctl").write_text(f'#!/bin/sh\nexec {shlex.join(site.client)} "$@"\n')
    (folder / "taskmasterctl").chmod(0o755)
    environment = site.environment | {"PATH": f"{folder}:{os.environ['PATH']}", "PS1": "> "}
    path = shutil.which(SHELLS[name][0])
    assert path is not None, f"{name} is not installed"
    words = ["env", f"PATH={environment['PATH']}", path, *SHELLS[name][1:]]
    with pane(site.folder, words, environment, columns=100, rows=30) as it:
        it.wait(r"[>#$%] *$")
        it.enter(f"{LOADED[name]}; clear; echo loa''ded")
        it.wait("^loaded")
        yield it


@pytest.mark.parametrize("name", SHELLS)
def test_commands_names_and_options_complete(site: Site, name: str) -> None:
    site.start(PROGRAMS)

    with shell(site, name) as it:
        for typed, completed in (
            ("taskmasterctl resta", "taskmasterctl restart"),
            ("taskmasterctl start vog", "taskmasterctl start vogsphere"),
            ("taskmasterctl attach --ta", "taskmasterctl attach --take"),
        ):
            it.type(typed)
            it.keys("Tab")
            it.wait(completed)
            it.keys("C-c")
        it.type("taskmasterctl stop web:1")
        it.keys("Tab")
        it.wait("taskmasterctl stop web:1")
        it.keys("Enter")
        it.wait("^web:1: stopped")
        it.type("taskmasterctl attach web:")
        it.keys("Tab")
        it.wait("attach web:0")


@pytest.mark.parametrize("name", SHELLS)
def test_without_a_daemon_it_is_silent(site: Site, name: str) -> None:
    with shell(site, name) as it:
        it.type("taskmasterctl attach web")
        it.keys("Tab")
        it.type("-nothing-came")
        screen = it.wait("attach web-nothing-came")

    assert "daemon" not in screen


def test_what_the_scripts_call(site: Site, tmp_path: Path) -> None:
    site.start(PROGRAMS)

    assert site.ctl("complete", "--", "start", "").stdout.splitlines() == [
        "vogsphere\t1 STOPPED",
        "vogsphere:0\tSTOPPED",
        "all\t1 STOPPED",
    ]
    assert site.ctl("complete", "--", "--js").stdout.startswith("--json\t")
    elsewhere = site.ctl("complete", "--", "-s", str(tmp_path / "none"), "start", "")
    assert (elsewhere.stdout, elsewhere.stderr, elsewhere.returncode) == ("all\n", "", 0)
    assert site.ctl("completion", "tcsh").returncode == 2
