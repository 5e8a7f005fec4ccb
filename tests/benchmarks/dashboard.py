"""What the dashboard costs while it is open, and how soon it follows a key."""

import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

from pty_mux.vt.paint import text_rows
from pty_mux.vt.terminal import Terminal
from tests.benchmarks.measure import cpu_seconds, p99
from tests.benchmarks.peers import Daemon, Program, taskmasterd
from tests.benchmarks.processes import DEADLINE_SECONDS, TooLate, end
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_QUIET = 499
_ROWS, _COLUMNS = 40, 120
_READ_BYTES = 65536
_SETTLE_SECONDS = 3.0
_BURST_BYTES = 1024 * 1024
_MOST_PERCENT = 25.0
_MOST_KEY_SECONDS = 0.1


class _Top:
    """The dashboard at a terminal of ours, of which we know what it shows."""

    def __init__(self, daemon: Daemon) -> None:
        self._master, slave = os.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", _ROWS, _COLUMNS, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [*daemon.client, "top"], stdin=slave, stdout=slave, stderr=slave, env=environment,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._terminal = Terminal(_ROWS, _COLUMNS)

    def press(self, key: bytes) -> None:
        os.write(self._master, key)

    def read(self, seconds: float) -> bool:
        """Read what is written within that time; return whether it was something."""
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        self._terminal.feed(os.read(self._master, _READ_BYTES))
        return True

    def look(self, seconds: float) -> None:
        """Read for so long what is shown, and drop it."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                os.read(self._master, _READ_BYTES)

    def wait(self, condition: Callable[[str], bool]) -> None:
        deadline = time.perf_counter() + DEADLINE_SECONDS
        while not condition(self.text):
            if not self.read(deadline - time.perf_counter()):
                raise TooLate(f"the dashboard did not show it; it shows\n{self.text}")

    @property
    def text(self) -> str:
        screen = self._terminal.screen
        return "\n".join(text_rows(screen, screen.lines))

    def close(self) -> None:
        end(self.process)
        os.close(self._master)


@contextmanager
def _open(daemon: Daemon) -> Iterator[_Top]:
    top = _Top(daemon)
    try:
        yield top
    finally:
        top.close()


def dashboard(settings: Settings) -> list[Row]:
    """Watch a process that writes without pause among 500, then walk over the quiet ones."""
    seconds = 5.0 if settings.quick else 20.0
    flood = Program("flood", ("/bin/sh", str(_script(settings.folder))))
    quiet = Program("quiet", ("sleep", "1000000"), _QUIET)
    with taskmasterd(settings.folder / "taskmaster", flood, quiet) as daemon:
        daemon.wait_running(_QUIET + 1)
        time.sleep(_SETTLE_SECONDS)
        alone = _spent(daemon.pids, lambda: time.sleep(seconds)) / seconds
        with _open(daemon) as top:
            top.wait(lambda text: "─ flood:0  80x24" in text)
            top.look(_SETTLE_SECONDS)
            pids = (*daemon.pids, top.process.pid)
            together = _spent(pids, lambda: top.look(seconds)) / seconds
        with _open(daemon) as top:
            delays = list(_walk(top, settings.repeat(200, 20)))
    percent = 100 * (together - alone)
    return [
        Row(
            f"dashboard of {_QUIET + 1}, one writing: CPU of client and daemon for it",
            f"{percent:.1f} %",
            f"{100 * alone:.0f} % without",
            "-",
            f"under {_MOST_PERCENT:.0f} %",
            percent < _MOST_PERCENT,
        ),
        Row(
            "dashboard: from a key to the changed screen, p99",
            milliseconds(p99(delays)),
            "-",
            "-",
            f"under {milliseconds(_MOST_KEY_SECONDS)}",
            p99(delays) < _MOST_KEY_SECONDS,
        ),
    ]


def _script(folder: Path) -> Path:
    """Write a program that writes a megabyte ten times a second."""
    lines, script = folder / "lines", folder / "flood"
    line = b"\x1b[32mINFO\x1b[0m a line of a log that goes on and on, number %08d\n"
    lines.write_bytes(b"".join(line % number for number in range(_BURST_BYTES // 64)))
    script.write_text(f"while :; do cat {lines}; sleep 0.1; done\n")
    return script


def _spent(pids: tuple[int, ...], doing: Callable[[], None]) -> float:
    before = cpu_seconds(pids)
    doing()
    return cpu_seconds(pids) - before


def _walk(top: _Top, often: int) -> Iterator[float]:
    top.wait(lambda text: "─ flood:0  80x24" in text)
    top.press(b"\x1b[B\x1b[B")
    top.wait(lambda text: "─ quiet:0  80x24" in text)
    for number in range(often):
        while top.read(0.02):
            pass
        key, name = (b"\x1b[B", "quiet:1") if number % 2 == 0 else (b"\x1b[A", "quiet:0")
        began = time.perf_counter()
        top.press(key)
        top.wait(lambda text: f"─ {name}" in text)  # noqa: B023
        yield time.perf_counter() - began
