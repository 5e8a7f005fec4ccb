"""The examples, and what the README shows, are configs that pass every check."""

import os
import re
from pathlib import Path

import pytest

from taskmaster.config.load import load
from taskmaster.config.model import AutoRestart
from tests.taskmaster.config import verdicts

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_good_config(path: Path) -> None:
    loaded = load(str(path), os.environ)

    assert loaded.config.programs


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_shows_good_configs(page: Path, tmp_path: Path) -> None:
    """Checked by the daemon's own reader, and by the schema that editors have."""
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL):
        path = tmp_path / "c.yaml"
        path.write_text(block)

        config = load(str(path), os.environ).config

        assert config.programs or config.alerts
        assert verdicts.refusals(block) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_links_to_what_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


SUBJECT = """\
programs:
  nginx:
    cmd: "/usr/local/bin/nginx -c /etc/nginx/test.conf"
    numprocs: 1
    umask: 022
    workingdir: /tmp
    autostart: true
    autorestart: unexpected
    exitcodes:
      - 0
      - 2
    startretries: 3
    starttime: 5
    stopsignal: TERM
    stoptime: 10
    stdout: /tmp/nginx.stdout
    stderr: /tmp/nginx.stderr
    env:
      STARTED_BY: taskmaster
      ANSWER: 42
  vogsphere:
    cmd: "/usr/local/bin/vogsphere-worker --no-prefork"
    numprocs: 8
    umask: 077
    workingdir: /tmp
    autostart: true
    autorestart: unexpected
    exitcodes: 0
    startretries: 3
    starttime: 5
    stopsignal: USR1
    stoptime: 10
    stdout: /tmp/vgsworker.stdout
    stderr: /tmp/vgsworker.stderr
"""


def test_the_subject_s_config_works_as_printed(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(SUBJECT)

    programs = load(str(path), os.environ).config.programs

    nginx, vogsphere = programs["nginx"], programs["vogsphere"]
    assert (nginx.umask, vogsphere.umask) == (0o022, 0o077)
    assert (nginx.exitcodes, vogsphere.exitcodes) == (frozenset({0, 2}), frozenset({0}))
    assert nginx.environment == (("STARTED_BY", "taskmaster"), ("ANSWER", "42"))
    assert (vogsphere.numprocs, vogsphere.stopsignal) == (8, 10)
    assert (nginx.starttime, nginx.stoptime, nginx.startretries) == (5, 10, 3)
    assert nginx.autorestart is AutoRestart.UNEXPECTED
