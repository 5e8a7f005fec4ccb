"""`why`: the story of real processes, as text and as JSON, also over the death of a core."""

import json
import os
import pwd
import signal
from typing import Any

from tests.integration.conftest import Site, core_of, kill_core, wait_for

PROGRAMS = """\
  web: {cmd: [sh, -c, 'echo hello from $TASKMASTER_PROCESS; exec sleep 1000'], starttime: 0.1}
  bad: {cmd: [sh, -c, 'echo no luck >&2; exit 7'], startretries: 1, stderr: bad.err}"""


def story(site: Site, name: str) -> dict[str, Any]:
    done = site.ctl("--json", "why", name)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def told(site: Site, name: str) -> str:
    done = site.ctl("why", name)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_who_stopped_it_and_when(site: Site) -> None:
    site.start(PROGRAMS)
    site.ctl("stop", "web")

    now, text = story(site, "web"), told(site, "web")

    assert now["order"].startswith(f"stop ordered by uid {os.getuid()}, pid ")
    assert now["ordered_at"] >= now["ended_at"] - 60
    assert [line[20:].partition(" after")[0] for line in now["past"][-3:]] == [
        now["order"],
        "sent SIGTERM",
        "terminated by SIGTERM",
    ]
    assert "hello from web:0" in now["screen"]
    assert "web:0 is STOPPED, for 0:00:0" in text
    user = pwd.getpwuid(os.getuid()).pw_name
    assert f"last order stop ordered by {user}, 0:00:0" in text
    assert "  hello from web:0\n" in text


def test_why_it_did_not_come_up(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("bad", "FATAL")

    now, text = story(site, "bad"), told(site, "bad")

    assert now["reason"].startswith("exit status 7 after ")
    assert now["waits_for"] == "an order: it is given up after 2 tries"
    assert [line[20:].partition(" after")[0] for line in now["past"] if "exit" in line] == [
        "exit status 7"
    ] * 2
    assert now["past"][-1].endswith(" given up")
    assert now["errors"][-1] == "no luck"
    assert "on its standard error:\n" in text
    assert "it has never been RUNNING" in text


def test_a_kill_that_nobody_ordered_is_perhaps_for_memory_and_one_of_ours_is_not(
    site: Site,
) -> None:
    site.start(PROGRAMS)
    pid = site.status("web")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: (site.status("web")["pid"] or pid) != pid, "another one")

    (end,) = (line for line in story(site, "web")["past"] if "SIGKILL" in line)
    assert "not by us: perhaps out of memory" in end

    pid = site.status("web")["pid"]
    site.ctl("signal", "KILL", "web")
    wait_for(lambda: (site.status("web")["pid"] or pid) != pid, "another one")
    ends = [line[20:] for line in story(site, "web")["past"] if "SIGKILL" in line]
    assert ends[1].startswith(f"sent SIGKILL for uid {os.getuid()}")
    assert "not by us" not in ends[2]


def test_what_changed_since_it_ran_well_is_known_to_the_next_core_too(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("web", "RUNNING")
    before = story(site, "web")
    site.write(PROGRAMS.replace("'echo hello from $TASKMASTER_PROCESS; exec sleep 1000'", "nope"))
    site.ctl("reload")
    site.wait_state("web", "FATAL")
    core = kill_core(site)
    wait_for(lambda: core_of(site) not in (0, core), "another core")

    now = story(site, "web")

    assert now["changes"] == [
        "cmd: sh -c echo hello from $TASKMASTER_PROCESS; exec sleep 1000 became sh -c nope"
    ]
    assert now["past"][: len(before["past"])] == before["past"]
    assert any(line.endswith("restart ordered by a reload") for line in now["past"])
    assert "in its config, since it last ran:\n  cmd: " in told(site, "web")


def test_a_name_that_is_not_one_process_is_refused(site: Site) -> None:
    site.start(PROGRAMS)

    assert site.ctl("why", "nope").stderr.startswith("nope: ERROR (no such process)")
    assert site.ctl("why", "all").returncode == 1
    assert site.ctl("why").returncode == 2
