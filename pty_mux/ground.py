"""Whether a terminal's output stands between two sequences, or inside one.

Bytes of another stream may be shown only where they cannot cut a sequence or a character of this
one in two. Only the states of the parser that matter for that are followed (after the state diagram
of DEC's parser by Paul Williams); what a sequence means is not looked at.
"""

import re
from typing import Final

_STRING: Final = re.compile(rb"[\x07\x18\x1a]|\x1b")
_TAIL_BYTES: Final = 256
"""How much of the end of a chunk is looked at: no control sequence in use is longer."""

_COMPLETE: Final = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]+[0-~]|[0-OQ-WYZ\\`-~])"  # CSI, nF, Fp, Fe and Fs sequences
)
_OPENS_STRING: Final = re.compile(rb"\x1b[\]PX^_]")


class Ground:
    """Follows one stream of output."""

    __slots__ = ("_in_string", "_pending")

    def __init__(self) -> None:
        self._pending = b""
        self._in_string = False

    @property
    def is_ground(self) -> bool:
        """Whether other output may be shown now."""
        return not self._pending and not self._in_string

    def feed(self, data: bytes) -> None:
        """Take what was written, cut anywhere."""
        if self.is_ground and b"\x1b" not in data:
            self._pending = _unfinished_character(data[-3:])
            return
        data = self._pending + data
        self._pending = b""
        position = 0
        while position < len(data):
            if self._in_string:
                position = self._skip_string(data, position)
                continue
            escape = data.find(b"\x1b", position)
            if escape < 0:
                self._pending = _unfinished_character(data[position:][-3:])
                return
            opening = _OPENS_STRING.match(data, escape)
            if opening:
                self._in_string = True
                position = opening.end()
                continue
            complete = _COMPLETE.match(data, escape)
            if complete:
                position = complete.end()
            elif data.find(b"\x1b", escape + 1) >= 0 or len(data) - escape > _TAIL_BYTES:
                position = escape + 1  # broken off by the next one, or no sequence at all
            else:
                self._pending = data[escape:]
                return

    def _skip_string(self, data: bytes, position: int) -> int:
        """Return where a string ends that began earlier: at BEL, CAN, SUB, or any escape."""
        end = _STRING.search(data, position)
        if end is None:
            return len(data)
        if end.group() == b"\x1b":
            if data[end.end() : end.end() + 1] == b"":
                self._pending = b"\x1b"
                self._in_string = False
                return len(data)
            self._in_string = False
            return end.start()
        self._in_string = False
        return end.end()


def _unfinished_character(end: bytes) -> bytes:
    """Return the bytes at the end of the data that begin a UTF-8 character and do not finish it."""
    for length in range(1, len(end) + 1):
        first = end[-length]
        if first >= 0xC0:
            needed = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return end[-length:] if needed > length else b""
        if first < 0x80:
            return b""
    return b""
