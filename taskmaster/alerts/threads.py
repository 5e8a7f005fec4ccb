"""Run what blocks in a thread beside the loop, and be told how it ended.

The threads are daemons (threading.Thread): one that waits for a name server is not waited for when
the core ends. How many there are is up to who starts them: a `courier` has one at a time.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Protocol

from taskmaster.alerts.failures import DeliveryFailed
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Command, Email, Http, Syslog, Target


class Delivery(Protocol):
    """One message on its way."""

    def deliver(self) -> str:
        """Try to deliver, and block meanwhile; return a remark, or ""."""
        ...

    def stop(self) -> None:
        """End the try that is under way, from another thread."""
        ...


Deliver = Callable[[Message, float], Delivery]
"""Takes a message and the seconds of a try."""


def deliverer(target: Target) -> Deliver:
    """Return what makes deliveries to a target; its libraries are loaded now, and no others."""
    match target:
        case Email():
            from taskmaster.alerts import mail

            return lambda message, timeout: mail.Delivery(target, message, timeout)
        case Http():
            from taskmaster.alerts import web

            return lambda message, timeout: web.Delivery(target, message, timeout)
        case Syslog():
            from taskmaster.alerts import syslog

            return lambda message, timeout: syslog.Delivery(target, message, timeout)
        case Command():
            from taskmaster.alerts import program

            return lambda message, timeout: program.Delivery(target, message, timeout)


Outcome = str | Exception
"""The remark of a delivery, or what it raised."""


def begin(deed: Callable[[], str], name: str) -> asyncio.Future[Outcome]:
    """Run something in a thread of that name; the future gets its outcome and never raises.

    Raises:
        DeliveryFailed: there can be no more threads.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Outcome] = loop.create_future()

    def settle(outcome: Outcome) -> None:
        if not future.done():
            future.set_result(outcome)

    def run() -> None:
        outcome: Outcome
        try:
            outcome = deed()
        except Exception as exc:  # noqa: BLE001 - who awaits it tells our mistakes from others'
            outcome = exc
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    try:
        threading.Thread(target=run, name=name, daemon=True).start()
    except RuntimeError as exc:
        raise DeliveryFailed(str(exc)) from None
    return future
