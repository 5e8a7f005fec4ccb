"""Sit at the terminals of real processes: what is typed, shown, sized, and put back at the end."""

import hashlib
import os
import re
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator

import pytest

from ctl.probe import QUESTIONS
from tests.integration.conftest import Site, wait_for
from tests.integration.seat import Seat

Sit = Callable[..., Seat]
DETACH = b"\x1d"
SETS_MODES = r"""[sh, -c, 'printf "\033[?1049h\033[?2004h\033[?1000h\033[5 q\033[?6hhere"; cat']"""


@pytest.fixture
def sit(site: Site) -> Iterator[Sit]:
    """Sit down at a process with `attach` and these words, in a terminal of this size."""
    seats: list[Seat] = []

    def take(
        *words: str, rows: int = 24, columns: int = 80, pixels: tuple[int, int] = (0, 0)
    ) -> Seat:
        command = [*site.client, *words]
        seat = Seat(command, site.environment, rows=rows, columns=columns, pixels=pixels)
        seats.append(seat)
        return seats[-1]

    yield take
    for seat in seats:
        seat.close()


def at_bash(site: Site, sit: Sit) -> Seat:
    site.start("  a: {cmd: [bash, --norc, -i], stopsignal: HUP, env: {PS1: 'at> '}, starttime: 0}")
    seat = sit("attach", "a")
    seat.read_until(rb"\[attached to a:0; Ctrl-\] detaches\]")
    seat.read_until(rb"at>")
    return seat


def test_what_is_typed_arrives_and_the_answer_is_shown(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)
    pid = site.status("a")["pid"]

    seat.type(b"echo $((6 * 7))\r")
    seat.read_until(rb"[\r\n]42\r\n")
    seat.type(DETACH)

    seat.read_until(rb"\[detached from a:0\]")
    assert seat.wait() == 0
    assert seat.is_as_before
    assert site.status("a")["pid"] == pid


def test_coming_back_shows_what_was_there(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)
    seat.type(b"echo no''ted\r")
    seat.read_until(rb"noted\r\n")
    seat.type(DETACH)
    seat.wait()

    again = sit("attach", "a:0")

    again.read_until(rb"noted.*at>")


def test_control_keys_go_to_the_process(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)
    seat.type(b"sleep 1000\r")
    bash = site.status("a")["pid"]
    wait_for(lambda: _children(bash), "sleep to run")

    seat.type(b"\x03")
    seat.read_until(rb"\^C.*at>")
    seat.type(b"echo $?\r")

    seat.read_until(rb"[\r\n]130\r\n")


def test_job_control_works(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)
    seat.type(b"sleep 1000\r")
    wait_for(lambda: _children(site.status("a")["pid"]), "sleep to run")

    seat.type(b"\x1a")
    seat.read_until(rb"Stopped.*at>")
    seat.type(b"kill %1; fg\r")

    seat.read_until(rb"Terminated")


ASKS = r"""
import os, re, sys, termios, tty
tty.setraw(0)
os.write(1, b"up\r\n")
while os.read(0, 1) != b"?": pass
os.write(1, b"\x1b]11;?\x07\x1b[?u\x1b[14t\x1b[c")
said = b""
while not said.endswith(b"c"): said += os.read(0, 1)
os.write(1, b"told " + repr(said).encode() + b"\r\n")
while True: os.write(1, b"typed " + repr(os.read(0, 100)).encode() + b"\r\n")
"""


def test_a_program_is_told_of_the_terminal_at_which_one_sits(site: Site, sit: Sit) -> None:
    (site.folder / "asks.py").write_text(ASKS)
    site.environment["TERM"] = "xterm-256color"
    site.start(f"  a: {{cmd: {sys.executable} {site.folder}/asks.py, starttime: 0}}")
    site.ctl("wait", "a", "--text", "up")
    seat = sit("attach", "a", pixels=(800, 480))
    seat.read_until(re.escape(QUESTIONS))

    seat.type(b"\x1b]10;rgb:0/0/0\x07\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\\x1b[?0u\x1b[?62;22c")
    seat.type(b"?")

    seat.read_until(
        re.escape(rb"told b'\x1b]11;rgb:fdfd/f6f6/e3e3\x07\x1b[?0u\x1b[4;480;800t\x1b[?62;22c'")
    )
    assert b"typed" not in seat.read_rest()
    seat.type(b"z")
    seat.read_until(rb"typed b'z'")
    assert seat.read_rest().count(QUESTIONS) == 1


