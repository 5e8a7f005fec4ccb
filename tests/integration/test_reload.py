"""A reload touches what changed and nothing else; a bad one touches nothing."""

import os
import signal

from tests.integration.conftest import Site, is_alive, wait_for


def test_only_what_changed_is_touched(site: Site) -> None:
    site.start(
        "  same: {cmd: sleep 1000}\n  policy: {cmd: sleep 1001}\n  command: {cmd: sleep 1002}\n"
        "  gone: {cmd: sleep 1003}\n  more: {cmd: sleep 1004}"
    )
    names = ("same:0", "policy:0", "command:0", "gone:0", "more:0")
    before = {name: site.wait_state(name, "RUNNING")["pid"] for name in names}
    site.write(
        "  same: {cmd: sleep 1000}\n  policy: {cmd: sleep 1001, stopsignal: INT, stdout: p.log}\n"
        "  command: {cmd: sleep 1009}\n  more: {cmd: sleep 1004, numprocs: 2}\n"
        "  new: {cmd: sleep 1005}"
    )

    report = site.ctl("reload").stdout

    assert report.splitlines() == [
        "gone: removed",
        "command: restarted (cmd)",
        "policy: updated (stopsignal, stdout)",
        "more: updated (numprocs 1 to 2)",
        "new: added",
    ]
    for name in ("new:0", "more:1", "command:0"):
        site.wait_state(name, "RUNNING")
    after = {name: site.status(name)["pid"] for name in names if name != "gone:0"}
    assert {name for name in after if after[name] != before[name]} == {"command:0"}
    wait_for(lambda: not is_alive(before["gone:0"]), "the removed one to end")
    wait_for(lambda: site.ctl("status", "gone").returncode == 4, "it to be forgotten")


def test_a_bad_config_changes_nothing(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000}")
    pid = site.wait_state("a", "RUNNING")["pid"]
    site.write("  a: {cmd: sleep 1001, numprocs: two}")

    answer = site.ctl("reload")

    assert answer.returncode == 1
    assert "programs.a.numprocs: expected a whole number" in answer.stderr
    assert answer.stderr.endswith("\nnothing was changed\n")
    assert site.status("a")["pid"] == pid


def test_sighup_reloads(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000}")
    site.write("  a: {cmd: sleep 1000}\n  b: {cmd: sleep 1001}")

    os.kill(site.pid, signal.SIGHUP)

    site.wait_event("reload: b: added")
    site.wait_state("b", "RUNNING")


def test_what_was_stopped_by_hand_stays_stopped(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    site.ctl("stop", "a")
    site.write("  a: {cmd: sleep 1001, starttime: 0}")

    site.ctl("reload")

    assert site.status("a")["state"] == "STOPPED"
    site.ctl("start", "a")
    assert site.status("a")["state"] == "RUNNING"


def test_reread_says_it_and_does_nothing(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000}")
    site.write("  b: {cmd: sleep 1001}")

    assert site.ctl("reread").stdout == "a: would be removed\nb: would be added\n"
    assert site.status("a")["name"] == "a:0"


def test_a_program_that_comes_back_while_it_is_leaving_lives_on(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'trap \"\" TERM; sleep 1000'], starttime: 0, stoptime: 2}")
    pid = site.wait_state("a", "RUNNING")["pid"]
    with_a = site.config.read_text()
    site.write("  b: {cmd: sleep 1000}")
    site.ctl("reload")
    site.config.write_text(with_a)

    site.ctl("reload")

    def new_pid() -> bool:
        now = site.status("a")
        return bool(now["state"] == "RUNNING" and now["pid"] != pid)

    wait_for(new_pid, "a new life")


def test_usr2_reopens_the_logs(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'while :; do echo x; sleep 0.05; done'], stdout: a.log}")
    log = site.folder / "a.log"
    wait_for(lambda: log.exists() and log.stat().st_size, "output")
    log.rename(site.folder / "moved")

    os.kill(site.pid, signal.SIGUSR2)

    wait_for(lambda: log.exists() and log.stat().st_size, "output in the new file")
