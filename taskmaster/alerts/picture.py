"""What a terminal tells of the end of a process: the last bytes, and the screen as text."""

from typing import Final

from pty_mux.mirror import SLICE_BYTES
from pty_mux.session import Session
from pty_mux.vt.paint import text_rows
from pty_mux.vt.terminal import Terminal

TAIL_BYTES: Final = 8 * 1024

_MOST_SLICES: Final = 4
"""What the model may be behind and is read up to its end: 20 ms at the speed of the slowest output.
The next life of the process has it read to the end in any case (`Session.begin_life`)."""


def look(session: Session) -> tuple[bytes, tuple[str, ...]]:
    """Return the last bytes, from the beginning of a line on, and the rows of the screen.

    Rows that are empty are left out at the end. Where the model is far behind, the screen is what
    the last `SLICE_BYTES` alone make.
    """
    ring = session.ring
    tail = ring.tail(TAIL_BYTES)
    if ring.end > TAIL_BYTES:
        tail = tail[tail.find(b"\n") + 1 :]
    rows = _rows(session)
    while rows and not rows[-1]:
        rows.pop()
    return tail, tuple(rows)


def _rows(session: Session) -> list[str]:
    for _ in range(_MOST_SLICES):
        if session.catch_up():
            screen = session.screen.screen
            return text_rows(screen, screen.lines)
    terminal = Terminal(session.winsize.rows, session.winsize.columns)
    terminal.feed(session.ring.tail(SLICE_BYTES))
    return text_rows(terminal.screen, terminal.screen.lines)