def test_answers_that_come_when_one_leaves_are_not_left_to_the_shell(site: Site, sit: Sit) -> None:
    site.environment["TERM"] = "xterm-256color"
    site.start("  a: {cmd: cat, starttime: 0}")
    seat = sit("attach", "a")
    seat.read_until(re.escape(QUESTIONS))

    seat.type(DETACH)
    wait_for(lambda: seat.unread == 0, "the key to be read")
    seat.type(b"\x1b[?62;22c")

    assert seat.wait() == 0
    tty.setraw(seat.slave, termios.TCSANOW)  # else what is no whole line does not count
    assert seat.unread == 0


def test_the_window_size_follows_the_client(site: Site, sit: Sit) -> None:
    # No shell: bash forgets a signal that comes while it runs the trap of the one before.
    program = site.folder / "sizes.py"
    program.write_text(
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})\n"
        "while True:\n"
        "    columns, rows = os.get_terminal_size(0)\n"
        "    print(rows, columns, flush=True)\n"
        "    signal.sigwait({signal.SIGWINCH})\n"
    )
    site.start(f"  a: {{cmd: [python3, {program}], size: 70x20}}")
    seat = sit("attach", "a", rows=33, columns=101)
    seat.read_until(rb"33 101\r\n")

    seat.resize(20, 60)
    seat.signal(signal.SIGWINCH)

    seat.read_until(rb"20 60\r\n")


def test_a_window_that_changes_while_the_client_starts_is_not_missed(site: Site, sit: Sit) -> None:
    # No shell: readline reads the size and sets it again, and so undoes one that came in between.
    site.start("  a: {cmd: cat, starttime: 0}")
    seat = sit("attach", "a", rows=33, columns=101)
    seat.read_until(rb"\[attached")

    seat.resize(20, 60)

    wait_for(lambda: _size_of_terminal(site, "a") == (20, 60), "the size to arrive")


def test_several_clients_see_the_same_and_who_typed_last_gives_the_size(
    site: Site, sit: Sit
) -> None:
    first = at_bash(site, sit)
    second = sit("attach", "a", rows=40, columns=90)
    second.read_until(rb"at>")
    second.type(b"stty size\r")
    second.read_until(rb"40 90")
    first.read_until(rb"40 90")

    first.type(b"stty size\r")

    first.read_until(rb"24 80")
    second.read_until(rb"24 80")


def test_who_only_reads_neither_types_nor_sizes(site: Site, sit: Sit) -> None:
    first = at_bash(site, sit)
    reader = sit("attach", "--read-only", "a", rows=50, columns=120)
    reader.read_until(rb"\[attached to a:0, read only; ")
    reader.read_until(rb"at>")

    reader.type(b"exit\r")
    reader.type(DETACH)
    assert reader.wait() == 0

    first.type(b"stty size\r")
    first.read_until(rb"24 80")


def test_status_counts_who_is_attached(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)

    assert ", 1 attached" in site.ctl("status").stdout
    seat.type(DETACH)
    seat.wait()
    wait_for(lambda: "attached" not in site.ctl("status").stdout, "it to be gone")
    assert "attached: a:0" in site.events()
    assert "detached: a:0" in site.events()


LEAVE: dict[str, Callable[[Site, Seat], None]] = {
    "detach": lambda site, seat: seat.type(DETACH),
    "SIGTERM": lambda site, seat: seat.signal(signal.SIGTERM),
    "SIGHUP": lambda site, seat: seat.signal(signal.SIGHUP),
    "SIGKILL": lambda site, seat: seat.signal(signal.SIGKILL),
    "stop": lambda site, seat: _succeeds(site, "stop", "a"),
    "shutdown": lambda site, seat: _succeeds(site, "shutdown"),
    "keeper killed": lambda site, seat: os.kill(site.pid, signal.SIGKILL),
}


