"""Perform what the supervisor asks for, and tell it what happens. Nothing is decided here.

The driver has the one clock (the loop's, which is the monotonic one), the one timer (for the least
of all deadlines), and per process what has descriptors: its session, its pump, its log streams.
Between an event and its last action nothing awaits, so nobody ever sees a step half done.
"""

import asyncio
import signal
from collections.abc import Callable, Iterable
from typing import Final

from pty_mux.pump import Pump
from pty_mux.session import Session
from taskmaster.children import Children
from taskmaster.config.diff import Changes
from taskmaster.config.model import Config, LogLevel, Program
from taskmaster.eventlog import EventLog, line_stamp
from taskmaster.keeper import wire
from taskmaster.keeper.client import KeeperClient
from taskmaster.logs import LogFiles
from taskmaster.memory import Memory
from taskmaster.mistakes import recorded
from taskmaster.onlookers import Onlookers
from taskmaster.orders import Kind, Order, Step
from taskmaster.process.actions import Action, SendSignal, Spawn, TypeText
from taskmaster.process.events import (
    Event,
    Ready,
    SurvivorsSeen,
)
from taskmaster.process.state import State
from taskmaster.process.words import describe_left
from taskmaster.recordings import Recordings
from taskmaster.records import Record, describe, notice, signal_name
from taskmaster.sessions import Sessions
from taskmaster.spawnrequest import logs_of
from taskmaster.supervisor import Entry, Supervisor
from taskmaster.terminals import configure

_LOOK_SECONDS: Final = 0.05
"""Nobody tells when an orphan ends, so it is looked for as often, while it is waited for."""

_ASKED_AGAIN_SECONDS: Final = 60.0
"""Within so long a client whose core died has asked the next one, or is gone too."""

_KILLED_SECONDS: Final = 3.0
"""After a KILL hardly anything lives on; what does (EPERM, a disk that is gone) must not hold the
daemon back for ever. The keeper tries once more when we are gone."""


