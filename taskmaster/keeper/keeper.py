"""The keeper: parent of every process, and of the core. It does what it is told.

It decides nothing. The core asks (`taskmaster.keeper.wire`): spawn, signal, release; it also says
where the event log is, in which the keeper writes one line, that of the core's death. The keeper
tells: spawned, failed, exited, a signal came for the daemon. It holds a copy of every terminal's
master until the core releases it. Nothing in here waits, but for posix_spawn(3) to have the exec
done (`pty_mux.spawn` has the reasons); forked children are watched through their status pipe.

Exits come by SIGCHLD through a wake-up descriptor: no polling, and no wake-ups while nothing
happens. The keeper is a child subreaper (prctl(2); `taskmaster.launch` sets it before the exec that
makes this program, and it survives that), so orphans of its children end up here and are reaped.

If the core dies the keeper ends what it started (TERM, then KILL) and exits with status 1. If the
keeper dies the core hears the end of the channel and does the same; there is no third layer.

Imports are few on purpose: this process stays small and must never fail.
"""

import contextlib
import os
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Final, NoReturn

from pty_mux.command import Command, SpawnFailed, Stage
from pty_mux.forked import read_status
from pty_mux.spawn import Child, spawn
from taskmaster.keeper import wire
from taskmaster.keeper.channel import FEW, Channel, ChannelClosed

CHANNEL_OPTION: Final = "--keeper-channel"
"""How the core is told the descriptor of its end of the channel."""

READY_OPTION: Final = "--ready"
"""How the core is told the descriptor on which to report that it is ready, or -1."""

LAST_STOP_SECONDS: Final = 10.0
"""Between TERM and KILL for what is left when the core has died; supervisord's ``stopwaitsecs``."""

_FOR_THE_DAEMON: Final = (
    signal.SIGHUP,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGUSR2,
)


