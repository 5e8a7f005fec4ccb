"""A real daemon keeps real processes alive, and says what it does."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.integration.conftest import Site, is_alive, wait_for


def test_a_killed_process_is_started_again(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000}")
    pid = site.wait_state("a", "RUNNING")["pid"]

    os.kill(pid, signal.SIGKILL)

    site.wait_event("terminated by SIGKILL; not expected")
    wait_for(lambda: site.status("a")["pid"] not in (None, pid), "a new pid")


def test_a_program_that_can_never_start_is_fatal_and_says_why(site: Site) -> None:
    site.start("  a: {cmd: /no/such/program, startretries: 1}\n  b: {cmd: sleep 1000}")

    status = site.wait_state("a", "FATAL")

    assert "cannot start: /no/such/program: no such file" in status["description"]
    assert site.events().count("spawnerr: a:0") == 2
    assert "gave up: a:0" in site.events()
    assert site.wait_state("b", "RUNNING")


def test_a_program_that_exits_too_quickly_is_never_running(site: Site) -> None:
    site.start("  a: {cmd: 'false', startretries: 1}")

    site.wait_state("a", "FATAL")

    assert "success: a:0" not in site.events()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("workingdir: /no/such/folder", "changing directory to /no/such/folder: no such file"),
        ("user: nobody-of-that-name", "becoming user nobody-of-that-name: no such user"),
        ("cmd: /etc/passwd", "/etc/passwd: permission denied"),
    ],
)
def test_a_spawn_failure_names_its_step(site: Site, settings: str, words: str) -> None:
    cmd = "" if "cmd" in settings else "cmd: sleep 1000, "
    site.start(f"  a: {{{cmd}{settings}, startretries: 0}}")

    assert words in site.wait_state("a", "FATAL")["description"]


def test_start_stop_and_restart_answer_with_the_outcome(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, autostart: false, starttime: 0, numprocs: 2}")

    assert site.ctl("start", "a").stdout == "a:0: started\na:1: started\n"
    again = site.ctl("start", "a:0")
    assert (again.stdout, again.returncode) == ("a:0: ERROR (already started)\n", 0)
    first = site.status("a:0")["pid"]
    assert site.ctl("restart", "a:0").stdout == "a:0: started\n"
    assert site.status("a:0")["pid"] != first
    assert not is_alive(first)
    assert site.ctl("stop", "all").stdout == "a:1: stopped\na:0: stopped\n".replace(
        "a:1: stopped\na:0", "a:0: stopped\na:1"
    )
    assert site.ctl("stop", "a:0").stdout == "a:0: ERROR (not running)\n"
    missing = site.ctl("start", "nosuch")
    assert (missing.stdout, missing.returncode) == ("nosuch: ERROR (no such process)\n", 1)


def test_status_speaks_by_its_exit_status(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, starttime: 0}\n  b: {cmd: sleep 1, autostart: false}")
    site.wait_state("a", "RUNNING")

    assert site.ctl("status", "a").returncode == 0
    assert site.ctl("status").returncode == 3
    assert site.ctl("status", "nosuch").returncode == 4
    assert "Not started" in site.ctl("status", "b").stdout


def test_without_a_daemon_it_says_how_to_start_one(site: Site) -> None:
    answer = site.ctl("status")

    assert answer.returncode == 69
    assert "taskmasterd CONFIG" in answer.stderr


def test_what_ignores_the_signal_is_killed(site: Site) -> None:
    script = 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
    site.start(f"  a: {{cmd: [sh, -c, '{script}'], stoptime: 1, stdout: a.log}}")
    wait_for(lambda: site.text("a.log"), "the trap")

    assert site.ctl("stop", "a").stdout == "a:0: stopped\n"
    assert "killing 'a:0'" in site.events()


def test_signals_reach_the_process(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'trap \"exit 7\" USR1; while :; do sleep 0.05; done'], "
        "starttime: 0, exitcodes: 7}"
    )
    site.wait_state("a", "RUNNING")
    wait_for(
        lambda: int(
            next(
                line.split()[1]
                for line in Path(f"/proc/{site.status('a')['pid']}/status").read_text().splitlines()
                if line.startswith("SigCgt")
            ),
            16,
        )
        >> (signal.SIGUSR1 - 1)
        & 1,
        "the trap to stand",
    )

    assert site.ctl("signal", "USR1", "a").stdout == "a:0: signalled\n"
    assert site.wait_state("a", "EXITED")["exit_status"] == 7


def test_the_child_gets_a_terminal_of_its_own_and_nothing_else(site: Site) -> None:
    code = (
        "import os, json, signal;"
        "print(json.dumps({'tty': [os.isatty(n) for n in range(3)], "
        "'leader': os.getsid(0) == os.getpid() == os.tcgetpgrp(0), "
        "'size': list(os.get_terminal_size()), 'term': os.environ['TERM'], "
        "'name': os.environ['TASKMASTER_PROCESS'], 'umask': os.umask(0), 'cwd': os.getcwd(), "
        "'answer': os.environ['ANSWER'], 'mask': len(signal.pthread_sigmask(0, [])), "
        "'fds': sorted(set(os.listdir('/proc/self/fd')) - {'0', '1', '2'})[1:]}))"
    )
    (site.folder / "probe.py").write_text(code)
    site.start(
        f"  a: {{cmd: [python3, {site.folder}/probe.py], starttime: 0, autorestart: never, "
        "size: 99x33, umask: 027, workingdir: /usr, env: {ANSWER: 042}, stdout: a.log}"
    )
    site.wait_state("a", "EXITED")

    told = json.loads((site.folder / "a.log").read_text())

    assert told == {
        "tty": [True, True, True],
        "leader": True,
        "size": [99, 33],
        "term": "xterm-256color",
        "name": "a:0",
        "umask": 0o027,
        "cwd": "/usr",
        "answer": "042",
        "mask": 0,
        "fds": [],
    }


def test_the_last_words_of_a_process_are_in_its_log(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done'], "
        "starttime: 0, autorestart: never, stdout: a.log}"
    )
    site.wait_state("a", "EXITED")

    expected = "".join(f"line {number}\n" for number in range(1, 3001))

    assert (site.folder / "a.log").read_text() == expected


def test_stderr_of_its_own_goes_to_its_own_file(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'echo out; echo err >&2'], starttime: 0, autorestart: never, "
        "stdout: a.out, stderr: a.err}"
    )
    site.wait_state("a", "EXITED")

    assert (site.folder / "a.out").read_text() == "out\n"
    assert (site.folder / "a.err").read_text() == "err\n"
    assert site.ctl("tail", "a", "stderr").stdout == "err\n"


def test_processes_share_one_log_with_whole_lines(site: Site) -> None:
    loop = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo %(process_num)d-abcdefghij-$i; done"
    site.start(
        f"  a: {{cmd: [sh, -c, '{loop}'], numprocs: 4, starttime: 0, autorestart: never, "
        "stdout: a.log}"
    )
    for index in range(4):
        site.wait_state(f"a:{index}", "EXITED")

    lines = (site.folder / "a.log").read_text().splitlines()

    for index in range(4):
        own = [line for line in lines if line.startswith(f"{index}-")]
        assert own == [f"{index}-abcdefghij-{number}" for number in range(1, 501)]
    assert len(lines) == 2000


def test_shutdown_leaves_nothing_behind(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, numprocs: 3}\n  b: {cmd: cat, priority: 1}")
    pids = [site.status(name)["pid"] for name in ("a:0", "a:1", "a:2", "b:0")]
    keeper = site.pid

    assert site.ctl("shutdown").returncode == 0

    wait_for(lambda: not is_alive(keeper), "the keeper to end")
    assert not any(is_alive(pid) for pid in pids)
    assert not site.socket.exists()
    assert not site.pidfile.exists()
    events = site.events()
    assert events.index("stopped: a:0") < events.index("stopping: b:0")


def test_a_second_daemon_is_refused_and_harms_nobody(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    pid = site.status("a")["pid"]

    second = site.daemon()

    assert second.returncode == 1
    assert f"already running (pid {site.pid})" in second.stderr
    assert site.status("a")["pid"] == pid


def test_two_daemons_never_share_a_pid_file(site: Site) -> None:
    """The second took it over, and whoever ended first removed the other's."""
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    other = site.folder / "other.sock"

    second = site.daemon("-s", str(other))

    assert second.returncode == 1
    assert f"already running (pid {site.pid}), says {site.pidfile}" in second.stderr
    assert not other.exists()
    assert site.ctl("pid").stdout == f"{site.pid}\n"


