"""The processes as the keeper knows them: asked for, alive, gone; each life under its ticket.

What the keeper tells becomes an event of the process, and what is to be spawned becomes a request.
Nothing is decided here.
"""

import asyncio
import errno
import math
import os
import signal
from collections.abc import Mapping
from typing import Final, Protocol

from pty_mux.command import Stage
from pty_mux.forked import Ends
from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from pty_mux.session import Session
from taskmaster.config.model import LogLevel
from taskmaster.control.listener import SocketRefused
from taskmaster.keeper import wire
from taskmaster.onlookers import Onlookers
from taskmaster.oom import OutOfMemoryKills
from taskmaster.openfiles import OpenFiles, limit_of_open_files
from taskmaster.process.events import Event, Exited, SignalFailed, Spawned, SpawnFailed, Survivor
from taskmaster.process.failures import MISTAKE, SCROLLBACK, spawn_reason
from taskmaster.process.state import State
from taskmaster.programsockets import ProgramSockets
from taskmaster.records import life_begins, signal_name
from taskmaster.spawnrequest import shared_by, spawn_request, terminals_of
from taskmaster.supervisor import Entry, Supervisor
from taskmaster.survivors import Orphans
from taskmaster.terminals import new_pump

_SEEN_SECONDS: Final = 0.05
"""Processes that end within so short a time are told of the same orphans."""


class _Life:
    """What one process has while it lives, and until its terminal is drained."""

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.pid = 0
        self.pump: Pump | Pipes | None = None


