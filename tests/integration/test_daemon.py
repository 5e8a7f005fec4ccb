"""The command line of the daemon: check, foreground, background, sockets, and the event log."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.integration.conftest import DEADLINE_SECONDS, Site, core_of, is_alive, wait_for


def test_check_prints_every_error_with_its_place_and_starts_nothing(site: Site) -> None:
    site.write("  a: {cmd: cat, numprocs: two, startsecs: 3}\n  b: {cmd: [], stopsignal: NOPE}")

    done = site.daemon("-t")

    assert done.returncode == 2
    assert f"{site.config}:3:27: programs.a.numprocs: expected a whole number" in done.stderr
    assert "programs.a.startsecs: " in done.stderr
    assert "starttime" in done.stderr
    assert "programs.b.stopsignal: " in done.stderr
    assert done.stderr.count("^") >= 4
    assert not site.socket.exists()


def test_check_of_a_good_config_says_so(site: Site) -> None:
    site.write("  a: {cmd: cat, numprocs: 3}\n  b: {cmd: cat}")

    done = site.daemon("--check")

    assert (done.returncode, done.stdout) == (0, f"{site.config}: good, 2 programs, 4 processes\n")


def test_check_warns_of_what_will_not_work(site: Site) -> None:
    site.write("  a: {cmd: nosuchprogram}\n  b: {cmd: 'sleep 1 && echo'}")

    done = site.daemon("--check")

    assert done.returncode == 0
    assert "warning: programs.a.cmd: no program" in done.stderr
    assert "warning: programs.b.cmd: " in done.stderr


def test_without_a_config_it_says_how_to_use_it() -> None:
    words = [sys.executable, "-P", "-m", "taskmaster"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)
    missing = subprocess.run([*words, "/nosuch.yaml"], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "CONFIG" in done.stderr
    assert missing.returncode == 2
    assert "/nosuch.yaml: cannot be read: no such file" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_in_the_foreground_events_are_shown_and_term_ends_it(site: Site) -> None:
    site.write("  a: {cmd: sleep 1000, starttime: 0}")
    words = [sys.executable, "-P", "-m", "taskmaster", "-n", str(site.config)]
    daemon = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=site.environment)
    assert daemon.stderr is not None
    site.wait_event("entered RUNNING")
    assert site.pid == daemon.pid
    child = site.status("a")["pid"]

    daemon.terminate()

    _, shown = daemon.communicate(timeout=DEADLINE_SECONDS)
    assert daemon.returncode == 0
    assert "spawned: 'a:0' with pid" in shown
    assert "stopped: a:0" in shown
    assert "Traceback" not in shown
    assert not is_alive(child)


def test_another_socket_than_the_config_s(site: Site) -> None:
    site.write("  a: {cmd: cat, starttime: 0}")
    other = site.folder / "other.sock"

    done = site.daemon("-s", str(other))

    assert done.returncode == 0
    assert f"control socket {other}" in done.stdout
    site.socket = other
    assert site.ctl("status").returncode == 0


def test_a_second_daemon_says_what_to_do(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")

    done = site.daemon()

    assert done.returncode == 1
    assert done.stderr == (
        f"taskmasterd: already running (pid {site.pid}), on {site.socket}; "
        "taskmasterctl talks to it; a second one needs a socket of its own, with -s or socket:\n"
    )


def test_a_socket_that_cannot_be_had_is_one_clear_line(site: Site) -> None:
    site.write("  a: {cmd: cat}")

    done = site.daemon("-s", "/proc/nothing/here.sock")

    assert done.returncode == 1
    assert done.stderr.startswith("taskmasterd: control socket /proc/nothing/here.sock: ")
    assert "Traceback" not in done.stderr


def test_a_log_file_that_cannot_be_had_is_one_clear_line(site: Site) -> None:
    text = "taskmaster: {socket: s.sock, logfile: /proc/nothing/ev.log}\nprograms: {a: {cmd: cat}}"
    site.config.write_text(text)

    done = site.daemon()

    assert done.returncode == 1
    assert done.stderr == "taskmasterd: /proc/nothing: No such file or directory\n"
    assert "Traceback" not in done.stderr


def test_the_socket_is_its_owner_s_alone(site: Site) -> None:
    site.socket = site.folder / "run" / "s.sock"
    site.start("  a: {cmd: cat}")

    assert site.socket.stat().st_mode & 0o777 == 0o600
    assert site.socket.parent.stat().st_mode & 0o777 == 0o700


def test_the_event_log_is_a_line_an_event(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'sleep 0.2; exit 3'], starttime: 0, exitcodes: 3}\n"
        "  b: {cmd: [sh, -c, 'exit 7'], starttime: 1, startretries: 0}"
    )
    site.wait_state("a", "EXITED")
    site.wait_state("b", "FATAL")
    site.ctl("restart", "a")
    site.ctl("signal", "USR1", "a")

    events = site.events()

    for line in events.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (INFO|WARN|ERRO|DEBG) \S", line)
    assert re.search(r"INFO spawned: 'a:0' with pid \d+\n", events)
    assert re.search(r"INFO exited: a:0 \(exit status 3; expected\)", events)
    assert re.search(r"exited: b:0 \(exit status 7; not expected\)", events)
    assert "gave up: b:0" in events
    assert "command: restart a (uid 0" in events


def test_a_core_dump_is_told(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'kill -SEGV $$'], starttime: 0, startretries: 0}")

    site.wait_event("terminated by SIGSEGV")


def test_a_child_has_the_limit_of_open_files_of_who_started_the_daemon(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'ulimit -n; exec cat'], starttime: 0, stdout: a.log}")

    log = site.folder / "a.log"
    wait_for(lambda: log.exists() and log.read_text().endswith("\n"), "output")

    soft = subprocess.run(
        ["sh", "-c", "ulimit -n"], capture_output=True, text=True, check=True
    ).stdout
    assert log.read_text() == soft


INHERITING = """
import os, resource, sys
secret = os.open(sys.argv[1], os.O_RDONLY)
for number in (*range(3, 10), 100):
    os.dup2(secret, number)
