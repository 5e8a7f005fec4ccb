"""What the system refuses to give costs the process that wanted it, and nobody else."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

from tests.integration.conftest import AS_NOBODY, Site, is_alive, limit_processes, wait_for

LITTLE_MEMORY = ["sh", "-c", 'ulimit -v 800000; exec "$@"', "sh"]


def test_an_environment_too_long_for_any_message_fails_its_own_process(site: Site) -> None:
    """Each of its characters takes six in JSON: 18 MB, for which the keeper killed the core."""
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    pid = site.wait_state("a", "RUNNING")["pid"]
    big = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 500_000
    names = ", ".join(f"BIG{number}: *big" for number in range(20))
    site.write(
        "  a: {cmd: sleep 1000, starttime: 0}\n"
        f"  b: {{cmd: sleep 1000, startretries: 0, env: {{BIG: &big {big}, {names}}}}}"
    )

    assert site.ctl("reload").returncode == 0

    reason = "cannot start: sleep: argument list too long"
    assert reason in site.wait_state("b", "FATAL")["description"]
    assert site.status("a")["pid"] == pid


def test_a_scrollback_that_no_memory_holds_fails_its_own_process(site: Site) -> None:
    """It was an exception in the midst of a batch: those behind it stayed STARTING for ever."""
    site.under = LITTLE_MEMORY
    site.start(
        "  a: {cmd: sleep 1000, scrollback: 1GiB, startretries: 0}\n"
        "  b: {cmd: sleep 1000, starttime: 0, priority: 1000}"
    )

    reason = "cannot start: no memory for its scrollback: cannot allocate memory"
    assert reason in site.wait_state("a", "FATAL")["description"]
    assert site.wait_state("b", "RUNNING")
    assert site.ctl("shutdown").returncode == 0
    assert "mistake" not in site.events()


def test_a_scrollback_that_cannot_be_had_at_a_reload_leaves_the_old_one(site: Site) -> None:
    site.under = LITTLE_MEMORY
    site.start("  a: {cmd: sleep 1000, starttime: 0}\n  b: {cmd: sleep 1000, starttime: 0}")
    pid = site.wait_state("a", "RUNNING")["pid"]
    site.write(
        "  a: {cmd: sleep 1000, starttime: 0, scrollback: 1GiB}\n"
        "  b: {cmd: sleep 1000, starttime: 0, stdout: b.log}"
    )

    assert site.ctl("reload").returncode == 0

    assert "ERRO a:0: its scrollback stays at 1048576 bytes: Cannot allocate" in site.events()
    assert site.status("a")["pid"] == pid
    assert (site.folder / "b.log").exists()
    assert "mistake" not in site.events()


def test_a_second_term_ends_the_daemon_whatever_its_processes_do(site: Site) -> None:
    """A keeper that does not answer is the worst of them: nobody dies, and nothing is told."""
    site.start("  a: {cmd: sleep 1000, starttime: 0}")
    site.wait_state("a", "RUNNING")
    keeper = site.pid
    with open(f"/proc/{keeper}/task/{keeper}/children", encoding="ascii") as file:
        core = int(file.read().split()[0])
    os.kill(keeper, signal.SIGSTOP)
    try:
        os.kill(core, signal.SIGTERM)
        site.wait_event("stopping: a:0")

        os.kill(core, signal.SIGTERM)

        site.wait_event("ending, and leaving to the keeper: a:0")
        wait_for(lambda: not is_alive(core), "the core to end")
    finally:
        os.kill(keeper, signal.SIGCONT)
    wait_for(lambda: not is_alive(keeper), "the keeper to end")


def test_processes_leave_descriptors_for_clients(site: Site) -> None:
    """With 64 and a hundred children nobody could connect, and the log grew by 1 MB/s."""
    site.write("  a: {cmd: sleep 1000, starttime: 0, numprocs: 100, startretries: 0}")
    words = [sys.executable, "-P", "-m", "taskmaster", str(site.config)]
    limited = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", *words]
    done = subprocess.run(limited, env=site.environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr

    refused = "no terminal could be opened: the daemon's limit of open files is reached"
    assert refused in site.wait_state("a:99", "FATAL")["description"]
    assert site.wait_state("a:0", "RUNNING")
    clients = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for client in clients:
        client.connect(str(site.socket))
    # One for the terminal of the new one, and one for its history.
    assert site.ctl("stop", "a:0", "a:1").stdout == "a:0: stopped\na:1: stopped\n"
    assert site.ctl("start", "a:99").stdout == "a:99: started\n"
    for client in clients:
        client.close()
    assert "mistake" not in site.events()
    assert "clients cannot connect" not in site.events()


EIGHT_TERMINALS = [
    "unshare", "-m", "sh", "-c",
    "mount -t devpts -o newinstance,ptmxmode=0666,max=8 devpts /dev/pts && "
    'mount --bind /dev/pts/ptmx /dev/ptmx && exec "$@"', "sh",
]  # fmt: skip
"""Words that run a command in a mount namespace that has terminals of its own."""


def waits_until_there_is_room(
    site: Site, name: str, reason: str, make_room: Callable[[], object]
) -> None:
    """It says why it was not started, is tried again after pauses, and comes up after all."""
    told = site.wait_state(name, "BACKOFF")["description"]
    assert told.startswith(f"cannot start: {reason}; try ")
    site.wait_event(f"backoff: {name} (cannot start: {reason}), try 2 of 1001 in 1 s")

    make_room()

    assert is_alive(site.wait_state(name, "RUNNING")["pid"])
    assert "mistake" not in site.events()


def test_without_a_pseudo_terminal_a_start_fails_until_there_is_one(site: Site) -> None:
    site.under = EIGHT_TERMINALS
    site.start("  a: {cmd: sleep 1000, starttime: 0, startretries: 1000, numprocs: 9}")
    pids = [site.wait_state(f"a:{number}", "RUNNING")["pid"] for number in range(8)]

    waits_until_there_is_room(
        site,
        "a:8",
        "no terminal could be opened: all pseudo-terminals are in use, see kernel.pty.max",
        lambda: site.ctl("stop", "a:0"),
    )

    assert [site.status(f"a:{number}")["pid"] for number in range(1, 8)] == pids[1:]


def test_without_a_process_a_start_fails_until_there_is_one(site: Site) -> None:
    """EAGAIN from the fork is the answer to one start, and the daemon's own clients are served."""
    site.under = AS_NOBODY
    site.start(
        "  a: {cmd: sleep 1000, starttime: 0}\n"
        "  b: {cmd: sleep 1000, starttime: 0, startretries: 1000, autostart: no}"
    )
    pid = site.wait_state("a", "RUNNING")["pid"]
    limit_processes(site.pid, 1)

    refused = "no process could be made: the limit of processes is reached, see ulimit -u"
    assert f"b:0: ERROR (cannot start: {refused}" in site.ctl("start", "b").stdout
    waits_until_there_is_room(site, "b:0", refused, lambda: limit_processes(site.pid, 1000))

    assert site.status("a")["pid"] == pid