class Host(Protocol):
    """Whom the children belong to."""

    supervisor: Supervisor

    def now(self) -> float:
        """The monotonic time, in seconds."""

    def record(self, level: LogLevel, text: str) -> None:
        """Write a line into the event log."""

    def session(self, name: str) -> Session:
        """Return the terminal of a process."""

    def configure(self, session: Session, entry: Entry) -> None:
        """Bring a terminal up to the configuration."""

    def send(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Ask the keeper for something."""

    def happened(self, name: str, event: Event) -> None:
        """Let something happen to a process."""


class Children:
    """Every process by its ticket: what was asked for, what lives, and at which terminal.

    Attributes:
        names: of the processes that live or are awaited, by ticket.
        sockets: of their programs.
    """

    def __init__(self, host: Host, onlookers: Onlookers, socket_path: str) -> None:
        self.names: dict[int, str] = {}
        self.sockets = ProgramSockets(host.send, host.record)
        self._host = host
        self._onlookers = onlookers
        self._socket_path = socket_path
        self._loop = asyncio.get_running_loop()
        self._lives: dict[str, _Life] = {}
        self._last_ticket = 0
        self._open_files = OpenFiles(limit_of_open_files())
        self._orphans: Orphans
        self._looked_at = -math.inf
        self._oom = OutOfMemoryKills()

    def allot(self, name: str) -> None:
        """Give the next life of a process its ticket."""
        self._last_ticket += 1
        self._lives[name] = _Life(self._last_ticket)
        self.names[self._last_ticket] = name

    def ticket(self, name: str) -> int:
        """Return the ticket of a process's present or last life; 0: it had none."""
        life = self._lives.get(name)
        return life.ticket if life else 0

    def pump(self, name: str) -> Pump | None:
        """Return what moves the bytes of a process's terminal, or None where it has none now."""
        carrier = self.carrier(name)
        return carrier if isinstance(carrier, Pump) else None

    def carrier(self, name: str) -> Pump | Pipes | None:
        """Return what moves the bytes of a process, or None while it has nothing to write to."""
        life = self._lives.get(name)
        return life.pump if life else None

    def forget(self, name: str) -> None:
        """Forget a process that has left the config."""
        self._lives.pop(name, None)
        self._open_files.forget(name)

    # --- what another core had ----------------------------------------------------------------

    def take_over(self, tickets: Mapping[str, int], last: int) -> None:
        """Go on with the tickets of another core; `last` is the highest that it gave."""
        self._lives = {name: _Life(ticket) for name, ticket in tickets.items()}
        self._last_ticket = last

    def resume(self, name: str, pid: int, ends: list[int]) -> None:
        """Go on with a process that runs, at its terminal where there is one."""
        life = self._lives[name]
        life.pid = pid
        self.names[life.ticket] = name
        entry = self._host.supervisor.entries[name]
        self._open_files.take(life.ticket, name, len(ends), shared_by(entry))
        if ends:
            self._connect(name, life, pid, ends, resumed=True)

    def await_answer(self, name: str, *, asked: bool) -> None:
        """Wait for the answer to a spawn; ask for it where the keeper has never heard of it."""
        self.names[self._lives[name].ticket] = name
        if not asked:
            self.spawn(name)

    def end_nobodys(self, ticket: int, ends: list[int]) -> None:
        """End what belongs to no process that we know."""
        for end in ends:
            os.close(end)
        self._host.send(wire.Signal(ticket, signal.SIGKILL, wire.GROUP))
        self._host.send(wire.Release(ticket))

    # --- spawning -----------------------------------------------------------------------------

    def spawn(self, name: str) -> None:
        """Ask for a process. What cannot be asked for fails a turn later, as if asked for."""
        ticket = self._lives[name].ticket
        failure: wire.SpawnFailed | None = wire.SpawnFailed(ticket, MISTAKE, 0, "")
        try:
            failure = self._ask(self._host.supervisor.entries[name], ticket)
        finally:
            if failure is not None:
                self._loop.call_soon(self.on_message, failure, [])

    def _ask(self, entry: Entry, ticket: int) -> wire.SpawnFailed | None:
        """Ask the keeper for a process, or return why it cannot even be asked."""
        terminals = terminals_of(entry.program)
        if not self._open_files.take(ticket, entry.name, terminals, shared_by(entry)):
            return wire.SpawnFailed(ticket, Stage.PTY, errno.EMFILE, "")
        try:
            session = self._host.session(entry.name)
        except OSError as exc:
            return wire.SpawnFailed(ticket, SCROLLBACK, exc.errno or 0, "")
        self._host.configure(session, entry)
        config = self._host.supervisor.config
        request = spawn_request(entry, ticket, session.winsize, self._socket_path, config)
        try:
            stdin = () if entry.program.socket is None else (self.sockets.get(entry.program),)
            self._host.send(request, stdin)
        except SocketRefused as exc:
            return wire.SpawnFailed(ticket, Stage.SOCKET, 0, str(exc))
        except OSError as exc:  # no descriptor for a copy of the socket
            return wire.SpawnFailed(ticket, Stage.SOCKET, exc.errno or 0, "")
        except wire.MessageTooLong:
            return wire.SpawnFailed(ticket, Stage.EXEC, errno.E2BIG, request.argv[0])
        return None

    # --- what the keeper tells ----------------------------------------------------------------

    def on_message(self, message: wire.Message, descriptors: list[int]) -> None:
        """Take what the keeper tells; the descriptors are ours from here on."""
        match message:
            case wire.Spawned(ticket, pid, at):
                self._spawned(ticket, pid, at, descriptors)
            case wire.SpawnFailed(ticket, stage, number, subject):
                self._open_files.give_back(ticket)
                if (name := self.names.pop(ticket, None)) is not None:
                    self._host.happened(name, SpawnFailed(spawn_reason(stage, number, subject)))
                self._host.send(wire.Forget(ticket))
            case wire.Exited():
                self._exited(message)
            case wire.SignalFailed(ticket, number, error):
                if (name := self.names.get(ticket)) is not None:
                    text = f"{name} cannot be sent {signal_name(number)}: {os.strerror(error)}"
                    self._host.record(LogLevel.ERROR, text)
                    self._host.happened(name, SignalFailed(error))
            case wire.OrphanReaped(pid, status):
                self._host.record(
                    LogLevel.DEBUG, f"reaped unknown pid {pid} (wait status {status})"
                )
            case _:
                self._host.record(LogLevel.ERROR, f"the keeper said what is not for us: {message}")

    def _spawned(self, ticket: int, pid: int, at: float, descriptors: list[int]) -> None:
        name = self.names[ticket]
        entry = self._host.supervisor.entries[name]
        expected = terminals_of(entry.program)
        if len(descriptors) < expected:
            # The kernel drops what would exceed RLIMIT_NOFILE: a process that we cannot read.
            for descriptor in descriptors:
                os.close(descriptor)
            del self.names[ticket]
            self._host.send(wire.Signal(ticket, signal.SIGKILL, wire.GROUP))
            self._closed(ticket)
            self._host.happened(name, SpawnFailed(_too_few(len(descriptors), expected)))
            return
        self._host.session(name).begin_life(life_begins(name, entry.process, pid))
        self._connect(name, self._lives[name], pid, descriptors)
        self._host.happened(name, Spawned(pid, at))

    def _connect(
        self, name: str, life: _Life, pid: int, descriptors: list[int], *, resumed: bool = False
    ) -> None:
        entry, session = self._host.supervisor.entries[name], self._host.session(name)
        ticket = life.ticket
        pump = new_pump(entry.program, session, descriptors, lambda: self._closed(ticket))
        life.pid, life.pump = pid, pump
        self._onlookers.begin(entry, session, pump, self._host.now(), resumed=resumed)

    def _exited(self, message: wire.Exited) -> None:
        name = self.names.pop(message.ticket, None)
        if name is None:
            self._host.send(wire.Forget(message.ticket))
            return
        life = self._lives[name]
        if life.pump is not None:
            life.pump.process_ended()
        self._onlookers.recordings.end(name)
        code = os.waitstatus_to_exitcode(message.status)
        dumped = os.WIFSIGNALED(message.status) and os.WCOREDUMP(message.status)
        stopping = self._host.supervisor.entries[name].process.state is State.STOPPING
        left = self.survivors(name, message.at) if stopping else ()
        oom = code == -signal.SIGKILL and self._oom.has_grown()
        exited = Exited(code, message.at, dumped, message.cpu_seconds, left, oom)
        self._host.happened(name, exited)
        self._host.send(wire.Forget(message.ticket))

    def signal_left(self, name: str, number: int) -> None:
        """Signal what a process that is gone has left in its process group."""
        left = self._host.supervisor.entries[name].process.left
        pids = [survivor.pid for survivor in left if survivor.in_group]
        self._host.send(wire.SignalOrphans(self._lives[name].pid, pids, number))

    def survivors(self, name: str, since: float | None = None) -> tuple[Survivor, ...]:
        """Return whom a process that is gone has left behind.

        Args:
            name: of the process.
            since: when it ended; what was looked at just before now, but after that, serves too.
        """
        now = self._host.now()
        if since is None or not max(since, now - _SEEN_SECONDS) <= self._looked_at:
            pids = {entry.process.pid for entry in self._host.supervisor.entries.values()}
            ours = {pid for pid in pids if pid is not None} | {os.getpid()}
            self._orphans, self._looked_at = Orphans(os.getppid(), ours), now
        return self._orphans.left_by(name, self._lives[name].pid)

    def _closed(self, ticket: int) -> None:
        self._open_files.give_back(ticket)
        self._host.send(wire.Release(ticket))


def _too_few(came: int, expected: int) -> str:
    """Return why a process that was started cannot be kept."""
    if came == 1 and expected == len(Ends._fields):
        return "cannot start: the keeper is older than event listeners; start the daemon anew"
    return "cannot start: no descriptor left for its terminal"
