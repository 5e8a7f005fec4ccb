"""What happened to a process in words, for status, the event log and people at terminals."""

import signal
from typing import Final

from taskmaster.process.events import Exited, Survivor

_NAMED_SURVIVORS: Final = 5

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
    return describe_code(event.code) + (" (core dumped)" if event.core_dumped else "")


def describe_left(left: tuple[Survivor, ...]) -> str:
    """Return ``pid 4711 (sleep 100), pid 4712 (bash)``, the first few of them."""
    texts = [f"pid {survivor.pid} ({survivor.command})" for survivor in left[:_NAMED_SURVIVORS]]
    more = len(left) - len(texts)
    return ", ".join(texts) + (f" and {more} more" if more else "")
