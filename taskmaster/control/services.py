"""What a connection asks of the daemon beyond its driver."""

from collections.abc import Callable
from typing import NoReturn, Protocol

from pty_mux.logfile import LogFile
from taskmaster.alerts.service import Alerts
from taskmaster.candidate import Candidate
from taskmaster.config.model import LogLevel
from taskmaster.control import handlers
from taskmaster.listeners.service import Listeners
from taskmaster.protocol import messages


class Services(Protocol):
    """What the daemon does for its clients beyond the driver.

    Attributes:
        alerts: tell people elsewhere what happens.
        candidate: the config that was read last, of which parts may be taken over.
        listeners: the event listeners.
    """

    alerts: Alerts
    candidate: Candidate
    listeners: Listeners

    def hello(self) -> messages.Hello:
        """Return who the daemon is."""
        ...

    def clocks(self) -> handlers.Clocks:
        """Return both clocks, read together."""
        ...

    async def metrics(self) -> str:
        """Return what is measured, as Prometheus text (`taskmaster.metrics`)."""
        ...

    def reload(self) -> messages.ReloadReport:
        """Read the config again and apply it."""
        ...

    def reread(self) -> messages.ReloadReport:
        """Say what `reload` would do."""
        ...

    async def upgrade(self) -> NoReturn:
        """Have a core of the code that is installed now take over."""
        ...

    def shut_down(self) -> None:
        """Begin to stop everything."""
        ...

    async def ended(self) -> None:
        """Wait until everything is stopped."""
        ...

    @property
    def event_file(self) -> LogFile:
        """The file of the event log."""
        ...

    def listen(self, listener: Callable[[str], None]) -> None:
        """Tell a listener every line of the event log."""
        ...

    def unlisten(self, listener: Callable[[str], None]) -> None:
        """Tell it nothing more."""
        ...

    def record(self, level: LogLevel, text: str) -> None:
        """Write a line into the event log."""
        ...
