"""Perform what the supervisor asks for, and tell it what happens. Nothing is decided here.

The driver has the one clock (the loop's, which is the monotonic one), the one timer (for the least
of all deadlines), and per process what has descriptors: its session, its pump, its log streams.
Between an event and its last action nothing awaits, so nobody ever sees a step half done.
"""

import asyncio
import errno
import os
import signal
from collections.abc import Callable, Iterable
from typing import Final

from pty_mux.command import Stage
from pty_mux.pump import Pump
from pty_mux.session import Session
from taskmaster.config.diff import Changes
from taskmaster.config.model import Config, LogLevel, Program
from taskmaster.eventlog import EventLog, line_stamp
from taskmaster.keeper import wire
from taskmaster.keeper.client import KeeperClient
from taskmaster.logs import LogFiles
from taskmaster.mistakes import recorded
from taskmaster.onlookers import Onlookers
from taskmaster.openfiles import OpenFiles, limit_of_open_files
from taskmaster.orders import Kind, Order, Step
from taskmaster.process.actions import Action, SendSignal, Spawn, TypeText
from taskmaster.process.events import (
    Event,
    Exited,
    Ready,
    SignalFailed,
    Spawned,
    SpawnFailed,
    Survivor,
    SurvivorsSeen,
)
from taskmaster.process.failures import MISTAKE, SCROLLBACK, spawn_reason
from taskmaster.process.state import State
from taskmaster.recordings import Recordings
from taskmaster.records import Record, describe, life_begins, notice, signal_name
from taskmaster.spawnrequest import logs_of, spawn_request, terminals_of
from taskmaster.supervisor import Entry, Supervisor
from taskmaster.survivors import find
from taskmaster.terminals import configure, new_pump, new_session

_LOOK_SECONDS: Final = 0.05
"""Nobody tells when an orphan ends, so it is looked for as often, while it is waited for."""

_KILLED_SECONDS: Final = 3.0
"""After a KILL hardly anything lives on; what does (EPERM, a disk that is gone) must not hold the
daemon back for ever. The keeper tries once more when we are gone."""


class _Life:
    """What one process has while it lives, and until its terminal is drained."""

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.pid = 0
        self.pump: Pump | None = None


