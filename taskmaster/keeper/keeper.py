"""The keeper: parent of every process, and of the core. It does what it is told.

It decides nothing. The core asks (`taskmaster.keeper.wire`): spawn, signal, release; it also says
where the event log is, in which the keeper writes one line, that of the core's death. The keeper
tells: spawned, failed, exited, a signal came for the daemon. It holds a copy of every terminal's
master until the core releases it, and whatever else the core gives it to hold or to remember.
Nothing in here waits, but for posix_spawn(3) to have the exec done (`pty_mux.spawn` has the
reasons); forked children are watched through their status pipe.

If the core dies the keeper starts another one, which is told everything that the last one left and
everything that it has not heard, or not said to have heard. One that dies young is followed after a
growing pause. The talk is a log: whatever a core said before it died counts, in that order.

Exits come by SIGCHLD through a wake-up descriptor: no polling, and no wake-ups while nothing
happens. The keeper is a child subreaper (prctl(2); `taskmaster.launch` sets it before the exec that
makes this program, and it survives that), so orphans of its children end up here and are reaped.

A core that cannot even begin, or that says that the daemon ends, is the last one: the keeper ends
what is left (TERM, then KILL). If the keeper dies the core hears the end of the channel and ends
everything; there is no third layer.

Imports are few on purpose: this process stays small and must never fail.
"""

import os
import resource
import selectors
import signal
import sys
import time
from collections.abc import Callable
from typing import Final, NoReturn

from pty_mux.command import Command, SpawnFailed, Stage
from pty_mux.forked import read_status
from pty_mux.spawn import Child, spawn
from taskmaster.keeper import wire
from taskmaster.keeper.channel import FEW, Channel, ChannelClosed
from taskmaster.keeper.cores import READY_OPTION, start_core
from taskmaster.keeper.estate import Estate
from taskmaster.keeper.notes import complain, write_line
from taskmaster.keeper.whom import foreground_group, signal_orphans

LAST_STOP_SECONDS: Final = 10.0
"""Between TERM and KILL for what is left when the core has died; supervisord's ``stopwaitsecs``."""

