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
from dataclasses import dataclass
from typing import Final, NamedTuple

from pty_mux.ring import Ring
from pty_mux.vt.charsets import ASCII
from pty_mux.vt.line import Line, blank
from pty_mux.vt.paint import paint
from pty_mux.vt.screen import MAX_HISTORY_LINES
from pty_mux.vt.style import PLAIN, Style
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize

SLICE_BYTES: Final = 16 * 1024
"""How much is read at once where others wait: 5 ms at the speed of the slowest output."""

_WORTH_BYTES: Final = 4 * 1024
"""Less than this is read rather than passed over."""

_EXACT_BYTES: Final = 64 * 1024
"""How much is read to make room before it is given up to be exact."""

_TAIL_BYTES: Final = 64 * 1024
_LINE_END: Final = b"\r\n"
_NOT_SGR: Final = re.compile(rb"\x1b(?!\[[0-9;:]*+m)")
_SGR: Final = re.compile(rb"\x1b\[[0-9;:]*+m")
_STATEFUL: Final = re.compile(
    rb"\x1b\[(?:[?>=<][0-9;]*[A-Za-z]|[0-9;]*[hlrstu]|!p|[0-9]* q|[23]J)"
    rb"|\x1b\][0-9]+(?:;[^\x07\x1b\x18\x1a]{0,4096})?(?:\x07|\x1b\\)"
    rb"|\x1b[()][A-Za-z0-9]|\x1b[=>78c]|\x1b#8|[\x0e\x0f]"
)
"""What sets something that stays set, whatever is drawn afterwards."""


