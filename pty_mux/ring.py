"""The last bytes that a terminal got, addressed by their absolute offset in its output.

Offsets count from the first byte ever appended and never wrap, so a reader keeps one number and
can always tell whether what it wants is still there. The memory is given from outside: the daemon
gives shared memory whose pages the kernel hands out as they are first written, so a process that
writes nothing costs nothing.
"""

import errno
import mmap
import os


class Ring:
    """A bounded byte history over a writable buffer.

    Attributes:
        end: the offset behind the last byte: how many bytes were ever appended.
    """

    __slots__ = ("_capacity", "_memory", "end")

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        """Take over a buffer of at least one byte; its length is how much history is kept."""
        if len(memory) == 0:
            raise ValueError("a ring needs at least one byte of memory")
        self._memory = memory
        self._capacity = len(memory)
        self.end = 0

    @property
    def capacity(self) -> int:
        """How many bytes of history are kept."""
        return self._capacity

    @property
    def start(self) -> int:
        """The offset of the oldest byte that is still there."""
        return max(0, self.end - self._capacity)

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

    def moved_to(self, memory: mmap.mmap | bytearray) -> "Ring":
        """Return a ring over other memory with the same offsets and as much history as fits."""
        ring = Ring(memory)
        kept = self.tail(len(memory))
        ring.end = self.end - len(kept)
        ring.append(kept)
        return ring


def shared_memory(size: int) -> mmap.mmap:
    """Return anonymous shared memory of `size` bytes, no page of it taken yet.

    Raises:
        OSError: mmap(2) failed.
    """
    try:
        return mmap.mmap(-1, size)
    except OverflowError:  # more than a size_t says: Python does not even ask
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None
