"""The listeners for HTTP: who is accepted, and what a reload changes.

The keeper holds the sockets, as it does the control socket: while there is no core, connections
wait. There are few places; where all are taken the one who was idle longest makes room, and where
nobody is idle the next wait to be accepted.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from taskmaster.config.model import Address, HttpListener, LogLevel, Settings
from taskmaster.control.acceptor import Acceptor
from taskmaster.control.gate import Lines
from taskmaster.control.listener import SocketRefused, peer_of
from taskmaster.control.server import Server
from taskmaster.http.connection import HttpConnection
from taskmaster.http.parsing import MAX_HEAD_BYTES
from taskmaster.http.routes import Routes
from taskmaster.http.sockets import give_rights, group_id, is_there, open_socket
from taskmaster.keeper import wire
from taskmaster.mistakes import recorded
from taskmaster.protocol.messages import ErrorCode, RequestError

MOST_CONNECTIONS: Final = 64
_KEY: Final = "http:"

Place = Address | str
Send = Callable[[wire.Message, tuple[int, ...]], None]


@dataclass(slots=True)
class _Door:
    """One listening socket; `made` is its path as we made it, or None."""

    listener: HttpListener
    listening: socket.socket
    acceptor: Acceptor
    made: os.stat_result | None
    connections: dict[HttpConnection, None] = field(default_factory=dict)


class Doors:
    """Access over HTTP."""

    def __init__(
        self,
        routes: Routes,
        server: Server,
        record: Callable[[LogLevel, str], None],
        send: Send,
    ) -> None:
        """Open nothing yet.

        Args:
            routes: who answers what.
            server: serves the control socket; it is told how many connections there are here.
            record: writes into the event log.
            send: tells the keeper.
        """
        self._routes = routes
        self._record = record
        self._send = send
        self._server = server
        self._most = max(1, min(MOST_CONNECTIONS, server.most_connections // 4))
        self._loop = asyncio.get_running_loop()
        self._doors: dict[Place, _Door] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines = Lines()
        self._is_started = False

    def open(self, settings: Settings, held: dict[str, int], *, is_first: bool) -> None:
        """Listen where the settings ask for it.

        Args:
            settings: the daemon's.
            held: descriptors that the core before has left; those that are ours are taken out.
            is_first: there was no core before. If there was, nothing may end this one: what cannot
                be had is told in the event log, and clients wait until a reload.

        Raises:
            SocketRefused: an address or a path cannot be had.
        """
        self._take_over(settings, held)
        try:
            with self.changing(settings):
                pass
        except RequestError as exc:
            if is_first:
                raise SocketRefused(str(exc)) from None
            self._record(LogLevel.ERROR, f"clients cannot connect over HTTP: {exc}")

    @contextlib.contextmanager
    def changing(self, settings: Settings) -> Iterator[None]:
        """Make ready what other settings ask for; it counts when the block ends without a failure.

        Raises:
            RequestError: something cannot be had; nothing was changed.
        """
        opened: dict[Place, socket.socket] = {}
        try:
            for listener in settings.http:
                if listener.listen not in self._doors:
                    opened[listener.listen] = open_socket(listener)
                else:
                    group_id(listener)
            yield
        except BaseException as exc:
            for place, listening in opened.items():
                listening.close()
                if isinstance(place, str):
                    os.unlink(place)
            if isinstance(exc, SocketRefused):
                self._record(LogLevel.ERROR, str(exc))
                raise RequestError(ErrorCode.BAD_CONFIG, str(exc)) from None
            raise
        self._apply(settings, opened)

    def start(self) -> None:
        """Begin to accept."""
        self._is_started = True
        for door in self._doors.values():
            door.acceptor.start()

    async def close(self) -> None:
        """Accept nobody any more, and let go of everybody."""
        for place in list(self._doors):
            self._close(place)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    # --- doors --------------------------------------------------------------------------------

    def _apply(self, settings: Settings, opened: dict[Place, socket.socket]) -> None:
        wanted = {listener.listen: listener for listener in settings.http}
        for place in [place for place in self._doors if place not in wanted]:
            self._close(place)
        for place, listener in wanted.items():
            if place in opened:
                self._open(listener, opened[place])
                self._record(LogLevel.INFO, f"serving HTTP on {listener}{_conditions(listener)}")
            elif self._doors[place].listener != listener:
                self._change(self._doors[place], listener)

    def _change(self, door: _Door, listener: HttpListener) -> None:
        door.listener = listener
        for connection in door.connections:
            connection.listener = listener
        if isinstance(listener.listen, str):
            try:
                give_rights(listener)
            except (OSError, SocketRefused) as exc:
                self._record(LogLevel.ERROR, f"http: {listener.listen}: {exc}")
        self._record(LogLevel.INFO, f"serving HTTP on {listener}{_conditions(listener)}")

    def _take_over(self, settings: Settings, held: dict[str, int]) -> None:
        there = {
            key: socket.socket(fileno=held.pop(key)) for key in list(held) if key.startswith(_KEY)
        }
        for listener in settings.http:
            listening = there.get(_KEY + str(listener.listen))
            if listening is not None and is_there(listener):
                del there[_KEY + str(listener.listen)]
                self._open(listener, listening)
        for key, listening in there.items():  # a reload was cut short
            listening.close()
            self._send(wire.Drop(key), ())

    def _open(self, listener: HttpListener, listening: socket.socket) -> None:
        place = listener.listen

        def take(accepted: socket.socket) -> None:
            self._take(accepted, self._doors[place])

        acceptor = Acceptor(listening, self._has_room, take, self._record)
        made = os.lstat(place) if isinstance(place, str) else None
        self._doors[place] = _Door(listener, listening, acceptor, made)
        self._send(wire.Hold(_KEY + str(place)), (listening.fileno(),))
        if self._is_started:
            acceptor.start()

    def _close(self, place: Place) -> None:
        door = self._doors.pop(place)
        door.acceptor.stop()
        if door.made is not None and isinstance(place, str):
            with contextlib.suppress(OSError):
                if os.path.samestat(os.lstat(place), door.made):
                    os.unlink(place)
        door.listening.close()
        self._send(wire.Drop(_KEY + str(place)), ())
        for connection in door.connections:
            connection.hang_up()

    # --- clients ------------------------------------------------------------------------------

    def _has_room(self) -> bool:
        """Whether one more may be accepted; whoever is idle makes room for it."""
        if len(self._tasks) < self._most:
            return True
        idle = [
            (connection.idle_since, connection)
            for door in self._doors.values()
            for connection in door.connections
            if connection.idle_since is not None
        ]
        if idle:
            _, longest = min(idle, key=lambda pair: pair[0])
            longest.hang_up()  # its task ends in a moment, and `_served` goes on
        return False

    def _take(self, accepted: socket.socket, door: _Door) -> None:
        task = self._loop.create_task(self._serve(accepted, door), name="HTTP connection")
        self._tasks.add(task)
        self._server.over_http = len(self._tasks)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._server.over_http = len(self._tasks)
        self._resume()

    def _resume(self) -> None:
        for door in self._doors.values():
            door.acceptor.resume()

    async def _serve(self, accepted: socket.socket, door: _Door) -> None:
        with recorded("serving a client over HTTP"), contextlib.suppress(ConnectionError):
            try:
                peer = _peer(accepted, door.listener)
                accepted.setblocking(False)
                is_path = isinstance(door.listener.listen, str)
                connect = asyncio.open_unix_connection if is_path else asyncio.open_connection
                reader, writer = await connect(sock=accepted, limit=MAX_HEAD_BYTES)
            except OSError:
                accepted.close()  # it is gone again
                return
            connection = HttpConnection(reader, writer, peer, door.listener, self._routes)
            door.connections[connection] = None
            if len(self._tasks) >= self._most:
                self._resume()  # there may be somebody waiting, and now somebody to make room
            try:
                await connection.serve()
            finally:
                del door.connections[connection]
                self._tell_refused(connection, peer)

    def _tell_refused(self, connection: HttpConnection, peer: str) -> None:
        if connection.refused and self._lines.allows(self._loop.time()):
            unsaid, self._lines.unsaid = self._lines.unsaid, 0
            more = f", and {unsaid} more" if unsaid else ""
            self._record(LogLevel.WARNING, f"refused HTTP {peer}: {connection.refused}{more}")


def _peer(accepted: socket.socket, listener: HttpListener) -> str:
    if isinstance(listener.listen, str):
        return str(peer_of(accepted))
    host, port = accepted.getpeername()[:2]
    return str(Address(host, port))


def _conditions(listener: HttpListener) -> str:
    conditions = ["read-only"] if listener.read_only else []
    conditions += ["with a password"] if listener.password is not None else []
    return f", {' and '.join(conditions)}" if conditions else ""
