"""The core's descriptors: how many may go to processes, and how many are kept back.

A process takes one or two for its terminal, from its spawn until the terminal is drained, one for
each log file, which it may share, and one for its history, which stays. What is kept back is for
clients, the event log, and what is opened for a moment: with every descriptor given to processes
nobody could connect to stop one. The keeper has the same limit and needs fewer.
"""

import resource
from collections import Counter
from collections.abc import Iterable
from typing import Final

MAX_CONNECTIONS: Final = 512

_OWN: Final = 20
"""Standard streams, loop, channel, socket, pid file, event log: ten. The rest is for a moment:
clients that are refused, a config that is read, a log that is rotated."""

_LEAST_KEPT_BACK: Final = 32
_UNLIMITED: Final = 1 << 20


def limit_of_open_files() -> int:
    """Return how many descriptors this process may have (RLIMIT_NOFILE)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED if soft == resource.RLIM_INFINITY else soft


def kept_back(limit: int) -> int:
    """Return how many of the descriptors processes do not get."""
    return min(max(_LEAST_KEPT_BACK, limit // 4), MAX_CONNECTIONS + _OWN)


def most_connections(limit: int) -> int:
    """Return how many clients there may be at a time."""
    return min(MAX_CONNECTIONS, kept_back(limit) - _OWN)


class OpenFiles:
    """What processes have of the descriptors, by the ticket of each life."""

    def __init__(self, limit: int) -> None:
        self._room = limit - kept_back(limit)
        self._taken: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._terminals = 0
        self._logs: Counter[str] = Counter()
        self._histories: set[str] = set()

    def take(self, ticket: int, name: str, terminals: int, logs: Iterable[str]) -> bool:
        """Take what a process needs, if there is room for it; return whether there was."""
        paths = tuple(logs)
        opened = sum(path not in self._logs for path in set(paths))
        opened += terminals + (name not in self._histories)
        if self._terminals + len(self._logs) + len(self._histories) + opened > self._room:
            return False
        self._histories.add(name)
        self._taken[ticket] = (terminals, paths)
        self._terminals += terminals
        self._logs.update(paths)
        return True

    def forget(self, name: str) -> None:
        """Give back what the history of a process took."""
        self._histories.discard(name)

    def give_back(self, ticket: int) -> None:
        """Give back what it took, if it did."""
        terminals, paths = self._taken.pop(ticket, (0, ()))
        self._terminals -= terminals
        for path in paths:
            self._logs[path] -= 1
            if not self._logs[path]:
                del self._logs[path]
