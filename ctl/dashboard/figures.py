"""Numbers as short texts and small graphs, and what two samples tell of a process. Pure."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

SAMPLES: Final = 60
"""So many samples are kept of each process: a minute, at one a second."""

_BARS: Final = " ▁▂▃▄▅▆▇█"


def percent_text(percent: float) -> str:
    """Return a share of one processor in at most five cells: ``0.4%``, ``12%``, ``1600%``."""
    return f"{percent:.1f}%" if percent < 9.95 else f"{percent:.0f}%"


def graph(values: Iterable[float], width: int, top: float = 0.0) -> str:
    """Return the last `width` values as bars; the highest bar is `top`, or the greatest value."""
    shown = list(values)[-width:] if width > 0 else []
    greatest = max([top, *shown])
    if greatest <= 0:
        return (_BARS[1] * len(shown)).rjust(width)
    last = len(_BARS) - 1
    # Something is never drawn as nothing.
    bars = (_BARS[max(1, min(last, round(value / greatest * last)))] for value in shown)
    return "".join(bars).rjust(width)


@dataclass(slots=True)
class Usage:
    """What samples of one process tell.

    Attributes:
        percents: shares of one processor, between a sample and the one before.
        sizes: bytes of resident memory.
    """

    percents: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    sizes: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _pid: int | None = None
    _at: float = 0.0
    _cpu_seconds: float = 0.0

    def add(
        self, at: float, pid: int | None, cpu_seconds: float | None, resident_bytes: int | None
    ) -> None:
        """Take a sample of a time in seconds (monotonic); what is None cannot be known."""
        if pid is None or cpu_seconds is None or resident_bytes is None:
            self._pid = None
            return
        if pid == self._pid and at > self._at:
            spent = max(0.0, cpu_seconds - self._cpu_seconds)
            self.percents.append(100 * spent / (at - self._at))
        self._pid, self._at, self._cpu_seconds = pid, at, cpu_seconds
        self.sizes.append(float(resident_bytes))

    @property
    def is_known(self) -> bool:
        """Whether the process lives, as far as the last sample tells."""
        return self._pid is not None

    @property
    def percent(self) -> float:
        """The last share of one processor, 0 where there is none."""
        return self.percents[-1] if self.is_known and self.percents else 0.0

    @property
    def resident_bytes(self) -> int:
        """The last size, 0 where there is none."""
        return int(self.sizes[-1]) if self.is_known and self.sizes else 0
