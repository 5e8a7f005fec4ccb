"""Let in a client over TCP: the handshake of TLS, then the exchange of `taskmaster.protocol`.

What a stranger may have us keep is a line of the exchange and what TLS needs; only behind the
welcome are there buffers for messages. How long it may take is the caller's to say.
"""

import asyncio
import contextlib
import secrets
import socket
import ssl
from typing import Final

from taskmaster.control.credentials import Credentials
from taskmaster.protocol.admission import (
    MAX_LINE_BYTES,
    NONCE_BYTES,
    Meeting,
    NotAdmitted,
    challenge,
    read_greeting,
    refused,
)
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES

_TLS_HANDSHAKE: Final = b"\x16"
"""The first byte of a TLS connection: RFC 8446, 5.1, the content type of a handshake record."""

_KEEPALIVE: Final = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))
"""A client whose machine or line is gone is noticed after two minutes."""

_DRAINED_BYTES: Final = 65536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Stranger(asyncio.Protocol):
    """A connection over TCP that has proved nothing yet."""

    def __init__(self, accepted: socket.socket) -> None:
        """Take the connection over."""
        accepted.setblocking(False)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if (option := getattr(socket, name, None)) is not None:
                accepted.setsockopt(socket.IPPROTO_TCP, option, value)
        self._socket = accepted
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._news = asyncio.Event()
        self._has_left = False
        self._is_untouched = True
        """Neither TLS nor a transport has begun."""

    async def admit(self, credentials: Credentials, *, plain: bool) -> Streams:
        """Return the streams of a client that has proved that it knows the token.

        Raises:
            NotAdmitted: it has not; the text says why.
            OSError: it is gone.
        """
        certificate = b"" if plain else credentials.fingerprint
        await self._connect(None if plain else credentials.context)
        theirs = read_greeting(await self._line())
        ours = secrets.token_bytes(NONCE_BYTES)
        self._write(challenge(ours))
        meeting = Meeting(credentials.token, certificate, theirs, ours)
        meeting.check_proof(await self._line())
        self._write(meeting.welcome())
        return self._streams()

    def say_no(self, why: str) -> None:
        """Tell the client why, as far as one can talk to it."""
        line = refused(why)
        if self._transport is not None:
            self._write(line)
        elif self._is_untouched:
            with contextlib.suppress(OSError):  # it has left
                self._socket.send(line)
                self._socket.recv(
                    _DRAINED_BYTES
                )  # what is unread would undo what was said (tcp(7))

    def close(self) -> None:
        """Hang up; what was said last still goes out as far as the kernel takes it."""
        if self._transport is not None:
            self._transport.close()
            # A peer that does not answer TLS's goodbye would keep the connection for 30 s.
            self._loop.call_later(1.0, self._transport.abort)
        else:
            self._socket.close()

    async def _connect(self, context: ssl.SSLContext | None) -> None:
        if context is not None and await self._first_byte() != _TLS_HANDSHAKE:
            raise NotAdmitted("no TLS where TLS is spoken: use tls://")
        self._is_untouched = False
        try:
            await self._loop.connect_accepted_socket(lambda: self, self._socket, ssl=context)
        except ssl.SSLError as exc:
            why = (exc.reason or str(exc)).lower().replace("_", " ")
            raise NotAdmitted(f"no handshake of TLS came about: {why}") from None

    async def _first_byte(self) -> bytes:
        """Return the first byte of the connection, which stays there; b"" at its end."""
        readable = asyncio.Event()
        self._loop.add_reader(self._socket, readable.set)
        try:
            await readable.wait()
        finally:
            self._loop.remove_reader(self._socket)
        return self._socket.recv(1, socket.MSG_PEEK)

    async def _line(self) -> bytes:
        while b"\n" not in self._received:
            if len(self._received) >= MAX_LINE_BYTES:
                raise NotAdmitted("no greeting of taskmasterctl")
            if self._has_left:
                raise ConnectionResetError("it left before it proved that it knows the token")
            self._news.clear()
            await self._news.wait()
        line, _, self._received = self._received.partition(b"\n")
        return line + b"\n"

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def _streams(self) -> Streams:
        """Hand the connection over to streams; what they were sent too early is lost by design."""
        assert self._transport is not None
        if self._received:
            raise NotAdmitted("it spoke before it was welcome")
        transport = self._transport
        reader = asyncio.StreamReader(MAX_MESSAGE_BYTES, self._loop)
        protocol = _Streams(reader, loop=self._loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        return reader, asyncio.StreamWriter(transport, protocol, reader, self._loop)

    # --- asyncio.Protocol ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have a transport, of TLS or not."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what may be a line, and read no more where it is too much."""
        self._received += data
        if len(self._received) > MAX_LINE_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        """Note that nothing more comes."""
        self._has_left = True
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self._has_left = True
        self._news.set()


class _Streams(asyncio.StreamReaderProtocol):
    """Streams that tell whoever reads of one kind of loss only, whatever network and TLS report."""

    def connection_lost(self, exc: Exception | None) -> None:
        if isinstance(exc, OSError) and not isinstance(exc, ConnectionError):
            exc = ConnectionResetError(exc.strerror or str(exc))
        super().connection_lost(exc)