def test_a_daemon_that_ends_leaves_the_socket_of_another_one(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    first = site.pid
    site.socket.unlink()
    site.pidfile.unlink()
    site.start("  a: {cmd: sleep 1000, starttime: 0}")

    os.kill(first, signal.SIGTERM)

    wait_for(lambda: not is_alive(first), "the first daemon to end")
    assert site.ctl("pid").stdout == f"{site.pid}\n"
    assert site.pid != first


def test_a_stale_socket_is_replaced(site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(site.socket))

    site.start("  a: {cmd: sleep 1000}")

    assert site.ctl("pid").stdout == f"{site.pid}\n"


def test_the_death_of_the_keeper_ends_everything_in_good_order(site: Site) -> None:
    """Others' deadlines, while one took its time to stop, began the last rites anew each time."""
    slow = "{cmd: [sh, -c, 'trap \"\" TERM; echo ready; sleep 1000'], stoptime: 3, stdout: a.log}"
    site.start(f"  a: {slow}\n  b: {{cmd: sleep 1000, starttime: 2}}\n  c: {{cmd: 'false'}}")
    wait_for(lambda: "ready" in site.text("a.log"), "the trap")
    child = site.status("a")["pid"]

    os.kill(site.pid, signal.SIGKILL)

    wait_for(lambda: not is_alive(child), "the child to end")
    wait_for(lambda: not site.socket.exists(), "the socket to go")
    events = site.events()
    assert events.count("the keeper is gone") == 1
    told = "stopped: a:0 (how it ended is not known: the keeper was gone)"
    assert events.count(told) == 1
