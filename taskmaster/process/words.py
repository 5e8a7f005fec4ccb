"""What happened to a process in words, for status, the event log and people at terminals."""

import signal
from typing import Final

from taskmaster.process.events import Exited, Survivor

_NAMED_SURVIVORS: Final = 5

_EXACT_SECONDS: Final = 10.0
"""What lived shorter is told with a tenth of a second."""

TOO_QUICKLY: Final = "exited too quickly: "
NOT_READY: Final = "ended before it was ready: "
UNEXPECTED: Final = "unexpected "
"""How a reason begins that is the end of a process; behind it stands how it ended."""


def describe_code(code: int) -> str:
    """Return ``exit status 3`` or ``terminated by SIGKILL`` for the code of an `Exited`."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"terminated by {signal.Signals(-code).name}"
    except ValueError:
        return f"terminated by signal {-code}"


def ending(event: Exited) -> str:
    """Return how a process ended, in supervisord's words, with a core dump where there was one."""
    memory = " (the kernel ran out of memory)" if event.out_of_memory else ""
    return describe_code(event.code) + (" (core dumped)" if event.core_dumped else memory)


def after(seconds: float) -> str:
    """Return `` after 0.2 s`` or `` after 1:02:03``: how long it had lived."""
    lived = max(0.0, seconds)
    return f" after {lived:.1f} s" if lived < _EXACT_SECONDS else f" after {duration(lived)}"


def duration(seconds: float) -> str:
    """Return a span of time as ``status`` prints it: ``0:00:05``, ``1 day, 2:03:04``."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    if days:
        return f"{days} day{'s' if days > 1 else ''}, {clock}"
    return clock


def describe_left(left: tuple[Survivor, ...]) -> str:
    """Return ``pid 4711 (sleep 100), pid 4712 (bash)``, the first few of them."""
    texts = [f"pid {survivor.pid} ({survivor.command})" for survivor in left[:_NAMED_SURVIVORS]]
    more = len(left) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")
