"""A terminal with a client at it, and a tester who types and reads."""

import fcntl
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.integration.conftest import DEADLINE_SECONDS

_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


class Seat:
    """A pseudo-terminal, with a command as its session leader."""

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        rows: int = 24,
        columns: int = 80,
        pixels: tuple[int, int] = (0, 0),
    ) -> None:
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, _winsize(rows, columns, *pixels))
        self.before = termios.tcgetattr(self.slave)
        self.shown = b""
        self._read_to = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *words],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=dict(environment),
        )

    def type(self, data: bytes) -> None:
        """Type, however long the terminal takes to take it."""
        os.set_blocking(self.master, False)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while data and time.monotonic() < deadline:
            readable, writable, _ = select.select([self.master], [self.master], [], 1)
            if readable:
                self._read()
            if writable:
                data = data[os.write(self.master, data[:65536]) :]
        assert not data, "the terminal takes nothing more"

    def read_until(self, pattern: bytes) -> re.Match[bytes]:
        """Read on until the pattern shows up behind what was read until before."""
        return self._until(lambda: re.compile(pattern, re.DOTALL).search(self.shown, self._read_to))

    def _until(self, condition: Callable[[], re.Match[bytes] | None]) -> re.Match[bytes]:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (found := condition()) is None:
            if time.monotonic() > deadline:
                pytest.fail(f"not shown in time; the end of what was: {self.shown[-2000:]!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                self._read()
        self._read_to = found.end()
        return found

    def _read(self) -> None:
        try:
            self.shown += os.read(self.master, 65536)
        except BlockingIOError:
            return

    def read_rest(self) -> bytes:
        """Read what is there now, and return all that was shown."""
        while select.select([self.master], [], [], 0)[0]:
            self._read()
        return self.shown

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, _winsize(rows, columns))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait for the command's end; return its exit status."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.02)[0]:
                self._read()
        return self.process.wait(0.1)

    @property
    def modes(self) -> list[Any]:
        """The terminal's settings now, as tcgetattr(3) has them."""
        return termios.tcgetattr(self.slave)

    @property
    def is_as_before(self) -> bool:
        return bool(self.modes == self.before)

    @property
    def unread(self) -> int:
        """How many bytes of what was typed nobody has read yet (FIONREAD)."""
        counted = fcntl.ioctl(self.slave, termios.FIONREAD, bytes(4))
        return int.from_bytes(counted, sys.byteorder)

    def close(self) -> None:
        """End the command and take the terminal away."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def _winsize(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, sys.byteorder) for number in (*numbers, 0, 0)[:4])
