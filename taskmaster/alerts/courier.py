"""The life of one alert: take reports, wait until a message may go, deliver it, try again.

A message that cannot be delivered is tried again after 1, 2, 4 and more seconds, at most
`_MOST_DELAY_SECONDS`; meanwhile reports wait in the mailbox. The event log tells of the first
failure of a message, of its end, and of what was dropped.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Final

from taskmaster.alerts.failures import DeliveryFailed
from taskmaster.alerts.mailbox import Entry, Mailbox
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Alert
from taskmaster.alerts.report import Report
from taskmaster.alerts.threads import Delivery, Outcome, begin, deliverer
from taskmaster.config.model import LogLevel
from taskmaster.mistakes import recorded

Recorder = Callable[[LogLevel, str], None]

_MOST_DELAY_SECONDS: Final = 300.0
_GRACE_SECONDS: Final = 1.0
"""For a try that was told to end."""


class Courier:
    """Delivers what one alert is about.

    Attributes:
        alert: as in the config.
    """

    def __init__(self, alert: Alert, host: str, record: Recorder) -> None:
        """Begin to wait for reports; `host` is the name of this machine."""
        self.alert = alert
        self._host = host
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._mailbox = Mailbox(alert.pause)
        self._deliver = deliverer(alert.target)
        self._news = asyncio.Event()
        self._is_closing = False
        self._under_way: tuple[Entry, ...] = ()
        self._stuck: asyncio.Future[Outcome] | None = None
        self._task = self._loop.create_task(self._run(), name=f"alert {alert.name}")

    def put(self, report: Report) -> None:
        """Have a report told; this waits for nothing."""
        self._mailbox.put(report, self._loop.time())
        self._news.set()

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """What is not delivered yet, also what is under way."""
        return (*self._under_way, *self._mailbox.entries)

    def go_on(self, entries: Iterable[Entry]) -> None:
        """Have told what another courier did not come to."""
        self._mailbox.put_back(entries, self._loop.time())
        self._news.set()

    def retire(self) -> None:
        """End at once; another one goes on with what waits."""
        self._task.cancel()

    async def close(self, seconds: float) -> None:
        """Deliver what waits, within so many seconds; count what is left in the event log."""
        self._is_closing = True
        self._news.set()
        await asyncio.wait((self._task,), timeout=seconds)
        if not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))
        left = sum(entry.count for entry in self.waiting) + self._mailbox.take_dropped()
        if left:
            text = f"the end came first, {_events(left)} dropped"
            self._tell(LogLevel.WARNING, text)

    async def test(self, report: Report) -> str:
        """Deliver a sample, now and once; return a remark, or "".

        Raises:
            DeliveryFailed: it did not arrive.
        """
        message = self._message((Entry(report, 1, report.at),), sample=True)
        return await self._try(self._deliver(message, self.alert.timeout))

    # --- waiting ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while await self._something_is_due():
            dropped = self._mailbox.take_dropped()
            message = self._message(self._mailbox.take(self._loop.time()), dropped)
            if dropped:
                self._tell(LogLevel.WARNING, f"no room, {_events(dropped)} dropped")
            self._under_way = message.entries
            with recorded(f"delivering the alert {self.alert.name}"):
                await self._send(message)
            self._under_way = ()

    async def _something_is_due(self) -> bool:
        """Wait for it; False: there is nothing more and never will be."""
        while True:
            self._news.clear()
            due = self._mailbox.due()
            if self._is_closing:
                return due is not None
            wait = None if due is None else due - self._loop.time()
            if wait is not None and wait <= 0:
                return True
            await self._wait_for_news(wait)

    async def _wait_for_news(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    # --- delivering ---------------------------------------------------------------------------

    async def _send(self, message: Message) -> None:
        delivery = self._deliver(message, self.alert.timeout)
        for number in range(self.alert.retries + 1):
            try:
                remark = await self._try(delivery)
            except DeliveryFailed as exc:
                is_last = exc.for_good or number == self.alert.retries or self._is_closing
                if is_last:
                    tries = f"{number + 1} tr{'ies' if number else 'y'}"
                    text = f"gave up after {tries}, {_events(message.count)} dropped: {exc}"
                    self._tell(LogLevel.ERROR, text)
                    return
                delay = min(2.0**number, _MOST_DELAY_SECONDS)
                if number == 0:
                    self._tell(LogLevel.WARNING, f"not delivered, to be tried again: {exc}")
                await self._pause(delay)
            else:
                told = f"{_events(message.count)} delivered{f', {remark}' if remark else ''}"
                self._tell(LogLevel.WARNING if remark else LogLevel.DEBUG, told)
                return

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the end comes."""
        until = self._loop.time() + seconds
        while not self._is_closing and (left := until - self._loop.time()) > 0:
            self._news.clear()
            await self._wait_for_news(left)

    async def _try(self, delivery: Delivery) -> str:
        """Deliver once.

        Raises:
            DeliveryFailed: it did not arrive.
        """
        if self._stuck is not None and not self._stuck.done():
            raise DeliveryFailed("an earlier try has not come to its end yet")
        future = begin(delivery.deliver, f"alert {self.alert.name}")
        self._stuck = future
        try:
            await asyncio.wait((future,), timeout=self.alert.timeout)
            if not future.done():
                delivery.stop()
                await asyncio.wait((future,), timeout=_GRACE_SECONDS)
                raise DeliveryFailed(f"not done within {self.alert.timeout:g} s")
        except asyncio.CancelledError:
            delivery.stop()
            raise
        outcome = future.result()
        if isinstance(outcome, str):
            return outcome
        if not isinstance(outcome, DeliveryFailed):
            context = {"message": f"alert {self.alert.name}", "exception": outcome}
            self._loop.call_exception_handler(context)
            raise DeliveryFailed("a mistake of taskmasterd itself", for_good=True)
        raise outcome

    def _message(
        self, entries: tuple[Entry, ...], dropped: int = 0, *, sample: bool = False
    ) -> Message:
        key = os.urandom(12).hex()
        return Message(key, self.alert.name, self._host, entries, dropped, sample)

    def _tell(self, level: LogLevel, text: str) -> None:
        self._record(level, f"alert: {self.alert.name} ({self.alert.target}): {text}")


def _events(count: int) -> str:
    return f"{count} event{'s' if count != 1 else ''}"
