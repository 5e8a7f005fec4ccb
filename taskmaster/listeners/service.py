"""The daemon's listeners: what happens goes into the exchange, and what it asks for is done.

Nothing waits: a pipe takes what it takes, and the rest is written when it takes more. Whoever never
answers has one event, and its pool what its buffer holds.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pty_mux.lineends import LineEnds
from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from taskmaster.config.model import Config, LogLevel, Program
from taskmaster.driver import Driver
from taskmaster.listeners import payloads
from taskmaster.listeners.exchange import AGAIN_SECONDS, Action, Dropped, Exchange, Say, Send, State
from taskmaster.listeners.kinds import Event
from taskmaster.listeners.talk import Phase, Saved, Talk
from taskmaster.listeners.ticks import Ticks
from taskmaster.mistakes import recorded
from taskmaster.orders import Step
from taskmaster.process.events import Exited
from taskmaster.process.state import State as ProcessState
from taskmaster.supervisor import Entry

_TOLD_SECONDS: Final = 1.0
"""A buffer that overflows a thousand times a second is a line a second in the event log."""


class Listeners:
    """Every process that listens, and what it is told."""

    def __init__(self, driver: Driver, record: Callable[[LogLevel, str], None]) -> None:
        """Have no listeners yet (`apply`); `record` writes into the event log."""
        self._driver = driver
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._exchange = Exchange(self._is_running)
        self._left: Mapping[str, Saved] = {}
        self._surely = False
        self._pipes: dict[str, Pipes] = {}
        self._saved: dict[str, Saved] = {}
        self._touched: set[str] = set()
        self._pids: dict[str, int] = {}
        self._groups: dict[str, None] = {}
        self._told_stopping = False
        self._dropped: Counter[str] = Counter()
        self._ticks = Ticks(self.tell)

    def apply(self, config: Config) -> None:
        """Have the listeners of this config from now on, and tell of groups that are new."""
        self._exchange.configure(config.programs)
        self._ticks.run(self._exchange.wanted)
        for group in _groups(config):
            if group not in self._groups:
                self._groups[group] = None
                self.tell(payloads.group_event(group, "ADDED"))

    def begin(self, config: Config) -> None:
        """Have the first listeners of a daemon, and tell them that it has begun."""
        self.apply(config)
        self.tell(payloads.daemon_event("RUNNING"))

    def tell(self, event: Event) -> None:
        """Tell listeners of something."""
        if actions := self._exchange.happened(event):
            self._perform(actions)

    def on_step(self, step: Step) -> None:
        """Take what happened to a process; nobody waits for this."""
        with recorded(f"telling listeners of {step.name}"):
            if self._driver.supervisor.shutting_down and not self._told_stopping:
                self._told_stopping = True
                self.tell(payloads.daemon_event("STOPPING"))
            pid = step.after.pid or self._pids.get(step.name) or step.before.pid or 0
            self._pids[step.name] = pid
            if isinstance(step.event, Exited) and step.name in self._pipes:
                self._ended(step.name)
            if self._exchange.wanted:
                for event in payloads.events_of(step, pid, self._group(step.program)):
                    self.tell(event)
            if step.after.state is ProcessState.RUNNING is not step.before.state:
                self._perform(self._exchange.go_on(step.program.name))
            if step.forgotten:
                self._forget(step.name)

    def _forget(self, name: str) -> None:
        self._pids.pop(name, None)
        entries = self._driver.supervisor.entries.values()
        there = {self._group(entry.program) for entry in entries}
        for group in [group for group in self._groups if group not in there]:
            del self._groups[group]
            self.tell(payloads.group_event(group, "REMOVED"))

    def _group(self, program: Program) -> str:
        return self._driver.supervisor.config.group_of(program.name)

    def _is_running(self, name: str) -> bool:
        entry = self._driver.supervisor.entries.get(name)
        return entry is not None and entry.process.state is ProcessState.RUNNING

    # --- what processes write -----------------------------------------------------------------

    def connected(self, entry: Entry, pump: Pump | Pipes, resumed: bool) -> None:
        """Take the descriptors of a process that has just become its command, or goes on.

        Also where a reload may have changed what is to be told of its output.
        """
        if not isinstance(pump, Pipes):
            self._follow(entry, pump)
            return
        name = entry.name
        if self._pipes.get(name) is pump:
            return
        pump.on_output = lambda data: self._heard(name, data)
        pump.on_written = lambda: self._heard(name, b"")
        self._pipes[name] = pump
        if resumed:
            self._resume(name, self._left.get(name, Saved()), pump)
        else:
            self._exchange.began(name)
            self._heard(name, b"")

    def _heard(self, name: str, data: bytes) -> None:
        self._touched.add(name)
        self._perform(self._exchange.heard(name, data))

    def _resume(self, name: str, saved: Saved, pipes: Pipes) -> None:
        self._saved[name] = saved
        talk = saved.talk
        if saved.unwritten and self._surely:
            pipes.write(saved.unwritten)
        elif saved.unwritten:
            talk = Talk(Phase.UNKNOWN)
            text = (
                f"{name}: got half of an event when the core died, and will no longer receive any"
            )
            self._record(LogLevel.WARNING, f"{text} until it is restarted")
        self._exchange.resume(name, talk, surely=self._surely)

    def _follow(self, entry: Entry, pump: Pump) -> None:
        """Tell what a process writes, where its config wants that."""
        program = entry.program
        pump.on_output = self._teller(entry, "stdout") if program.stdout_events else None
        pump.on_error_output = self._teller(entry, "stderr") if program.stderr_events else None

    def _teller(self, entry: Entry, channel: str) -> Callable[[bytes], None]:
        ends = LineEnds()

        def tell(data: bytes) -> None:
            pid = entry.process.pid or self._pids.get(entry.name, 0)
            group = self._group(entry.program)
            if f"PROCESS_LOG_{channel.upper()}" in self._exchange.wanted:
                self.tell(payloads.logged(group, entry, pid, channel, ends.feed(data)))

        return tell

    def _ended(self, name: str) -> None:
        del self._pipes[name]
        self._touched.add(name)
        self._perform(self._exchange.ended(name))

    # --- what another core had ----------------------------------------------------------------

    def take_over(self, config: Config, left: Mapping[str, Saved], *, surely: bool) -> None:
        """Have the listeners of another core; `go_on` comes when their processes are found.

        Args:
            config: which it had told of.
            left: what it had saved of them, by the name of the process.
            surely: it had saved everything before it ended.
        """
        self._left, self._surely = left, surely
        self._groups = dict.fromkeys(_groups(config))
        self.apply(config)

    def go_on(self, state: State) -> None:
        """Go on with what waited there."""
        self._exchange.restore(state)
        for name in self._driver.supervisor.config.programs:
            self._perform(self._exchange.go_on(name))

    def hand_over(self) -> State:
        """Return what the next core has to know of what waits."""
        state, lost = self._exchange.hand_over()
        self._perform(lost)
        return state

    # --- performing ---------------------------------------------------------------------------

    def _perform(self, actions: Iterable[Action]) -> None:
        todo = list(actions)
        while todo:
            match todo.pop(0):
                case Send(name, data):
                    self._touched.add(name)
                    pipes = self._pipes.get(name)
                    if pipes is None or not pipes.write(data):
                        todo += self._exchange.unsent(name)
                case Say(level, text):
                    self._record(level, text)
                case Dropped(pool, serial):
                    self._tell_dropped(pool, serial)
                case wait:
                    self._loop.call_later(AGAIN_SECONDS, self._again, wait.pool)
        self._save()

    def _again(self, pool: str) -> None:
        self._perform(self._exchange.go_on(pool, waited=True))

    def _tell_dropped(self, pool: str, serial: int) -> None:
        if pool not in self._dropped:
            text = f"pool {pool} event buffer overflowed, discarding event {serial}"
            self._record(LogLevel.ERROR, text)
            self._loop.call_later(_TOLD_SECONDS, self._tell_more, pool)
            self._dropped[pool] = 0
        else:
            self._dropped[pool] += 1

    def _tell_more(self, pool: str) -> None:
        if more := self._dropped.pop(pool, 0):
            text = f"pool {pool} event buffer overflowed, discarding {more} more events"
            self._record(LogLevel.ERROR, text)
            self._loop.call_later(_TOLD_SECONDS, self._tell_more, pool)
            self._dropped[pool] = 0

    def _save(self) -> None:
        """Have the next core know what listeners have said and have to say.

        It is told at the end of this turn; at once where an answer was taken, which does not come a
        second time.
        """
        touched, self._touched = self._touched, set()
        for name in touched:
            listener, pipes = self._exchange.listeners.get(name), self._pipes.get(name)
            unwritten = pipes.unwritten if pipes is not None else b""
            was = self._saved.get(name)
            now = Saved(listener.talk, unwritten) if listener is not None else None
            if now == was:
                continue
            self._driver.memory.listener(name, now)
            if now is None:
                del self._saved[name]
            else:
                self._saved[name] = now
            if was is not None and was.talk.phase is Phase.BUSY:
                self._driver.flush()


def _groups(config: Config) -> list[str]:
    """Return the groups of a config in the order in which they are started."""
    programs = sorted(config.programs.values(), key=lambda program: program.priority)
    return list(dict.fromkeys(config.group_of(program.name) for program in programs))
