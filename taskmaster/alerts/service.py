"""All alerts of the daemon: what happens goes to the couriers of those who want to know."""

import asyncio
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pty_mux.session import Session
from taskmaster.alerts import report as reports
from taskmaster.alerts.courier import Courier, Recorder
from taskmaster.alerts.failures import DeliveryFailed
from taskmaster.alerts.mailbox import Entry
from taskmaster.alerts.model import Alert, Kind
from taskmaster.alerts.picture import look
from taskmaster.alerts.report import Report
from taskmaster.driver import Driver
from taskmaster.mistakes import recorded
from taskmaster.orders import Step
from taskmaster.protocol.messages import ErrorCode, Outcome, RequestError, Verdict

END_SECONDS: Final = 3.0
"""What waits at the end of the daemon, or of an alert, has so long."""

_MOST_SAVED: Final = 100
"""Of each alert at an upgrade: what is saved has to be written and read within a moment."""

_LOOK_SECONDS: Final = 1.0
"""A terminal is not looked at more often than this: who ends a hundred times a second shows the
same each time, and looking costs some milliseconds."""


class Alerts:
    """The alerts of the config, and what happens."""

    def __init__(self, driver: Driver, record: Recorder) -> None:
        """Have no alerts yet (`apply`); `record` writes into the event log."""
        self._driver = driver
        self._record = record
        self._couriers: dict[str, Courier] = {}
        self._wanted: frozenset[Kind] = frozenset()
        self._looked: dict[str, float] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._end: asyncio.Task[None] | None = None

    def apply(self, alerts: Mapping[str, Alert]) -> None:
        """Have these alerts from now on; what waited for one that has changed goes its new way."""
        host = platform.node()
        before, self._couriers = self._couriers, {}
        for name, alert in alerts.items():
            old = before.get(name)
            if old is not None and old.alert == alert:
                self._couriers[name] = before.pop(name)
                continue
            self._couriers[name] = Courier(alert, host, self._record)
            if old is not None:
                del before[name]
                self._couriers[name].go_on(old.waiting)
                old.retire()
        for name, courier in before.items():
            task = asyncio.create_task(courier.close(END_SECONDS), name=f"end of alert {name}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        self._wanted = frozenset(kind for alert in alerts.values() for kind in alert.events)

    def waiting(self) -> dict[str, list[Entry]]:
        """Return what is not told yet, without pictures, for the next core (`go_on`)."""
        return {
            name: [_plain(entry) for entry in courier.waiting[-_MOST_SAVED:]]
            for name, courier in self._couriers.items()
            if courier.waiting
        }

    def go_on(self, waiting: Mapping[str, Sequence[Entry]]) -> None:
        """Have told what another core did not come to."""
        for name, entries in waiting.items():
            if name in self._couriers:
                self._couriers[name].go_on(entries)

    def end(self, on_done: Callable[[], None]) -> None:
        """Deliver what waits, within seconds, then call `on_done`; once, however often asked."""
        if self._end is None:
            self._end = asyncio.create_task(self._close(), name="end of alerts")
            self._end.add_done_callback(lambda _: on_done())

    async def _close(self) -> None:
        couriers, self._couriers = self._couriers, {}
        self._wanted = frozenset()
        closing = [courier.close(END_SECONDS) for courier in couriers.values()]
        await asyncio.gather(*closing, *self._ending)

    async def test(self, names: Sequence[str]) -> list[Outcome]:
        """Send a sample to the named alerts, or to all; return how that went for each.

        Raises:
            RequestError: there are no alerts.
        """
        if not self._couriers and not names:
            text = "the config has no alerts; README.md says how to write one"
            raise RequestError(ErrorCode.NO_SUCH_NAME, text)
        chosen = dict.fromkeys(names or self._couriers)
        return list(await asyncio.gather(*(self._test(name) for name in chosen)))

    async def _test(self, name: str) -> Outcome:
        courier = self._couriers.get(name)
        if courier is None:
            known = ", ".join(self._couriers) or "none"
            return Outcome(name, Verdict.NO_SUCH_NAME, f"no such alert; there are: {known}")
        target = courier.alert.target
        try:
            remark = await courier.test(reports.sample(time.time()))
        except DeliveryFailed as exc:
            return Outcome(name, Verdict.FAILED, f"{target}: {exc}")
        if remark:
            return Outcome(name, Verdict.FAILED, f"{target}: {remark}")
        return Outcome(name, Verdict.DONE, f"delivered ({target})")

    # --- what happens -------------------------------------------------------------------------

    def on_step(self, step: Step) -> None:
        """Take what happened to a process; nobody waits for this."""
        if step.forgotten:
            self._looked.pop(step.name, None)
        if not self._wanted:
            return
        kinds = reports.kinds_of(step)
        if self._wanted.isdisjoint(kinds):
            return
        with recorded(f"telling alerts of {step.name}"):
            self._put(reports.report_of(step, kinds, time.time()))

    def log_failed(self, text: str) -> None:
        """Take that a log cannot be written; the event log's own is one of them."""
        if Kind.LOG not in self._wanted:
            return
        with recorded("telling alerts of a log"):
            names = {
                entry.name: None
                for entry in self._driver.supervisor.entries.values()
                for path in (entry.launch.stdout, entry.launch.stderr)
                if path is not None and text.startswith((f"log {path} ", f"log {path}:"))
            }
            self._put(reports.log_failed(text, tuple(names), time.time()))

    def config_rejected(self, path: str, problems: Sequence[str]) -> None:
        """Take that a reload was refused."""
        self._put(reports.config_rejected(path, tuple(problems), time.time()))

    def core_restarted(self, why: str, count: int) -> None:
        """Take that the core died and we took over, with so many processes."""
        self._put(reports.core_restarted(why, count, time.time()))

    def _put(self, report: Report) -> None:
        couriers = [c for c in self._couriers.values() if reports.is_for(c.alert, report)]
        is_of_process = Kind.LOG not in report.kinds  # it is told from within the reading
        if (
            couriers
            and is_of_process
            and (session := self._driver.sessions.get(report.process)) is not None
        ):
            report = self._pictured(report, session)
        for courier in couriers:
            courier.put(report)

    def _pictured(self, report: Report, session: Session) -> Report:
        now = self._driver.now()
        if now < self._looked.get(report.process, float("-inf")) + _LOOK_SECONDS:
            return report
        self._looked[report.process] = now
        return report.with_picture(*look(session))


def _plain(entry: Entry) -> Entry:
    return replace(entry, report=entry.report.with_picture(b"", ()))
