"""Look out for a text on a screen, from its first row on: nothing that passes is missed. Pure.

A model of its own, since the session's is read up only when somebody looks, and shows what an
earlier process left as well.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice, pairwise
from typing import Final

from pty_mux.patterns import Patience, TookTooLong, compile_pattern, is_found
from pty_mux.vt.line import Line
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize

_PIECE_BYTES: Final = 1024
"""Fewer lines than the model keeps above its screen, whatever the bytes are."""

_MAX_CUTS: Final = 16
"""How often it is looked within one piece: each look costs as much as reading 300 bytes."""

_TAKES_AWAY: Final = re.compile(
    rb"(?:\r(?!\n)|\x1b\[(?:[0-3]?[JK]|[0-9]*[ADFGd]|[0-9;]*[Hf]|\?(?:47|104[79])[hl])|\x1bc)+"
)
"""What goes back to what was written, or takes it away: bars and spinners are drawn so."""


class Lookout:
    """Waits for a regular expression to be found on the screen of a program.

    ``^`` and ``$`` are the beginning and the end of a line, which has no blanks at its end.
    """

    def __init__(self, pattern: str, winsize: Winsize) -> None:
        """Begin with an empty screen of that size.

        Raises:
            BadPattern: `pattern` is none.
        """
        self._pattern = compile_pattern(pattern)
        self._terminal = Terminal(winsize.rows, winsize.columns)

    def feed(self, data: bytes) -> bool:
        """Take what the program wrote; return whether the text has been on its screen by now.

        Where looking takes long it is not looked at every moment that passes, but at the last one.

        Raises:
            TookTooLong: the expression is too slow for what is on the screen.
        """
        patience = Patience()
        is_late = False
        for piece in _pieces(data):
            self._terminal.feed(piece)
            if not is_late:
                try:
                    if self._looks(patience):
                        return True
                except TookTooLong:
                    is_late = True
            self._terminal.screen.history.clear()
        return is_late and self._looks(Patience())

    def _looks(self, patience: Patience) -> bool:
        text = screen_text(self._terminal, self._terminal.screen.history)
        return is_found(self._pattern, text, patience)

    def resize(self, winsize: Winsize) -> None:
        """Have a terminal of another size."""
        self._terminal.resize(winsize.rows, winsize.columns)


def _pieces(data: bytes) -> Iterator[bytes]:
    """Cut the data where the screen is to be looked at: what it shows there may be gone next."""
    for start in range(0, len(data), _PIECE_BYTES):
        end = min(start + _PIECE_BYTES, len(data))
        matches = islice(_TAKES_AWAY.finditer(data, start + 1, end), _MAX_CUTS)
        for begin, stop in pairwise([start, *(match.start() for match in matches), end]):
            yield data[begin:stop]


def screen_text(terminal: Terminal, above: Iterable[Line] = ()) -> str:
    """Return what a screen shows, with lines above it, rows that the terminal broke joined again.

    Blanks at the ends of lines are left out.
    """
    screen = terminal.screen
    parts = []
    for line in chain(above, screen.lines):
        text = screen.clusters.text(line.text)
        parts.append(text if line.wraps else f"{text.rstrip()}\n")
    return "".join(parts)
