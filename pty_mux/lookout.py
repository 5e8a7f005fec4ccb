"""Look out for a text on a screen, from its first row on: nothing that passes is missed. Pure.

A model of its own, since the session's is read up only when somebody looks, and shows what an
earlier process left as well.
"""

import re
from collections.abc import Iterable
from itertools import chain
from typing import Final

from pty_mux.vt.line import Line
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize

_PIECE_BYTES: Final = 1024
"""Fewer lines than the model keeps above its screen, whatever the bytes are."""


class Lookout:
    """Waits for a regular expression to be found on the screen of a program.

    ``^`` and ``$`` are the beginning and the end of a line, which has no blanks at its end.
    """

    def __init__(self, pattern: str, winsize: Winsize) -> None:
        """Begin with an empty screen of that size; `pattern` is one that compiles."""
        self._pattern = re.compile(pattern, re.MULTILINE)
        self._terminal = Terminal(winsize.rows, winsize.columns)

    def feed(self, data: bytes) -> bool:
        """Take what the program wrote; return whether the text has been on its screen by now."""
        for start in range(0, len(data), _PIECE_BYTES):
            self._terminal.feed(data[start : start + _PIECE_BYTES])
            history = self._terminal.screen.history
            if self._pattern.search(screen_text(self._terminal, history)):
                return True
            history.clear()
        return False

    def resize(self, winsize: Winsize) -> None:
        """Have a terminal of another size."""
        self._terminal.resize(winsize.rows, winsize.columns)


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
