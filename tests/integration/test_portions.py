"""`update`, `add`, `remove`, `avail`: parts of a changed config, for our own client."""

import json

import pytest

from ctl import quick
from ctl.connection import Connection
from ctl.context import Context
from tests.integration.conftest import Site, wait_for

FIRST = """
  web: {cmd: sleep 1000, starttime: 0}
  db: {cmd: sleep 1000, starttime: 0}
  old: {cmd: sleep 1000, starttime: 0}
  cron: {cmd: sleep 1000, starttime: 0}
groups: {site: [web, db]}
"""
SECOND = """
  web: {cmd: sleep 1001, starttime: 0}
  db: {cmd: sleep 1000, starttime: 0, stopsignal: INT}
  cron: {cmd: sleep 1001, starttime: 0}
  fresh: {cmd: sleep 1000, starttime: 0, numprocs: 2}
  late: {cmd: sleep 1000, autostart: false, priority: 5}
groups: {site: [web, db], more: [late, fresh]}
"""


def pids(site: Site) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in json.loads(site.ctl("--json", "status").stdout)}


@pytest.fixture
def changed(site: Site) -> dict[str, int]:
    """A daemon with the first config, whose file holds the second one; the pids it had."""
    site.start(FIRST)
    for name in ("web", "db", "old", "cron"):
        site.wait_state(name, "RUNNING")
    before = pids(site)
    site.write(SECOND)
    return before


def test_an_update_of_a_group_touches_no_other(site: Site, changed: dict[str, int]) -> None:
    done = site.ctl("update", "site")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "site: updated process group",
        "web: restarted (cmd)",
        "db: updated (stopsignal)",
    ]
    wait_for(lambda: pids(site)["web:0"] not in (None, changed["web:0"]), "a new web")
    assert {n: p for n, p in pids(site).items() if n != "web:0"} == {
        n: p for n, p in changed.items() if n != "web:0"
    }
    assert site.ctl("update", "site").stdout == "nothing changed\n"


def test_an_update_of_a_program_brings_and_removes_it(site: Site, changed: dict[str, int]) -> None:
    answers = [site.ctl("update", *names).stdout for names in (["fresh"], ["old"], ["more"])]

    assert answers == [
        "more: added process group\n",
        "old: removed process group\n",
        "more: updated process group\nlate: added\n",
    ]
    assert set(pids(site)) >= {"fresh:0", "fresh:1", "late:0", "cron:0"}
    wait_for(lambda: "old:0" not in pids(site), "the end of old")
    assert pids(site)["cron:0"] == changed["cron:0"]


def test_an_update_of_everything_is_a_reload(site: Site, changed: dict[str, int]) -> None:
    done = site.ctl("update")

    assert done.stdout.splitlines() == [
        "old: removed process group",
        "cron: updated process group",
        "site: updated process group",
        "web: restarted (cmd)",
        "cron: restarted (cmd)",
        "db: updated (stopsignal)",
        "more: added process group",
    ]
    assert pids(site)["db:0"] == changed["db:0"]
    assert site.ctl("reread").stdout == "nothing would change\n"


def test_what_is_unknown_or_broken_changes_nothing(site: Site, changed: dict[str, int]) -> None:
    unknown = site.ctl("update", "cron", "nosuch")
    site.write("  web: {numprocs: two}")
    unnamed = site.ctl("add")
    broken = [site.ctl(*words) for words in (["update"], ["update", "web"], ["add", "web"])]

    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "nosuch: ERROR (no such process/group)\nnothing was changed\n"
    assert unnamed.returncode == 2
    assert unnamed.stderr.startswith("add: it needs the name of a program or of a group\n")
    assert [done.returncode for done in broken] == [1, 1, 1]
    assert all("expected a whole number" in done.stderr for done in broken)
    assert pids(site) == changed


def test_what_is_new_is_added_and_what_is_stopped_is_removed(
    site: Site, changed: dict[str, int]
) -> None:
    added = site.ctl("add", "more", "cron", "nosuch")
    running = site.ctl("remove", "cron", "nosuch")
    site.ctl("stop", "cron", "site")
    removed = site.ctl("remove", "cron", "db")

    assert added.returncode == running.returncode == 1
    assert removed.returncode == 0
    assert added.stdout.splitlines() == [
        "more: added process group",
        "cron: ERROR (already active)",
        "nosuch: ERROR (no such process/group)",
    ]
    assert running.stdout.splitlines() == [
        "cron: ERROR (still running; `stop cron` stops it)",
        "nosuch: ERROR (no such process/group)",
    ]
    assert removed.stdout == "cron: removed process group\ndb: removed process group\n"
    assert set(pids(site)) == {"web:0", "old:0", "fresh:0", "fresh:1", "late:0"}
    assert pids(site)["web:0"] is None
    again = site.ctl("add", "cron", "db")
    assert again.returncode == 0
    assert site.status("site:db")["name"] == "db:0"


def test_what_is_configured_is_listed(site: Site, changed: dict[str, int]) -> None:
    lines = site.ctl("avail").stdout.splitlines()
    told = json.loads(site.ctl("--json", "avail").stdout)

    assert lines == [
        "web:0       in use    auto      999",
        "db:0        in use    auto      999",
        "cron:0      in use    auto      999",
        "fresh:0     avail     auto      999",
        "fresh:1     avail     auto      999",
        "late:0      avail     manual    5",
    ]
    assert [one["group"] for one in told] == ["site", "site", "cron", "more", "more", "more"]
    assert pids(site) == changed


def test_a_reload_leaves_nothing_to_take_over(site: Site, changed: dict[str, int]) -> None:
    site.ctl("avail")
    assert site.ctl("reload").returncode == 0

    assert site.ctl("add", "fresh").stdout == "fresh: ERROR (already active)\n"
    assert site.ctl("update").stdout == "nothing changed\n"


def test_the_names_of_groups_are_told(site: Site) -> None:
    site.start(FIRST)
    context = Context(lambda: Connection(str(site.socket)))

    assert quick.groups(context.connect) == ["site"]
    site.write(SECOND)
    assert quick.groups(context.connect) == ["site"]
    site.ctl("update", "more")
    assert quick.groups(context.connect) == ["site", "more"]


def test_words_of_supervisorctl_on_the_command_line(site: Site) -> None:
    site.start(FIRST)
    site.wait_state("web", "RUNNING")
    url = [*site.client[:-1], f"unix://{site.socket}"]

    status = site._run([*url, "status"], "")
    signalled = site._run([*url, "signal CONT", "web:0"], "")
    refused = [site._run([*site.client, *words, "status"], "") for words in
               (["-c", "/etc/x.conf"], ["-u", "me"], ["-p", "secret"])]  # fmt: skip

    assert status.returncode == 0
    assert signalled.stdout == "web:0: signalled\n"
    assert [done.returncode for done in refused] == [2, 2, 2]
    assert "-c is supervisorctl's: there is no config file" in refused[0].stderr
    assert "secret" not in refused[2].stderr
