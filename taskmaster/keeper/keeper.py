"""The keeper: parent of every process, and of the core. It does what it is told.

It decides nothing. The core asks (`taskmaster.keeper.wire`): spawn, signal, release; it also says
where the event log is, in which the keeper writes one line, that of the core's death. The keeper
tells: spawned, failed, exited, a signal came for the daemon. It holds a copy of every terminal's
master until the core releases it, and whatever else the core gives it to hold or to remember.
Nothing in here waits, but for posix_spawn(3) to have an exec done (`lives`).

If the core dies the keeper starts another one, which is told everything that the last one left and
everything that it has not heard, or not said to have heard. One that dies young is followed after a
growing pause. The talk is a log: whatever a core said before it died counts, in that order.

An upgrade is the same on purpose. A candidate is started beside the core, which does nothing until
it is killed, once the candidate says that it is prepared, or told to go on, if that does not come.

Exits come by SIGCHLD through a wake-up descriptor: no polling, and no wake-ups while nothing
happens. The keeper is a child subreaper (prctl(2); `taskmaster.launch` sets it before the exec that
makes this program, and it survives that), so orphans of its children end up here and are reaped.

A core that cannot even begin, or that says that the daemon ends, is the last one: the keeper ends
what is left (TERM, then KILL). If the keeper dies the core hears the end of the channel and ends
everything; there is no third layer.

Imports are few on purpose: this process stays small and must never fail.
"""

import os
import selectors
import signal
import sys
import time
from typing import Final, NoReturn

from taskmaster.keeper import notes, wire
from taskmaster.keeper.channel import ChannelClosed
from taskmaster.keeper.cores import TO_END, Core
from taskmaster.keeper.estate import NEWS, Estate
from taskmaster.keeper.identity import from_word
from taskmaster.keeper.lives import Lives
from taskmaster.keeper.notes import write_line
from taskmaster.keeper.whom import signal_orphans

LAST_STOP_SECONDS: Final = 10.0
"""Between TERM and KILL for what is left when the core has died; supervisord's ``stopwaitsecs``."""

