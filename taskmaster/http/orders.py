"""Start, stop and signal by supervisord's rules: what is refused at once, and how it went."""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from taskmaster.control import handlers
from taskmaster.driver import Driver
from taskmaster.http.commands import check_command
from taskmaster.http.faults import Fault, FaultCode
from taskmaster.http.namespecs import Names
from taskmaster.http.processinfo import is_running, is_signallable, is_stoppable
from taskmaster.http.xmlcalls import Value
from taskmaster.orders import Kind
from taskmaster.process.state import State
from taskmaster.protocol.messages import RequestError, Verdict
from taskmaster.supervisor import Entry

Named = tuple[str, Entry]
"""What the caller called a process, and the process."""

_BY: Final = "a client over HTTP"
"""Who gives the orders, as far as it is known here."""

_SPAWN_ERRORS: Final = (State.BACKOFF, State.FATAL)


class Orders:
    """Gives orders to the driver and tells how they went, in supervisord's words."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def names(self) -> Names:
        """What the processes that are there now are called."""
        return Names(self._driver.supervisor)

    def result(self, entry: Entry, fault: Fault | None) -> dict[str, Value]:
        """Return how it went for one of several."""
        return {
            "name": entry.short_name,
            "group": self.names.group(entry),
            "status": int(fault.code if fault else FaultCode.SUCCESS),
            "description": str(fault) if fault else "OK",
        }

    async def start(self, name: str, entry: Entry, *, wait: bool) -> None:
        """Start one process; with `wait`, return once it is up, else once it is there.

        Raises:
            Fault: it is up already, or does not come up.
        """
        _refuse_start(name, entry)
        await self._order(Kind.START, [(name, entry)], wait=wait, judge=self._judge_start)
        if not wait:
            await self.spawned([entry])
            _refuse_spawn_error(name, entry)

    async def stop(self, name: str, entry: Entry, *, wait: bool) -> None:
        """Stop one process; with `wait`, return once it is down.

        Raises:
            Fault: it is not up, or does not go down.
        """
        if not is_stoppable(entry.process):
            raise Fault(FaultCode.NOT_RUNNING, name)
        await self._order(Kind.STOP, [(name, entry)], wait=wait, judge=self._judge_stop)

    def signal(self, name: str, entry: Entry, signal: str) -> None:
        """Send a signal to one process.

        Raises:
            Fault: there is no such signal, or nobody to send it to.
        """
        try:
            number = handlers.signal_number(signal)
        except RequestError:
            raise Fault(FaultCode.BAD_SIGNAL, signal[:100]) from None
        if not is_signallable(entry.process) or not self._driver.signal(entry.name, number, _BY):
            raise Fault(FaultCode.NOT_RUNNING, name)

    async def start_all(self, entries: Sequence[Entry], *, wait: bool) -> list[Value]:
        """Start those that are not up; return how it went for each of them."""
        results: list[Value] = []
        able: list[Named] = []
        for entry in entries:
            if is_running(entry.process):
                continue
            try:
                _refuse_start(self.names.namespec(entry), entry)
                able.append((self.names.namespec(entry), entry))
            except Fault as fault:
                results.append(self.result(entry, fault))
        if wait:
            return results + await self._all(Kind.START, able, self._judge_start, wait=True)
        await self._all(Kind.START, able, self._judge_start, wait=False)
        await self.spawned([entry for _, entry in able])
        for name, entry in able:
            try:
                _refuse_spawn_error(name, entry)
                results.append(self.result(entry, None))
            except Fault as fault:
                results.append(self.result(entry, fault))
        return results

    async def stop_all(self, entries: Sequence[Entry], *, wait: bool) -> list[Value]:
        """Stop those that are up, by descending priority; return how it went for each of them."""
        able = [
            (self.names.namespec(entry), entry) for entry in entries if is_stoppable(entry.process)
        ]
        return await self._all(Kind.STOP, able, self._judge_stop, wait=wait)

    def signal_all(self, entries: Sequence[Entry], signal: str) -> list[Value]:
        """Send a signal to those that can take one; return how it went for each of them."""
        results: list[Value] = []
        for entry in entries:
            if not is_signallable(entry.process):
                continue
            try:
                self.signal(self.names.namespec(entry), entry, signal)
                results.append(self.result(entry, None))
            except Fault as fault:
                results.append(self.result(entry, fault))
        return results

    def restart_everything(self) -> None:
        """Stop what runs and start what starts by itself, as after a start of the daemon."""
        entries = self._driver.supervisor.entries.values()
        autostart = [entry.name for entry in entries if entry.program.autostart]
        others = [entry.name for entry in entries if not entry.program.autostart]
        for kind, names in ((Kind.STOP, others), (Kind.RESTART, autostart)):
            if names:
                self._driver.order(kind, names, _nobody_waits, by=_BY)

    # --- how it goes --------------------------------------------------------------------------

    async def _all(
        self,
        kind: Kind,
        named: Sequence[Named],
        judge: Callable[[str, Entry, Verdict, str], None],
        *,
        wait: bool,
    ) -> list[Value]:
        results: list[Value] = []

        def gathered(name: str, entry: Entry, verdict: Verdict, text: str) -> None:
            try:
                judge(name, entry, verdict, text)
                results.append(self.result(entry, None))
            except Fault as fault:
                results.append(self.result(entry, fault))

        if named and wait:
            await self._order(kind, named, wait=True, judge=gathered)
        elif named:
            await self._order(kind, named, wait=False, judge=judge)
            results = [self.result(entry, None) for _, entry in named]
        return results

    async def _order(
        self,
        kind: Kind,
        named: Sequence[Named],
        *,
        wait: bool,
        judge: Callable[[str, Entry, Verdict, str], None],
    ) -> None:
        """Give an order, which stands; with `wait`, have the outcome of each judged."""
        by_name = {entry.name: (name, entry) for name, entry in named}
        done = asyncio.Event()
        order = self._driver.order(kind, list(by_name), done.set, by=_BY)
        if not wait:
            return
        await done.wait()
        for outcome in order.outcomes:
            name, entry = by_name[outcome.name]
            judge(name, entry, outcome.verdict, outcome.text)

    async def spawned(self, entries: Sequence[Entry]) -> None:
        """Wait until the keeper has answered: a client that does not wait may look at once."""
        happened = asyncio.Event()
        self._driver.watch(happened.set)
        try:
            while any(entry.process.awaits_answer for entry in entries):
                happened.clear()
                await happened.wait()
        finally:
            self._driver.unwatch(happened.set)

    def _judge_start(self, name: str, entry: Entry, verdict: Verdict, text: str) -> None:
        if verdict in (Verdict.DONE, Verdict.ALREADY):
            return
        if entry.process.state is State.UNKNOWN:
            raise Fault(FaultCode.FAILED, text)
        _refuse_spawn_error(name, entry)
        raise Fault(FaultCode.ABNORMAL_TERMINATION, name)

    def _judge_stop(self, name: str, entry: Entry, verdict: Verdict, text: str) -> None:
        if verdict is Verdict.FAILED:
            raise Fault(FaultCode.FAILED, f"{name}: {text}")


def _refuse_start(name: str, entry: Entry) -> None:
    check_command(entry.launch, os.environ)
    state = entry.process.state
    if is_running(entry.process):
        raise Fault(FaultCode.ALREADY_STARTED, name)
    if state is State.UNKNOWN:
        raise Fault(FaultCode.FAILED, f"{name} is in an unknown process state")
    if state is State.STOPPING:
        raise Fault(FaultCode.ABNORMAL_TERMINATION, name)


def _refuse_spawn_error(name: str, entry: Entry) -> None:
    if entry.process.state in _SPAWN_ERRORS:
        raise Fault(FaultCode.SPAWN_ERROR, name)


def _nobody_waits() -> None:
    """Its outcome is in the event log."""