NO_FILES = """
import errno, os, pathlib
def refusing(call):
    def called():
        if pathlib.Path(__file__).with_name("full").exists():
            raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))
        return call()
    return called
os.openpty = refusing(os.openpty)
"""
"""Of the daemon's interpreters: ENFILE is the whole system's, which no test may fill."""


def test_without_a_file_in_the_system_a_start_fails_until_there_is_one(site: Site) -> None:
    (site.folder / "sitecustomize.py").write_text(NO_FILES)
    site.environment["PYTHONPATH"] = str(site.folder)
    full = site.folder / "full"
    full.touch()
    site.start("  a: {cmd: sleep 1000, starttime: 0, startretries: 1000}")

    reason = (
        "no terminal could be opened: the system's limit of open files is reached, see fs.file-max"
    )
    waits_until_there_is_room(site, "a:0", reason, full.unlink)


FOR_EVER = "(x+x+)+y"


def test_a_text_that_is_looked_for_for_ever_holds_up_nobody(site: Site) -> None:
    """One expression with repetitions of repetitions, and the daemon never answered again."""
    site.start(
        f"  web: {{cmd: [sh, -c, 'echo {'x' * 70}; sleep 1000'], ready: {{text: '{FOR_EVER}'}}}}\n"
        "  db: {cmd: sleep 1000, starttime: 0}"
    )

    site.wait_event(f"web:0: looking for '{FOR_EVER}' takes too long and was given up")
    waited = site.ctl("wait", "--text", FOR_EVER, "web")

    assert waited.returncode == 1
    assert f"web:0: looking for '{FOR_EVER}' takes too long" in waited.stderr
    assert site.status("db:0")["state"] == "RUNNING"


def test_what_is_no_regular_expression_is_refused_in_words(site: Site) -> None:
    """Deeply nested ones, and numbers of twenty digits, were taken for mistakes of the daemon."""
    site.start("  web: {cmd: sleep 1000, starttime: 0}")

    for text in ("(", "(" * 499 + ")" * 499, "x{99999999999999999999}", "x" * 2000):
        waited = site.ctl("wait", "--text", text, "web")
        assert waited.returncode == 1
        assert "not a regular expression" in waited.stderr
    assert "mistake" not in site.events()
