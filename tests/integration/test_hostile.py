"""Programs that mean harm, or know no better: the daemon stays flat, and everybody else is served.

A longer line than that of the gate: TEST_LINE_MEGABYTES=1024 pytest -k line test_hostile.py
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import (
    Site,
    core_of,
    descriptors,
    is_alive,
    ptys,
    resident_bytes,
    wait_for,
)
from tests.integration.seat import Seat

LINE_MEGABYTES = int(os.environ.get("TEST_LINE_MEGABYTES", "64"))
CORE_GROWTH_BYTES = 16 * 1024 * 1024
"""What a screen, its history and the input of one process may take, far less than what is sent."""
STYLES_GROWTH_BYTES = 48 * 1024 * 1024
"""The same with as many styles as a screen remembers, each with a link (`vt.style.MAX_STYLES`)."""

BEGINNING = """
import fcntl, os, signal, struct, sys, termios, time
def out(data):
    while data:
        data = data[os.write(1, data):]
def done():
    with open(sys.argv[1], "w") as file:
        file.write("done")
    while True:
        time.sleep(1000)
"""


def start_hostile(site: Site, code: str, settings: str = "") -> None:
    """Start a daemon with an innocent program, and a hostile one that is not up yet."""
    program = site.folder / "hostile.py"
    program.write_text(f"{BEGINNING}\n{code}\ndone()\n")
    site.start(
        "  good: {cmd: cat, starttime: 0}\n"
        f"  bad: {{cmd: [python3, {program}, {site.folder}/done], starttime: 0, autostart: no, "
        f"stoptime: 1{settings}}}"
    )
    site.ctl("send", "--enter", "good", "first")
    assert site.ctl("wait", "good", "--text", "first").returncode == 0


@contextmanager
def nothing_grows(site: Site, core_growth: int = CORE_GROWTH_BYTES) -> Iterator[None]:
    """Whatever happens within: what the daemon has afterwards it had before, and others live."""
    pids = (site.pid, core_of(site))
    files, terminals = [descriptors(pid) for pid in pids], ptys(pids[1])
    resident = [resident_bytes(pid) for pid in pids]

    yield

    assert site.ctl("stop", "bad").stdout == "bad:0: stopped\n"
    wait_for(lambda: ptys(pids[1]) == terminals, "the terminal to be closed")
    # The memory of its history stays open: it goes on with the next life.
    wait_for(
        lambda: all(descriptors(pid) <= had + 1 for pid, had in zip(pids, files, strict=True)),
        "all but that to be closed",
    )
    grown = [resident_bytes(pid) - had for pid, had in zip(pids, resident, strict=True)]
    assert grown[0] < 1024 * 1024
    assert grown[1] < core_growth
    assert pids == (site.pid, core_of(site))
    assert "mistake" not in site.events()


def others_are_served(site: Site, text: str = "second") -> None:
    site.ctl("send", "--enter", "good", text)
    assert site.ctl("wait", "good", "--text", text).returncode == 0
    assert "good:0" in site.ctl("status", "good").stdout


def is_at_rest(pid: int) -> bool:
    """Whether a process takes no time of the processor: the end of a terminal is told for ever."""
    before = Path(f"/proc/{pid}/stat").read_text().split()[13:15]
    time.sleep(0.2)
    return Path(f"/proc/{pid}/stat").read_text().split()[13:15] == before


def is_done(site: Site) -> bool:
    return site.text("done") == "done"


WRITES = {
    "bytes that are no text": "out(bytes(range(128, 256)) * 8192)",
    "a command without end": "out(b'\\x1b]2;' + b'x' * 4_000_000)",
    "a device string without end": "out(b'\\x1bP$q' + b'x' * 4_000_000)",
    "an application string without end": "out(b'\\x1b_G' + b'x' * 4_000_000)",
    "a sequence without end": "out(b'\\x1b[' + b'1;' * 500_000)",
    "titles by the thousand": (
        "out(b''.join(b'\\x1b]2;%d%s\\x07\\x1b[22;0t' % (n, b'x' * 1000) for n in range(20_000)))\n"
        "out(b'\\x1b[23t')"
    ),
    "links and colours without end": (
        "out(b''.join(b'\\x1b]8;;http://a/%d\\x07x\\x1b[38;2;%d;%d;1mx' % (n, n % 256, n % 251) "
        "for n in range(100_000)))"
    ),
    "windows of 65535 by 65535": (
        "out(b'\\x1b[8;65535;65535t\\x1b[4;65535;65535t\\x1b[65535t\\x1b[?40h\\x1b[?3h"
        "\\x1b[65535*|\\x1b[65535$|\\x1b[65535;65535Hx\\x1b[65535b\\x1b[65535L\\x1b[65535@')\n"
        "fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 65535, 65535, 65535, 65535))\n"
        "out(b'x' * 1_000_000)\n"
        "for end in 'bL@STPMXIHJ': out(b'x\\x1b[999999999' + end.encode())"
    ),
}


@pytest.mark.parametrize("what", WRITES)
def test_what_it_writes_costs_nobody_anything(site: Site, what: str) -> None:
    start_hostile(site, WRITES[what])
    with nothing_grows(site, STYLES_GROWTH_BYTES if "links" in what else CORE_GROWTH_BYTES):
        site.ctl("start", "bad")
        others_are_served(site)
        wait_for(lambda: is_done(site), "all of it to be written")
        seen = site.ctl("--json", "screen", "bad")
        assert seen.returncode == 0
        assert "24" in site.ctl("screen", "--ansi", "bad").stdout or seen.stdout


def test_questions_by_the_million_whose_answers_it_never_reads(site: Site) -> None:
    """Answers wait in a bounded queue, and are not given at all when it is full."""
    asks = "out(b'\\x1b[c\\x1b[6n\\x1b[?2026$p\\x1b[>q\\x1b]11;?\\x07\\x1b[?6n' * 170_000)"
    start_hostile(site, f"import tty\ntty.setraw(0)\n{asks}")
    with nothing_grows(site):
        site.ctl("start", "bad")
        others_are_served(site)
        wait_for(lambda: is_done(site), "all of them to be asked")
        others_are_served(site, "third")


def test_a_line_without_end_passes_logs_and_clients(site: Site) -> None:
    """What follows it costs a bounded memory too: a client that is attached, and one that tails."""
    code = f"for _ in range({LINE_MEGABYTES}): out(b'x' * 1048576)"
    start_hostile(site, code, ", stdout: a.log, stdout_maxbytes: 4MB, stdout_backups: 1")
    with nothing_grows(site):
        site.ctl("start", "bad")
        seats = [
            Seat([*site.client, *words], site.environment)
            for words in (("attach", "bad"), ("tail", "-f", "bad"))
        ]
        try:
            for seat in seats:
                seat.read_until(b"xxxx")
            others_are_served(site)
            # Nobody reads what these two write any more: they must not hold up the program.
            wait_for(lambda: is_done(site), "all of it to be written")
            pids = [seat.process.pid for seat in seats]
            assert all(resident_bytes(pid) < 48 * 1024 * 1024 for pid in pids)
        finally:
            for seat in seats:
                seat.close()
        written = sum(path.stat().st_size for path in site.folder.glob("a.log*"))
        assert written <= 8 * 1024 * 1024


def test_a_line_without_end_is_settled_in_pieces_in_a_log_of_text(site: Site) -> None:
    code = "for _ in range(8): out(b'x' * 1048576)\nout(b'\\x1b]2;' + b'y' * 1048576)"
    start_hostile(site, code, ", stdout: a.log, logformat: text")
    with nothing_grows(site):
        site.ctl("start", "bad")
        others_are_served(site)
        wait_for(lambda: is_done(site), "all of it to be written")
    written = (site.folder / "a.log").read_bytes()
    assert written.count(b"x") == 8 * 1048576
    assert b"y" not in written


LETS_GO = {
    "closes all of it": "for end in (0, 1, 2): os.close(end)",
    "hangs it up": (
        "import ctypes\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "assert ctypes.CDLL(None).vhangup() == 0"
    ),
    "gives up control of it": (
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nfcntl.ioctl(0, termios.TIOCNOTTY)"
    ),
    "lets nobody else open it": (
        "fcntl.ioctl(0, termios.TIOCEXCL)\nfor end in (0, 1, 2): os.close(end)"
    ),
    "makes it raw and silent": (
        "import tty\ntty.setraw(0)\nfcntl.ioctl(0, termios.TIOCEXCL)\n"
        "flags = termios.tcgetattr(0)\nflags[3] = 0\ntermios.tcsetattr(0, termios.TCSANOW, flags)"
    ),
    "stops its output": "termios.tcflow(1, termios.TCOOFF)",
}


@pytest.mark.parametrize("code", LETS_GO.values(), ids=LETS_GO.keys())
def test_whatever_it_does_to_its_terminal_it_lives_and_can_be_stopped(
    site: Site, code: str
) -> None:
    """Who closed the terminal was hung up on: its end was taken for the end of the process."""
    start_hostile(site, code)
    with nothing_grows(site):
        site.ctl("start", "bad")
        wait_for(lambda: is_done(site), "it to be done")
        others_are_served(site)
        wait_for(lambda: is_at_rest(core_of(site)), "the core to sleep again")
        assert site.status("bad")["restarts"] == 0
        assert is_alive(site.wait_state("bad", "RUNNING")["pid"])
        site.ctl("send", "bad", "typed\r")
        assert site.ctl("screen", "bad").returncode == 0


def test_a_terminal_that_is_opened_again_is_read_again(site: Site) -> None:
    code = (
        "import time\nfor end in (0, 1, 2): os.close(end)\n"
        "time.sleep(0.2)\nos.open('/dev/tty', os.O_RDWR)\nos.dup(0)\nos.write(1, b'back again')"
    )
    start_hostile(site, code)
    with nothing_grows(site):
        site.ctl("start", "bad")
        assert site.ctl("wait", "bad", "--text", "back again").returncode == 0


def test_a_program_that_fills_the_disk_costs_only_its_own_log(site: Site) -> None:
    disk = site.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], check=True)
    try:
        start_hostile(
            site, "out(b'a line of many\\n' * 20_000)", ", stdout: disk/a.log, stdout_maxbytes: 0"
        )
        with nothing_grows(site):
            site.ctl("start", "bad")
            site.wait_event("disk/a.log cannot be written: no space left on device")
            others_are_served(site)
            wait_for(lambda: is_done(site), "all of it to be written")
            assert site.status("bad")["restarts"] == 0
        (disk / "a.log").unlink()
    finally:
        site.end()
        subprocess.run(["umount", str(disk)], check=True)
