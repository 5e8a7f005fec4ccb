"""The children as the keeper has them: on the way to exec, alive, reaped; each under its ticket.

Nothing in here waits, but for posix_spawn(3) to have the exec done (`pty_mux.spawn` has the
reasons); forked children are watched through their status pipe.
"""

import os
import resource
import selectors
import signal
import time
from collections.abc import Sequence
from errno import EMFILE
from typing import Final, Protocol

from pty_mux.command import Command, SpawnFailed, Stage
from pty_mux.forked import read_status
from pty_mux.spawn import Child, spawn
from taskmaster.keeper import wire
from taskmaster.keeper.whom import signal_child

_NOBODYS: Final = 0
"""Stands for a ticket where the end of a pid is nobody's news."""


class Teller(Protocol):
    """Says something to whoever serves as core, with descriptors beside it."""

    def __call__(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        """Say it; OSError: there is no room for copies of the descriptors."""


class Lives:
    """Every child that was asked for and is not reaped yet.

    Attributes:
        pids: by ticket, who got as far as to have one.
        starting: by ticket, who is on the way to its exec.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        held: dict[int, tuple[int, ...]],
        tell: Teller,
        open_files: int,
    ) -> None:
        """Have none yet.

        Args:
            selector: calls what is registered with a descriptor.
            held: by ticket, our ends of the terminals; filled here.
            tell: what becomes of them.
            open_files: the soft limit of descriptors that children get back.
        """
        self.pids: dict[int, int] = {}
        self.starting: dict[int, Child] = {}
        self._selector = selector
        self._held = held
        self._tell = tell
        self._open_files = open_files
        self._tickets: dict[int, int] = {}

    def spawn(self, request: wire.Spawn, descriptors: Sequence[int]) -> None:
        """Start what is asked for, and tell how that went, now or once it is known.

        Args:
            request: what.
            descriptors: came along, and stay the caller's; the first may be its standard input.

        Raises:
            WireViolation: the ticket is in use, or stands for none.
        """
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
            stdin=descriptors[0] if request.stdin == wire.DESCRIPTOR and descriptors else None,
        )
        ticket = request.ticket
        if ticket <= _NOBODYS or ticket in self.pids:
            raise wire.WireViolation(f"a ticket that cannot be: {ticket}")
        if request.stdin == wire.DESCRIPTOR and command.stdin is None:
            self._tell(wire.SpawnFailed(ticket, Stage.SOCKET, EMFILE, ""))  # no room for it here
            return
        try:
            child = spawn(command)
        except SpawnFailed as exc:
            self._tell(wire.SpawnFailed(ticket, exc.stage, exc.errno, exc.subject))
            return
        self.pids[ticket] = child.pid
        self._tickets[child.pid] = ticket
        if child.status is None:
            self._report(ticket, child, None, time.monotonic())
            return
        self.starting[ticket] = child
        self._selector.register(
            child.status, selectors.EVENT_READ, lambda: self._settle(ticket, time.monotonic())
        )

    def _settle(self, ticket: int, now: float) -> None:
        """Hear whether a forked child got past its exec: its status pipe has spoken or ended."""
        child = self.starting.pop(ticket)
        if child.status is None:
            raise AssertionError("only a forked child has to be waited for")
        self._selector.unregister(child.status)
        failure = read_status(child.status)
        os.close(child.status)
        self._report(ticket, child, failure, now)

    def _report(self, ticket: int, child: Child, failure: SpawnFailed | None, now: float) -> None:
        """Tell the core how a spawn went, with its terminal where it went well."""
        ends = child.ends
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
            del self.pids[ticket]
            self.disown(child.pid)
            self._tell(wire.SpawnFailed(ticket, failure.stage, failure.errno, failure.subject))

    def signal(self, ticket: int, number: int, whom: str) -> None:
        """Signal a child; see `wire.Signal`."""
        pid = self.pids.get(ticket)
        if pid is None:
            return  # it is gone, and the core will read so in a moment
        master = self._held.get(ticket, (-1,))[0]
        if failure := signal_child(pid, master, number, whom):
            self._tell(wire.SignalFailed(ticket, number, failure))

    def signal_all(self, number: int) -> None:
        """Signal the process group of everyone."""
        for ticket in list(self.pids):
            self.signal(ticket, number, wire.GROUP)

    def disown(self, pid: int) -> None:
        """Have the end of a child of ours be nobody's news when it comes."""
        self._tickets[pid] = _NOBODYS

    def buried(self, pid: int, status: int, usage: resource.struct_rusage) -> None:
        """Tell that a process is reaped."""
        now = time.monotonic()
        ticket = self._tickets.pop(pid, None)
        if ticket is None:
            self._tell(wire.OrphanReaped(pid, status))
            return
        if ticket in self.starting:
            self._settle(ticket, now)
            self._tickets.pop(pid, None)
        if self.pids.pop(ticket, None) is not None:
            cpu_seconds = usage.ru_utime + usage.ru_stime
            self._tell(wire.Exited(ticket, status, now, cpu_seconds))