PAUSES_SECONDS: Final = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Before the next core, by how many have died young in a row."""

GROWN_UP_SECONDS: Final = 30.0
"""A core that lived longer does not count as one of those."""

PREPARED_SECONDS: Final = 15.0
"""A candidate that is not prepared by then never will be, and the processes were alone so long."""

_HOPELESS: Final = 3
"""After so many who is told to end ends everything itself; the next core would not come to it."""

_MAX_UNHEARD: Final = 1000
"""How many messages may wait for a core before it is not told any more what it needs not know."""

_SIGNALS_EACH: Final = 2
"""So many of a number are remembered until a core has taken them: a second TERM means more."""

_FOR_THE_DAEMON: Final = (*TO_END, signal.SIGHUP, signal.SIGUSR2)


class Keeper:
    """Which core is served, who lives (`lives`), and what is kept for the next core (`estate`)."""

    def __init__(self, core: list[str], open_files: int) -> None:
        """Start nothing yet.

        Args:
            core: the words of a core, but for the descriptors that are named to it.
            open_files: the soft limit of descriptors that children get back.
        """
        self._words = core
        self._core: Core | None = None
        self._candidate: Core | None = None
        self._cores = 0
        self._why = ""
        self._was_ready = self._is_ending = False
        self._died_young = 0
        self._signals: list[int] = []
        self._log_path: str | None = None
        self._estate = Estate()
        self._selector = selectors.DefaultSelector()
        self._lives = Lives(self._selector, self._estate.held, self._tell, open_files)
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
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TO_END)
        self._selector.register(self._wakeup, selectors.EVENT_READ, self._on_wakeup)
        while True:
            code, began = self._serve_core(ready)
            ready = -1
            is_last = self._is_ending or not self._was_ready
            if is_last or not self._wait_for_the_next(began):
                return self._farewell(code)

    # --- cores --------------------------------------------------------------------------------

    def _serve_core(self, ready: int) -> tuple[int, float]:
        """Serve another core, and any that replaces it; return how and since when one has ended.

        That is its exit code, and the monotonic time at which it began.
        """
        began = time.monotonic()
        try:
            self._core = self._start_core(ready)
        except OSError as exc:
            self._why = f"could not be started: {exc.strerror}"
            return 1, began
        if ready >= 0:
            os.close(ready)  # with our copy open, the end of it would never be seen
        self._reap()  # what ended before the handler stood, or before the core was known
        last = self._serve_until_one_ends()
        self._why = last.ending
        return os.waitstatus_to_exitcode(last.status or 0), last.began

    def _start_core(self, ready: int) -> Core:
        core = Core(self._words, ready)
        self._selector.register(core.channel, selectors.EVENT_READ, lambda: self._on_channel(core))
        self._estate.bequeath(core.channel)
        core.tell(wire.Bequeathed(wire.VERSION))
        return core

    def _serve_until_one_ends(self) -> Core:
        """Serve the core, and any that replaces it, until one has ended; return that one."""
        while self._core is not None and self._core.status is None:
            candidate, patience = self._candidate, None
            if candidate is not None:
                patience = candidate.began + PREPARED_SECONDS - time.monotonic()
                if candidate.status is not None or patience <= 0:
                    self._let_go(candidate)
                    self._tell(wire.Staying(candidate.ending))
                    patience = None
            self._turn(patience)
        last = self._core
        for core in self._served:
            self._let_go(core)
        if last is None:
            raise AssertionError("it is there until it is let go of")
        return last

    def _upgrade(self) -> None:
        """Start a candidate, if there is none."""
        try:
            self._candidate = self._candidate or self._start_core(-1)
        except OSError as exc:
            self._tell(wire.Staying(f"could not be started: {exc.strerror}"))

    def _prepared(self, core: Core) -> None:
        """Put a core on duty, in place of the one that asked for it, if one did."""
        if core is self._candidate and core.status is None and self._core is not None:
            self._let_go(self._core)
            self._core, self._candidate = core, None
            self._why = wire.HANDED_OVER
        if core is not self._core or core.is_on_duty:
            return
        core.is_on_duty = True
        self._tell(wire.Begin(self._cores, self._why, list(self._lives.starting)))
        self._cores += 1
        for number in self._signals:
            self._tell(wire.SignalReceived(number))

    def _let_go(self, core: Core) -> None:
        """Do what a core that is gone had said; end one that is not needed any more."""
        if core.status is None:
            self._lives.disown(core.pid)
            os.kill(core.pid, signal.SIGKILL)
        elif core.channel.fileno() in self._selector.get_map():
            self._on_channel(core)
        if core.channel.fileno() in self._selector.get_map():
            self._selector.unregister(core.channel)
        core.channel.close()
        if core is self._core:
            self._core = None
        else:
            self._candidate = None

    def _wait_for_the_next(self, began: float) -> bool:
        """Wait until it is time for another core; return False if there is to be none."""
        is_young = time.monotonic() - began < GROWN_UP_SECONDS
        self._died_young = self._died_young + 1 if is_young else 0
        pause = PAUSES_SECONDS[min(self._died_young, len(PAUSES_SECONDS) - 1)]
        write_line(
            self._log_path,
            f"the core {self._why}; starting another one" + (f" in {pause:g} s" * bool(pause)),
        )
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0:
            if self._died_young >= _HOPELESS and TO_END.intersection(self._signals):
                return False
            self._turn(left)
        return True

    # --- the loop -----------------------------------------------------------------------------

    def _turn(self, timeout: float | None) -> None:
        for core in self._served:
            if core.channel.waiting and not core.watches_writing:
                self._flush(core)
        for key, _ in self._selector.select(timeout):
            # An earlier callback of this turn may have closed the descriptor, or closed it and
            # opened another one under the same number.
            current = self._selector.get_map().get(key.fd)
            if current is not None and current.data == key.data:
                key.data()

    @property
    def _served(self) -> list[Core]:
        return [core for core in (self._core, self._candidate) if core is not None]

    def _tell(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Say something to the core, at the latest before the next turn waits.

        Where there is none at the moment the next one hears it from the estate. A candidate hears
        it too, but for signals and what is an answer.

        Raises:
            OSError: there is no room for copies of the descriptors.
        """
        for core in self._served:
            is_for_it = core is self._core or isinstance(message, NEWS)
            if isinstance(message, wire.OrphanReaped) and core.channel.waiting >= _MAX_UNHEARD:
                continue  # strangers' ends have no bound, and our memory has
            if is_for_it and core.tell(message, descriptors):
                self._flush(core)
        self._estate.note(message)

    def _flush(self, core: Core) -> None:
        channel = core.channel
        channel.flush()
        wants_write = channel.wants_write
        if wants_write != core.watches_writing and channel.fileno() in self._selector.get_map():
            core.watches_writing = wants_write
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wants_write else 0)
            self._selector.modify(channel, events, self._selector.get_key(channel).data)

    # --- the core's requests ------------------------------------------------------------------

    def _on_channel(self, core: Core) -> None:
        channel = core.channel
        if channel.wants_write:
            self._flush(core)
        try:
            for message, descriptors in channel.receive():
                if isinstance(message, wire.Hold):
                    self._estate.hold(message.key, descriptors)
                    continue
                try:
                    self._serve(core, message, descriptors)
                finally:
                    for descriptor in descriptors:
                        os.close(descriptor)
        except (ChannelClosed, wire.WireViolation) as exc:
            # The core is dying or talks nonsense; either way its exit ends our talk.
            self._selector.unregister(channel)
            if isinstance(exc, wire.WireViolation):
                write_line(self._log_path, f"the core sent what is no message: {exc}")
                if core.status is None:
                    os.kill(core.pid, signal.SIGKILL)

    def _serve(self, core: Core, message: wire.Message, descriptors: list[int]) -> None:
        match message:
            case wire.Prepared():
                self._prepared(core)
            case wire.Unable(why):
                core.why = why
            case _ if core is not self._core:
                raise wire.WireViolation(f"not yet on duty: {type(message).__name__}")
            case wire.Spawn():
                self._lives.spawn(message, descriptors)
            case wire.Signal(ticket, number, whom):
                self._lives.signal(ticket, number, whom)
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
                self._was_ready = True
            case wire.Upgrade():
                self._upgrade()
            case wire.SignalTaken(number):
                if number in self._signals:
                    self._signals.remove(number)
            case wire.Ending():
                self._is_ending = True
            case wire.LogPath(path):
                self._log_path = path
            case _:
                raise wire.WireViolation(f"not a request: {type(message).__name__}")

    # --- what happens -------------------------------------------------------------------------

    def _on_wakeup(self) -> None:
        numbers = set(os.read(self._wakeup, 4096))
        if signal.SIGCHLD in numbers:
            self._reap()
        for number in numbers.intersection(_FOR_THE_DAEMON):
            if self._signals.count(number) < _SIGNALS_EACH:
                self._signals.append(number)
                if self._core is not None and self._core.is_on_duty:
                    self._tell(wire.SignalReceived(number))

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            core = next((core for core in self._served if core.pid == pid), None)
            if core is not None:
                core.status = status
            else:
                self._lives.buried(pid, status, usage)

    # --- the end ------------------------------------------------------------------------------

    def _farewell(self, code: int) -> int:
        """End whatever the last core left behind; return the exit status."""
        left = len(self._lives.pids)
        if code >= 0 and not left:
            return code
        rest = f"; ending the {left} process{'es' if left > 1 else ''} it left" if left else ""
        write_line(self._log_path, f"the core {self._why}{rest}")
        for number in (signal.SIGTERM, signal.SIGCONT, signal.SIGHUP):
            self._lives.signal_all(number)
        deadline = time.monotonic() + LAST_STOP_SECONDS
        while self._lives.pids and (remaining := deadline - time.monotonic()) > 0:
            self._turn(remaining)
        self._lives.signal_all(signal.SIGKILL)
        return 1


def _handled_by_wakeup(number: int, frame: object) -> None:
    """Do nothing: the wake-up descriptor has the number by now, and the loop acts on it."""


def main() -> NoReturn:
    """Run the keeper, whose words `taskmaster.launch` composed.

    They are: the children's soft limit of open files; the descriptor on which the core tells
    whoever started the daemon that it is ready, or -1; whom the core becomes; its words.
    """
    open_files, ready, user, *core = sys.argv[1:]
    notes.written_as = from_word(user)
    if int(ready) >= 0:
        os.set_inheritable(int(ready), True)
    sys.exit(Keeper(core, int(open_files)).run(int(ready)))
