"""What is down stays down: neither a reload nor another core starts what a person has stopped."""

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.integration.conftest import Site, core_of, kill_core, wait_for

PROGRAMS = (
    "  up: {cmd: sleep 1000, starttime: 0, autorestart: always}\n"
    "  stopped: {cmd: sleep 1000, starttime: 0, autorestart: always, autostart: yes}\n"
    "  waited: {cmd: [sh, -c, exit 3], startretries: 1000, autorestart: always}\n"
    "  ended: {cmd: [sh, -c, exit 0], starttime: 0, autorestart: never}\n"
    "  failed: {cmd: /no/such/program, startretries: 0, autorestart: always}"
)
DOWN = {"stopped:0": "STOPPED", "waited:0": "STOPPED", "ended:0": "EXITED", "failed:0": "FATAL"}


def reload(site: Site) -> None:
    assert site.ctl("reload").returncode == 0


def reload_all_of_it_changed(site: Site) -> None:
    """Also what a running process would be restarted for."""
    number = 7 + site.events().count("reload: stopped: ")
    changed = f"{{env: {{A: a{number}}}, stoptime: {number}, priority: {number}, cmd"
    site.write(PROGRAMS.replace("{cmd", changed).replace("never", "unexpected"))
    assert "stopped" in site.ctl("reload").stdout


def hang_up(site: Site) -> None:
    before = site.events().count("reload: ")
    os.kill(site.pid, signal.SIGHUP)
    wait_for(lambda: site.events().count("reload: ") > before, "the reload")


def kill(site: Site) -> None:
    core = kill_core(site)
    wait_for(lambda: core_of(site) not in (0, core), "another core")


def upgrade(site: Site) -> None:
    assert site.ctl("upgrade").returncode == 0


@pytest.mark.parametrize(
    "occasion", [reload, reload_all_of_it_changed, hang_up, kill, upgrade], ids=lambda f: f.__name__
)
def test_what_is_down_stays_down(site: Site, occasion: Callable[[Site], None]) -> None:
    """Peers started on a reload, or on their own restart, what somebody had stopped by hand."""
    site.start(PROGRAMS)
    site.wait_state("waited", "BACKOFF")
    site.wait_state("ended", "EXITED")
    site.wait_state("failed", "FATAL")
    assert site.ctl("stop", "stopped", "waited").returncode == 0
    before = _starts(site)

    for _ in range(2):
        occasion(site)

    # Whoever decides has been through all of them when it has started again what is to be up.
    pid = site.wait_state("up", "RUNNING")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: site.status("up")["pid"] not in (None, pid), "another process")
    told = json.loads(site.ctl("--json", "status", *DOWN).stdout)
    assert {one["name"]: one["state"] for one in told} == DOWN
    assert _starts(site) == before


def _starts(site: Site) -> dict[str, int]:
    events = site.events()
    return {
        name: sum(events.count(f"{word}{name}") for word in ("spawned: '", "spawnerr: "))
        for name in DOWN
    }
