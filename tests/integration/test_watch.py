"""`watch` at real terminals: in place, at any width and after a resize, over a restart."""

import re
import subprocess
from functools import partial

import pytest

from tests.integration.conftest import DEADLINE_SECONDS, Site, wait_for
from tests.integration.pane import check_golden, pane

PROGRAMS = """\
  web: {cmd: sleep 1000, starttime: 0, numprocs: 2}
  a-name-that-is-rather-long: {cmd: sleep 1000, starttime: 0}
  gone: {cmd: [sh, -c, 'exit 7'], autorestart: never, startretries: 0}
  nope: {cmd: /usr/bin/nope, startretries: 0}
  idle: {cmd: cat, autostart: false}"""


def settled(screen: str) -> str:
    """Replace pids, times and amounts by as many cells that do not change."""
    for pattern, stand_in in (
        (r"(?<=  ) *\d+(?=  +\d:\d\d:\d\d)", "PID"),
        (r"\d:\d\d:\d\d", "0:00:00"),
        (r" *\d+\.\d(?=  +[\d.]+[KM]|  +\d+$)", "0.0"),
        (r" *[\d.]+[KM]\b", "1.6M"),
        (r"after \d\.\d s", "after 0.0 s"),
    ):
        found = re.compile(pattern, re.MULTILINE)
        screen = found.sub(partial(_in_place, stand_in), screen)
    return screen


def _in_place(stand_in: str, match: re.Match[str]) -> str:
    return stand_in.rjust(len(match[0]))


@pytest.mark.parametrize(("columns", "rows"), [(60, 15), (80, 24), (200, 50)])
def test_it_is_as_it_was_looked_at(site: Site, columns: int, rows: int) -> None:
    site.start(PROGRAMS)
    site.wait_state("gone", "FATAL")
    site.wait_state("nope", "FATAL")
    words = [*site.client, "watch"]

    with pane(site.folder, words, site.environment, columns=columns, rows=rows) as it:
        screen = it.wait("Ctrl-C ends")

    check_golden(f"watch.{columns}x{rows}", settled(screen))


def test_it_goes_on_until_ctrl_c_over_resizes_and_restarts(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("gone", "FATAL")

    with pane(site.folder, [*site.client, "watch", "web", "idle"], site.environment) as it:
        it.wait("^2 RUNNING, 1 STOPPED; Ctrl-C ends$")
        it.resize(60, 5)
        screen = it.wait("^2 RUNNING, 1 STOPPED; 1 not shown; Ctrl-C ends$")
        assert screen.splitlines()[1].startswith("idle:0")
        it.resize(100, 30)
        it.wait("^NAME +STATE +PID")
        site.ctl("start", "idle")
        it.wait("^3 RUNNING; Ctrl-C ends$")
        assert it.screen.count("Ctrl-C ends") == 1
        site.ctl("shutdown")
        it.wait("no daemon answers|has closed the connection")
        assert site.daemon().returncode == 0
        it.wait("^2 RUNNING, 1 STOPPED; Ctrl-C ends$")
        it.keys("C-c")
        assert it.wait_end() == 0


def test_without_a_terminal_it_tells_what_changes(site: Site) -> None:
    site.start(PROGRAMS)
    words = [*site.client, "watch", "web:0", "idle"]
    watching = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=site.environment)
    assert watching.stdout is not None
    first = [watching.stdout.readline() for _ in range(2)]
    site.ctl("start", "idle")
    last = watching.stdout.readline()
    watching.terminate()
    watching.communicate(timeout=DEADLINE_SECONDS)

    assert [line.split()[:2] for line in first] == [["web:0", "RUNNING"], ["idle:0", "STOPPED"]]
    assert last.split()[0] == "idle:0"
    assert "\x1b" not in "".join(first)


def test_a_name_that_stands_for_nothing_ends_it_at_once(site: Site) -> None:
    site.start(PROGRAMS)
    wait_for(lambda: site.status("web:0")["pid"], "it")

    done = site.ctl("watch", "nope:7")

    assert (done.returncode, done.stderr) == (1, "nope:7: ERROR (no such process)\n")
