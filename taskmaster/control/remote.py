"""Clients over TCP: the listening sockets, the strangers at them, and what a reload changes.

The keeper holds the sockets, as it does the control socket: while there is no core, connections
wait. Who may be there unproved, and for how long, is decided in `gate`; how a client proves that it
knows the token is in `admission`; from there on it is a client like any other (`server`).
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from taskmaster.config.model import Address, LogLevel, Settings
from taskmaster.control.acceptor import Acceptor
from taskmaster.control.admission import Stranger, Streams
from taskmaster.control.credentials import Credentials, CredentialsRefused, load_credentials
from taskmaster.control.gate import MOST_PLACES, Gate, Lines
from taskmaster.control.listener import Peer, SocketRefused, listening_at
from taskmaster.control.server import Server
from taskmaster.keeper import wire
from taskmaster.mistakes import recorded
from taskmaster.protocol.admission import NotAdmitted
from taskmaster.protocol.messages import ErrorCode, RequestError

ADMISSION_SECONDS: Final = 10.0
"""How long a client may take to prove that it knows the token."""

_KEY: Final = "tcp:"
_TELL_UNSAID_SECONDS: Final = 60.0

Send = Callable[[wire.Message, tuple[int, ...]], None]


@dataclass(slots=True)
class _Door:
    """One listening socket; `plain` without TLS."""

    listening: socket.socket
    acceptor: Acceptor
    plain: bool


@dataclass(slots=True)
class _Plan:
    """What was made ready before anything is changed.

    Attributes:
        wanted: by address, whether it is without TLS.
        credentials: None where nobody listens.
        opened: sockets that are new.
    """

    wanted: Mapping[Address, bool]
    credentials: Credentials | None
    opened: dict[Address, socket.socket] = field(default_factory=dict)


class Remote:
    """Access over TCP."""

    def __init__(self, server: Server, record: Callable[[LogLevel, str], None], send: Send) -> None:
        """Open nothing yet.

        Args:
            server: serves clients that are known.
            record: writes into the event log.
            send: tells the keeper.
        """
        self._server = server
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._gate = Gate(max(1, min(MOST_PLACES, server.most_connections // 4)))
        self._lines = Lines()
        self._doors: dict[Address, _Door] = {}
        self._credentials: Credentials | None = None
        self._strangers: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._making_room: asyncio.TimerHandle | None = None
        self._telling: asyncio.TimerHandle | None = None
        self._send = send
        self._is_started = False

    def open(self, settings: Settings, held: dict[str, int], *, is_first: bool) -> None:
        """Listen where the settings ask for it.

        Args:
            settings: the daemon's.
            held: descriptors that the core before has left; those that are ours are taken out.
            is_first: there was no core before. If there was, nothing may end this one: what cannot
                be had is told in the event log, and clients over TCP wait until a reload.

        Raises:
            SocketRefused: an address, the token or the certificate cannot be had.
        """
        self._take_over(settings, held)
        try:
            self._apply(self._prepare(settings))
        except SocketRefused as exc:
            if is_first:
                raise
            self._record(LogLevel.ERROR, f"clients cannot connect over TCP: {exc}")

    def reload(self, settings: Settings) -> None:
        """Listen where other settings ask for it, with token and certificate as they are by now.

        Raises:
            RequestError: something cannot be had; nothing was changed.
        """
        try:
            plan = self._prepare(settings)
        except SocketRefused as exc:
            self._record(LogLevel.ERROR, f"reload: {exc}")
            raise RequestError(ErrorCode.BAD_CONFIG, str(exc)) from None
        self._apply(plan)

    def start(self) -> None:
        """Begin to accept."""
        self._is_started = True
        for door in self._doors.values():
            door.acceptor.start()

    async def close(self) -> None:
        """Accept nobody any more, and let go of strangers; clients are the server's to end."""
        for address in list(self._doors):
            self._close(address)
        for timer in (self._making_room, self._telling):
            if timer is not None:
                timer.cancel()
        for task in self._strangers.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    # --- doors --------------------------------------------------------------------------------

    def _prepare(self, settings: Settings) -> _Plan:
        """Open what is not open yet and read the credentials; nothing counts before `_apply`."""
        wanted = dict.fromkeys(settings.listen, False) | dict.fromkeys(settings.listen_plain, True)
        try:
            plan = _Plan(wanted, load_credentials(settings) if wanted else None)
        except CredentialsRefused as exc:
            raise SocketRefused(str(exc)) from None
        try:
            for address in wanted:
                if address not in self._doors:
                    plan.opened[address] = _listen(address)
        except SocketRefused:
            for listening in plan.opened.values():
                listening.close()
            raise
        return plan

    def _apply(self, plan: _Plan) -> None:
        self._credentials = plan.credentials
        for path in plan.credentials.made if plan.credentials else ():
            self._record(LogLevel.INFO, f"made {path}")
        for address in [address for address in self._doors if address not in plan.wanted]:
            self._close(address)
        for address, listening in plan.opened.items():
            self._open(address, listening)
        for address, plain in plan.wanted.items():
            door = self._doors[address]
            if address in plan.opened or door.plain is not plain:
                door.plain = plain
                self._tell_of(address)
        self._resume()

    def _take_over(self, settings: Settings, held: dict[str, int]) -> None:
        names = [key for key in held if key.startswith(_KEY)]
        there = {key: socket.socket(fileno=held.pop(key)) for key in names}
        for address in (*settings.listen, *settings.listen_plain):
            if (listening := there.pop(_KEY + str(address), None)) is not None:
                self._open(address, listening)
                self._doors[address].plain = address in settings.listen_plain
        for key, listening in there.items():  # a reload was cut short
            listening.close()
            self._send(wire.Drop(key), ())

    def _open(self, address: Address, listening: socket.socket) -> None:
        def take(accepted: socket.socket) -> None:
            self._take(accepted, plain=self._doors[address].plain)

        acceptor = Acceptor(listening, self._has_room, take, self._record)
        self._doors[address] = _Door(listening, acceptor, plain=False)
        self._send(wire.Hold(_KEY + str(address)), (listening.fileno(),))
        if self._is_started:
            acceptor.start()

    def _close(self, address: Address) -> None:
        door = self._doors.pop(address)
        door.acceptor.stop()
        door.listening.close()
        self._send(wire.Drop(_KEY + str(address)), ())

    def _tell_of(self, address: Address) -> None:
        assert self._credentials is not None
        if self._doors[address].plain:
            text = f"serving clients on tcp://{address}, without TLS"
        else:
            shown = self._credentials.fingerprint.hex()
            text = f"serving clients on tls://{address}, certificate SHA-256 {shown}"
        self._record(LogLevel.INFO, text)

    # --- strangers ----------------------------------------------------------------------------

    def _has_room(self) -> bool:
        """Whether one more may be accepted; if not, see to it that it soon may."""
        if self._credentials is None:
            return False
        if not self._gate.is_full:
            return True
        now = self._loop.time()
        leaving = self._gate.next_to_leave()
        if leaving is not None and leaving[1] <= now:
            self._clear(leaving[0])
            return True
        if leaving is not None and self._making_room is None:
            self._making_room = self._loop.call_at(leaving[1], self._resume)
        return False

    def _clear(self, place: int) -> None:
        self._leave(place)
        self._strangers.pop(place).cancel()

    def _leave(self, place: int) -> None:
        self._gate.leave(place)
        self._server.strangers = self._gate.taken

    def _resume(self) -> None:
        if self._making_room is not None:
            self._making_room.cancel()
            self._making_room = None
        for door in self._doors.values():
            door.acceptor.resume()

    def _take(self, accepted: socket.socket, *, plain: bool) -> None:
        try:
            host, port = accepted.getpeername()[:2]
            stranger = Stranger(accepted)
        except OSError:
            accepted.close()  # it is gone again
            return
        place = self._gate.enter(host, self._loop.time())
        self._server.strangers = self._gate.taken
        peer = Peer(0, 0, str(Address(host, port)))
        meeting = self._meet(stranger, place, host, peer, plain=plain)
        task = self._loop.create_task(meeting, name="TCP connection")
        self._strangers[place] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _meet(
        self, stranger: Stranger, place: int, host: str, peer: Peer, *, plain: bool
    ) -> None:
        with recorded("serving a client over TCP"):
            try:
                streams = await self._admit(stranger, host, peer, plain=plain)
            except asyncio.CancelledError:
                self._refused(peer, "its place was needed before it proved that it knows the token")
                stranger.close()
                raise
            finally:
                if self._strangers.pop(place, None) is not None:
                    self._leave(place)
                self._resume()
            if streams is not None:
                await self._server.serve(*streams, peer)

    async def _admit(
        self, stranger: Stranger, host: str, peer: Peer, *, plain: bool
    ) -> Streams | None:
        """Return the streams of a client that may come in, or None once a refusal is over."""
        assert self._credentials is not None
        try:
            async with asyncio.timeout(ADMISSION_SECONDS):
                return await stranger.admit(self._credentials, plain=plain)
        except NotAdmitted as exc:
            why = str(exc)
        except TimeoutError:
            why = f"it did not prove within {ADMISSION_SECONDS:g} s that it knows the token"
        except OSError as exc:
            why = exc.strerror or str(exc) or "it has left"
        self._refused(peer, why)
        await asyncio.sleep(self._gate.failed(host, self._loop.time()))
        stranger.say_no(why)
        stranger.close()
        return None

    def _refused(self, peer: Peer, why: str) -> None:
        now = self._loop.time()
        if self._lines.allows(now):
            self._record(LogLevel.WARNING, f"refused {peer}: {why}")
        elif self._telling is None:
            self._telling = self._loop.call_later(_TELL_UNSAID_SECONDS, self._tell_unsaid, peer)

    def _tell_unsaid(self, peer: Peer) -> None:
        self._telling = None
        text = f"{self._lines.unsaid} more connections were refused, {peer} among them"
        self._lines.unsaid = 0
        self._record(LogLevel.WARNING, text)


def _listen(address: Address) -> socket.socket:
    try:
        return listening_at(address)
    except OSError as exc:
        text = f"listen: {address}: {(exc.strerror or str(exc)).lower()}"
        raise SocketRefused(text) from None
