"""Orders at a terminal: a line as each process is settled, and Ctrl-C that harms nothing."""

import os
import re
import signal

from tests.integration.conftest import Site, wait_for
from tests.integration.pane import pane

PROGRAMS = """\
  quick: {cmd: sleep 1000, starttime: 0, numprocs: 3}
  stubborn: {cmd: [sh, -c, 'trap "" TERM; echo trapped; while :; do sleep 0.1; done'],
             starttime: 0, stoptime: 3000}"""


def started(site: Site) -> None:
    site.start(PROGRAMS)
    trapped = site.ctl("wait", "--text", "trapped", "stubborn")
    assert trapped.returncode == 0, trapped.stderr


def test_each_is_told_as_it_is_settled_and_who_is_awaited_below(site: Site) -> None:
    started(site)

    with pane(site.folder, [*site.client, "stop", "all"], site.environment) as it:
        screen = it.wait(r"^stop: 3 of 4; waiting for stubborn:0$")
        told = re.findall(r"^quick:\d: stopped$", screen, re.MULTILINE)
        os.kill(site.status("stubborn")["pid"], signal.SIGKILL)
        assert it.wait_end() == 0
        history = it.history

    assert sorted(told) == [f"quick:{index}: stopped" for index in range(3)]
    assert re.search("^stubborn:0: stopped$", history, re.MULTILINE)
    assert "waiting for" not in history


def test_ctrl_c_leaves_the_order_to_the_daemon(site: Site) -> None:
    started(site)

    with pane(site.folder, [*site.client, "stop", "all"], site.environment) as it:
        it.wait("waiting for stubborn:0")
        it.keys("C-c")
        assert it.wait_end() == 130
        assert "interrupted; what was ordered goes on in the daemon" in it.history

    assert site.status("stubborn")["state"] == "STOPPING"
    os.kill(site.status("stubborn")["pid"], signal.SIGKILL)
    site.wait_state("stubborn", "STOPPED")


def test_a_core_that_dies_meanwhile_makes_no_line_come_twice(site: Site) -> None:
    started(site)

    with pane(site.folder, [*site.client, "stop", "all"], site.environment) as it:
        it.wait("waiting for stubborn:0")
        (core,) = re.findall(r"core (\d+)", site.events())[:1]
        os.kill(int(core), signal.SIGKILL)
        wait_for(lambda: "takes over" in site.events(), "another core")
        site.wait_state("stubborn", "STOPPING")
        os.kill(site.status("stubborn")["pid"], signal.SIGKILL)
        assert it.wait_end() == 0
        history = it.history

    for name in ("quick:0", "quick:1", "quick:2", "stubborn:0"):
        assert history.count(f"{name}: stopped") == 1


def test_a_script_gets_the_lines_that_it_knows(site: Site) -> None:
    site.start("  quick: {cmd: sleep 1000, starttime: 0, numprocs: 2}")

    done = site.ctl("stop", "quick:0", "nope", "quick:1")

    assert done.stdout == "quick:0: stopped\nquick:1: stopped\nnope: ERROR (no such process)\n"
    assert done.returncode == 1
