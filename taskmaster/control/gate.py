"""How many strangers may be at the door, how long a refusal waits, what is told of it. Pure.

A stranger is a connection over TCP that has not proved yet that it knows the token. Places for them
are few. A connection that was refused keeps its place for a while, longer with each failure of its
address: that is what slows guessing down. When all are taken nobody is accepted; after
`LEAST_SECONDS` the oldest of the address that has the most must make room. So whoever floods the
door gets a handshake for each place in that time and no more, and who knows the token, and needs a
few milliseconds, gets in between.
"""

import ipaddress
from collections import Counter
from typing import Final

MOST_PLACES: Final = 64
LEAST_SECONDS: Final = 1.0
"""Nobody is put out earlier: it is ample for a handshake."""

FREE_FAILURES: Final = 3
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 5.0
"""The client waits for twice that."""

FORGET_SECONDS: Final = 600.0
MOST_REMEMBERED: Final = 256
"""Addresses whose failures are counted; the one that was quiet longest is forgotten first."""

MOST_LINES: Final = 20
SECONDS_A_LINE: Final = 6.0
"""So many lines about refusals at once, and another one after so long: a flood fills no disk."""


class Gate:
    """The places, and the failures of addresses."""

    def __init__(self, most: int = MOST_PLACES) -> None:
        self._most = most
        self._places: dict[int, tuple[str, float]] = {}
        self._last_place = 0
        self._failures: dict[str, tuple[int, float]] = {}

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self._places)

    @property
    def is_full(self) -> bool:
        """Whether somebody must leave before the next one may be accepted."""
        return len(self._places) >= self._most

    def enter(self, host: str, now: float) -> int:
        """Give somebody from an IP address a place; return its number."""
        self._last_place += 1
        self._places[self._last_place] = (_origin(host), now)
        return self._last_place

    def leave(self, place: int) -> None:
        """Take a place back, if it was not by now."""
        self._places.pop(place, None)

    def next_to_leave(self) -> tuple[int, float] | None:
        """Return the place to be cleared next, and when that may be; None where all are free."""
        if not self._places:
            return None
        counts = Counter(origin for origin, _ in self._places.values())
        most = max(counts.values())
        place, (_, since) = next(
            (place, taken) for place, taken in self._places.items() if counts[taken[0]] == most
        )
        return place, since + LEAST_SECONDS

    def failed(self, host: str, now: float) -> float:
        """Note a failure; return for how many seconds the refusal is to be kept back."""
        origin = _origin(host)
        count, last = self._failures.pop(origin, (0, now))
        count = 1 if now - last > FORGET_SECONDS else count + 1
        self._failures[origin] = (count, now)
        if len(self._failures) > MOST_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        if count <= FREE_FAILURES:
            return 0.0
        pause = FIRST_PAUSE_SECONDS
        for _ in range(min(count - FREE_FAILURES, 8) - 1):
            pause *= 2
        return min(pause, LONGEST_PAUSE_SECONDS)


class Lines:
    """How many lines about refusals the event log gets."""

    def __init__(self) -> None:
        self._left = float(MOST_LINES)
        self._filled_at = 0.0
        self.unsaid = 0
        """How many were kept back since the last one was allowed."""

    def allows(self, now: float) -> bool:
        """Whether one more may be written; if not, it is counted as unsaid."""
        filled = (now - self._filled_at) / SECONDS_A_LINE
        self._left = min(float(MOST_LINES), self._left + filled)
        self._filled_at = now
        if self._left < 1.0:
            self.unsaid += 1
            return False
        self._left -= 1.0
        return True


def _origin(host: str) -> str:
    """Return what counts as one address: of IPv6 a /64, which is one subscriber's."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)
