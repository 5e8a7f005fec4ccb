"""The listening sockets of programs: one each, for all its processes, as their standard input.

A socket is made when the first process of its program is to start, and lasts while any of them runs
or will be started by the rules or by an order. The keeper holds it, as it does the control socket:
over restarts, the death of the core and an upgrade, who connects waits at most. Once the program is
stopped or gone, or listens elsewhere, the socket is closed and its path removed, as supervisord
does it for a ``[fcgi-program:x]``; a process that is still stopping keeps what it has.
"""

import contextlib
import grp
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from taskmaster.config.model import Address, LogLevel, Program, SocketRights
from taskmaster.control.listener import SocketRefused, bound_to_path, listening_at, make_way
from taskmaster.keeper import wire
from taskmaster.keeper.identity import look_up

_KEY: Final = "listening:"
_KEEPER_THAT_CAN: Final = 2
"""The first version that gives a process a descriptor as its standard input (`wire.VERSION`)."""

Listen = Address | str


@dataclass(slots=True)
class _Held:
    """One socket; `made` is its path as we made it, or None."""

    listening: socket.socket
    rights: SocketRights
    made: os.stat_result | None


class ProgramSockets:
    """All of them, by where they listen.

    Attributes:
        keeper: the version of the keeper (`wire.VERSION`).
    """

    def __init__(
        self,
        send: Callable[[wire.Message, tuple[int, ...]], None],
        record: Callable[[LogLevel, str], None],
    ) -> None:
        """Open nothing yet; `send` tells the keeper, `record` writes into the event log."""
        self.keeper = wire.VERSION
        self._send = send
        self._record = record
        self._held: dict[Listen, _Held] = {}

    def get(self, program: Program) -> int:
        """Return the descriptor of a program's socket, which is made where there is none.

        Raises:
            SocketRefused: it cannot be had; the text says what and why.
        """
        listen = program.socket
        assert listen is not None
        if self.keeper < _KEEPER_THAT_CAN:
            text = "the keeper is older and knows no sockets, until the daemon is started again"
            raise SocketRefused(f"{listen}: {text}")
        held = self._held.get(listen)
        if held is not None and isinstance(listen, str) and not os.path.lexists(listen):
            self._record(LogLevel.WARNING, f"socket {listen} was removed and is made anew")
            self._close(listen)
            held = None
        if held is None:
            rights = _rights(program)
            listening = _open(listen, rights)
            self._hold(listen, listening, rights)
            self._send(wire.Hold(_KEY + str(listen)), (listening.fileno(),))
            self._record(LogLevel.INFO, f"socket {listen} listens for {program.name}")
            held = self._held[listen]
        return held.listening.fileno()

    def take_over(self, held: dict[str, int], programs: Iterable[Program]) -> None:
        """Go on with what another core had; what is ours of the descriptors is taken out."""
        wanted = {str(p.socket): p for p in programs if p.socket is not None}
        for key in [key for key in held if key.startswith(_KEY)]:
            listening = socket.socket(fileno=held.pop(key))
            program = wanted.get(key.removeprefix(_KEY))
            if program is None or program.socket is None:
                listening.close()  # a reload was cut short
                self._send(wire.Drop(key), ())
            else:
                self._hold(program.socket, listening, _rights(program))

    def keep_only(self, programs: Iterable[Program]) -> None:
        """Close the sockets that none of these programs has, and bring the others up to date."""
        if not self._held:
            return
        wanted = {p.socket: p for p in programs if p.socket is not None}
        for listen, held in list(self._held.items()):
            if listen not in wanted:
                self._close(listen)
                self._record(LogLevel.INFO, f"socket {listen} is closed")
            elif (rights := _rights(wanted[listen])) != held.rights:
                held.rights = rights
                try:
                    _give_rights(listen, held.listening, rights)
                except (OSError, SocketRefused) as exc:
                    self._record(LogLevel.ERROR, f"socket {_reason(listen, exc)}")

    def close(self) -> None:
        """Close all of them."""
        for listen in list(self._held):
            self._close(listen)

    def _hold(self, listen: Listen, listening: socket.socket, rights: SocketRights) -> None:
        made = None
        if isinstance(listen, str):
            with contextlib.suppress(OSError):  # it was removed while there was no core
                made = os.lstat(listen)
        self._held[listen] = _Held(listening, rights, made)

    def _close(self, listen: Listen) -> None:
        held = self._held.pop(listen)
        if held.made is not None and isinstance(listen, str):
            with contextlib.suppress(OSError):
                if os.path.samestat(os.lstat(listen), held.made):
                    os.unlink(listen)
        held.listening.close()
        self._send(wire.Drop(_KEY + str(listen)), ())


def _rights(program: Program) -> SocketRights:
    rights = program.socket_rights
    usual = f"{program.user}:" if program.user is not None else None
    return replace(rights, owner=rights.owner or usual)


def _open(listen: Listen, rights: SocketRights) -> socket.socket:
    """Return a socket that listens, and blocks: a process that accepts on it expects that.

    Raises:
        SocketRefused: it cannot be had.
    """
    try:
        if isinstance(listen, Address):
            listening = listening_at(listen)
        else:
            make_way(listen)
            listening = bound_to_path(listen)
        try:
            # Nobody can connect to a path before listen(2), so nobody does with other rights.
            _give_rights(listen, listening, rights)
            listening.setblocking(True)
        except BaseException:
            listening.close()
            if isinstance(listen, str):
                os.unlink(listen)
            raise
    except (OSError, SocketRefused) as exc:
        raise SocketRefused(_reason(listen, exc)) from None
    return listening


def _give_rights(listen: Listen, listening: socket.socket, rights: SocketRights) -> None:
    """Give a socket its owner, its mode and its backlog, also once it listens.

    Raises:
        SocketRefused: there is no such owner.
        OSError: it cannot be given.
    """
    if isinstance(listen, str):
        if rights.owner is not None:
            try:
                os.chown(listen, *_ids(rights.owner))
            except PermissionError:
                text = f"only a core that is root may give it to {rights.owner}"
                raise SocketRefused(text) from None
        os.chmod(listen, rights.mode)
    listening.listen(rights.backlog)


def _ids(owner: str) -> tuple[int, int]:
    """Return the uid and the gid of ``user`` (then it is -1), ``user:group`` or ``user:``.

    As chown(1) has it: the last is the user with the group that is its own.

    Raises:
        SocketRefused: there is no such user, or no such group.
    """
    user, colon, group = owner.partition(":")
    try:
        identity = look_up(user)
    except KeyError:
        raise SocketRefused(f"there is no user {user!r} on this machine") from None
    if not group:
        return identity.uid, identity.gid if colon else -1
    try:
        return identity.uid, int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise SocketRefused(f"there is no group {group!r} on this machine") from None


def _reason(listen: Listen, exc: OSError | SocketRefused) -> str:
    why = (exc.strerror or str(exc)).lower() if isinstance(exc, OSError) else str(exc)
    return why if why.startswith(str(listen)) else f"{listen}: {why}"