class Driver:
    """The daemon's hands.

    Attributes:
        supervisor: decides.
        sessions: the terminal of each process, by name; made when first needed.
        logs: the log files of the processes.
        recordings: the recordings of their terminals.
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
        self.sessions: dict[str, Session] = {}
        self.logs = LogFiles(eventlog.tell_of_log, line_stamp)
        self._eventlog = eventlog
        self._socket_path = socket_path
        self._on_down = on_down
        self._keeper: KeeperClient | None = None
        self._lives: dict[str, _Life] = {}
        self._names: dict[int, str] = {}
        self._last_ticket = 0
        self._open_files = OpenFiles(limit_of_open_files())
        self._waiting: list[tuple[Order, Callable[[], None]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._settling = False
        self.recordings = Recordings(self.now, lambda text: self.record(LogLevel.ERROR, text))
        self._onlookers = Onlookers(self.logs, self.recordings, self._on_ready)
        self._look_timer: asyncio.TimerHandle | None = None
        self._watchers: list[Callable[[], None]] = []

    def connect(self, keeper: KeeperClient) -> None:
        """Take the keeper that performs spawns and signals."""
        self._keeper = keeper

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

    def order(self, kind: Kind, names: list[str], on_done: Callable[[], None]) -> Order:
        """Give an order; `on_done` is called once it is done, never before this returns."""
        order, steps = self.supervisor.order(kind, names, self.now())
        self._waiting.append((order, on_done))
        self._perform(steps)
        return order

    def signal(self, name: str, number: int) -> bool:
        """Signal a process; return whether there was one to signal."""
        life = self._lives.get(name)
        if life is None or self.supervisor.entries[name].process.pid is None:
            return False
        self.record(LogLevel.INFO, f"signalled: {name} with {signal_name(number)}")
        self._send(wire.Signal(life.ticket, number, wire.PROCESS))
        return True

    def apply(self, config: Config, changes: Changes) -> None:
        """Take over a new configuration."""
        before = {name: entry.program for name, entry in self.supervisor.entries.items()}
        self._perform(self.supervisor.apply(config, changes, self.now()))
        for name, entry in self.supervisor.entries.items():
            if (program := before.get(name, entry.program)) != entry.program:
                self._update(name, entry, program)
        self.logs.keep_only(self._log_paths())

    def shut_down(self) -> None:
        """Stop everything in order; a second call kills at once what is still there, and ends."""
        if not self.supervisor.shutting_down:
            self._perform(self.supervisor.shut_down(self.now()))
            return
        for ticket, name in self._names.items():
            pid = self.supervisor.entries[name].process.pid
            self.record(LogLevel.WARNING, f"killing '{name}' ({pid or 'starting'}) at once")
            self._send(wire.Signal(ticket, signal.SIGKILL, wire.GROUP))
        self._loop.call_later(_KILLED_SECONDS, self._end_regardless)

    def _end_regardless(self) -> None:
        if not self.supervisor.is_down:
            names = ", ".join(self._names.values()) or "something"
            self.record(LogLevel.ERROR, f"ending, and leaving to the keeper: {names}")
        self._on_down()

    # --- what others need of a process --------------------------------------------------------

    def session(self, name: str) -> Session:
        """Return the terminal of a process.

        Raises:
            OSError: there is no memory for its scrollback.
        """
        session = self.sessions.get(name)
        if session is None:
            session = self.sessions[name] = new_session(self.supervisor.entries[name].program)
        return session

    def pump(self, name: str) -> Pump | None:
        """Return what moves the bytes of a process, or None while it has no terminal."""
        life = self._lives.get(name)
        return life.pump if life else None

    # --- what the keeper tells ----------------------------------------------------------------

    def on_message(self, message: wire.Message, descriptors: list[int]) -> None:
        """Take what the keeper tells; the descriptors are ours from here on."""
        match message:
            case wire.Spawned(ticket, pid, at):
                self._spawned(ticket, pid, at, descriptors)
            case wire.SpawnFailed(ticket, stage, number, subject):
                self._open_files.give_back(ticket)
                if (name := self._names.pop(ticket, None)) is not None:
                    self._happened(name, SpawnFailed(spawn_reason(stage, number, subject)))
            case wire.Exited():
                self._exited(message)
            case wire.SignalFailed(ticket, number, error):
                if (name := self._names.get(ticket)) is not None:
                    text = f"{name} cannot be sent {signal_name(number)}: {os.strerror(error)}"
                    self.record(LogLevel.ERROR, text)
                    self._happened(name, SignalFailed(error))
            case wire.OrphanReaped(pid, status):
                self.record(LogLevel.DEBUG, f"reaped unknown pid {pid} (wait status {status})")
            case _:
                self.record(LogLevel.ERROR, f"the keeper said what is not for us: {message}")

    def _spawned(self, ticket: int, pid: int, at: float, descriptors: list[int]) -> None:
        name = self._names[ticket]
        entry = self.supervisor.entries[name]
        expected = terminals_of(entry.program)
        if len(descriptors) < expected:
            # The kernel drops what would exceed RLIMIT_NOFILE: a process that we cannot read.
            for descriptor in descriptors:
                os.close(descriptor)
            del self._names[ticket]
            self._send(wire.Signal(ticket, signal.SIGKILL, wire.GROUP))
            self._closed(ticket)
            self._happened(name, SpawnFailed("cannot start: no descriptor left for its terminal"))
            return
        session = self.session(name)
        session.begin_life(life_begins(name, entry.process, pid))
        pump = new_pump(entry.program, session, descriptors, lambda: self._closed(ticket))
        self._lives[name].pid, self._lives[name].pump = pid, pump
        self._onlookers.begin(entry, session, pump, self.now())
        self._happened(name, Spawned(pid, at))

    def _exited(self, message: wire.Exited) -> None:
        name = self._names.pop(message.ticket, None)
        if name is None:
            return
        life = self._lives[name]
        if life.pump is not None:
            life.pump.process_ended()
        self.recordings.end(name)
        code = os.waitstatus_to_exitcode(message.status)
        dumped = os.WIFSIGNALED(message.status) and os.WCOREDUMP(message.status)
        stopping = self.supervisor.entries[name].process.state is State.STOPPING
        left = self._survivors(name) if stopping else ()
        self._happened(name, Exited(code, message.at, dumped, message.cpu_seconds, left))

    def _survivors(self, name: str) -> tuple[Survivor, ...]:
        pids = {entry.process.pid for entry in self.supervisor.entries.values()}
        ours = {pid for pid in pids if pid is not None} | {os.getpid()}
        pid = self._lives[name].pid
        return find(os.getppid(), name, pid, ours - {pid})

    def _look_for_survivors(self) -> None:
        self._look_timer = None
        for name in self.supervisor.lingering:
            self._happened(name, SurvivorsSeen(self._survivors(name)))

    def _on_ready(self, name: str) -> None:
        # Not at once: this is told from within the reading of its terminal.
        self._loop.call_soon(self._ready, name)

    def _ready(self, name: str) -> None:
        if name in self.supervisor.entries:
            self._happened(name, Ready())

    def _closed(self, ticket: int) -> None:
        self._open_files.give_back(ticket)
        self._send(wire.Release(ticket))

    def _happened(self, name: str, event: Event) -> None:
        self._perform(self.supervisor.handle(name, event, self.now()))

    # --- performing ---------------------------------------------------------------------------

    def _perform(self, steps: Iterable[Step]) -> None:
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

    def _tell(self, step: Step) -> None:
        for record in describe(step):
            self._eventlog.write(record)
        session = self.sessions.get(step.name)
        if session is not None and (text := notice(step)) is not None:
            session.notify(text)

    def _act(self, name: str, action: Action) -> None:
        match action:
            case Spawn():
                self._spawn(name)
            case SendSignal(number, whom):
                if (orphan := self.supervisor.entries[name].process.orphan) is not None:
                    self._send(wire.SignalOrphans(orphan, number))
                else:
                    self._send(wire.Signal(self._lives[name].ticket, number, whom.value))
            case TypeText(text):
                if (pump := self._lives[name].pump) is not None:
                    pump.write(text.encode("utf-8", "surrogateescape"))

    def _let_go(self, step: Step) -> None:
        if step.after.state is not State.STARTING:
            self._onlookers.readiness.end(step.name)
        session = self.sessions.get(step.name)
        if session is not None and self.supervisor.is_final(step.name):
            session.end(f"{step.name} is {step.after.state.value}")
        if step.forgotten:
            self.sessions.pop(step.name, None)
            self._lives.pop(step.name, None)

    def _spawn(self, name: str) -> None:
        """Ask for a process. What cannot be asked for fails a turn later, as if asked for."""
        self._last_ticket += 1
        ticket = self._last_ticket
        self._lives[name] = _Life(ticket)
        self._names[ticket] = name
        failure: wire.SpawnFailed | None = wire.SpawnFailed(ticket, MISTAKE, 0, "")
        try:
            failure = self._ask(self.supervisor.entries[name], ticket)
        finally:
            if failure is not None:
                self._loop.call_soon(self.on_message, failure, [])

    def _ask(self, entry: Entry, ticket: int) -> wire.SpawnFailed | None:
        """Ask the keeper for a process, or return why it cannot even be asked."""
        try:
            session = self.session(entry.name)
        except OSError as exc:
            return wire.SpawnFailed(ticket, SCROLLBACK, exc.errno or 0, "")
        self._configure(session, entry)
        logs = logs_of(entry.launch)
        if not self._open_files.take(ticket, terminals_of(entry.program), logs):
            return wire.SpawnFailed(ticket, Stage.PTY, errno.EMFILE, "")
        request = spawn_request(entry, ticket, session.winsize, self._socket_path)
        try:
            self._send(request)
        except wire.MessageTooLong:
            return wire.SpawnFailed(ticket, Stage.EXEC, errno.E2BIG, request.argv[0])
        return None

    def _configure(self, session: Session, entry: Entry) -> None:
        if (trouble := configure(session, entry.program)) is not None:
            self.record(LogLevel.ERROR, f"{entry.name}: {trouble}")

    def _send(self, message: wire.Message) -> None:
        if self._keeper is not None:
            self._keeper.send(message)

    def _settle(self) -> None:
        """After all that happened in this turn: who waited for it, and when to look again."""
        self._settling = False
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
        self._configure(session, entry)
        pump = self.pump(name)
        if pump is not None and not pump.is_closed:
            self._onlookers.update(entry, before, session, pump, self.now())

    def _log_paths(self) -> set[str]:
        entries = self.supervisor.entries.values()
        return {path for entry in entries for path in logs_of(entry.launch)}
