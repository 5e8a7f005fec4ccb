"""The control shell, typed into at a real terminal."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Site, wait_for
from tests.integration.seat import Seat

PROMPT = rb"taskmaster>"
DRAWN_ANEW = rb"(?:\x1b\[[?0-9;]*[A-Za-z])*"
"""The line may be drawn between what was typed and what was completed, or not."""


@pytest.fixture
def shell(site: Site) -> Iterator[Seat]:
    site.start(
        "  web: {cmd: cat, starttime: 0, numprocs: 2}\n"
        "  sh: {cmd: [bash, --norc, -i], env: {PS1: 'at> '}, stopsignal: HUP, starttime: 0}"
    )
    environment = site.environment | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    seat = Seat(site.client, environment, rows=30, columns=100)
    seat.read_until(PROMPT)
    yield seat
    seat.close()


def test_it_opens_with_the_status(shell: Seat) -> None:
    assert b"web:1" in shell.shown
    assert b"RUNNING" in shell.shown


def test_commands_work_as_from_outside(shell: Seat, site: Site) -> None:
    shell.type(b"stop web:0\r")
    shell.read_until(rb"web:0: stopped")
    shell.type(b"start web\r")
    # A line as each is settled, and who is up already is so at once.
    shell.read_until(rb"web:1: ERROR \(already started\).*web:0: started")
    assert site.status("web:0")["state"] == "RUNNING"


def test_tab_completes_commands_and_the_names_of_now(shell: Seat) -> None:
    shell.type(b"resta\t")
    shell.read_until(rb"resta" + DRAWN_ANEW + rb"rt")
    shell.type(b" s\t")
    shell.read_until(rb"s" + DRAWN_ANEW + rb"h")
    shell.type(b"\r")

    shell.read_until(rb"sh:0: started")


def test_the_history_outlives_the_shell(shell: Seat, site: Site) -> None:
    shell.type(b"pid web:0\r")
    shell.read_until(rb"\d+\r\n")
    shell.read_until(PROMPT)
    shell.type(b"\x04")
    assert shell.wait() == 0
    assert "pid web:0" in (site.folder / "taskmaster" / "history").read_text()

    again = Seat(site.client, site.environment | {"TERM": "xterm-256color"})
    try:
        again.read_until(PROMPT)
        again.type(b"\x1b[A")
        again.read_until(rb"pid web:0")
    finally:
        again.close()


def test_attach_and_back_to_the_shell(shell: Seat) -> None:
    shell.type(b"attach sh\r")
    shell.read_until(rb"at> ")
    shell.type(b"echo in''side\r")
    shell.read_until(rb"inside\r\n")
    shell.type(b"\x1d")
    shell.read_until(rb"\[detached from sh:0\]")
    shell.read_until(PROMPT)

    shell.type(b"version\r")
    shell.read_until(rb"taskmasterd \d")


def test_control_c_drops_the_line_and_stays(shell: Seat) -> None:
    shell.type(b"shutdown\x03")
    shell.type(b"\x03")
    shell.read_until(rb"Ctrl-D or exit leaves the shell")
    shell.type(b"version\r")

    shell.read_until(rb"taskmasterd \d")


def test_control_c_ends_a_tail_and_not_the_shell(shell: Seat) -> None:
    shell.type(b"maintail -f\r")
    shell.read_until(rb"started with pid")
    shell.type(b"\x03")
    shell.read_until(PROMPT)
    shell.type(b"version\r")

    shell.read_until(rb"taskmasterd \d")


def test_control_c_ends_the_wait_for_a_start(shell: Seat, site: Site) -> None:
    site.write("  slow: {cmd: sleep 1000, starttime: 3600, autostart: false}")
    site.ctl("reload")
    shell.type(b"start slow\r")
    wait_for(lambda: site.status("slow")["state"] == "STARTING", "the start")

    shell.type(b"\x03")

    shell.read_until(rb"interrupted; what was ordered goes on in the daemon")
    shell.read_until(PROMPT)


def test_a_misspelt_command_gets_a_hint(shell: Seat) -> None:
    shell.type(b"statsu\r")
    shell.read_until(rb"did you mean status\?")
    shell.type(b"start\r")
    shell.read_until(rb"usage: start NAME\.\.\.")
    shell.type(b"start 'web\r")
    shell.read_until(rb"cannot read that line")


def test_shutdown_asks_first(shell: Seat, site: Site) -> None:
    shell.type(b"shutdown\r")
    shell.read_until(rb"y/N")
    shell.type(b"n\r")
    shell.read_until(PROMPT)
    assert site.ctl("status").returncode == 0

    shell.type(b"shutdown\r")
    shell.read_until(rb"y/N")
    shell.type(b"y\r")

    shell.read_until(rb"shut down")


def test_it_lives_through_a_restart_of_the_daemon(shell: Seat, site: Site) -> None:
    assert site.ctl("shutdown").returncode == 0
    shell.type(b"status\r")
    shell.read_until(rb"no daemon answers on")
    shell.read_until(PROMPT)
    assert site.daemon().returncode == 0
    site.wait_state("web:0", "RUNNING")

    shell.type(b"status\r")

    shell.read_until(rb"connected again: pid \d+")
    shell.read_until(rb"web:0 +(?:\x1b\[32m)?RUNNING")


def test_the_daemon_opens_it_with_a_shell_of_its_own(site: Site) -> None:
    site.write("  web: {cmd: cat, starttime: 0}")
    words = [*site.client[:2], "-m", "taskmaster", "--shell", str(site.config)]
    seat = Seat(words, site.environment | {"TERM": "xterm-256color"})
    try:
        seat.read_until(PROMPT)
        parent = int(Path(f"/proc/{site.pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert parent != seat.process.pid, "the shell would not wait for it, and keep a zombie"
        seat.type(b"exit\r")
        assert seat.wait() == 0
        assert site.status("web")["state"] == "RUNNING"
    finally:
        seat.close()


def test_the_terminal_that_closes_takes_nothing_with_it(shell: Seat, site: Site) -> None:
    shell.signal(signal.SIGHUP)
    shell.wait()

    assert site.status("web:0")["state"] == "RUNNING"
    assert Path(f"/proc/{site.pid}").exists()
    assert os.getsid(site.pid) != os.getsid(0)