PAUSES_SECONDS: Final = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Before the next core, by how many have died young in a row."""

GROWN_UP_SECONDS: Final = 30.0
"""A core that lived longer does not count as one of those."""

_HOPELESS: Final = 3
"""After so many who is told to end ends everything itself; the next core would not come to it."""

_TO_END: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
_FOR_THE_DAEMON: Final = (*_TO_END, signal.SIGHUP, signal.SIGUSR2)


class Keeper:
    """All the state there is: who lives, who is on the way to exec, and which core is served."""

    def __init__(self, core: list[str], open_files: int) -> None:
        """Start nothing yet.

        Args:
            core: the words of a core, but for the descriptors that are named to it.
            open_files: the soft limit of descriptors that children get back.
        """
        self._core = core
        self._cores = 0
        self._core_pid = 0
        self._core_began = 0.0
        self._core_status: int | None = None
        self._is_ready = self._is_ending = False
        self._died_young = 0
        self._channel: Channel | None = None
        self._watches_writing = False
        self._signals: list[int] = []
        self._log_path: str | None = None
        self._open_files = open_files
        self._tickets: dict[int, int] = {}
        self._pids: dict[int, int] = {}
        self._starting: dict[int, Child] = {}
        self._estate = Estate()
        self._selector = selectors.DefaultSelector()
        self._wakeup, self._wakeup_writer = os.pipe()
        for end in (self._wakeup, self._wakeup_writer):
            os.set_blocking(end, False)

    def run(self, ready: int) -> int:
        """Serve one core after the other; return the exit status for the whole daemon.

        Args:
            ready: the descriptor on which the first core reports that it is ready, or -1.
        """
        for number in (signal.SIGCHLD, *_FOR_THE_DAEMON):
            signal.signal(number, _handled_by_wakeup)
        signal.set_wakeup_fd(self._wakeup_writer, warn_on_full_buffer=False)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._on_wakeup)
        why = ""
        while True:
            self._start_core(ready, why)
            if ready >= 0:
                os.close(ready)  # with our copy open, the end of it would never be seen
                ready = -1
            self._reap()  # what ended before the handler stood, or before the core was known
            while self._core_status is None:
                self._turn(None)
            self._hear_out()
            code = os.waitstatus_to_exitcode(self._core_status)
            why = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
            if self._is_last() or not self._wait_for_the_next(why):
                return self._farewell(code, why)

    # --- cores --------------------------------------------------------------------------------

    def _start_core(self, ready: int, why: str) -> None:
        self._channel, self._core_pid = start_core([*self._core, READY_OPTION, str(ready)])
        self._core_status = None
        self._core_began = time.monotonic()
        self._is_ready = False
        self._selector.register(self._channel, selectors.EVENT_READ, self._on_channel)
        self._estate.bequeath(self._channel)
        self._tell(wire.Begin(self._cores, why, list(self._starting)))
        self._cores += 1
        for number in self._signals:
            self._tell(wire.SignalReceived(number))
        self._signals.clear()

    def _hear_out(self) -> None:
        """Do what a core that is gone had said, and let go of the channel."""
        if self._channel is None:
            return
        if self._channel.fileno() in self._selector.get_map():
            self._on_channel()
        if self._channel.fileno() in self._selector.get_map():
            self._selector.unregister(self._channel)
        self._channel.close()
        self._channel = None
        self._watches_writing = False

    def _is_last(self) -> bool:
        return self._is_ending or (self._cores == 1 and not self._is_ready)

    def _wait_for_the_next(self, why: str) -> bool:
        """Wait until it is time for another core; return False if there is to be none."""
        is_young = time.monotonic() - self._core_began < GROWN_UP_SECONDS
        self._died_young = self._died_young + 1 if is_young else 0
        pause = PAUSES_SECONDS[min(self._died_young, len(PAUSES_SECONDS) - 1)]
        write_line(
            self._log_path,
            f"the core {why}; starting another one" + (f" in {pause:g} s" * bool(pause)),
        )
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            if self._died_young >= _HOPELESS and _TO_END.intersection(self._signals):
                return False
            self._turn(left)
        return True

    # --- the loop -----------------------------------------------------------------------------

    def _turn(self, timeout: float | None) -> None:
        if self._channel is not None and self._channel.waiting and not self._watches_writing:
            self._flush(self._channel)
        for key, _ in self._selector.select(timeout):
            # An earlier callback of this turn may have closed the descriptor, or closed it and
            # opened another one under the same number.
            current = self._selector.get_map().get(key.fd)
            if current is not None and current.data == key.data:
                key.data()

    def _tell(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Say something to the core, at the latest before the next turn waits.

        Where there is none at the moment the next one hears it from the estate.

        Raises:
            OSError: there is no room for copies of the descriptors.
        """
        if self._channel is not None:
            self._channel.enqueue(message, descriptors)
            if self._channel.waiting % FEW == 0:
                self._flush(self._channel)
        self._estate.note(message)

    def _flush(self, channel: Channel) -> None:
        channel.flush()
        wants_write = channel.wants_write
        if wants_write != self._watches_writing and channel.fileno() in self._selector.get_map():
            self._watches_writing = wants_write
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wants_write else 0)
            self._selector.modify(channel, events, self._on_channel)

    # --- the core's requests ------------------------------------------------------------------

    def _on_channel(self) -> None:
        channel = self._channel
        if channel is None:
            return
        if channel.wants_write:
            self._flush(channel)
        try:
            for message, descriptors in channel.receive():
                if isinstance(message, wire.Hold):
                    self._estate.hold(message.key, descriptors)
                    continue
                for descriptor in descriptors:
                    os.close(descriptor)  # the core has no reason to send any
                self._serve(message)
        except (ChannelClosed, wire.WireViolation) as exc:
            # The core is dying or talks nonsense; either way its exit ends our talk.
            self._selector.unregister(channel)
            if isinstance(exc, wire.WireViolation):
                complain(f"the core sent what is no message: {exc}")
                os.kill(self._core_pid, signal.SIGKILL)

    def _serve(self, message: wire.Message) -> None:
        match message:
            case wire.Spawn():
                self._spawn(message)
            case wire.Signal(ticket, number, whom):
                self._signal(ticket, number, whom)
            case wire.SignalOrphans(group, pids, number):
                signal_orphans(group, pids, number)
            case wire.Release(ticket):
                self._estate.release(ticket)
            case wire.Save(key, value):
                self._estate.save(key, value)
            case wire.Drop(key):
                self._estate.drop(key)
            case wire.Forget(ticket):
                self._estate.forget(ticket)
            case wire.Ready():
                self._is_ready = True
            case wire.Ending():
                self._is_ending = True
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
            self._estate.held[ticket] = ends
            try:
                self._tell(wire.Spawned(ticket, child.pid, now), ends)
            except OSError as exc:  # no descriptor left to carry the terminal across
                failure = SpawnFailed(Stage.PTY, exc.errno or 0, "")
                del self._estate.held[ticket]
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
        master = self._estate.held.get(ticket, (-1,))[0]
        group = foreground_group(master, pid) if whom == wire.FOREGROUND else pid
        send: Callable[[int, int], None] = os.kill if whom == wire.PROCESS else os.killpg
        try:
            send(group, number)
        except ProcessLookupError:
            # Before its setsid a child leads no group yet.
            if whom != wire.PROCESS:
                self._signal(ticket, number, wire.PROCESS)
        except OSError as exc:
            self._tell(wire.SignalFailed(ticket, number, exc.errno or 0))

    # --- what happens -------------------------------------------------------------------------

    def _on_wakeup(self) -> None:
        numbers = set(os.read(self._wakeup, 4096))
        if signal.SIGCHLD in numbers:
            self._reap()
        for number in numbers.intersection(_FOR_THE_DAEMON):
            if self._channel is None:
                self._signals.append(number)
            else:
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

    def _farewell(self, code: int, why: str) -> int:
        """End whatever the last core left behind; return the exit status."""
        left = len(self._tickets)
        if code >= 0 and not left:
            return code
        rest = f"; ending the {left} process{'es' if left > 1 else ''} it left" if left else ""
        write_line(self._log_path, f"the core {why}{rest}")
        self._signal_all(signal.SIGTERM)
        for number in (signal.SIGCONT, signal.SIGHUP):
            self._signal_all(number)
        deadline = time.monotonic() + LAST_STOP_SECONDS
        while self._tickets and (remaining := deadline - time.monotonic()) > 0:
            self._turn(remaining)
        self._signal_all(signal.SIGKILL)
        return 1

    def _signal_all(self, number: int) -> None:
        for ticket in list(self._tickets):
            self._signal(ticket, number, wire.GROUP)


def _handled_by_wakeup(number: int, frame: object) -> None:
    """Do nothing: the wake-up descriptor has the number by now, and the loop acts on it."""


def main() -> NoReturn:
    """Run the keeper, whose words `taskmaster.launch` composed.

    They are: the children's soft limit of open files; the descriptor on which the core tells
    whoever started the daemon that it is ready, or -1; the words of the core.
    """
    open_files, ready, *core = sys.argv[1:]
    if int(ready) >= 0:
        os.set_inheritable(int(ready), True)
    sys.exit(Keeper(core, int(open_files)).run(int(ready)))
