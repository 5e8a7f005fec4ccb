"""Accept clients on the control socket: who is let in, and how many at a time.

Each has a coroutine (`connection`). Connections are bounded; where there is no room, the one that
has been silent longest since it connected makes some. Those that come over TCP are brought here by
`remote`, once they are known.
"""

import asyncio
import socket
from typing import Final

from taskmaster.config.model import LogLevel
from taskmaster.control.acceptor import Acceptor
from taskmaster.control.connection import Connection
from taskmaster.control.listener import Peer, is_allowed, peer_of
from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.mistakes import recorded
from taskmaster.openfiles import limit_of_open_files, most_connections
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES, ProtocolViolation
from taskmaster.protocol.messages import ErrorCode, Request, RequestError, Result

_REFUSED_TOGETHER: Final = 4
"""How many may be on their way out beside those that are served; the next wait to be accepted."""


class _Client(Connection):
    """A connection that survives our mistakes: also a request that meets one is answered."""

    _has_answered = False

    def _reply(self, result: Result) -> None:
        self._has_answered = True
        super()._reply(result)

    async def _dispatch(self, request: Request) -> None:
        self._has_answered = False
        try:
            await super()._dispatch(request)
        except (RequestError, ConnectionError, ProtocolViolation, TimeoutError):
            raise
        except Exception as exc:
            context = {"message": f"serving {request.METHOD}", "exception": exc}
            asyncio.get_running_loop().call_exception_handler(context)
            if self._has_answered:
                # What follows a log or attaches has no place for an answer any more.
                raise ConnectionAbortedError("a mistake of taskmasterd itself") from exc
            text = f"a mistake of taskmasterd itself, told in the event log: {exc!r}"
            raise RequestError(ErrorCode.INTERNAL_ERROR, text) from exc


class Server:
    """Accepts clients and serves them.

    Attributes:
        most_connections: how many there may be at a time, strangers (`gate`) included.
        strangers: how many strangers there are at the moment.
        over_http: how many connections there are over HTTP (`http.doors`), of the same descriptors.
    """

    def __init__(self, listening: socket.socket, driver: Driver, services: Services) -> None:
        """Take over a listening socket; `start` begins to serve."""
        self._driver = driver
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._acceptor = self._acceptor_at(listening)
        self.most_connections = most_connections(limit_of_open_files())
        self.strangers = 0
        self.over_http = 0
        self._connections: dict[Connection, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept."""
        self._acceptor.start()

    def move(self, listening: socket.socket) -> None:
        """Accept at another socket; who is served stays."""
        self._acceptor.stop()
        self._acceptor = self._acceptor_at(listening)
        self._acceptor.start()

    async def close(self) -> None:
        """Accept nobody any more, and let go of everybody; who awaits the end is told of it."""
        self._acceptor.stop()
        for connection in tuple(self._connections):
            if not connection.awaits_end:
                connection.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: Peer
    ) -> None:
        """Serve a client that is known by now, until it leaves."""
        connection = _Client(reader, writer, peer, self._driver, self._services)
        try:
            if not is_allowed(peer):
                self._services.record(LogLevel.WARNING, f"refused a connection of {peer}")
                connection.refuse(ErrorCode.NOT_PERMITTED, "this daemon is another user's")
                return
            if self._is_full and not self._make_room():
                connection.refuse(ErrorCode.TOO_MANY_CONNECTIONS, "too many clients, try later")
                return
            self._connections[connection] = None
            await connection.serve()
        except (ConnectionError, ProtocolViolation, TimeoutError) as exc:
            self._services.record(LogLevel.DEBUG, f"a client ({peer}) was let go: {exc}")
        finally:
            self._connections.pop(connection, None)
            await connection.close()

    def _acceptor_at(self, listening: socket.socket) -> Acceptor:
        return Acceptor(listening, self._has_room, self._begin, self._services.record)

    @property
    def _is_full(self) -> bool:
        taken = len(self._connections) + self.strangers + self.over_http
        return taken >= self.most_connections

    def _has_room(self) -> bool:
        return len(self._tasks) < self.most_connections + _REFUSED_TOGETHER

    def _begin(self, accepted: socket.socket) -> None:
        task = self._loop.create_task(self._take(accepted), name="control connection")
        self._tasks.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._acceptor.resume()

    async def _take(self, accepted: socket.socket) -> None:
        with recorded("serving a client"):
            accepted.setblocking(False)
            peer = peer_of(accepted)
            streams = await asyncio.open_unix_connection(sock=accepted, limit=MAX_MESSAGE_BYTES)
            await self.serve(*streams, peer)

    def _make_room(self) -> bool:
        for connection in self._connections:
            if connection.is_silent:
                connection.hang_up()
                del self._connections[connection]
                return True
        return False
