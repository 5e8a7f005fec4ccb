"""The connection to the daemon: find the socket, ask, await the answer. Blocking, no asyncio."""

import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ctl.address import BadAddress, SshAddress, is_remote, parse_address
from taskmaster.protocol import messages
from taskmaster.protocol.frames import MAX_ANSWER_BYTES, LineDecoder, ProtocolViolation

_READ_BYTES: Final = 256 * 1024
_HELLO_SECONDS: Final = 10.0


class NoDaemon(Exception):
    """No daemon answers, or one that must not be trusted; the text says what to do."""


class ConnectionLost(Exception):
    """The daemon has gone in the middle of the talk."""


def find_socket(option: str | None, environment: Mapping[str, str], uid: int) -> str:
    """Return the path of the control socket (DESIGN, section 3), or what is named instead.

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


def _open_remote(named: str) -> socket.socket:
    """Return a connection to a daemon that is not on a socket of this machine.

    Raises:
        NoDaemon: there is none, or not for us.
    """
    try:
        address = parse_address(named)
        if isinstance(address, SshAddress):
            from ctl import ssh

            return ssh.open_stream(address)
        from ctl import remote

        try:
            return remote.open_stream(address)
        except remote.Refused as exc:
            raise NoDaemon(f"{named}: {exc}") from None
    except BadAddress as exc:
        raise NoDaemon(str(exc)) from None


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
        self._socket = _open_remote(path) if is_remote(path) else socket.socket(socket.AF_UNIX)
        try:
            if not is_remote(path):
                self._socket.connect(path)
                self._check_peer()
            if not path.startswith("ssh:"):  # that may have to ask for a password first
                self._socket.settimeout(_HELLO_SECONDS)
            hello = self._next("hello")
            self._socket.settimeout(None)
        except (OSError, ConnectionLost) as exc:
            ending = getattr(self._socket, "ending", None)
            why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
            why = ending() if ending is not None else why.lower()
            self._socket.close()
            todo = "start one with: taskmasterd CONFIG, or name another socket with -s"
            todo = f"; {todo}" if not is_remote(path) else ""
            raise NoDaemon(f"no daemon answers on {path} ({why}){todo}") from None
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

    def request(
        self,
        request: messages.Request,
        hear: Callable[[messages.Notification], None] | None = None,
    ) -> messages.Result:
        """Ask, and wait for the answer as long as it takes; `hear` is given what comes before it.

        Raises:
            messages.RequestError: the daemon says no.
            ConnectionLost: it is gone.
        """
        self.ask(request, 1)
        answer = self.answer(request.METHOD, hear)
        if answer.error is not None:
            raise answer.error
        return answer.result

    def ask(self, request: messages.Request, request_id: int) -> None:
        """Ask, and do not wait.

        Raises:
            ConnectionLost: it is gone.
        """
        try:
            self._socket.sendall(messages.encode_request(request, request_id) + b"\n")
        except OSError as exc:
            raise ConnectionLost(str(exc.strerror)) from None

    def answer(
        self, method: str, hear: Callable[[messages.Notification], None] | None = None
    ) -> messages.Response:
        """Wait for the answer to the oldest question, which was of that method.

        `hear` is given what comes before it.

        Raises:
            ConnectionLost: it is gone.
        """
        while True:
            answer = self._next(method)
            if isinstance(answer, messages.Response):
                return answer
            if hear is not None:
                hear(answer)

    def notifications(self, method: str) -> Iterator[messages.Notification]:
        """Yield what the daemon tells after a request that follows something.

        Raises:
            ConnectionLost: it is gone.
        """
        while True:
            answer = self._next(method)
            if not isinstance(answer, messages.Response):
                yield answer

    def arrived(self, method: str) -> Iterator[messages.Notification]:
        """Yield what the daemon has told by now, where the socket is readable.

        Raises:
            ConnectionLost: it is gone.
        """
        while True:
            answer = self._next(method)
            if not isinstance(answer, messages.Response):
                yield answer
            pending = getattr(self._socket, "pending", int)
            if not self._lines and not pending():
                return

    def rest(self) -> bytes:
        """Return the bytes that came behind the last line: frames, after an attach.

        Those too that TLS has decrypted already: nobody would be told of them by select(2).
        """
        rest = b"".join(line + b"\n" for line in self._lines) + self._decoder.rest()
        pending = getattr(self._socket, "pending", None)
        while pending is not None and (size := pending()):
            rest += self._socket.recv(size)
        return rest

    def again(self) -> "Connection":
        """Return another connection to the same daemon.

        Raises:
            NoDaemon: nobody answers by now.
        """
        return Connection(self.path)

    def is_idle(self) -> bool:
        """Whether nothing more is there to be read at this moment."""
        pending = getattr(self._socket, "pending", None)  # what TLS has decrypted already
        if self._lines or (pending is not None and pending()):
            return False
        return not select.select([self._socket], [], [], 0)[0]

    def shut(self) -> None:
        """Have whoever waits for an answer, in another thread, hear that the connection is lost."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

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
