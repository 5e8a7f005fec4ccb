"""A reload touches what changed and nothing else; a bad one touches nothing."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import Site, core_of, is_alive, kill_core, wait_for
from tests.integration.seat import Seat


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


def test_a_socket_whose_file_is_gone_is_made_anew(site: Site) -> None:
    """Whoever cleans up /tmp locked everybody out until a restart; a broken config is no reason."""
    site.start("  a: {cmd: cat, starttime: 0}")
    pid = site.status("a")["pid"]
    attached = Seat([*site.client, "attach", "a"], site.environment)
    try:
        attached.type(b"before\r")
        attached.read_until(b"before\r\nbefore")
        site.socket.unlink()
        assert site.ctl("status").returncode == 69
        site.config.write_text("programs: {a: {}}")

        os.kill(site.pid, signal.SIGHUP)

        wait_for(site.socket.exists, "the socket")
        assert site.status("a")["pid"] == pid
        assert "reload: the control socket was gone and is made anew" in site.events()
        attached.type(b"after\r")
        attached.read_until(b"after\r\nafter")
    finally:
        attached.close()
    core = kill_core(site)
    wait_for(lambda: core_of(site) not in (0, core), "the next core")
    assert site.status("a")["pid"] == pid
    assert site.ctl("shutdown").returncode == 0
    assert not site.socket.exists()


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


@contextmanager
def following(site: Site, *words: str) -> Iterator[Callable[[bytes], None]]:
    """Follow a log; gives what waits for a line in it."""
    client = subprocess.Popen([*site.client, *words], stdout=subprocess.PIPE)
    assert client.stdout is not None
    os.set_blocking(client.stdout.fileno(), False)
    shown = bytearray()

    def wait(line: bytes) -> None:
        def is_there() -> bool:
            shown.extend((client.stdout and client.stdout.read()) or b"")
            return line in shown

        wait_for(is_there, f"{line!r}, shown so far: {bytes(shown)!r}")

    try:
        yield wait
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


@pytest.mark.parametrize(
    "changed",
    ["stdout: b.log", "x-a: b", "stdout: b.log, umask: 077", "umask: 077"],
    ids=["other file", "no file", "other file and life", "no file and another life"],
)
def test_who_follows_a_log_follows_it_into_the_next(site: Site, changed: str) -> None:
    """After a reload that named another file, `tail -f` was silent for ever."""
    code = "echo up; while :; do test -e %(here)s/go && echo one more; sleep 0.05; done"
    program = f"  a: {{cmd: [sh, -c, '{code}'], starttime: 0, "
    site.start(f"{program}stdout: a.log}}")
    wait_for(lambda: site.text("a.log"), "output")
    with following(site, "tail", "-f", "a") as wait:
        wait(b"up\n")
        site.write(f"{program}{changed}}}")

        site.ctl("reload")
        site.wait_state("a", "RUNNING")
        (site.folder / "go").touch()

        wait(b"one more\n")


def test_who_follows_the_event_log_follows_it_into_the_next(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    with following(site, "maintail", "-f") as wait:
        wait(b"entered RUNNING")
        text = site.config.read_text()
        site.config.write_text(text.replace("logfile: ev.log", "logfile: other.log"))

        site.ctl("reload")
        site.ctl("stop", "a")

        wait(b"stopped: a:0")
    assert "stopped: a:0" in site.text("other.log")


def test_a_clear_after_each_of_many_reloads_keeps_nothing_open(site: Site) -> None:
    program = "  a: {cmd: cat, starttime: 0, autostart: false, stdout: %d.log}"
    site.start(program % 0)
    core = Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()[0]
    before = len(os.listdir(f"/proc/{core}/fd"))

    for number in range(1, 9):
        (site.folder / f"{number}.log").write_text("from another life\n")
        site.write(program % number)
        site.ctl("reload")
        assert site.ctl("clear", "a").stdout == "a:0: cleared\n"
        assert site.text(f"{number}.log") == ""

    assert len(os.listdir(f"/proc/{core}/fd")) <= before + 1


def test_groups_are_names_for_commands_and_outlive_the_core(site: Site) -> None:
    programs = "  a: {cmd: sleep 1000, starttime: 0}\n  b: {cmd: sleep 1000, starttime: 0}\n"
    site.start(programs + "  c: {cmd: sleep 1000, starttime: 0}\ngroups: {pair: [b, a]}")
    kill_core(site)

    assert site.ctl("stop", "pair").stdout == "b:0: stopped\na:0: stopped\n"
    assert [site.status(name)["state"] for name in "abc"] == ["STOPPED", "STOPPED", "RUNNING"]
    site.write(programs + "  c: {cmd: sleep 1000, starttime: 0}\ngroups: {pair: [c]}")
    assert site.ctl("reload").stdout == "groups.pair: changed\n"
    assert site.ctl("stop", "pair:*").stdout == "c:0: stopped\n"
