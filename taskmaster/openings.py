"""Where clients come in: the control socket, TCP, HTTP. They open, move and close together."""

from collections.abc import Callable

from taskmaster.config.model import LogLevel, Settings
from taskmaster.control.listener import AlreadyRunning, ControlSocket, SocketRefused
from taskmaster.control.remote import Remote
from taskmaster.control.server import Server
from taskmaster.http.doors import Doors
from taskmaster.http.routes import Routes
from taskmaster.keeper import wire
from taskmaster.memory import SOCKET

Send = Callable[[wire.Message, tuple[int, ...]], None]


class Openings:
    """All of them."""

    def __init__(
        self,
        control: ControlSocket,
        server: Server,
        routes: Routes,
        record: Callable[[LogLevel, str], None],
        send: Send,
    ) -> None:
        """Open nothing yet but the control socket, which is.

        Args:
            control: the socket; whoever made it closes it.
            server: serves its clients, and those over TCP.
            routes: what is served over HTTP.
            record: writes into the event log.
            send: tells the keeper.
        """
        self._control = control
        self._server = server
        self._remote = Remote(server, record, send)
        self._doors = Doors(routes, server, record, send)
        self._record = record
        self._send = send

    def open(self, settings: Settings, held: dict[str, int], *, is_first: bool) -> None:
        """Listen where the settings ask for it, and have the keeper hold all of it.

        Args:
            settings: the daemon's.
            held: descriptors that the core before has left; those that are ours are taken out.
            is_first: there was no core before. If there was, what cannot be had ends nothing.

        Raises:
            SocketRefused: something cannot be had.
        """
        self._send(wire.Hold(SOCKET), (self._control.listening.fileno(),))
        self._remote.open(settings, held, is_first=is_first)
        self._doors.open(settings, held, is_first=is_first)

    def start(self) -> None:
        """Begin to accept."""
        self._server.start()
        self._remote.start()
        self._doors.start()

    def renew(self) -> None:
        """Listen anew where somebody has removed the control socket: nobody finds it any more."""
        try:
            before = self._control.renew()
        except (AlreadyRunning, SocketRefused) as exc:
            self._record(LogLevel.ERROR, f"reload: {exc}")
            return
        if before is not None:
            self._server.move(self._control.listening)
            before.close()
            self._send(wire.Hold(SOCKET), (self._control.listening.fileno(),))
            self._record(LogLevel.WARNING, "reload: the control socket was gone and is made anew")

    def reload(self, settings: Settings) -> None:
        """Listen where other settings ask for it.

        Raises:
            RequestError: something cannot be had; nothing was changed.
        """
        with self._doors.changing(settings):
            self._remote.reload(settings)

    async def close(self) -> None:
        """Accept nobody any more, and let go of whoever is there."""
        await self._server.close()
        await self._remote.close()
        await self._doors.close()