class Keeper:
    """All the state there is: who lives, who is on the way to exec, and what is held for whom."""

    def __init__(self, channel: Channel, core_pid: int, open_files: int) -> None:
        """Take over the channel to a core that was just forked.

        Args:
            channel: our end.
            core_pid: the core's process.
            open_files: the soft limit of descriptors that children get back.
        """
        self._channel = channel
        self._core_pid = core_pid
        self._core_status: int | None = None
        self._log_path: str | None = None
        self._open_files = open_files
        self._tickets: dict[int, int] = {}
        self._pids: dict[int, int] = {}
        self._starting: dict[int, Child] = {}
        self._watches_writing = False
        self._held: dict[int, tuple[int, ...]] = {}
        self._selector = selectors.DefaultSelector()
        self._wakeup, self._wakeup_writer = os.pipe()
        for end in (self._wakeup, self._wakeup_writer):
            os.set_blocking(end, False)

    def run(self) -> int:
        """Serve until the core is gone; return the exit status for the whole daemon."""
        for number in (signal.SIGCHLD, *_FOR_THE_DAEMON):
            signal.signal(number, _handled_by_wakeup)
        signal.set_wakeup_fd(self._wakeup_writer, warn_on_full_buffer=False)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._on_wakeup)
        self._selector.register(self._channel, selectors.EVENT_READ, self._on_channel)
        self._reap()  # what ended before the handler stood
        while self._core_status is None:
            self._turn(None)
        return self._farewell(self._core_status)

    def _turn(self, timeout: float | None) -> None:
        if self._channel.waiting and not self._watches_writing:
            self._flush()
        for key, _ in self._selector.select(timeout):
            # An earlier callback of this turn may have closed the descriptor, or closed it and
            # opened another one under the same number.
            current = self._selector.get_map().get(key.fd)
            if current is not None and current.data == key.data:
                key.data()

    def _watch_channel(self) -> None:
        wants_write = self._channel.wants_write
        if wants_write == self._watches_writing:
            return
        self._watches_writing = wants_write
        if self._channel.fileno() in self._selector.get_map():
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wants_write else 0)
            self._selector.modify(self._channel, events, self._on_channel)

    def _tell(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Say something to the core, at the latest before the next turn waits."""
        self._channel.enqueue(message, descriptors)
        if self._channel.waiting % FEW == 0:
            self._flush()

    def _flush(self) -> None:
        self._channel.flush()
        self._watch_channel()

    # --- the core's requests ------------------------------------------------------------------

    def _on_channel(self) -> None:
        if self._channel.wants_write:
            self._flush()
        try:
            for message, descriptors in self._channel.receive():
                for descriptor in descriptors:
                    os.close(descriptor)  # the core has no reason to send any
                self._serve(message)
        except (ChannelClosed, wire.WireViolation) as exc:
            # The core is dying or talks nonsense; either way its exit ends our loop.
            self._selector.unregister(self._channel)
            if isinstance(exc, wire.WireViolation):
                _complain(f"the core sent what is no message: {exc}")
                os.kill(self._core_pid, signal.SIGKILL)

    def _serve(self, message: wire.Message) -> None:
        match message:
            case wire.Spawn():
                self._spawn(message)
            case wire.Signal(ticket, number, whom):
                self._signal(ticket, number, whom)
            case wire.SignalOrphans(pid, number):
                self._signal_orphans(pid, number)
            case wire.Release(ticket):
                for descriptor in self._held.pop(ticket, ()):
                    os.close(descriptor)
            case wire.LogPath(path):
                self._log_path = path
            case _:
                raise wire.WireViolation(f"not a request: {type(message).__name__}")

    def _spawn(self, request: wire.Spawn) -> None:
        command = Command(
            argv=tuple(request.argv),
            environment=request.environment,
            overrides=request.overrides,
            workingdir=request.workingdir,
            umask=request.umask,
            user=request.user,
            open_files=self._open_files,
            rows=request.rows,
            columns=request.columns,
            stderr=request.stderr,
        )
        ticket = request.ticket
        try:
            child = spawn(command)
        except SpawnFailed as exc:
            self._tell(wire.SpawnFailed(ticket, exc.stage, exc.errno, exc.subject))
            return
        self._tickets[ticket] = child.pid
        self._pids[child.pid] = ticket
        if child.status is None:
            self._report(ticket, child, None, time.monotonic())
            return
        self._starting[ticket] = child
        self._selector.register(
            child.status, selectors.EVENT_READ, lambda: self._settle(ticket, time.monotonic())
        )

    def _settle(self, ticket: int, now: float) -> None:
        """Hear whether a forked child got past its exec: its status pipe has spoken or ended."""
        child = self._starting.pop(ticket)
        if child.status is None:
            raise AssertionError("only a forked child has to be waited for")
        self._selector.unregister(child.status)
        failure = read_status(child.status)
        os.close(child.status)
        self._report(ticket, child, failure, now)

    def _report(self, ticket: int, child: Child, failure: SpawnFailed | None, now: float) -> None:
        """Tell the core how a spawn went, with its terminal where it went well."""
        ends = (child.master,) if child.stderr is None else (child.master, child.stderr)
        if failure is None:
            self._held[ticket] = ends
            try:
                self._tell(wire.Spawned(ticket, child.pid, now), ends)
            except OSError as exc:  # no descriptor left to carry the terminal across
                failure = SpawnFailed(Stage.PTY, exc.errno or 0, "")
                del self._held[ticket]
                os.kill(child.pid, signal.SIGKILL)
        if failure is not None:
            for end in ends:
                os.close(end)
            # Its end, when it comes, is nobody's news.
            del self._tickets[ticket]
            self._pids[child.pid] = 0
            self._tell(wire.SpawnFailed(ticket, failure.stage, failure.errno, failure.subject))

    def _signal(self, ticket: int, number: int, whom: str) -> None:
        pid = self._tickets.get(ticket)
        if pid is None:
            return  # it is gone, and the core will read so in a moment
        group = self._foreground(ticket, pid) if whom == wire.FOREGROUND else pid
        send: Callable[[int, int], None] = os.kill if whom == wire.PROCESS else os.killpg
        try:
            send(group, number)
        except ProcessLookupError:
            # Before its setsid a child leads no group yet.
            if whom != wire.PROCESS:
                self._signal(ticket, number, wire.PROCESS)
        except OSError as exc:
            self._tell(wire.SignalFailed(ticket, number, exc.errno or 0))

    def _foreground(self, ticket: int, pid: int) -> int:
        """Return the foreground process group of a child's terminal, its own where there is none.

        A group that ended is still named by the terminal, and its number may belong to a stranger
        by now; nobody gets the number of a group that has members. So what leads it, if anything,
        must be of our child's session.
        """
        try:
            group = os.tcgetpgrp(self._held[ticket][0])
        except (KeyError, OSError):
            return pid
        with contextlib.suppress(ProcessLookupError):
            if group <= 0 or os.getsid(group) != pid:
                return pid
        return group

    def _signal_orphans(self, pid: int, number: int) -> None:
        """Signal the group of an orphan, if it is our living child: then its number is its own."""
        try:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                os.killpg(os.getpgid(pid), number)
        except (ChildProcessError, ProcessLookupError):
            pass  # gone
        except OSError as exc:
            _complain(f"pid {pid} cannot be signalled: {exc.strerror}")

    # --- what happens -------------------------------------------------------------------------

    def _on_wakeup(self) -> None:
        numbers = set(os.read(self._wakeup, 4096))
        if signal.SIGCHLD in numbers:
            self._reap()
        for number in numbers.intersection(_FOR_THE_DAEMON):
            self._tell(wire.SignalReceived(number))

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._buried(pid, status, usage)

    def _buried(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        now = time.monotonic()
        if pid == self._core_pid:
            self._core_status = status
            return
        ticket = self._pids.pop(pid, None)
        if ticket is None:
            self._tell(wire.OrphanReaped(pid, status))
            return
        if ticket in self._starting:
            self._settle(ticket, now)
            self._pids.pop(pid, None)
        if self._tickets.pop(ticket, None) is not None:
            cpu_seconds = usage.ru_utime + usage.ru_stime
            self._tell(wire.Exited(ticket, status, now, cpu_seconds))

    # --- the end ------------------------------------------------------------------------------

    def _farewell(self, core_status: int) -> int:
        """End whatever the core left behind; return the exit status."""
        code = os.waitstatus_to_exitcode(core_status)
        left = len(self._tickets)
        if code >= 0 and not left:
            return code
        ending = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
        rest = f"; ending the {left} process{'es' if left > 1 else ''} it left" if left else ""
        self._record(f"the core {ending}{rest}")
        self._channel.close()
        self._watches_writing = False  # what is still told is discarded by a closed channel
        self._signal_all(signal.SIGTERM)
        for number in (signal.SIGCONT, signal.SIGHUP):
            self._signal_all(number)
        deadline = time.monotonic() + LAST_STOP_SECONDS
        while self._tickets and (remaining := deadline - time.monotonic()) > 0:
            self._turn(remaining)
        self._signal_all(signal.SIGKILL)
        return 1

    def _record(self, text: str) -> None:
        """Write a line into the event log, in the words of `taskmaster.eventlog`."""
        _complain(text)
        if self._log_path is None:
            return
        now = time.time()
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        line = f"{clock},{int(now * 1000) % 1000:03} ERRO {text}\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        with contextlib.suppress(OSError):  # nobody else is left who could be told
            descriptor = os.open(self._log_path, flags, 0o666)
            os.write(descriptor, line.encode("utf-8", "replace"))
            os.close(descriptor)

    def _signal_all(self, number: int) -> None:
        for ticket in list(self._tickets):
            self._signal(ticket, number, wire.GROUP)


def _handled_by_wakeup(number: int, frame: object) -> None:
    """Do nothing: the wake-up descriptor has the number by now, and the loop acts on it."""


def _complain(text: str) -> None:
    """Say something on standard error, which is a terminal only where the daemon is in front."""
    with contextlib.suppress(OSError):  # nobody reads it, and nothing else can be done with it
        os.write(2, f"taskmasterd: keeper: {text}\n".encode("utf-8", "replace"))


def start_core(command: list[str]) -> tuple[Channel, int]:
    """Fork the core; return our end of the channel and its pid.

    Args:
        command: its words, to which the descriptor of the channel is added.
    """
    ours, its = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            # A session of its own: ^C at a daemon in the foreground is for the keeper to pass on.
            os.setsid()
            its.set_inheritable(True)
            os.execv(command[0], [*command, CHANNEL_OPTION, str(its.fileno())])
        finally:
            os._exit(127)
    its.close()
    return Channel(ours), pid


def main() -> NoReturn:
    """Run the keeper, whose words `taskmaster.launch` composed.

    They are: the children's soft limit of open files; the descriptor on which the core tells
    whoever started the daemon that it is ready, or -1; the words of the core.
    """
    open_files, ready, *command = sys.argv[1:]
    channel, core_pid = start_core([*command, READY_OPTION, ready])
    if int(ready) >= 0:
        os.close(int(ready))  # with our copy open, the end of it would never be seen
    sys.exit(Keeper(channel, core_pid, int(open_files)).run())
