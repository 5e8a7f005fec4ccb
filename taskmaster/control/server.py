"""Accept clients on the control socket: who is let in, and how many at a time.

Each has a coroutine (`connection`). Connections are bounded; where there is no room, the one that
has been silent longest since it connected makes some.
"""

import asyncio
import errno
import socket
from typing import Final

from taskmaster.config.model import LogLevel
from taskmaster.control.connection import Connection, Services
from taskmaster.control.listener import is_allowed, peer_of
from taskmaster.driver import Driver
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES, ProtocolViolation
from taskmaster.protocol.messages import ErrorCode

MAX_CONNECTIONS: Final = 512


class Server:
    """Accepts clients and serves them."""

    def __init__(self, listening: socket.socket, driver: Driver, services: Services) -> None:
        """Take over a listening socket; `start` begins to serve."""
        self._listening = listening
        self._driver = driver
        self._services = services
        self._server: asyncio.AbstractServer | None = None
        self._connections: dict[Connection, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to accept."""
        self._server = await asyncio.start_unix_server(
            self._accepted, sock=self._listening, limit=MAX_MESSAGE_BYTES
        )

    async def close(self) -> None:
        """Accept nobody any more, and let go of everybody; who awaits the end is told of it."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            if not connection.awaits_end:
                connection.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="control connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = peer_of(writer.get_extra_info("socket"))
        connection = Connection(reader, writer, peer, self._driver, self._services)
        try:
            if not is_allowed(peer):
                text = f"refused a connection of uid {peer.uid} (pid {peer.pid})"
                self._services.record(LogLevel.WARNING, text)
                connection.refuse(ErrorCode.NOT_PERMITTED, "this daemon is another user's")
                return
            if len(self._connections) >= MAX_CONNECTIONS and not self._make_room():
                connection.refuse(ErrorCode.TOO_MANY_CONNECTIONS, "too many clients, try later")
                return
            self._connections[connection] = None
            await connection.serve()
        except (ConnectionError, ProtocolViolation, TimeoutError) as exc:
            text = f"a client (uid {peer.uid}, pid {peer.pid}) was let go: {exc}"
            self._services.record(LogLevel.DEBUG, text)
        except OSError as exc:
            if exc.errno != errno.EBADF:
                raise
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