os.set_inheritable(secret, True)
resource.setrlimit(resource.RLIMIT_NOFILE, (50, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Whoever starts the daemon leaves these open; one has a number above the limit of open files."""


@pytest.mark.parametrize("options", [[], ["-n"]], ids=["in the background", "in the foreground"])
def test_nobody_has_a_descriptor_of_whoever_started_the_daemon(
    site: Site, options: list[str]
) -> None:
    """Descriptors above the soft limit were left to every child for good."""
    secret = site.folder / "secret"
    secret.touch()
    site.write(
        "  plain: {cmd: sleep 1000, starttime: 0}\n"
        "  piped: {cmd: sleep 1000, starttime: 0, stderr: a.err}\n"
        "  other: {cmd: sleep 1000, starttime: 0, user: www-data}"
    )
    inheriting = [sys.executable, "-c", INHERITING, str(secret)]
    words = [*inheriting, sys.executable, "-P", "-m", "taskmaster", *options, str(site.config)]
    null = subprocess.DEVNULL
    daemon = subprocess.Popen(words, env=site.environment, stdout=null, stderr=null)

    wait_for(site.socket.exists, "the control socket")
    children = [site.wait_state(name, "RUNNING")["pid"] for name in ("plain", "piped", "other")]
    opened = {pid: _opened(pid) for pid in (*children, site.pid, core_of(site))}

    assert [set(opened[pid]) for pid in children] == [{0, 1, 2}] * 3
    assert all(str(secret) not in files.values() for files in opened.values())
    site.end()
    daemon.wait(DEADLINE_SECONDS)


def _opened(pid: int) -> dict[int, str]:
    """What stands behind each descriptor of a process."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def test_a_user_of_its_own(site: Site) -> None:
    code = "id -un; id -Gn; echo $HOME $USER $LOGNAME"
    site.start(
        f"  a: {{cmd: [sh, -c, '{code}'], user: www-data, starttime: 0, autorestart: never, "
        "stdout: a.log}"
    )
    site.wait_state("a", "EXITED")

    told = (site.folder / "a.log").read_text().splitlines()

    assert told == ["www-data", "www-data", "/var/www www-data www-data"]


def test_the_pid_file_names_the_process_that_takes_signals(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")

    os.kill(site.pid, signal.SIGINT)

    pid = site.pid if site.pidfile.exists() else 0
    wait_for(lambda: not site.pidfile.exists(), "the pid file to go")
    wait_for(lambda: not pid or not is_alive(pid), "the daemon to end")
    assert "taskmasterd has ended" in site.events()


def test_an_idle_daemon_stays_asleep(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0, numprocs: 5}")
    site.wait_state("a:4", "RUNNING")
    core = int(_read(f"/proc/{site.pid}/task/{site.pid}/children").split()[0])

    def at_rest() -> bool:
        before = [_switches(pid) for pid in (site.pid, core)]
        subprocess.run(["sleep", "2"], check=True)
        return before == [_switches(pid) for pid in (site.pid, core)]

    wait_for(at_rest, "two seconds without a wake-up")


def _switches(pid: int) -> str:
    return "".join(line for line in _read(f"/proc/{pid}/status").splitlines() if "ctxt" in line)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()
