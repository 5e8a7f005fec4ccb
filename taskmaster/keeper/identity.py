"""Whom the core runs as, where the daemon was started as root and `taskmaster.user` is set.

The identity is looked up once, before the keeper's exec, and handed on as a word: no name service
is asked by the keeper, and every later core becomes the same user.
"""

import contextlib
import os
from collections.abc import Iterator
from typing import NamedTuple


class Identity(NamedTuple):
    """A user as the kernel knows one: numbers, the supplementary groups with them."""

    uid: int
    gid: int
    groups: tuple[int, ...]


def look_up(user: str) -> Identity:
    """Return the identity of a user, by name or number.

    Raises:
        KeyError: there is no such user.
    """
    import pwd  # the keeper itself never needs it

    try:
        entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except OverflowError:
        raise KeyError(user) from None
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return Identity(entry.pw_uid, entry.pw_gid, tuple(groups))


def to_word(identity: Identity | None) -> str:
    """Return an identity as one word of a command line; of none, an empty one."""
    if identity is None:
        return ""
    return f"{identity.uid}:{identity.gid}:{','.join(map(str, identity.groups))}"


def from_word(word: str) -> Identity | None:
    """Return the identity that `to_word` made a word of."""
    if not word:
        return None
    uid, gid, groups = word.split(":")
    return Identity(int(uid), int(gid), tuple(int(group) for group in groups.split(",") if group))


def become(identity: Identity) -> None:
    """Become the user for good: real, effective and saved ids (setuid(2), for root).

    The kernel makes a process that did this one that nobody but root may trace or look into
    (proc(5), ``/proc/PID/mem``; ptrace(2), the dumpable flag), so another process of the same user
    gets no hold of the channel to the keeper.

    Raises:
        OSError: it is not allowed (EPERM).
    """
    os.setgroups(identity.groups)
    os.setgid(identity.gid)
    os.setuid(identity.uid)


@contextlib.contextmanager
def acting_as(identity: Identity | None) -> Iterator[None]:
    """Have a user's rights to files for a moment, and root's again afterwards.

    Only for a process of one thread. The real ids stay root's, so meanwhile the user cannot signal
    it (kill(2)).
    """
    if identity is None:
        yield
        return
    groups, gid, uid = os.getgroups(), os.getegid(), os.geteuid()
    os.setgroups(identity.groups)
    os.setegid(identity.gid)
    os.seteuid(identity.uid)
    try:
        yield
    finally:
        os.seteuid(uid)
        os.setegid(gid)
        os.setgroups(groups)
