"""One HTTP client: requests one after the other, each answered, within limits of size and time.

A head that does not come in `HEAD_SECONDS` or a body that does not in `BODY_SECONDS` ends the
connection. Between two requests there is no limit, for supervisorctl's shell keeps its connection
and does not try again; whoever is idle makes room when others come (`doors`). A body that is too
long is refused and not read.
"""

import asyncio
import contextlib
from dataclasses import replace
from typing import Final

from taskmaster.config.model import HttpListener
from taskmaster.http.parsing import (
    MAX_HEAD_BYTES,
    Refused,
    Request,
    Response,
    chunk,
    parse_head,
    response_bytes,
    stream_head,
)
from taskmaster.http.passwords import is_admitted
from taskmaster.http.routes import Answer, Routes, Stream

HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 30.0
_WRITTEN_AT_ONCE_BYTES: Final = 256 * 1024
"""Of an answer of many megabytes; the transport copies what it cannot send."""

ANSWER_SECONDS: Final = 60.0
"""For a client to take its answer."""

_LINGER_SECONDS: Final = 2.0
_LINGER_BYTES: Final = 256 * 1024
_WRONG_PASSWORD_SECONDS: Final = 0.5
_MAX_EMPTY_LINES: Final = 8


class _WrongPassword(Refused):
    """Somebody tried one; that is told and takes its time."""


class HttpConnection:
    """One client.

    Attributes:
        idle_since: when it began to wait for a request (monotonic seconds), None while it has one.
        refused: why it was not let in, or ''; for the event log.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: str,
        listener: HttpListener,
        routes: Routes,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.idle_since: float | None = self._loop.time()
        self.refused = ""
        self.listener = listener
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._routes = routes

    def hang_up(self) -> None:
        """End the connection without a word."""
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Answer requests until one of both sides has enough.

        Raises:
            ConnectionError: the client is gone.
        """
        try:
            if (first := await self._first_byte(HEAD_SECONDS)) is None:
                return
            while await self._serve_one(first):
                if (first := await self._first_byte(None)) is None:
                    return
        except TimeoutError:
            return
        finally:
            await self._close()

    async def _first_byte(self, seconds: float | None) -> bytes | None:
        """Wait for a request to begin; None if none will.

        Empty lines before it are passed over (RFC 9112, 2.2): supervisorctl sends one too many.
        """
        async with asyncio.timeout(seconds):
            for _ in range(2 * _MAX_EMPTY_LINES):
                byte = await self._reader.read(1)
                if byte not in (b"\r", b"\n"):
                    return byte or None
        return None

    async def _serve_one(self, first: bytes) -> bool:
        """Answer a request; return whether there may be another one."""
        answer: Answer
        self.idle_since = None
        request: Request | None = None
        try:
            request = await self._request(first)
            answer = await self._routes.find(request)(request)
        except Refused as exc:
            if isinstance(exc, _WrongPassword):
                self.refused = "a wrong user name or password"
                await asyncio.sleep(_WRONG_PASSWORD_SECONDS)
            answer = Response(f"{exc}\n".encode(), status=exc.status, headers=exc.headers)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as exc:  # noqa: BLE001 - our own mistake, which must cost one answer only
            context = {"message": f"serving HTTP to {self._peer}", "exception": exc}
            self._loop.call_exception_handler(context)
            text = "a mistake of taskmasterd itself, told in the event log\n"
            answer = Response(text.encode(), status=500)
        if isinstance(answer, Stream):
            assert request is not None
            await self._stream(answer, request)
            return False
        keep_alive = request is not None and request.keep_alive
        head_only = request is not None and request.method == "HEAD"
        whole = memoryview(response_bytes(answer, keep_alive=keep_alive, head_only=head_only))
        async with asyncio.timeout(ANSWER_SECONDS):
            for begin in range(0, len(whole), _WRITTEN_AT_ONCE_BYTES):
                self._writer.write(whole[begin : begin + _WRITTEN_AT_ONCE_BYTES])
                await self._writer.drain()
        if request is None:
            # What was not read of the request would be taken for the next one.
            await self._linger()
        self.idle_since = self._loop.time()
        return keep_alive

    async def _request(self, first: bytes) -> Request:
        """Read the rest of a request.

        Raises:
            Refused: it is none, or is not taken.
            TimeoutError, ConnectionError: it does not come.
        """
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = first + await self._head()
        except asyncio.LimitOverrunError:
            raise Refused(431, f"a head has at most {MAX_HEAD_BYTES} bytes") from None
        except TimeoutError:
            raise Refused(408, f"the head did not come within {HEAD_SECONDS:g} s") from None
        request = parse_head(head)
        length = request.length
        self._admit(request)
        if "expect" in request.headers:
            if request.headers["expect"].lower() != "100-continue":
                raise Refused(417, "only 100-continue may be expected")
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._reader.readexactly(length) if length else b""
        except TimeoutError:
            raise Refused(408, f"the body did not come within {BODY_SECONDS:g} s") from None
        except asyncio.IncompleteReadError:
            raise ConnectionError("it has left in the midst of a request") from None
        read_only = self.listener.read_only
        return replace(request, body=body, peer=self._peer, read_only=read_only)

    async def _head(self) -> bytes:
        """Read up to the empty line, whose ends may be bare LF (RFC 9112, 2.2)."""
        head = b""
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                raise ConnectionAbortedError("it has left") from None
            head += line
            if line in (b"\r\n", b"\n"):
                return head
            if len(head) > MAX_HEAD_BYTES:
                raise asyncio.LimitOverrunError("", 0)

    def _admit(self, request: Request) -> None:
        if "origin" in request.headers:
            # Only browsers say so: some page has its reader's browser ask us.
            raise Refused(403, "web pages are not served here")
        listener, given = self.listener, request.headers.get("authorization")
        if not is_admitted(given, listener.username, listener.password):
            headers = {"WWW-Authenticate": 'Basic realm="default"'}
            kind = Refused if given is None else _WrongPassword
            raise kind(401, "a user name and a password are needed", headers)

    async def _stream(self, stream: Stream, request: Request) -> None:
        chunked = request.takes_chunks
        self._writer.write(stream_head(stream.content_type, chunked=chunked))

        async def say(data: bytes) -> None:
            if data:
                self._writer.write(chunk(data) if chunked else data)
                await self._writer.drain()

        if request.method == "HEAD":
            return
        saying = asyncio.ensure_future(stream.run(say))
        leaving = asyncio.ensure_future(self._until_it_leaves())
        try:
            await asyncio.wait((saying, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (saying, leaving):
                task.cancel()
            ends = await asyncio.gather(saying, leaving, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                raise end

    async def _until_it_leaves(self) -> None:
        while await self._reader.read(4096):
            pass

    async def _linger(self) -> None:
        """Let the client read why, before what it still sends resets the connection."""
        with contextlib.suppress(TimeoutError, ConnectionError, OSError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            taken = 0
            async with asyncio.timeout(_LINGER_SECONDS):
                while taken < _LINGER_BYTES and (data := await self._reader.read(65536)):
                    taken += len(data)

    async def _close(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            self._writer.close()
            async with asyncio.timeout(_LINGER_SECONDS):
                await self._writer.wait_closed()
        self._writer.transport.abort()
