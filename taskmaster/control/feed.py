"""A bounded queue between something that is appended to and a client that reads it."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

MAX_WAITING_BYTES: Final = 1024 * 1024
"""A follower that is further behind than this loses what it has not read, and is told how much."""

_BLOCK_BYTES: Final = 64 * 1024
"""Small pieces are gathered in blocks of this size. Each piece kept as it came would cost up to the
whole buffer that it was read into: a byte at a time, 1 MiB of output once held 200 MiB of heap."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What a follower gets next; `skipped_bytes` were lost before it."""

    data: bytes
    skipped_bytes: int


class Feed:
    """Takes what is appended, never blocks who appends, and gives it out in portions."""

    def __init__(self) -> None:
        self._blocks: deque[bytearray] = deque()
        self._waiting_bytes = 0
        self._skipped_bytes = 0
        self._news = asyncio.Event()

    def offer(self, data: bytes) -> None:
        """Add what was appended."""
        if self._blocks and len(self._blocks[-1]) + len(data) <= _BLOCK_BYTES:
            self._blocks[-1] += data
        else:
            self._blocks.append(bytearray(data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._skipped_bytes += len(self._remove(self._waiting_bytes - MAX_WAITING_BYTES))
        self._news.set()

    async def take(self, limit: int) -> Portion:
        """Wait for something and return it, at most `limit` bytes."""
        await self._news.wait()
        skipped, self._skipped_bytes = self._skipped_bytes, 0
        taken = self._remove(limit)
        if not self._waiting_bytes:
            self._news.clear()
        return Portion(taken, skipped)

    def _remove(self, limit: int) -> bytes:
        """Take the oldest bytes out, at most so many."""
        removed = bytearray()
        while self._blocks and len(removed) < limit:
            block = self._blocks[0]
            room = limit - len(removed)
            removed += block[:room]
            if len(block) > room:
                del block[:room]
            else:
                self._blocks.popleft()
        self._waiting_bytes -= len(removed)
        return bytes(removed)


class WholeLines:
    """Takes portions, cut anywhere, and gives back their lines; one torn by a loss is left out."""

    def __init__(self) -> None:
        self._partial = b""
        self._is_torn = False

    def feed(self, portion: Portion) -> list[str]:
        """Return the lines that are whole by now, without their ends."""
        if portion.skipped_bytes:
            self._partial, self._is_torn = b"", True
        *lines, self._partial = (self._partial + portion.data).split(b"\n")
        if self._is_torn and lines:
            del lines[0]
            self._is_torn = False
        return [line.decode("utf-8", "replace") for line in lines]
