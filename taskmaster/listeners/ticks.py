"""TICK_5, TICK_60 and TICK_3600: told when a period of the wall clock begins, as supervisord does.

There is a timer only where somebody subscribed. It looks at the clock again at least each minute,
since that clock may be set.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from taskmaster.listeners.kinds import TICK_SECONDS, Event
from taskmaster.listeners.payloads import tick

_LOOK_SECONDS: Final = 60.0
_BEHIND_SECONDS: Final = 0.001
"""A timer that fires a little early would find that the period has not begun."""


class Ticks:
    """The ticks that are wanted."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        """Tell nothing yet (`run`)."""
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self._last: dict[int, Event] = {}

    def run(self, wanted: Collection[str]) -> None:
        """Tell of these kinds of events, as far as they are ticks, from now on."""
        now = time.time()
        periods = [period for period in TICK_SECONDS if f"TICK_{period}" in wanted]
        self._last = {period: self._last.get(period, tick(period, now)) for period in periods}
        self._wait(now)

    def _wait(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._last:
            delay = min(_LOOK_SECONDS, *(period - now % period for period in self._last))
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay + _BEHIND_SECONDS, self._look)

    def _look(self) -> None:
        now = time.time()
        for period, last in list(self._last.items()):
            event = tick(period, now)
            if event != last:
                self._last[period] = event
                self._tell(event)
        self._wait(now)
