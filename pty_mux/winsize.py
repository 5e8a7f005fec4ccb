"""The size of a terminal, and whose size counts where several clients look at one.

The rule is tmux's ``window-size latest`` (DESIGN, section 6): the size is that of the client that
last typed or resized its window; who only watches never sets it; with nobody there, it stays.
"""

import fcntl
import struct
import termios
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 1000
"""Clients cannot ask for more than this; a screen of that size is what we are ready to keep."""

_STRUCT_WINSIZE: Final = struct.Struct("HHHH")


@dataclass(frozen=True, slots=True)
class Winsize:
    """struct winsize of tty_ioctl(4): cells, and pixels where the terminal knows them (else 0)."""

    rows: int = 24
    columns: int = 80
    width_pixels: int = 0
    height_pixels: int = 0

    @property
    def is_known(self) -> bool:
        """Whether this is a size at all: a terminal that does not know its own says 0x0."""
        return self.rows > 0 and self.columns > 0

    def clamped(self) -> "Winsize":
        """Return the nearest size that we accept from a client: 2x2 up to the limits above."""
        rows = min(max(self.rows, 2), MAX_ROWS)
        columns = min(max(self.columns, 2), MAX_COLUMNS)
        return Winsize(rows, columns, self.width_pixels, self.height_pixels)


class Seat(Protocol):
    """What `choose` must know of an attachment."""

    winsize: Winsize
    read_only: bool
    last_active: int


def choose(seats: Iterable[Seat], current: Winsize) -> Winsize:
    """Return the size that the terminal should have: the last active writer's, else the current."""
    candidates = [seat for seat in seats if not seat.read_only and seat.winsize.is_known]
    if not candidates:
        return current
    return max(candidates, key=lambda seat: seat.last_active).winsize.clamped()


def set_winsize(descriptor: int, winsize: Winsize) -> None:
    """Set the size of the terminal behind either end of a pty.

    The kernel sends SIGWINCH to the foreground process group, unless nothing changed.

    Raises:
        OSError: ioctl(2) failed: the descriptor is closed or is no terminal.
    """
    fields = (winsize.rows, winsize.columns, winsize.width_pixels, winsize.height_pixels)
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, _STRUCT_WINSIZE.pack(*fields))


def get_winsize(descriptor: int) -> Winsize:
    """Return the size of the terminal behind either end of a pty.

    Raises:
        OSError: ioctl(2) failed: the descriptor is closed or is no terminal.
    """
    reply = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(_STRUCT_WINSIZE.size))
    return Winsize(*_STRUCT_WINSIZE.unpack(reply))
