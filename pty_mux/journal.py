"""Bytes that were read and are not in their log file yet, in memory that outlives the process.

A log file that several processes share gets whole lines, so the beginning of a line waits for its
end; lines that are settled before they are logged wait longer. A `Journal` keeps what waits, in the
memory of the session's ring, for whoever takes the session over. Pure.
"""

import struct
from typing import Final

_LENGTH: Final = struct.Struct("=Q")
CAPACITY_BYTES: Final = 68 * 1024
"""More than a log stream holds back of one line (`logfile.MAX_PARTIAL_LINE_BYTES`)."""


class Journal:
    """One text of at most `CAPACITY_BYTES`, less eight; a longer one is not kept at all.

    Attributes:
        memory: where it is.
    """

    def __init__(self, memory: memoryview | bytearray | None = None) -> None:
        """Take over memory of `CAPACITY_BYTES`, zeros or another journal's; None: of our own."""
        self.memory = memoryview(bytearray(CAPACITY_BYTES) if memory is None else memory)
        self._is_empty = not self.kept

    @property
    def kept(self) -> bytes:
        """What is kept now."""
        (length,) = _LENGTH.unpack_from(self.memory)
        if length > CAPACITY_BYTES - _LENGTH.size:
            return b""  # whoever wrote it did not write this
        return bytes(self.memory[_LENGTH.size : _LENGTH.size + length])

    def keep(self, data: bytes) -> None:
        """Keep this instead."""
        if not data and self._is_empty:
            return
        if len(data) > CAPACITY_BYTES - _LENGTH.size:
            data = b""
        _LENGTH.pack_into(self.memory, 0, 0)  # in between nothing is kept, rather than a mixture
        self.memory[_LENGTH.size : _LENGTH.size + len(data)] = data
        _LENGTH.pack_into(self.memory, 0, len(data))
        self._is_empty = not data

    def move_to(self, other: "Journal") -> None:
        """Go on in the memory of another one, which is given up."""
        other.keep(self.kept)
        self.memory = other.memory


class Half:
    """One of two texts that a journal keeps together; as a `Journal`."""

    def __init__(self, journal: Journal, texts: list[bytes], place: int) -> None:
        self._journal = journal
        self._texts = texts
        self._place = place

    @property
    def kept(self) -> bytes:
        """What is kept now."""
        return self._texts[self._place]

    def keep(self, data: bytes) -> None:
        """Keep this instead; where both are too long together neither is kept."""
        if data == self.kept:
            return
        self._texts[self._place] = data
        first, second = self._texts
        whole = _LENGTH.pack(len(first)) + first + second
        self._journal.keep(whole if first or second else b"")


def divided(journal: Journal, *, resumed: bool) -> tuple[Half, Half]:
    """Return two halves of a journal; `resumed`: with what another such pair has kept in it."""
    kept = journal.kept if resumed else b""
    length = _LENGTH.unpack_from(kept)[0] if len(kept) >= _LENGTH.size else 0
    rest = kept[_LENGTH.size :]
    texts = [rest[:length], rest[length:]] if length <= len(rest) else [b"", b""]
    return Half(journal, texts, 0), Half(journal, texts, 1)
