"""The control shell as it looks: completion with states, the line at the bottom, news, Ctrl-R."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.integration.conftest import Site, kill_core, wait_for
from tests.integration.pane import Pane, check_golden, pane
from tests.integration.test_watch import settled

PROGRAMS = """\
  nginx: {cmd: sleep 1000, starttime: 0, numprocs: 2}
  worker: {cmd: sleep 1000, starttime: 0, autorestart: never}
  idle: {cmd: cat, autostart: false}
  nope: {cmd: /usr/bin/nope, startretries: 0}"""


@contextmanager
def shell(site: Site, columns: int = 80, rows: int = 24) -> Iterator[Pane]:
    site.start(PROGRAMS)
    site.wait_state("nope", "FATAL")
    with pane(site.folder, site.client, site.environment, columns=columns, rows=rows) as it:
        it.wait("^taskmaster>")
        it.wait("^ 3 RUNNING")
        yield it


@pytest.mark.parametrize(("columns", "rows"), [(60, 15), (80, 24), (200, 50)])
def test_it_is_as_it_was_looked_at(site: Site, columns: int, rows: int) -> None:
    with shell(site, columns, rows) as it:
        it.type("start ")
        it.keys("Tab")
        screen = it.wait("^ +nope:0 +FATAL(.|\\n)*^ 3 RUNNING")

    screen = settled(screen).replace(str(site.folder), "/FOLDER")
    screen = re.sub(r"/FOLDER.*|\S*pytest-.*|/tmp/.*", "SOCKET", screen)
    check_golden(f"shell.{columns}x{rows}", screen)


@pytest.fixture
def prompt(site: Site) -> Iterator[Pane]:
    with shell(site, 160, 40) as it:
        yield it


def test_news_come_above_what_is_typed_unless_they_are_silenced(prompt: Pane, site: Site) -> None:
    prompt.type("status wor")
    os.kill(site.status("worker")["pid"], signal.SIGKILL)
    prompt.wait(r"^\[\d\d:\d\d:\d\d exited: worker:0 \(terminated by SIGKILL; not expected")
    prompt.wait(r"^taskmaster> status wor$")
    prompt.wait("^ 2 RUNNING .*1 EXITED")
    prompt.keys("C-u")

    prompt.enter("notify off")
    prompt.enter("notify maybe")
    prompt.wait("notify: it needs on or off")
    prompt.enter("start nope")
    prompt.wait("nope:0: ERROR")
    assert "spawnerr" not in prompt.screen
    prompt.enter("notify on")
    prompt.enter("start nope")
    prompt.wait(r"^\[\d\d:\d\d:\d\d spawnerr: nope:0: cannot start")


def test_ctrl_r_finds_an_earlier_line(prompt: Pane) -> None:
    prompt.enter("pid nginx:1")
    prompt.wait(r"^\d+$")
    prompt.enter("version")
    prompt.wait("^taskmasterd ")
    prompt.keys("C-r")
    prompt.type("ngin")
    prompt.wait("reverse.*ngin.*pid nginx:1|pid nginx:1(.|\n)*search")
    prompt.keys("Enter")
    prompt.wait("^taskmaster> pid nginx:1$")
    prompt.keys("Enter")
    wait_for(lambda: len(re.findall(r"^\d+$", prompt.screen, re.MULTILINE)) == 2, "it once more")


def test_letters_in_order_complete(prompt: Pane) -> None:
    prompt.type("stop nx1")
    prompt.keys("Tab")
    prompt.wait("^taskmaster> stop nginx:1")


def test_a_daemon_that_goes_and_comes_is_a_line_at_the_bottom(prompt: Pane, site: Site) -> None:
    prompt.type("typed meanwhile")
    assert site.ctl("shutdown").returncode == 0
    prompt.wait("no daemon answers")
    assert site.daemon().returncode == 0
    prompt.wait("^ 3 RUNNING")
    kill_core(site)
    prompt.type(", and still")
    screen = prompt.wait("^taskmaster> typed meanwhile, and still$")
    prompt.wait("^ 3 RUNNING")
    assert "Traceback" not in screen + prompt.history
