"""Listening sockets for HTTP: an address, or a path with a mode and a group."""

import grp
import os
import socket

from taskmaster.config.model import Address, HttpListener
from taskmaster.control.listener import (
    BACKLOG,
    SocketRefused,
    bound_to_path,
    listening_at,
    make_way,
)


def open_socket(listener: HttpListener) -> socket.socket:
    """Return a socket that listens where a listener says.

    Raises:
        SocketRefused: it cannot be had.
    """
    try:
        if isinstance(listener.listen, Address):
            return listening_at(listener.listen)
        return _at_path(listener)
    except OSError as exc:
        text = f"http: {listener.listen}: {(exc.strerror or str(exc)).lower()}"
        raise SocketRefused(text) from None


def group_id(listener: HttpListener) -> int:
    """Return the number of the group that the socket is to have, -1 for the one that it has.

    Raises:
        SocketRefused: there is no such group.
    """
    group = listener.group
    if group is None:
        return -1
    try:
        return int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        text = f"http: {listener.listen}: there is no group {group!r} on this machine"
        raise SocketRefused(text) from None


def give_rights(listener: HttpListener) -> None:
    """Give a socket its group and its mode.

    Raises:
        SocketRefused: there is no such group.
        OSError: it cannot be given.
    """
    assert isinstance(listener.listen, str)
    os.chown(listener.listen, -1, group_id(listener))
    os.chmod(listener.listen, listener.mode)


def is_there(listener: HttpListener) -> bool:
    """Whether clients find it: a path may have been removed behind our back."""
    return isinstance(listener.listen, Address) or os.path.lexists(listener.listen)


def _at_path(listener: HttpListener) -> socket.socket:
    path = listener.listen
    assert isinstance(path, str)
    try:
        make_way(path)
    except SocketRefused as exc:
        raise SocketRefused(f"http: {exc}") from None
    listening = bound_to_path(path)
    try:
        # Nobody can connect before listen(2), so nobody does with rights that are not meant.
        give_rights(listener)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        os.unlink(path)
        raise
    return listening
