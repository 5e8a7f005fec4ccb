"""What of the daemon is looked at: always its processes and events, and one screen or log."""

from collections.abc import Callable, Sequence

from ctl.connection import Connection
from ctl.dashboard.board import Pane
from ctl.dashboard.source import Details, Events, Log, Screens, Statuses, Tell


class Looking:
    """Starts and ends the threads that look; all of them give what they hear to one `tell`."""

    def __init__(self, connect: Callable[[], Connection], tell: Tell) -> None:
        """Prepare; nothing is looked at before `begin`."""
        self._connect = connect
        self._tell = tell
        self._statuses = Statuses(connect, tell)
        self._events = Events(connect, tell)
        self._screens: Screens | None = None
        self._text: Log | Details | None = None

    def begin(self) -> None:
        """Look at processes and events."""
        self._statuses.start()
        self._events.start()

    def close(self) -> None:
        """Look at nothing more."""
        for worker in (self._statuses, self._events, self._screens, self._text):
            if worker is not None:
                worker.close()

    def happened(self, lines: Sequence[str]) -> None:
        """Look at once at the processes that lines of the event log name."""
        self._statuses.changed(lines)

    def hurry(self) -> None:
        """Look at all processes now."""
        self._statuses.hurry()

    def look_at(self, pane: Pane, name: str) -> None:
        """Have the pane of a process followed, and that of no other one."""
        if self._text is not None:
            self._text.close()
            self._text = None
        if self._screens is not None and pane is not Pane.SCREEN:
            self._screens.close()
            self._screens = None
        if not name:
            return
        if pane is Pane.SCREEN and self._screens is not None:
            self._screens.look_at(name)
        elif pane is Pane.SCREEN:
            self._screens = Screens(self._connect, self._tell, name)
            self._screens.start()
        elif pane is not Pane.EVENTS:
            kind = Log if pane is Pane.LOG else Details
            self._text = kind(self._connect, self._tell, name)
            self._text.start()
