r"""Which modes a program has switched on in the user's terminal, and how to take them back. Pure.

The bytes that bring a terminal back are in the order of facts/attach.md, 3.9. The alternate screen
is left only if it was entered, and origin mode only if it was set: ``CSI ?1049l`` and ``CSI ?6l``
move the cursor. No full reset (RIS): it would wipe the user's scrollback.
"""

import re
from typing import Final

_INTERESTING: Final = re.compile(
    rb"\x1b\[\?(?P<modes>[\d;]+)(?P<set>[hl])|\x1b\[\d* q|\x1b\][0-9]*;[^\x07\x1b]{0,4096}"
    rb"|\x1bc|\x1b\[[<>=]\d*(?:;\d+)?u"
)
_TAIL: Final = re.compile(rb"\x1b(?:\[[0-9;?<>= ]{0,40})?\Z")
_ALTERNATE: Final = frozenset({47, 1047, 1049})
_ORIGIN: Final = 6

_ALWAYS_BEFORE: Final = b"\x1b[?2026l\x1b[=0;1u"
_ALWAYS: Final = (
    b"\x1b[=0;1u\x1b[>4m"
    b"\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    b"\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b[?5l\x1b[?66l\x1b>"
    b"\x1b[?7h\x1b[?25h\x1b[4l\x1b[20l\x1b7\x1b[r\x1b8\x1b(B\x0f\x1b[0m\x1b]8;;\x1b\\"
)
_COLOURS: Final = b"\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\"


class TerminalModes:
    """Follows what is written to one terminal."""

    def __init__(self) -> None:
        self._held = b""
        self._alternate = 0
        self._origin = False
        self._cursor_shape = False
        self._colours = False

    def feed(self, data: bytes) -> bool:
        """Take what was written, cut anywhere; return whether `restore` has changed."""
        if not self._held and b"\x1b" not in data:
            return False
        before = self.restore()
        data, self._held = self._held + data, b""
        for match in _INTERESTING.finditer(data):
            if match["modes"]:
                self._set(match["modes"], on=match["set"] == b"h")
            elif match[0].endswith(b" q"):
                self._cursor_shape = True
            elif match[0].startswith((b"\x1b]4;", b"\x1b]10;", b"\x1b]11;", b"\x1b]12;")):
                self._colours = self._colours or not match[0].endswith(b"?")
            elif match[0] == b"\x1bc":
                self._alternate, self._origin = 0, False
        if partial := _TAIL.search(data):
            self._held = partial[0]
        return self.restore() != before

    def restore(self) -> bytes:
        """Return the bytes that bring the terminal back to what a shell expects."""
        leave = b"\x1b[?%dl" % self._alternate if self._alternate else b""
        origin = b"\x1b[?6l" if self._origin else b""
        shape = b"\x1b[0 q" if self._cursor_shape else b""
        colours = _COLOURS if self._colours else b""
        return _ALWAYS_BEFORE + origin + leave + _ALWAYS + shape + colours

    def _set(self, modes: bytes, *, on: bool) -> None:
        for text in modes.split(b";"):
            if text.isdigit() and int(text) in _ALTERNATE:
                self._alternate = int(text) if on else 0
            elif text.isdigit() and int(text) == _ORIGIN:
                self._origin = on
