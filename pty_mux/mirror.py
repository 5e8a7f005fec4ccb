"""The model of a screen as one more reader of the ring: how far it has read, and how it catches up.

A flood comes at 60 MB/s and more; a model in Python reads 3 to 40. So it reads when somebody needs
it, and when what it has not read yet would leave the ring (`make_room`). What it need not read:

- *exactly*: of many lines that hold text and colours only, the screen shows the last few, and the
  lines above are looked up in the ring when they are wanted (`load_history`). Lines are passed over
  only where the outcome is the same to the last cell (facts/attach.md, 3.5).
- *not exactly*: of a full-screen program that writes faster than it can be read, only what sets
  modes, until `_TAIL_BYTES` before the end. The picture is right again with the next redraw.
"""

import re
from typing import Final, NamedTuple

from pty_mux.ring import Ring
from pty_mux.vt.charsets import ASCII
from pty_mux.vt.screen import MAX_HISTORY_LINES
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize

SLICE_BYTES: Final = 16 * 1024
"""How much is read at once where others wait: 5 ms at the speed of the slowest output."""

_LONG_BACKLOG_BYTES: Final = 64 * 1024
_TAIL_BYTES: Final = 64 * 1024
_NOT_SGR: Final = re.compile(rb"\x1b(?!\[[0-9;:]*m)")
_SGR: Final = re.compile(rb"\x1b\[[0-9;:]*m")
_STATEFUL: Final = re.compile(
    rb"\x1b\[(?:[?>=<][0-9;]*[A-Za-z]|[0-9;]*[hlr]|!p|[0-9]* q|[23]J)"
    rb"|\x1b\][0-9]+;[^\x07\x1b\x18\x1a]{0,4096}(?:\x07|\x1b\\)|\x1b[()][A-Za-z0-9]|\x1b[=>78cM]"
    rb"|[\x0e\x0f]"
)
"""What sets something that stays set, whatever is drawn afterwards."""


class _PassedOver(NamedTuple):
    """A stretch of the ring whose lines are above the screen and were not read."""

    start: int
    end: int


class Mirror:
    """The model of one session's screen.

    Attributes:
        terminal: the model.
        position: the offset in the ring up to which it has read.
    """

    def __init__(self, ring: Ring, winsize: Winsize) -> None:
        """Begin at the oldest line that is still in the ring."""
        self.terminal = Terminal(winsize.rows, winsize.columns)
        self.position = _line_start(ring, ring.start)
        self._passed_over: _PassedOver | None = None

    def behind(self, ring: Ring) -> int:
        """Return how many bytes there are to read."""
        return ring.end - self.position

    def catch_up(self, ring: Ring, limit: int | None = None) -> bool:
        """Read on, at most `limit` bytes (None: all); return whether everything is read."""
        if self.behind(ring) > _LONG_BACKLOG_BYTES:
            self._pass_over(ring)
        length = self.behind(ring) if limit is None else limit
        data = ring.read(self.position, length)
        self.position += len(data)
        self.terminal.feed(data)
        return self.behind(ring) == 0

    def make_room(self, ring: Ring, length: int) -> None:
        """Read what would be overwritten by so many bytes more."""
        if self.position >= ring.end + length - ring.capacity:
            return
        if self.behind(ring) > _LONG_BACKLOG_BYTES:
            self._pass_over(ring)
        if self.behind(ring) > 2 * _TAIL_BYTES:
            data = ring.read(self.position, self.behind(ring) - _TAIL_BYTES)
            # A cut inside a sequence would be read as text: go on where one begins.
            end = max(data.rfind(b"\x1b"), data.rfind(b"\n"), 0)
            self.terminal.feed(b"\x18" + b"".join(_STATEFUL.findall(data, 0, end)))
            self.position += end
        self.catch_up(ring)

    def resize(self, ring: Ring, winsize: Winsize) -> None:
        """Take another size, after reading everything that was written for the present one."""
        self.make_room(ring, ring.capacity)
        self.load_history(ring)
        self.terminal.resize(winsize.rows, winsize.columns)

    def load_history(self, ring: Ring) -> None:
        """Read the lines above the screen that were passed over, as far as they are wanted."""
        passed, self._passed_over = self._passed_over, None
        screen = self.terminal.screen
        if passed is None or len(screen.history) >= MAX_HISTORY_LINES:
            return
        start = _line_start(ring, max(passed.start, ring.start))
        if start >= passed.end:
            return
        data = ring.read(start, passed.end - start)
        cut = _last_lines(data, MAX_HISTORY_LINES)
        reader = Terminal(2, screen.columns)
        reader.screen.styles, reader.screen.clusters = screen.styles, screen.clusters
        reader.feed(_colours_before(data, cut) + data[cut:])
        newer = tuple(screen.history)
        screen.history.clear()
        screen.history.extend(reader.screen.history)
        screen.history.extend(reader.screen.lines[: reader.screen.row])
        screen.history.extend(newer)

    def _pass_over(self, ring: Ring) -> None:
        """Go to the last lines of the backlog if nothing is different for it."""
        screen = self.terminal.screen
        data = ring.read(self.position, self.behind(ring))
        first = data.find(b"\n") + 1
        if not (self.terminal.is_ground and self._is_simple()) or not first:
            return
        last = _last_lines(data, screen.rows + 1)
        wanted = MAX_HISTORY_LINES if not screen.is_alternate else 0
        if data.count(b"\n", first, last) <= wanted or not _is_text(data):
            return
        self.terminal.feed(data[:first] + _colours_before(data, last))
        screen.history.clear()
        screen.move(screen.rows - 1, 0)
        self._passed_over = _PassedOver(self.position, self.position + last)
        self.position += last

    def _is_simple(self) -> bool:
        screen = self.terminal.screen
        return (
            (screen.top, screen.bottom) == (0, screen.rows - 1)
            and screen.autowrap
            and not screen.origin
            and not screen.insert
            and not screen.shifted
            and screen.charsets == [ASCII, ASCII]
        )


def _is_text(data: bytes) -> bool:
    """Whether there is nothing but text, colours, and controls that end with their line."""
    if b"\x0e" in data or b"\x0f" in data:
        return False
    return b"\x1b" not in data or _NOT_SGR.search(data) is None


def _last_lines(data: bytes, count: int) -> int:
    """Return where the last `count` lines begin, an unfinished one counted too, or 0."""
    position = len(data)
    for _ in range(count):
        position = data.rfind(b"\n", 0, position)
        if position < 0:
            return 0
    return position + 1


def _colours_before(data: bytes, end: int) -> bytes:
    """Return the SGR sequences that make the colours in use at a place."""
    reset = max(data.rfind(b"\x1b[0m", 0, end), data.rfind(b"\x1b[m", 0, end), 0)
    return b"".join(_SGR.findall(data, reset, end))


def _line_start(ring: Ring, offset: int) -> int:
    """Return the first offset from here on at which a line begins; the very first is one."""
    if offset == 0:
        return 0
    while offset < ring.end:
        data = ring.read(offset, 4096)
        if (found := data.find(b"\n")) >= 0:
            return offset + found + 1
        offset += len(data)
    return offset
