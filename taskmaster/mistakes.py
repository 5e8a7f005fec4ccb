"""Our own mistakes, at the rim: each is recorded once, and what comes next is done all the same."""

import asyncio
import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def recorded(deed: str) -> Iterator[None]:
    """Have whatever is raised inside recorded with its traceback, and go on behind.

    The loop's exception handler records: the daemon's writes into the event log.
    """
    try:
        yield
    except Exception as exc:  # noqa: BLE001 - nobody could name it, or it would have been caught
        context = {"message": deed, "exception": exc}
        asyncio.get_running_loop().call_exception_handler(context)
