r"""Recognise the detach key in what the user types. Pure; time comes in from outside.

Ctrl-] is the byte 0x1D, or ``CSI 93;5u`` where the program has switched the kitty keyboard protocol
on, or ``CSI 27;5;93~`` under xterm's modifyOtherKeys; each may be split over reads. Inside a
bracketed paste it is data (facts/attach.md, section 2, rows 21 to 27).
"""

import re
from typing import Final, NamedTuple

DEFAULT_KEY: Final = "^]"
PASTE_SILENCE_SECONDS: Final = 2.0
"""A paste whose end got lost stops to count as one after this much silence."""

ESCAPE_SECONDS: Final = 0.05
"""How long the beginning of a sequence is held back for its rest."""

_PARTIAL: Final = re.compile(rb"\x1b(?:\[[0-9;:<=>?]{0,40})?\Z")
_PASTE_BEGIN: Final = b"\x1b[200~"
_PASTE_END: Final = b"\x1b[201~"
_SEQUENCE: Final = re.compile(
    rb"\x1b\[(?P<code>\d+)(?::\d*)?(?::(?P<base>\d+))?;(?P<mods>\d+)(?::(?P<event>\d))?"
    rb"(?:;[\d:]*)?u|\x1b\[27;(?P<other_mods>\d+);(?P<other>\d+)~|\x1b\[20[01]~|[\x00-\x1f]"
)


class Typed(NamedTuple):
    """What is to be passed on, and whether the user wants to leave after it."""

    data: bytes
    detach: bool = False


def parse_key(text: str) -> int | None:
    """Return the control byte of a key such as ``^]``, ``C-x`` or ``ctrl-x``; None for ``none``.

    Raises:
        ValueError: it is no control key.
    """
    if text.lower() == "none":
        return None
    match = re.fullmatch(r"(?:\^|[Cc]-|[Cc]trl-)([A-Za-z@\[\\\]^_])", text)
    if not match:
        raise ValueError(f"{text!r} is no control key; write ^], C-x or none")
    return ord(match[1].upper()) & 0x1F


class KeyFilter:
    """Follows the keyboard's bytes, cut anywhere."""

    def __init__(self, key: int | None) -> None:
        """Look for a control byte, or for nothing."""
        self._key = key
        self._held = b""
        self._in_paste = False
        self._last = 0.0

    @property
    def holds_back(self) -> bool:
        """Whether bytes wait for their rest; call `flush` after `ESCAPE_SECONDS`."""
        return bool(self._held)

    def feed(self, data: bytes, now: float) -> Typed:
        """Take what was typed; after a detach the rest of it is dropped."""
        if self._in_paste and now - self._last > PASTE_SILENCE_SECONDS:
            self._in_paste = False
        self._last = now
        data, self._held = self._held + data, b""
        if self._key is None:
            return Typed(data)
        if partial := _PARTIAL.search(data):
            data, self._held = data[: partial.start()], data[partial.start() :]
        for match in _SEQUENCE.finditer(data):
            if match[0] in (_PASTE_BEGIN, _PASTE_END):
                self._in_paste = match[0] == _PASTE_BEGIN
            elif not self._in_paste and self._is_key(match):
                self._held = b""
                return Typed(data[: match.start()], detach=True)
        return Typed(data)

    def flush(self) -> bytes:
        """Return what was held back: it was no sequence."""
        data, self._held = self._held, b""
        return data

    def _is_key(self, match: re.Match[bytes]) -> bool:
        if self._key is None:
            return False
        if len(match[0]) == 1:
            return match[0][0] == self._key
        codes = (self._key + 0x40, (self._key | 0x60))
        mods = int(match["mods"] or match["other_mods"] or 1) - 1
        if mods & 63 != 4 or match["event"] == b"3":
            return False
        found = (match["code"], match["base"], match["other"])
        return any(number is not None and int(number) in codes for number in found)