class Driver:
    """The daemon's hands.

    Attributes:
        supervisor: decides.
        children: the processes as the keeper knows them.
        sessions: the terminal of each process; made when first needed.
        memory: has everything saved that the next core must know.
        logs: the log files of the processes.
        recordings: the recordings of their terminals.
        onlookers: follow what the processes write.
        on_step: told of everything that happens to a process, before it is acted upon.
    """

    def __init__(
        self, config: Config, eventlog: EventLog, socket_path: str, on_down: Callable[[], None]
    ) -> None:
        """Prepare; `connect` must follow before anything happens.

        Args:
            config: what to supervise.
            eventlog: where everything that happens is told.
            socket_path: told to the children, so that they find the daemon that runs them.
            on_down: called once everything is down after `shut_down`.
        """
        self._loop = asyncio.get_running_loop()
        self.supervisor = Supervisor(config, self.now())
        self.logs = LogFiles(eventlog.tell_of_log, line_stamp)
        self.logs.syslog.move(config.settings.syslog)
        self._eventlog = eventlog
        self._on_down = on_down
        self._keeper: KeeperClient | None = None
        self.memory = Memory(self.send)
        self.sessions = Sessions(self.memory)
        self._waiting: list[tuple[Order, Callable[[], None]]] = []
        self._asked_for: dict[str, Order] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._settling = False
        self.recordings = Recordings(
            self.now, lambda text: self.record(LogLevel.ERROR, text), self.memory.recording
        )
        self.onlookers = Onlookers(self.logs, self.recordings, self._on_ready)
        self.children = Children(self, self.onlookers, socket_path)
        self._look_timer: asyncio.TimerHandle | None = None
        self._watchers: list[Callable[[], None]] = []
        self.on_step: Callable[[Step], None] = _nobody_asks

    def connect(self, keeper: KeeperClient) -> None:
        """Take the keeper that performs spawns and signals, and have it remember what there is."""
        self._keeper = keeper
        self._remember_everything()

    def now(self) -> float:
        """The monotonic time, in seconds."""
        return self._loop.time()

    def record(self, level: LogLevel, text: str) -> None:
        """Write a line into the event log."""
        self._eventlog.write(Record(level, text))

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call a watcher after each turn in which something happened to a process."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call it no more."""
        self._watchers.remove(watcher)

    # --- orders -------------------------------------------------------------------------------

    def autostart(self) -> None:
        """Start what the config wants up from the beginning."""
        self._perform(self.supervisor.autostart(self.now()))

    def order(
        self,
        kind: Kind,
        names: list[str],
        on_done: Callable[[], None],
        token: str = "",
        by: str = "",
    ) -> Order:
        """Give an order; `on_done` is called once it is done, never before this returns.

        `by` is who gives it. Where one with that token was given before, also to another core,
        it is that one. It is remembered until `answered`.
        """
        order, steps = self._asked_for.get(token), list[Step]()
        if order is None:
            order, steps = self.supervisor.order(kind, names, self.now(), token, by)
            if token:
                self._asked_for[token] = order
        self._waiting.append((order, on_done))
        self._perform(steps)
        if token:
            self._remember_orders()
        return order

    def answered(self, order: Order) -> None:
        """Forget an order: whoever gave it knows its outcome, or will not ask again."""
        if self._asked_for.pop(order.token, None) is not None:
            self._remember_orders()

    def expect_questions(self, orders: Iterable[Order]) -> None:
        """Remember orders that were given to another core for a while: somebody waits for them."""
        for order in orders:
            self._asked_for[order.token] = order
            self._loop.call_later(_ASKED_AGAIN_SECONDS, self.answered, order)

    def _remember_orders(self) -> None:
        orders = (*self.supervisor.orders, *self._asked_for.values())
        self.memory.orders(dict.fromkeys(orders))

    def signal(self, name: str, number: int, by: str) -> bool:
        """Signal a process for somebody; return whether there was one to signal."""
        if self.supervisor.entries[name].process.pid is None:
            return False
        self.record(LogLevel.INFO, f"signalled: {name} with {signal_name(number)}")
        self.supervisor.signalled(name, number, by, self.now())
        self.send(wire.Signal(self.children.ticket(name), number, wire.PROCESS))
        return True

    def apply(self, config: Config, changes: Changes) -> None:
        """Take over a new configuration."""
        before = {name: entry.program for name, entry in self.supervisor.entries.items()}
        self._perform(self.supervisor.apply(config, changes, self.now()))
        self._remember_everything()
        for name, entry in self.supervisor.entries.items():
            if (program := before.get(name, entry.program)) != entry.program:
                self._update(name, entry, program)
        self.logs.syslog.move(config.settings.syslog)
        self.logs.keep_only(self._log_paths())
        self.children.sockets.keep_only(self.supervisor.with_sockets())

    def shut_down(self) -> None:
        """Stop everything in order; a second call kills at once what is still there, and ends."""
        if not self.supervisor.shutting_down:
            steps = self.supervisor.shut_down(self.now())
            self.memory.daemon(self.supervisor.config, shutting_down=True)
            self._perform(steps)
            return
        for ticket, name in self.children.names.items():
            pid = self.supervisor.entries[name].process.pid
            self.record(LogLevel.WARNING, f"killing '{name}' ({pid or 'starting'}) at once")
            self.send(wire.Signal(ticket, signal.SIGKILL, wire.GROUP))
        for name in self.supervisor.lingering:
            left = describe_left(self.supervisor.entries[name].process.left)
            self.record(LogLevel.WARNING, f"killing what '{name}' left behind at once: {left}")
            self.children.signal_left(name, signal.SIGKILL)
        self._loop.call_later(_KILLED_SECONDS, self._end_regardless)

    def _end_regardless(self) -> None:
        if not self.supervisor.is_down:
            names = ", ".join(self.children.names.values()) or "something"
            self.record(LogLevel.ERROR, f"ending, and leaving to the keeper: {names}")
        self._on_down()

    def close(self) -> None:
        """Let go of what a daemon that ends leaves nobody."""
        self.children.sockets.close()
        self.logs.syslog.close()

    def save_all(self) -> None:
        """Have everything remembered that would be a little later."""
        self._remember_orders()
        self.sessions.save_all()

    def go_on(self) -> None:
        """Begin to look at deadlines again."""
        self._perform(())

    # --- what others need of a process --------------------------------------------------------

    def session(self, name: str) -> Session:
        """Return the terminal of a process.

        Raises:
            OSError: there is no memory for its scrollback.
        """
        return self.sessions.get(name) or self.sessions.make(self.supervisor.entries[name])

    def type_text(self, name: str, text: str) -> None:
        """Type into the terminal of a process, if it has one."""
        if (pump := self.pump(name)) is not None:
            pump.write(text.encode("utf-8", "surrogateescape"))

    def pump(self, name: str) -> Pump | None:
        """Return what moves the bytes of a process's terminal, or None where it has none now."""
        return self.children.pump(name)

    # --- what happens -------------------------------------------------------------------------

    def on_message(self, message: wire.Message, descriptors: list[int]) -> None:
        """Take what the keeper tells; the descriptors are ours from here on."""
        self.children.on_message(message, descriptors)

    def _look_for_survivors(self) -> None:
        self._look_timer = None
        for name in self.supervisor.lingering:
            self.happened(name, SurvivorsSeen(self.children.survivors(name)))

    def _on_ready(self, name: str) -> None:
        # Not at once: this is told from within the reading of its terminal.
        self._loop.call_soon(self._ready, name)

    def _ready(self, name: str) -> None:
        if name in self.supervisor.entries:
            self.happened(name, Ready())

    def happened(self, name: str, event: Event) -> None:
        """Let something happen to a process."""
        self._perform(self.supervisor.handle(name, event, self.now()))

    # --- performing ---------------------------------------------------------------------------

    def _perform(self, steps: Iterable[Step]) -> None:
        steps = list(steps)
        with recorded("saving what has been decided"):
            self._remember(steps)
        for step in steps:
            # Whatever one of them meets, the others of the batch are other processes' affairs.
            with recorded(f"telling of {step}"):
                self._tell(step)
            for action in step.actions:
                with recorded(f"performing {action} for {step.name}"):
                    self._act(step.name, action)
            with recorded(f"letting go after {step}"):
                self._let_go(step)
        if not self._settling:
            self._settling = True
            self._loop.call_soon(self._settle)

    def _remember(self, steps: list[Step]) -> None:
        """Save what was decided, with the tickets of spawns to come, before anything is done."""
        for step in steps:
            if any(isinstance(action, Spawn) for action in step.actions):
                self.children.allot(step.name)
        for name in dict.fromkeys(step.name for step in steps):
            self._remember_process(name)

    def _remember_process(self, name: str) -> None:
        entry = self.supervisor.entries.get(name)
        if entry is None:
            self.memory.forget(name)
        else:
            self.memory.process(entry, self.children.ticket(name))

    def _remember_everything(self) -> None:
        supervisor = self.supervisor
        self.memory.daemon(supervisor.config, shutting_down=supervisor.shutting_down)
        used = set(supervisor.config.programs.values())
        for name, entry in supervisor.entries.items():
            self._remember_process(name)
            used |= {one for one in (entry.program, entry.successor, entry.well) if one}
        self.memory.keep_programs(used)

    def _tell(self, step: Step) -> None:
        for record in describe(step):
            self._eventlog.write(record)
        self.on_step(step)
        session = self.sessions.get(step.name)
        if session is not None and (text := notice(step)) is not None:
            session.notify(text)

    def _act(self, name: str, action: Action) -> None:
        match action:
            case Spawn():
                self.children.spawn(name)
            case SendSignal(number, whom):
                if self.supervisor.entries[name].process.left:
                    self.children.signal_left(name, number)
                else:
                    self.send(wire.Signal(self.children.ticket(name), number, whom.value))
            case TypeText(text):
                self.type_text(name, text)

    def _let_go(self, step: Step) -> None:
        if step.after.state is not State.STARTING:
            self.onlookers.readiness.end(step.name)
        session = self.sessions.get(step.name)
        if session is not None and self.supervisor.is_final(step.name):
            session.end(f"{step.name} is {step.after.state.value}")
        if step.forgotten:
            self.sessions.forget(step.name)
            self.children.forget(step.name)

    def configure(self, session: Session, entry: Entry) -> None:
        """Bring a terminal up to the configuration."""
        if (trouble := configure(session, entry.program)) is not None:
            self.record(LogLevel.ERROR, f"{entry.name}: {trouble}")

    def send(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Ask the keeper for something."""
        if self._keeper is not None:
            self._keeper.send(message, descriptors)

    def flush(self) -> None:
        """Have it hear of what was sent at once, and not in the next turn."""
        if self._keeper is not None:
            self._keeper.flush()

    def _settle(self) -> None:
        """After all that happened in this turn: who waited for it, and when to look again."""
        self._settling = False
        self._remember_orders()
        self.children.sockets.keep_only(self.supervisor.with_sockets())
        for watcher in tuple(self._watchers):
            watcher()
        done = [(order, on_done) for order, on_done in self._waiting if order.is_done]
        if done:
            self._waiting = [pair for pair in self._waiting if not pair[0].is_done]
            for _, on_done in done:
                on_done()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self.supervisor.deadline
        if deadline is not None:
            self._timer = self._loop.call_at(deadline, self._on_deadline)
        if self.supervisor.lingering and self._look_timer is None:
            self._look_timer = self._loop.call_later(_LOOK_SECONDS, self._look_for_survivors)
        if self.supervisor.shutting_down and self.supervisor.is_down:
            self._on_down()

    def _on_deadline(self) -> None:
        self._timer = None
        if self._keeper is not None:
            self._keeper.receive()  # an exit that was told counts before a time that has passed
        self._perform(self.supervisor.reach(self.now()))

    def _update(self, name: str, entry: Entry, before: Program) -> None:
        """Let a reload that costs no restart reach what the process has."""
        session = self.sessions.get(name)
        if session is None:
            return
        self.configure(session, entry)
        pump = self.children.carrier(name)
        if pump is not None and not pump.is_closed:
            self.onlookers.update(entry, before, session, pump, self.now())

    def _log_paths(self) -> set[str]:
        entries = self.supervisor.entries.values()
        return {path for entry in entries for path in logs_of(entry.launch)}


def _nobody_asks(step: Step) -> None:
    """There are no alerts."""
