"""The last bytes that a terminal got, addressed by their absolute offset in its output.

Offsets count from the first byte ever appended and never wrap, so a reader keeps one number and
can always tell whether what it wants is still there. The memory is given from outside: the daemon
gives shared memory (`shared_ring`) whose pages the kernel hands out as they are first written, so a
process that writes nothing costs nothing. Whoever has its descriptor can map it again
(`mapped_ring`), also when the one who wrote it is gone: bytes come first, then the offset.
"""

import errno
import mmap
import os
import sys
from typing import Final

from pty_mux.journal import CAPACITY_BYTES, Journal

_LAYOUT: Final = 1
"""Of the memory; whoever maps one of another layout knows that it cannot be read."""

_JOURNALS: Final = 2
_JOURNALS_BYTES: Final = _JOURNALS * CAPACITY_BYTES
_HEADER_BYTES: Final = mmap.PAGESIZE + _JOURNALS_BYTES
"""Before the history: two numbers (see `Ring`), the layout, and the journals; whole pages."""


class Ring:
    """A bounded byte history over a writable buffer.

    Attributes:
        end: the offset behind the last byte: how many bytes were ever appended.
        descriptor: of the memory, for whoever is to map it too and then to be closed; -1: none.
        journals: of what the ring got on standard output and on standard error, what is not in a
            log file yet.
    """

    __slots__ = ("_begin", "_capacity", "_counter", "_memory", "descriptor", "end", "journals")

    def __init__(
        self,
        memory: memoryview | bytearray,
        counter: memoryview | None = None,
        descriptor: int = -1,
        journals: tuple[Journal, ...] = (),
    ) -> None:
        """Take over a buffer of at least one byte; its length is how much history is kept.

        Args:
            memory: the buffer.
            counter: two unsigned numbers beside it: what `end` was, and before which offset there
                never was anything (a ring that took over less than it holds).
            descriptor: of the memory, or -1.
            journals: in memory beside it; without them they are in memory of our own.
        """
        if len(memory) == 0:
            raise ValueError("a ring needs at least one byte of memory")
        self._memory = memory
        self._capacity = len(memory)
        self._counter = memoryview(bytearray(16)).cast("Q") if counter is None else counter
        self.descriptor = descriptor
        self.journals = journals or tuple(Journal() for _ in range(_JOURNALS))
        self.end: int = self._counter[0]
        self._begin: int = self._counter[1]

    @property
    def capacity(self) -> int:
        """How many bytes of history are kept."""
        return self._capacity

    @property
    def start(self) -> int:
        """The offset of the oldest byte that is still there."""
        return max(self._begin, self.end - self._capacity)

    def append(self, data: bytes) -> None:
        """Add bytes at the end; the oldest make room."""
        length = len(data)
        if length > self._capacity:
            self.end += length - self._capacity
            data = data[-self._capacity :]
            length = self._capacity
        position = self.end % self._capacity
        room = self._capacity - position
        if length <= room:
            self._memory[position : position + length] = data
        else:
            self._memory[position:] = data[:room]
            self._memory[: length - room] = data[room:]
        self.end += length
        self._counter[0] = self.end

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from an offset between `start` and `end`.

        Raises:
            ValueError: the offset is not in the ring (any more).
        """
        if not self.start <= offset <= self.end:
            raise ValueError(f"offset {offset} is outside {self.start} to {self.end}")
        length = min(limit, self.end - offset)
        position = offset % self._capacity
        first = bytes(self._memory[position : position + length])
        return first + bytes(self._memory[: length - len(first)]) if len(first) < length else first

    def tail(self, limit: int) -> bytes:
        """Return the last `limit` bytes, or what there is."""
        return self.read(max(self.start, self.end - limit), limit)

    def moved_to(self, ring: "Ring") -> "Ring":
        """Return an empty ring, filled with as much history as fits, at the same offsets."""
        kept = self.tail(ring.capacity)
        ring.end = ring._begin = ring._counter[1] = self.end - len(kept)  # noqa: SLF001 - a ring too
        ring.append(kept)
        for journal, other in zip(self.journals, ring.journals, strict=True):
            journal.move_to(other)
        ring.journals = self.journals
        return ring


def shared_ring(size: int) -> Ring:
    """Return an empty ring over shared memory of `size` bytes, no page of it taken yet.

    Raises:
        OSError: there is no memory, or no descriptor for it.
    """
    try:
        if not hasattr(os, "memfd_create"):  # macOS: memory that nobody else can map
            return _over(mmap.mmap(-1, _HEADER_BYTES + size), -1)
        descriptor = os.memfd_create("ring", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, _HEADER_BYTES + size)
            return _over(mmap.mmap(descriptor, _HEADER_BYTES + size), descriptor)
        except BaseException:
            os.close(descriptor)
            raise
    except OverflowError:  # more than a size_t says: Python does not even ask
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None


def mapped_ring(descriptor: int) -> Ring:
    """Return a ring over the memory behind the descriptor of another one, as that one left it.

    Raises:
        OSError: it cannot be mapped.
        ValueError: it is no memory of a ring.
    """
    memory = mmap.mmap(descriptor, 0)
    if len(memory) <= _HEADER_BYTES or memory[16:24] != _LAYOUT.to_bytes(8, sys.byteorder):
        raise ValueError("no ring, or one of another layout")
    return _over(memory, -1)


def _over(memory: mmap.mmap, descriptor: int) -> Ring:
    view = memoryview(memory)
    view[16:24] = _LAYOUT.to_bytes(8, sys.byteorder)
    starts = range(mmap.PAGESIZE, _HEADER_BYTES, CAPACITY_BYTES)
    journals = tuple(Journal(view[start : start + CAPACITY_BYTES]) for start in starts)
    return Ring(view[_HEADER_BYTES:], view[:16].cast("Q"), descriptor, journals)