@pytest.mark.parametrize("way", LEAVE)
def test_the_terminal_is_put_back_on_every_way_out(site: Site, sit: Sit, way: str) -> None:
    site.start(f"  a: {{cmd: {SETS_MODES}, starttime: 0, autorestart: never}}")
    seat = sit("attach", "a")
    seat.read_until(rb"here")
    wait_for(lambda: not seat.is_as_before, "raw mode")

    LEAVE[way](site, seat)

    status = seat.wait()
    wait_for(lambda: seat.is_as_before, "the terminal's settings")
    seat.read_until(rb"\x1b\[\?6l")
    seat.read_until(rb"\x1b\[\?1049l")
    seat.read_until(rb"\x1b\[\?1000l")
    seat.read_until(rb"\x1b\[\?2004l")
    seat.read_until(rb"\x1b\[0 q")
    expected = {"detach": 0, "stop": 0, "shutdown": 0, "SIGTERM": 143, "SIGHUP": 129, "SIGKILL": -9}
    assert status in ((expected[way],) if way in expected else (0, 70))


def test_a_terminal_that_is_hung_up_ends_the_client(site: Site, sit: Sit) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    seat = sit("attach", "a")
    seat.read_until(rb"attached to")
    wait_for(lambda: not seat.is_as_before, "raw mode")

    os.close(seat.master)
    seat.master = os.open(os.devnull, os.O_RDWR)

    assert seat.process.wait(60) != 0
    wait_for(lambda: "detached: a:0" in site.events(), "the daemon to notice")


def test_a_restart_keeps_the_client_and_tells_it(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)

    assert site.ctl("restart", "a").returncode == 0

    seat.read_until(rb"\[[^]]*a:0[^]]*\]")
    seat.read_until(rb"at>")
    seat.type(b"echo st''ill\r")
    seat.read_until(rb"still\r\n")


def test_the_end_of_the_process_is_the_end_of_the_attachment(site: Site, sit: Sit) -> None:
    site.start(
        "  a: {cmd: [bash, --norc, -i], env: {PS1: 'at> '}, starttime: 0, autorestart: never}"
    )
    seat = sit("attach", "a")
    seat.read_until(rb"at>")

    seat.type(b"exit 0\r")

    seat.read_until(rb"\[a:0 is EXITED")
    assert seat.wait() == 0


def test_attach_to_what_is_not_running_shows_its_last_words(site: Site, sit: Sit) -> None:
    site.start("  a: {cmd: [echo, last words], starttime: 0, autorestart: never}")
    site.wait_state("a", "EXITED")

    seat = sit("attach", "a")

    seat.read_until(rb"last words")
    seat.read_until(rb"\[a:0 is EXITED; `start a:0` starts it\]")
    seat.wait()


def test_a_paste_of_a_megabyte_arrives_whole(site: Site, sit: Sit) -> None:
    paste = os.urandom(768 * 1024).hex().encode()[: 1024 * 1024]
    program = site.folder / "reader.py"
    program.write_text(
        "import hashlib, os, tty\n"
        "tty.setraw(0)\n"
        "print('ready', end='', flush=True)\n"
        "data = b''\n"
        "while len(data) < 1048576: data += os.read(0, 65536)\n"
        "print(hashlib.sha256(data).hexdigest(), flush=True)\n"
        "os.read(0, 1)\n"
    )
    site.start(f"  a: {{cmd: [python3, {program}], starttime: 0}}")
    seat = sit("attach", "a")
    seat.read_until(rb"ready")
    wait_for(lambda: not seat.is_as_before, "raw mode")

    seat.type(paste)

    seat.read_until(hashlib.sha256(paste).hexdigest().encode())


def test_a_process_that_does_not_read_stalls_only_its_own_input(site: Site, sit: Sit) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'stty raw -echo; echo deaf; exec sleep 1000'], starttime: 0}\n"
        "  b: {cmd: cat, starttime: 0}"
    )
    seat = sit("attach", "a")
    seat.read_until(rb"deaf")
    wait_for(lambda: not seat.is_as_before, "raw mode")
    seat.type(b"x" * 8 * 1024 * 1024)
    other = sit("attach", "b")
    other.read_until(rb"attached to")

    other.type(b"meanwhile\r")
    other.read_until(rb"meanwhile\r\nmeanwhile\r\n")
    seat.type(DETACH)

    seat.read_until(rb"\[detached from a:0\]")
    assert seat.wait() == 0


