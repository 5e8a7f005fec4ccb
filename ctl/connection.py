"""The connection to the daemon: find the socket, ask, await the answer. Blocking, no asyncio."""

import os
import socket
import struct
from collections.abc import Iterator, Mapping
from typing import Final

from taskmaster.protocol import messages
from taskmaster.protocol.frames import MAX_ANSWER_BYTES, LineDecoder, ProtocolViolation

_READ_BYTES: Final = 256 * 1024
_HELLO_SECONDS: Final = 10.0


class NoDaemon(Exception):
    """No daemon answers, or one that must not be trusted; the text says what to do."""


class ConnectionLost(Exception):
    """The daemon has gone in the middle of the talk."""


def find_socket(option: str | None, environment: Mapping[str, str], uid: int) -> str:
    """Return the path of the control socket (DESIGN, section 3).

    Raises:
        NoDaemon: the default lies in a folder that others could have made.
    """
    named = option or environment.get("TASKMASTER_SOCKET")
    if named:
        return named
    if uid == 0:
        return "/run/taskmaster/taskmaster.sock"
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return f"{runtime}/taskmaster/taskmaster.sock"
    folder = f"/tmp/taskmaster-{uid}"
    if os.path.lexists(folder):
        status = os.lstat(folder)
        if status.st_uid != uid or status.st_mode & 0o077:
            raise NoDaemon(f"{folder} is not yours alone (owner uid {status.st_uid}); not used")
    return f"{folder}/taskmaster.sock"


class Connection:
    """A connection to the daemon that has greeted us.

    Attributes:
        hello: who it is.
    """

    def __init__(self, path: str) -> None:
        """Connect and read the greeting.

        Raises:
            NoDaemon: nobody answers there, or nobody that we understand or trust.
        """
        self.path = path
        self._decoder = LineDecoder(MAX_ANSWER_BYTES)
        self._lines: list[bytes] = []
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
            self._check_peer()
            self._socket.settimeout(_HELLO_SECONDS)
            hello = self._next("hello")
            self._socket.settimeout(None)
        except (OSError, ConnectionLost) as exc:
            self._socket.close()
            why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
            raise NoDaemon(
                f"no daemon answers on {path} ({why.lower()}); "
                "start one with: taskmasterd CONFIG, or name another socket with -s"
            ) from None
        if isinstance(hello, messages.Response):
            self._socket.close()
            raise NoDaemon(f"{path}: {hello.error.message if hello.error else 'no greeting'}")
        if not isinstance(hello, messages.Hello) or hello.protocol != messages.PROTOCOL_VERSION:
            self._socket.close()
            raise NoDaemon(f"the daemon on {path} speaks another version of the protocol")
        self.hello = hello

    @property
    def socket(self) -> socket.socket:
        """The socket, for who takes the connection over (attach)."""
        return self._socket

    def request(self, request: messages.Request) -> messages.Result:
        """Ask, and wait for the answer as long as it takes.

        Raises:
            messages.RequestError: the daemon says no.
            ConnectionLost: it is gone.
        """
        try:
            self._socket.sendall(messages.encode_request(request, 1) + b"\n")
        except OSError as exc:
            raise ConnectionLost(str(exc.strerror)) from None
        while True:
            answer = self._next(request.METHOD)
            if isinstance(answer, messages.Response):
                if answer.error is not None:
                    raise answer.error
                return answer.result

    def notifications(self, method: str) -> Iterator[messages.Notification]:
        """Yield what the daemon tells after a request that follows something.

        Raises:
            ConnectionLost: it is gone.
        """
        while True:
            answer = self._next(method)
            if not isinstance(answer, messages.Response):
                yield answer

    def rest(self) -> bytes:
        """Return the bytes that came behind the last line: frames, after an attach."""
        return b"".join(line + b"\n" for line in self._lines) + self._decoder.rest()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _next(self, method: str) -> messages.Response | messages.Notification:
        while not self._lines:
            try:
                data = self._socket.recv(_READ_BYTES if method != "attach" else 1)
            except OSError as exc:
                raise ConnectionLost(exc.strerror or str(exc)) from None
            if not data:
                raise ConnectionLost("the daemon has closed the connection")
            try:
                self._lines += self._decoder.feed(data)
            except ProtocolViolation as exc:
                raise ConnectionLost(str(exc)) from None
        try:
            return messages.decode_from_daemon(self._lines.pop(0), method)
        except messages.ProtocolMismatch as exc:
            raise ConnectionLost(str(exc)) from None

    def _check_peer(self) -> None:
        if hasattr(socket, "SO_PEERCRED"):
            layout = struct.Struct("3i")
            data = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size)
            uid = layout.unpack(data)[1]
            if uid not in (0, os.geteuid()) and os.geteuid() != 0:
                raise ConnectionLost(f"it belongs to uid {uid}, not to you")
