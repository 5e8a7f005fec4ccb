"""What waits to be told to one target, and when it may be: a bound, a pause, a digest. Pure.

The first report goes at once. After each message there is a pause; what comes meanwhile goes into
one message behind it, in which like reports of one process are a single entry with a count. While
reports keep coming, the next one is twice as long, up to `MOST_PAUSE_SECONDS`: whoever flaps for
an hour is a handful of messages. When nothing came for as long as the next pause would be, behind
the end of one, it is short again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from taskmaster.alerts.model import Kind
from taskmaster.alerts.report import Report

MOST_PAUSE_SECONDS: Final = 3600.0
MOST_ENTRIES: Final = 1000
"""What there is no room for is dropped, the oldest first, and counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One report, or the last of several that are alike.

    Attributes:
        first_at: when the first of them happened, in seconds since the epoch.
    """

    report: Report
    count: int = 1
    first_at: float = 0.0


class Mailbox:
    """The reports that wait for one target; `now` is monotonic, in seconds."""

    def __init__(self, pause: float, most_entries: int = MOST_ENTRIES) -> None:
        """Begin empty; with a pause of 0 every report is an entry of its own."""
        self._pause = self._next_pause = pause
        self._most = most_entries
        self._free_at = float("-inf")
        self._entries: dict[tuple[str, tuple[Kind, ...]] | int, Entry] = {}
        self._serial = 0
        self._dropped = 0

    def __len__(self) -> int:
        return sum(entry.count for entry in self._entries.values())

    def put(self, report: Report, now: float) -> None:
        """Take a report."""
        if not self._entries and now >= self._free_at + self._next_pause:
            self._next_pause = self._pause
        self._serial += 1
        key = (report.process, report.kinds) if self._pause > 0 else self._serial
        before = self._entries.pop(key, None)
        if before is None:
            self._entries[key] = Entry(report, 1, report.at)
        else:
            if not report.screen:  # a picture was taken a moment ago, and not again
                old = before.report
                report = replace(report, tail=report.tail or old.tail, screen=old.screen)
            self._entries[key] = Entry(report, before.count + 1, before.first_at)
        if len(self._entries) > self._most:
            oldest = next(iter(self._entries))
            self._dropped += self._entries.pop(oldest).count

    def due(self) -> float | None:
        """Return when a message may go, or None where there is nothing to tell."""
        return self._free_at if self._entries else None

    def take(self, now: float) -> tuple[Entry, ...]:
        """Return what is to be told, and begin a pause."""
        entries = tuple(self._entries.values())
        self._entries.clear()
        self._free_at = now + self._next_pause
        self._next_pause = min(self._next_pause * 2, max(MOST_PAUSE_SECONDS, self._pause))
        return entries

    def take_dropped(self) -> int:
        """Return how many reports were dropped since it was last asked."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What waits."""
        return tuple(self._entries.values())

    def put_back(self, entries: Iterable[Entry], now: float) -> None:
        """Take what waited in another box."""
        for entry in entries:
            for _ in range(entry.count):
                self.put(entry.report, now)
