"""A bounded queue between something that is appended to and a client that reads it."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

MAX_WAITING_BYTES: Final = 1024 * 1024
"""A follower that is further behind than this loses what it has not read, and is told how much."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What a follower gets next; `skipped_bytes` were lost before it."""

    data: bytes
    skipped_bytes: int


class Feed:
    """Takes what is appended, never blocks who appends, and gives it out in portions."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._skipped_bytes = 0
        self._news = asyncio.Event()

    def offer(self, data: bytes) -> None:
        """Add what was appended."""
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        while self._waiting_bytes > MAX_WAITING_BYTES:
            lost = len(self._waiting.popleft())
            self._waiting_bytes -= lost
            self._skipped_bytes += lost
        self._news.set()

    async def take(self, limit: int) -> Portion:
        """Wait for something and return it, at most `limit` bytes."""
        await self._news.wait()
        taken = bytearray()
        while self._waiting and len(taken) < limit:
            data = self._waiting.popleft()
            room = limit - len(taken)
            taken += data[:room]
            if len(data) > room:
                self._waiting.appendleft(data[room:])
        self._waiting_bytes -= len(taken)
        if not self._waiting:
            self._news.clear()
        skipped, self._skipped_bytes = self._skipped_bytes, 0
        return Portion(bytes(taken), skipped)
