"""Pieces of a log to whole lines that are fit to be shown among those of others. Pure."""

import re
from typing import Final

from ctl.cells import harmless

MOST_HELD: Final = 8 * 1024
"""A line that is longer is shown in pieces of so many bytes."""

_SEQUENCE: Final = re.compile(
    r"(?P<look>\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]?"
)
"""Escape sequences as ECMA-48 has them; of all of them only colours and attributes are harmless."""

_RESET: Final = "\x1b[m"
_TAB: Final = 8


class Lines:
    """The whole lines of one log, from pieces that are cut anywhere."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece; return the lines that are whole now, without their ends."""
        lines = (self._held + data).split(b"\n")
        self._held = lines.pop()
        while len(self._held) > MOST_HELD:
            lines.append(self._held[:MOST_HELD])
            self._held = self._held[MOST_HELD:]
        return lines

    def rest(self) -> list[bytes]:
        """Return what is there of a line that has no end yet."""
        held, self._held = self._held, b""
        return [held] if held else []


def shown(line: bytes, *, colour: bool) -> str:
    """Return a line with nothing in it that moves the cursor or changes a mode of the terminal.

    Of what a program wrote over itself with carriage returns the last counts, as on a terminal.
    Colours stay where they are wanted, and end with the line.
    """
    text = line.rstrip(b"\r").decode("utf-8", "replace").rpartition("\r")[2]
    made, at, has_look = [], 0, False
    for match in _SEQUENCE.finditer(text):
        made.append(harmless(text[at : match.start()].expandtabs(_TAB)))
        if colour and match["look"]:
            made.append(match["look"])
            has_look = True
        at = match.end()
    made.append(harmless(text[at:].expandtabs(_TAB)))
    return "".join(made) + (_RESET if has_look else "")
