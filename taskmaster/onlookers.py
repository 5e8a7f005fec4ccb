"""Who follows what a process writes on its behalf: log files, a recording, the look-out for ready.

What the config names begins with the process, and a reload reaches it while the process runs.
"""

from collections.abc import Callable

from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from pty_mux.session import Session
from taskmaster.config.expand import expand
from taskmaster.config.model import Program
from taskmaster.logs import LogFiles
from taskmaster.process.state import State
from taskmaster.readiness import Readiness
from taskmaster.recordings import Recordings
from taskmaster.supervisor import Entry

OnConnected = Callable[[Entry, Pump | Pipes, bool], None]


class Onlookers:
    """The onlookers of all processes.

    Attributes:
        logs: the log files of the processes.
        recordings: the recordings of their terminals.
        readiness: the look-outs of those that start.
        on_connected: told of a process that is followed from here on, what moves its bytes, and
            whether it had been followed before.
    """

    def __init__(
        self, logs: LogFiles, recordings: Recordings, on_ready: Callable[[str], None]
    ) -> None:
        """Take what there is; `on_ready` is told whose screen shows what it waits for."""
        self.logs = logs
        self.recordings = recordings
        self.on_connected: OnConnected = _nobody_listens
        self.readiness = Readiness(on_ready, lambda text: logs.on_trouble(text, False))

    def begin(
        self, entry: Entry, session: Session, pump: Pump | Pipes, now: float, *, resumed: bool
    ) -> None:
        """Follow a process that has just become its command, or one that another core followed."""
        launch = entry.launch
        journals = session.ring.journals
        ident = entry.short_name
        self.logs.connect(pump, journals, entry.program, launch, now, ident=ident, resumed=resumed)
        self.on_connected(entry, pump, resumed)
        goes_on = resumed and self.recordings.resume(entry.name, session)
        if launch.record is not None and not goes_on:
            self.recordings.begin_anew(entry.name, session, launch.record, painted=resumed)
        if entry.program.ready is not None and entry.process.state is State.STARTING:
            shown = _shown_by(entry, session) if resumed else b""
            self.readiness.watch(entry.name, session, entry.program.ready, shown)

    def update(
        self, entry: Entry, before: Program, session: Session, pump: Pump | Pipes, now: float
    ) -> None:
        """Follow a process as its changed config has it; `before` is what it was."""
        name, program, launch = entry.name, entry.program, entry.launch
        journals = session.ring.journals
        self.logs.connect(pump, journals, program, launch, now, ident=entry.short_name)
        if entry.process.pid is None:
            return
        self.on_connected(entry, pump, True)
        if launch.record != expand(before, entry.index).record:
            self.recordings.end(name)
            if launch.record is not None:
                self.recordings.begin_anew(name, session, launch.record, painted=True)
        if entry.process.state is State.STARTING and _text(program) != _text(before):
            self.readiness.end(name)
            if program.ready is not None:
                shown = _shown_by(entry, session)
                self.readiness.watch(name, session, program.ready, shown)


def _nobody_listens(entry: Entry, pump: Pump | Pipes, resumed: bool) -> None:
    """There are no event listeners."""


def _text(program: Program) -> str | None:
    return program.ready.text if program.ready is not None else None


def _shown_by(entry: Entry, session: Session) -> bytes:
    """Return what a process has shown; nothing where the screen may show what one before it did."""
    first = entry.process.exit_code is None
    return session.painted(with_history=False) if first else b""
