"""The user's own terminal: raw while attached, and brought back on every way out.

Even when this client is killed by SIGKILL: a small guard process holds the terminal and a pipe to
us. It is told over the pipe how the terminal is to be brought back; when the pipe ends without a
goodbye it does so (facts/attach.md, 3.9).
"""

import contextlib
import fcntl
import os
import signal
import struct
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

_LENGTH: Final = struct.Struct("!I")
_GOODBYE: Final = 0xFFFFFFFF
_WINSIZE: Final = struct.Struct("HHHH")


class Size(NamedTuple):
    """struct winsize of tty_ioctl(4): cells, and pixels; 0 where unknown."""

    rows: int
    columns: int
    width_pixels: int
    height_pixels: int


class NoTerminal(Exception):
    """Standard input or output is no terminal."""


class UserTerminal:
    """The controlling terminal, opened anew so that O_NONBLOCK never reaches the user's shell."""

    def __init__(self) -> None:
        """Open it.

        Raises:
            NoTerminal: there is none.
        """
        if not (os.isatty(0) and os.isatty(1)):
            raise NoTerminal("attach needs a terminal on standard input and output")
        self.descriptor = os.open(os.ttyname(0), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        self._saved: list[Any] = termios.tcgetattr(self.descriptor)

    def size(self) -> Size:
        """Return the size of its window."""
        empty = bytes(_WINSIZE.size)
        return Size(*_WINSIZE.unpack(fcntl.ioctl(self.descriptor, termios.TIOCGWINSZ, empty)))

    @contextlib.contextmanager
    def raw(self, restore: Callable[[], bytes]) -> Iterator["Guard"]:
        """Set raw mode, keeping what was typed ahead; bring the terminal back at the end.

        Args:
            restore: gives the bytes that take the program's modes back.
        """
        guard = Guard(self.descriptor, self._saved, restore())
        try:
            self.enter()
            os.set_blocking(self.descriptor, False)
            yield guard
        finally:
            self.leave(restore())
            guard.dismiss()
            os.close(self.descriptor)

    def enter(self) -> None:
        """Set raw mode (termios(3), cfmakeraw); TCSADRAIN, so that type-ahead survives."""
        tty.setraw(self.descriptor, termios.TCSADRAIN)

    def leave(self, restore: bytes) -> None:
        """Bring the terminal back."""
        _bring_back(self.descriptor, self._saved, restore)


def _bring_back(descriptor: int, saved: list[Any], restore: bytes) -> None:
    """Write the bytes and set the modes; a terminal that is gone needs neither."""
    with contextlib.suppress(OSError, termios.error):
        os.set_blocking(descriptor, True)
        os.write(descriptor, restore)
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, saved)


class Guard:
    """The process that brings the terminal back if we cannot."""

    def __init__(self, descriptor: int, saved: list[Any], restore: bytes) -> None:
        reading, self._pipe = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._pipe)
                _watch(reading, descriptor, saved, restore)
            finally:
                os._exit(0)
        os.close(reading)

    def update(self, restore: bytes) -> None:
        """Tell it how the terminal is to be brought back from now on."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, _LENGTH.pack(len(restore)) + restore)

    def dismiss(self) -> None:
        """Send it away: the terminal is as it was."""
        with contextlib.suppress(OSError):
            os.write(self._pipe, _LENGTH.pack(_GOODBYE))
        os.close(self._pipe)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _watch(pipe: int, descriptor: int, saved: list[Any], restore: bytes) -> None:
    signal.set_wakeup_fd(-1)
    for number in (
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGQUIT,
        signal.SIGTSTP,
        signal.SIGTTOU,
    ):
        signal.signal(number, signal.SIG_IGN)
    for other in range(256):
        if other not in (pipe, descriptor):
            with contextlib.suppress(OSError):
                os.close(other)
    with open(pipe, "rb") as told:
        while len(header := told.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(header)
            if length == _GOODBYE:
                return
            restore = told.read(length)
    _bring_back(descriptor, saved, restore + b"\r\n")
