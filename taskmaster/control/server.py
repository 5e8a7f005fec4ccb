"""Accept clients on the control socket: who is let in, and how many at a time.

Each has a coroutine (`connection`). Connections are bounded; where there is no room, the one that
has been silent longest since it connected makes some.

The loop of accept(2) is our own: asyncio's, where there is no descriptor left, is called again and
again by a socket that stays readable, and prints a traceback each time.
"""

import asyncio
import os
import socket
from typing import Final

from taskmaster.config.model import LogLevel
from taskmaster.control.connection import Connection
from taskmaster.control.listener import is_allowed, peer_of
from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.mistakes import recorded
from taskmaster.openfiles import limit_of_open_files, most_connections
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES, ProtocolViolation
from taskmaster.protocol.messages import ErrorCode, Request, RequestError, Result

_REFUSED_TOGETHER: Final = 4
"""How many may be on their way out beside those that are served; the next wait to be accepted."""

_PAUSE_SECONDS: Final = 0.5
"""After a failure to accept: nothing else tells when there is a descriptor again."""


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
    """Accepts clients and serves them."""

    def __init__(self, listening: socket.socket, driver: Driver, services: Services) -> None:
        """Take over a listening socket; `start` begins to serve."""
        self._listening = listening
        self._driver = driver
        self._services = services
        self._loop = asyncio.get_running_loop()
        self._most_connections = most_connections(limit_of_open_files())
        self._pausing: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._cannot_accept = False
        self._connections: dict[Connection, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept, or go on with it."""
        self._pausing = None
        self._loop.add_reader(self._listening, self._on_clients)

    async def close(self) -> None:
        """Accept nobody any more, and let go of everybody; who awaits the end is told of it."""
        self._is_closed = True
        self._loop.remove_reader(self._listening)
        if self._pausing is not None:
            self._pausing.cancel()
        for connection in tuple(self._connections):
            if not connection.awaits_end:
                connection.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _on_clients(self) -> None:
        while len(self._tasks) < self._most_connections + _REFUSED_TOGETHER:
            try:
                accepted, _ = self._listening.accept()
            except BlockingIOError:
                self._cannot_accept = False
                return
            except ConnectionAbortedError:
                continue
            except OSError as exc:
                self._pause(exc)
                return
            task = self._loop.create_task(self._take(accepted), name="control connection")
            self._tasks.add(task)
            task.add_done_callback(self._served)
        self._loop.remove_reader(self._listening)  # until one of them is served

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._pausing is None and not self._is_closed:
            self.start()

    def _pause(self, exc: OSError) -> None:
        """Accept nobody for a moment; say so once, until it works again."""
        if not self._cannot_accept:
            self._cannot_accept = True
            text = f"clients cannot connect: {os.strerror(exc.errno or 0).lower()}"
            self._services.record(LogLevel.ERROR, text)
        self._loop.remove_reader(self._listening)
        self._pausing = self._loop.call_later(_PAUSE_SECONDS, self.start)

    async def _take(self, accepted: socket.socket) -> None:
        with recorded("serving a client"):
            await self._serve(accepted)

    async def _serve(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        peer = peer_of(accepted)
        reader, writer = await asyncio.open_unix_connection(sock=accepted, limit=MAX_MESSAGE_BYTES)
        connection = _Client(reader, writer, peer, self._driver, self._services)
        try:
            if not is_allowed(peer):
                text = f"refused a connection of uid {peer.uid} (pid {peer.pid})"
                self._services.record(LogLevel.WARNING, text)
                connection.refuse(ErrorCode.NOT_PERMITTED, "this daemon is another user's")
                return
            if len(self._connections) >= self._most_connections and not self._make_room():
                connection.refuse(ErrorCode.TOO_MANY_CONNECTIONS, "too many clients, try later")
                return
            self._connections[connection] = None
            await connection.serve()
        except (ConnectionError, ProtocolViolation, TimeoutError) as exc:
            text = f"a client (uid {peer.uid}, pid {peer.pid}) was let go: {exc}"
            self._services.record(LogLevel.DEBUG, text)
        finally:
            self._connections.pop(connection, None)
            await connection.close()

    def _make_room(self) -> bool:
        for connection in self._connections:
            if connection.is_silent:
                connection.hang_up()
                del self._connections[connection]
                return True
        return False