def test_a_client_that_stops_reading_does_not_stop_the_process(site: Site, sit: Sit) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'while :; do echo 0123456789abcdef0123456789abcdef; done'], "
        "stdout: a.log, stdout_maxbytes: 0, starttime: 0, scrollback: 64KiB}"
    )
    seat = sit("attach", "a")
    seat.read_until(rb"0123")
    log = site.folder / "a.log"

    size = log.stat().st_size
    wait_for(lambda: log.stat().st_size > size + 4 * 1024 * 1024, "the process to go on")

    # What it missed is not shown: its screen is painted afresh, from the top.
    seat.read_until(rb"\x1b\[H0123456789")
    seat.type(DETACH)
    seat.read_until(rb"\[detached from a:0\]")


def test_ctrl_z_is_the_process_s_and_a_stop_from_outside_frees_the_terminal(
    site: Site, sit: Sit
) -> None:
    seat = at_bash(site, sit)

    seat.signal(signal.SIGTSTP)
    wait_for(lambda: seat.is_as_before, "the terminal's settings")
    seat.signal(signal.SIGCONT)
    wait_for(lambda: not seat.is_as_before, "raw mode again")
    seat.type(b"echo ba''ck\r")

    seat.read_until(rb"back\r\n")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nosuch",), rb"nosuch: ERROR \(no such process\)"),
        (("two",), rb"two: ERROR \(it is 2 processes, name one: two:0, two:1\)"),
        ((), rb"attach: it needs the name of one process"),
        (("--detach-key", "x", "a"), rb"'x' is no control key"),
        (("--nope", "a"), rb"unknown option --nope"),
    ],
)
def test_attach_refuses_in_words(
    site: Site, sit: Sit, words: tuple[str, ...], complaint: bytes
) -> None:
    site.start("  a: {cmd: cat}\n  two: {cmd: cat, numprocs: 2}")

    seat = sit("attach", *words)

    seat.read_until(complaint)
    assert seat.wait() in (1, 2)
    assert seat.is_as_before


def test_another_key_detaches(site: Site, sit: Sit) -> None:
    site.start("  a: {cmd: [sh, -c, 'stty raw -echo; cat -v'], starttime: 0}")
    seat = sit("attach", "--detach-key", "^B", "a")
    seat.read_until(rb"\[attached to a:0; \^B detaches\]")
    wait_for(lambda: not seat.is_as_before, "raw mode")

    seat.type(DETACH)
    seat.read_until(rb"\^\]")
    seat.type(b"\x02")

    assert seat.wait() == 0


def test_a_terminal_is_not_attached_to_itself(site: Site, sit: Sit) -> None:
    seat = at_bash(site, sit)

    seat.type(" ".join([*site.client, "attach", "a:0"]).encode() + b"\r")

    seat.read_until(rb"it cannot be attached to itself")


def test_without_a_terminal_there_is_nothing_to_attach(site: Site) -> None:
    site.start("  a: {cmd: cat}")

    answer = site.ctl("attach", "a")

    assert answer.returncode == 2
    assert "needs a terminal" in answer.stderr


def _children(pid: int) -> str:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().strip()


def _size_of_terminal(site: Site, name: str) -> tuple[int, int]:
    terminal = os.open(f"/proc/{site.status(name)['pid']}/fd/0", os.O_RDONLY | os.O_NOCTTY)
    try:
        return termios.tcgetwinsize(terminal)
    finally:
        os.close(terminal)


def _succeeds(site: Site, *words: str) -> None:
    assert site.ctl(*words).returncode == 0


def test_at_what_does_not_run_the_last_words_are_shown_and_why(site: Site, sit: Sit) -> None:
    """It said "attached, Ctrl-] detaches" first, and was over in the same moment."""
    site.start("  a: {cmd: [sh, -c, 'echo last words'], starttime: 0, autorestart: never}")
    site.wait_state("a", "EXITED")

    seat = sit("attach", "a")

    assert seat.wait() == 0
    shown = seat.read_rest()
    assert b"last words" in shown
    assert b"[a:0 is EXITED" in shown
    assert b"attached" not in shown
    assert seat.is_as_before


def test_a_log_with_escapes_leaves_the_terminal_as_it_was(site: Site, sit: Sit) -> None:
    site.start(f"  a: {{cmd: {SETS_MODES}, starttime: 0}}")
    wait_for(lambda: "here" in site.ctl("tail", "a").stdout, "output")

    seat = sit("tail", "a")

    assert seat.wait() == 0
    shown = seat.read_rest()
    for on, off in ((b"?1049h", b"?1049l"), (b"?2004h", b"?2004l"), (b"?1000h", b"?1000l")):
        assert shown.rindex(off) > shown.index(on)
