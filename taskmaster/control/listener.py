"""Listening sockets; of the control socket also who may connect, and that one daemon is on it.

The control socket is 0600 and its folder, where we make it, 0700; besides, the kernel tells who
connects (SO_PEERCRED, unix(7)), and only the daemon's own user and root are let in.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import stat
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from taskmaster.config.model import Address

BACKLOG: Final = 1024
_GREETING_SECONDS: Final = 2.0
_LOCK_SECONDS: Final = 2 * _GREETING_SECONDS
"""Longer than another daemon's look at a socket that does not greet."""


class AlreadyRunning(Exception):
    """Another daemon answers on the socket; the text says which."""


class SocketRefused(Exception):
    """The socket cannot be had; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a connection; pid 0 where the system does not tell.

    Attributes:
        address: of a client over TCP, which has proved that it knows the token; else empty.
    """

    pid: int
    uid: int
    address: str = ""

    def __str__(self) -> str:
        return self.address or f"uid {self.uid}, pid {self.pid}"


def bind(path: str) -> socket.socket:
    """Return a listening socket at the path; a stale one is replaced, a live one respected.

    Raises:
        AlreadyRunning: a daemon listens there.
        SocketRefused: folder or socket cannot be had.
    """
    folder = os.path.dirname(path)
    try:
        _prepare_folder(folder)
        with _locked(folder):
            refuse_if_alive(path)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            return _listen(path)
    except OSError as exc:
        text = f"control socket {path}: {os.strerror(exc.errno or 0).lower()}"
        raise SocketRefused(text) from None


class ControlSocket:
    """The control socket of a daemon: what listens, and the name by which clients find it.

    Attributes:
        listening: the socket; another one after `renew`.
    """

    def __init__(self, path: str, descriptor: int | None) -> None:
        """Listen at the path: with what a core before has left, or anew.

        Raises:
            AlreadyRunning, SocketRefused: see `bind`.
        """
        listening = socket.socket(fileno=descriptor) if descriptor is not None else None
        if listening is not None and not os.path.lexists(path):
            listening.close()  # nobody finds it any more
            listening = None
        self._path = path
        self.listening = listening or bind(path)
        self._made = os.lstat(path)

    def __enter__(self) -> "ControlSocket":
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more; the name stays for whoever takes over."""
        self.listening.close()

    def renew(self) -> socket.socket | None:
        """Listen anew where somebody has removed the name; return what listened before, to close.

        Raises:
            AlreadyRunning, SocketRefused: it cannot be had; nothing was changed.
        """
        if os.path.lexists(self._path):
            return None
        before, self.listening = self.listening, bind(self._path)
        self._made = os.lstat(self._path)
        return before

    def unbind(self) -> None:
        """Remove the name, unless another socket has it by now.

        The inode cannot have been used again: our listening socket holds it (unix(7)).
        """
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(self._path), self._made):
                os.unlink(self._path)


def refuse_if_alive(path: str) -> None:
    """Return if nobody listens at the path.

    Raises:
        AlreadyRunning: a daemon listens there.
        OSError: something is there that is no socket, or may not be looked at.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_GREETING_SECONDS)
        try:
            probe.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if os.path.lexists(path) and not _is_socket(path):
                raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK)) from None
            return
        pid = _greeting_pid(probe)
    who = f"pid {pid}" if pid else "it does not answer"
    todo = "taskmasterctl talks to it; a second one needs a socket of its own, with -s or socket:"
    raise AlreadyRunning(f"already running ({who}), on {path}; {todo}")


def peer_of(connection: socket.socket) -> Peer:
    """Return who is at the other end of a connection."""
    if hasattr(socket, "SO_PEERCRED"):
        layout = struct.Struct("3i")
        data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size)
        pid, uid, _ = layout.unpack(data)
        return Peer(pid, uid)
    return Peer(0, os.geteuid())  # macOS: the modes of folder and socket have let it through


def is_allowed(peer: Peer) -> bool:
    """Whether this peer may control the daemon."""
    return bool(peer.address) or peer.uid in (0, os.geteuid())


def _prepare_folder(folder: str) -> None:
    """Make the folder if it is missing; refuse one that others may change."""
    try:
        os.makedirs(folder, mode=0o700)
    except FileExistsError:
        status = os.stat(folder)
        sticky_for_all = status.st_mode & 0o1000
        if status.st_mode & 0o022 and not sticky_for_all:
            raise SocketRefused(
                f"control socket: others may write in its folder {folder}; chmod go-w {folder}"
            ) from None
        if status.st_uid not in (0, os.geteuid()):
            raise SocketRefused(
                f"control socket: its folder {folder} belongs to another user (uid {status.st_uid})"
            ) from None


@contextlib.contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Keep a second daemon out between the look at a stale socket and the bind.

    The folder itself is locked (flock(2)): no lock file is left behind. In a folder that everybody
    may read, such as /tmp, anybody may hold that lock; we do not wait for ever.

    Raises:
        SocketRefused: somebody holds the lock.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while not _lock(descriptor):
            if time.monotonic() >= deadline:
                text = f"control socket: another process keeps its folder {folder} locked"
                raise SocketRefused(f"{text}; name a socket in a folder of your own")
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listen(path: str) -> socket.socket:
    listening = bound_to_path(path)
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


def bound_to_path(path: str) -> socket.socket:
    """Return a socket at a path that is its owner's alone; nobody can connect before listen(2).

    Raises:
        OSError: it cannot be had.
    """
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(path)
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(mask)
    return listening


def make_way(path: str) -> None:
    """Remove a socket that nobody listens on any more.

    Raises:
        SocketRefused: somebody does, or it is something else.
        OSError: it cannot be looked at, or not be removed.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise SocketRefused(f"{path}: it is there already, and no socket")
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            try:
                probe.connect(path)
            except ConnectionRefusedError:
                os.unlink(path)
                return
            except BlockingIOError:
                pass  # its backlog is full
        raise SocketRefused(f"{path}: another process listens there")


def listening_at(address: Address) -> socket.socket:
    """Return a socket that listens at an address of TCP, and does not block.

    Raises:
        OSError: it cannot be had.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found = socket.getaddrinfo(address.host, address.port, family, flags=socket.AI_NUMERICHOST)
        listening.bind(found[0][4])
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _is_socket(path: str) -> bool:
    return os.path.exists(path) and os.stat(path).st_mode & 0o170000 == 0o140000


def _greeting_pid(probe: socket.socket) -> int:
    """Return the pid that the daemon's greeting names, or 0 if it says nothing in time."""
    try:
        line = probe.recv(4096)
        return int(json.loads(line.split(b"\n", 1)[0])["params"]["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