class _PassedOver(NamedTuple):
    """Lines above the screen that were not read: from `start` to `end` in the ring.

    Attributes:
        style: what the first of them begins with.
        tabs: the tab stops.
        below: the row that was read next.
    """

    start: int
    end: int
    style: Style
    tabs: frozenset[int]
    below: Line


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A screen at an offset in the ring: what it takes to draw it, each byte a character."""

    offset: int
    painted: str


class Mirror:
    """The model of one session's screen.

    Attributes:
        terminal: the model.
        position: the offset in the ring up to which it has read.
    """

    def __init__(self, ring: Ring, winsize: Winsize) -> None:
        """Begin at the oldest line that is still in the ring."""
        self.terminal = Terminal(winsize.rows, winsize.columns)
        self.position = _first_line(ring)
        self._passed_over: list[_PassedOver] = []

    @classmethod
    def resumed(cls, ring: Ring, winsize: Winsize, checkpoint: Checkpoint) -> "Mirror":
        """Return the model at a checkpoint; what was above the screen is read from the ring."""
        mirror = cls(ring, winsize)
        begin = mirror.position
        terminal = mirror.terminal
        terminal.feed(checkpoint.painted.encode("latin-1"))
        screen = terminal.screen
        if begin < checkpoint.offset and not screen.is_alternate:
            tabs = frozenset(screen.tabs)
            passed = _PassedOver(begin, checkpoint.offset, PLAIN, tabs, screen.lines[0])
            rows = mirror._read_lines(ring, passed, MAX_HISTORY_LINES + screen.row)
            screen.history.extend(rows[: len(rows) - screen.row])
        mirror.position = max(begin, checkpoint.offset)
        return mirror

    def checkpoint(self, ring: Ring) -> Checkpoint:
        """Return what the model shows, as far as it has read."""
        terminal = self.terminal
        painted = paint(terminal, history=None) + terminal.unfinished
        return Checkpoint(self.position, painted.decode("latin-1"))

    def behind(self, ring: Ring) -> int:
        """Return how many bytes there are to read."""
        return ring.end - self.position

    def catch_up(self, ring: Ring, limit: int | None = None) -> bool:
        """Read on, about `limit` bytes (None: all); return whether everything is read."""
        left = self.behind(ring) if limit is None else limit
        while left > 0 and (behind := self.behind(ring)):
            if behind > 2 * _WORTH_BYTES:
                self._pass_over(ring)
            data = ring.read(self.position, min(left, SLICE_BYTES))
            self._feed(data)
            left -= len(data)
        return self.behind(ring) == 0

    def make_room(self, ring: Ring, length: int) -> None:
        """Read what would be overwritten by so many bytes more."""
        if self.position >= ring.end + length - ring.capacity:
            return
        left = _EXACT_BYTES
        while left > 0 and self.behind(ring) > _TAIL_BYTES:
            self.catch_up(ring, SLICE_BYTES)
            left -= SLICE_BYTES
        if self.behind(ring) > _TAIL_BYTES:
            self._skip(ring)
        self.catch_up(ring)

    def resize(self, ring: Ring, winsize: Winsize) -> None:
        """Take another size, after reading everything that was written for the present one."""
        self.make_room(ring, ring.capacity)
        self.load_history(ring)
        self.terminal.resize(winsize.rows, winsize.columns)

    def load_history(self, ring: Ring) -> None:
        """Read the lines above the screen that were passed over, as far as they are wanted.

        Afterwards the history has no gaps: it begins behind what is not in the ring any more.
        """
        self.catch_up(ring)
        passed_over = {id(passed.below): passed for passed in self._passed_over}
        if not passed_over:
            return
        self._passed_over.clear()
        history = self.terminal.screen.history
        newest_first: list[Line] = []
        for line in reversed(history):
            if len(newest_first) >= MAX_HISTORY_LINES:
                break
            newest_first.append(line)
            if passed := passed_over.get(id(line)):
                wanted = MAX_HISTORY_LINES - len(newest_first)
                newest_first += reversed(self._read_lines(ring, passed, wanted))
                if passed.start < ring.start:
                    break
        history.clear()
        history.extend(reversed(newest_first))

    # --- without reading ----------------------------------------------------------------------

    def _pass_over(self, ring: Ring) -> None:
        """Go to the last lines of the text that is next, if nothing is different for it.

        From the bottom of the screen each line scrolls, so the lines between have no other trace
        than those above the screen, and the pen. Enough lines are left to be read that the first of
        them ends above the screen: it marks where the others belong.
        """
        screen = self.terminal.screen
        data = ring.read(self.position, self.behind(ring))
        # Counting them all would take longer than everything else here together.
        if not self._is_simple() or _after_lines(data, 2 * screen.rows + 1) == len(data):
            return
        # One more than lead to the bottom row: what scrolls in is erased with the pen, and the
        # bottom row that was there before need not have been.
        first = _after_lines(data, screen.rows - screen.row)
        last = _last_lines(data, screen.rows, _text_length(data))
        if first > SLICE_BYTES or last - first < _WORTH_BYTES:
            return
        self._feed(data[:first])
        if not (self.terminal.is_ground and self._is_simple() and screen.row == screen.rows - 1):
            return
        style = screen.styles[screen.pen]
        self.terminal.feed(_colours_before(data, first, last))
        below = screen.lines[-1] = blank(screen.columns, screen.styles.erased(screen.pen))
        start, self.position = self.position, self.position + last - first
        if not screen.is_alternate:
            tabs = frozenset(screen.tabs)
            self._remember(ring, _PassedOver(start, self.position, style, tabs, below))

    def _remember(self, ring: Ring, passed: _PassedOver) -> None:
        """Keep what was passed over; of those that are lost only the last one tells something."""
        lost = [older for older in self._passed_over if older.end <= ring.start]
        self._passed_over = [*lost[-1:], *self._passed_over[len(lost) :], passed]

    def _skip(self, ring: Ring) -> None:
        """Go on near the end of the backlog; of what is before, do only what sets something."""
        begun = self.terminal.unfinished
        data = begun + ring.read(self.position, self.behind(ring) - _TAIL_BYTES)
        # A cut inside a sequence or a string would be read as text: go on where one begins.
        end = data.rfind(b"\x1b", len(begun))
        if end < 0 and not begun:
            end = data.rfind(b"\n")
        if end < 0:
            return
        stateful = b"".join(_STATEFUL.findall(data, 0, end))
        self.terminal.feed(b"\x18" + stateful + _colours_before(data, 0, end))
        self.position += end - len(begun)

    def _feed(self, data: bytes) -> None:
        self.terminal.feed(data)
        self.position += len(data)

    def _is_simple(self) -> bool:
        """Whether each line feed at the bottom scrolls, and text is what it looks like."""
        screen = self.terminal.screen
        return (
            (screen.top, screen.bottom) == (0, screen.rows - 1)
            and screen.autowrap
            and not screen.origin
            and not screen.insert
            and screen.charsets[screen.shifted] == ASCII
        )

    def _read_lines(self, ring: Ring, passed: _PassedOver, count: int) -> list[Line]:
        """Return the last rows that lines which were passed over make, no more than `count`."""
        start = max(passed.start, ring.start)
        data = ring.read(start, passed.end - start) if start < passed.end else b""
        begin = data.find(_LINE_END) + len(_LINE_END) if start > passed.start else 0
        cut = max(_last_lines(data, count), begin)
        screen = self.terminal.screen
        reader = Terminal(1, screen.columns)
        reader.screen.clusters = screen.clusters
        reader.screen.tabs = set(passed.tabs)
        reader.screen.pen = reader.screen.styles.mark(passed.style)
        # The row is erased with the pen, as it is when it scrolls in.
        reader.feed(_colours_before(data, begin, cut) + b"\x1b[2K" + data[cut:])
        lines = list(reader.screen.history)[-count:] if count else []
        styles = reader.screen.styles
        used = set().union(*(line.styles for line in lines))
        translation = {ord(mark): screen.styles.mark(styles[mark]) for mark in used}
        for line in lines:
            line.styles = line.styles.translate(translation)
        return lines


def _text_length(data: bytes) -> int:
    """Return where something else than text, colours and controls of lines begins."""
    match = _NOT_SGR.search(data) if b"\x1b" in data else None
    end = match.start() if match else len(data)
    for shift in (b"\x0e", b"\x0f"):
        found = data.find(shift, 0, end)
        end = end if found < 0 else found
    return end


def _after_lines(data: bytes, count: int) -> int:
    """Return where the first `count` lines end, or the length where there are fewer."""
    position = 0
    for _ in range(count):
        found = data.find(_LINE_END, position)
        if found < 0:
            return len(data)
        position = found + len(_LINE_END)
    return position


def _last_lines(data: bytes, count: int, end: int | None = None) -> int:
    """Return where the last `count` lines before `end` begin, what has no end yet not counted."""
    position = len(data) if end is None else end
    for _ in range(count + 1):
        position = data.rfind(_LINE_END, 0, position)
        if position < 0:
            return 0
    return position + len(_LINE_END)


def _colours_before(data: bytes, start: int, end: int) -> bytes:
    """Return the SGR sequences that make the colours in use at a place, known at the start.

    Each sequence sets some attributes to values, whatever was before. So of equal ones only the
    last counts, and nothing from before the last reset.
    """
    if data.find(b"\x1b", start, end) < 0:
        return b""
    resets = (data.rfind(reset, start, end) for reset in (b"\x1b[m", b"\x1b[0m", b"\x1b[0;"))
    sequences: list[bytes] = _SGR.findall(data, max(start, *resets), end)
    return b"".join(reversed(dict.fromkeys(reversed(sequences))))


def _first_line(ring: Ring) -> int:
    """Return the first offset in the ring at which a line begins; the very first is one."""
    if ring.start == 0:
        return 0
    found = ring.read(ring.start, ring.capacity).find(b"\n")
    return ring.start + found + 1 if found >= 0 else ring.end
