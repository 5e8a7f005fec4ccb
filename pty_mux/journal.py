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
