r"""Ask the user's terminal for what programs may want to know of it. Pure.

One question after the other in one write, the last of which every terminal answers (DA1), so that
silence on the others is an answer too: nobody waits for a time to pass. The answers come among what
the user types and are cut out there, also late ones and those that arrive in pieces. Questions of
programs never reach this terminal, so an answer on it can only be ours.
"""

import re
from typing import Final, NamedTuple

QUESTIONS: Final = b"\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b[?u\x1b[c"
"""Foreground and background (xterm's OSC 10 and 11), the kitty keyboard protocol, DA1."""

PATIENCE_SECONDS: Final = 0.5
"""How long answers are waited for by one who leaves at once, lest a shell take them for input."""

_UNABLE: Final = ("", "dumb", "linux")
"""Kinds of terminals (TERM) that would answer nothing, or show the questions."""

_ANSWER: Final = re.compile(
    rb"\x1b\](?P<which>1[01]);(?P<colour>[^\x07\x1b]{0,64})(?:\x07|\x1b\\)"
    rb"|\x1b\[\?(?P<kitty>[0-9]{1,5})u"
    rb"|\x1b\[\?(?P<end>[0-9;]{0,40})c"
)
_PARTIAL: Final = re.compile(
    rb"\x1b(?:\](?:1(?:[01](?:;[^\x07\x1b]{0,64}\x1b?)?)?)?|\[(?:\?[0-9;]{0,40})?)?\Z"
)
_CLEARLY: Final = (b"\x1b]10;", b"\x1b]11;", b"\x1b[?")
"""What no key begins with: its rest is waited for, however slow the line is."""

_RGB: Final = re.compile(rb"rgb:[0-9A-Fa-f]{1,4}(?:/[0-9A-Fa-f]{1,4}){2}")


class Told(NamedTuple):
    """What a terminal told: its colours as X writes them (``rgb:ffff/ffff/ffff``), or ''."""

    foreground: str = ""
    background: str = ""
    speaks_kitty: bool = False


def can_be_asked(kind: str) -> bool:
    """Whether a terminal of this kind (the value of TERM) understands the questions."""
    return kind not in _UNABLE and not kind.startswith("vt")


class AnswerFilter:
    """Cuts the answers out of what comes from the keyboard.

    Attributes:
        told: what was told, once the last answer has come.
    """

    def __init__(self, *, asked: bool) -> None:
        """`asked`: whether the questions were sent; else everything passes."""
        self.told: Told | None = None
        self._sofar = Told()
        self._waits = asked
        self._held = b""

    @property
    def waits(self) -> bool:
        """Whether the last answer is still to come."""
        return self._waits

    @property
    def holds_back(self) -> bool:
        """Whether bytes wait for their rest; call `flush` when it does not come in time."""
        return bool(self._held) and not self._held.startswith(_CLEARLY)

    def feed(self, data: bytes) -> bytes:
        """Take what came from the terminal; return what the user typed."""
        if not self._waits:
            return data
        data, self._held = _ANSWER.sub(self._take, self._held + data), b""
        if self.waits and (partial := _PARTIAL.search(data)):
            data, self._held = data[: partial.start()], data[partial.start() :]
        return data

    def flush(self) -> bytes:
        """Return what was held back: it is no answer."""
        data, self._held = self._held, b""
        return data

    def _take(self, match: re.Match[bytes]) -> bytes:
        if not self._waits:
            return match[0]  # behind the last answer, as if it had come in a later read
        if match["end"] is not None:
            self._waits = False
            self.told = self._sofar
        elif match["kitty"] is not None:
            self._sofar = self._sofar._replace(speaks_kitty=True)
        elif _RGB.fullmatch(match["colour"]):
            colour = match["colour"].decode("ascii")
            if match["which"] == b"10":
                self._sofar = self._sofar._replace(foreground=colour)
            else:
                self._sofar = self._sofar._replace(background=colour)
        return b""
