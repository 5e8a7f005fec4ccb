"""Who besides its owner may read or change a config: looks at files, stops nothing.

It matters where the daemon has more rights than they: started as root, or with a `user` anywhere.
Whoever may write the config, or replace it in its folder, decides what runs, and as whom.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from taskmaster.config.errors import Place, Problem, Severity
from taskmaster.keeper.identity import Identity

_GROUP_OR_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Rights:
    """What the daemon has that others have not.

    Attributes:
        started_by: the uid that it was started with.
        core: whom its core becomes, or None.
        users: whether any program runs as a user of its own.
    """

    started_by: int
    core: Identity | None
    users: bool

    @property
    def matter(self) -> bool:
        """Whether it can do what others cannot."""
        return self.started_by == 0 or self.users or self.core is not None

    @property
    def trusted(self) -> Collection[int]:
        """The uids whose files it may well believe."""
        return {0, self.started_by, *((self.core.uid,) if self.core else ())}


def exposed(
    files: Iterable[str], with_secrets: Collection[str], rights: Rights
) -> Iterator[Problem]:
    """Yield a warning for each file of a config that others may read or change.

    Args:
        files: the config and what it includes.
        with_secrets: those of them that set environment variables, or have alerts.
        rights: of the daemon.
    """
    if not rights.matter:
        return
    folders: dict[str, None] = {}
    for path in files:
        folders[os.path.dirname(path)] = None
        try:
            status = os.stat(path)
        except OSError:
            continue  # it is gone since it was read
        yield from _of_owner(path, status, rights)
        if status.st_mode & _GROUP_OR_OTHERS_WRITE:
            message = f"{_who(status.st_mode, 2)} may write it, and so decide what runs as whom"
            yield _warning(path, message, f"chmod go-w {path}")
        readers = _readers(status, rights)
        if path in with_secrets and (rights.users or rights.core) and readers:
            message = f"{readers} may read it, and env or alerts may hold secrets"
            yield _warning(
                path, message, f"chmod {'go-r' if readers != 'others' else 'o-r'} {path}"
            )
    for folder in folders:
        yield from _of_folder(folder, rights)


def with_password(path: str, rights: Rights) -> Iterator[Problem]:
    """Yield a warning for a config with a password of the HTTP server in it that others may read.

    It matters whoever the daemon runs as: the password is what keeps others from controlling it.
    """
    try:
        readers = _readers(os.stat(path), rights)
    except OSError:
        return  # it is gone since it was read
    if readers:
        message = f"{readers} may read it, and the password of http in it"
        yield _warning(path, message, f"chmod {'go-r' if readers != 'others' else 'o-r'} {path}")


def links_lead_elsewhere(folder: str, rights: Rights) -> bool:
    """Whether somebody with fewer rights may put links there that a core of root would follow.

    In folders with the sticky bit, as /tmp, Linux does not follow them (proc(5),
    ``fs/protected_symlinks``).
    """
    if rights.started_by != 0 or rights.core is not None:
        return False
    try:
        status = os.stat(folder)
    except OSError:
        return False
    return status.st_uid != 0 or _is_free_for_all(status.st_mode)


def may(path: str, mode: int) -> bool:
    """Whether we may do that with a file (access(2)), as who we are in effect."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _of_owner(path: str, status: os.stat_result, rights: Rights) -> Iterator[Problem]:
    if status.st_uid not in rights.trusted:
        message = f"it belongs to uid {status.st_uid}, who so decides what runs as whom"
        yield _warning(path, message, f"chown root {path}")


def _of_folder(folder: str, rights: Rights) -> Iterator[Problem]:
    try:
        status = os.stat(folder)
    except OSError:
        return
    if _is_free_for_all(status.st_mode):
        message = f"{_who(status.st_mode, 2)} may put another config into this folder"
        yield _warning(folder, message, f"chmod go-w {folder}")
    yield from _of_owner(folder, status, rights)


def _is_free_for_all(mode: int) -> bool:
    return bool(mode & _GROUP_OR_OTHERS_WRITE) and not mode & stat.S_ISVTX


def _readers(status: os.stat_result, rights: Rights) -> str:
    """Say who may read it besides its owner and the core, which must."""
    mode = status.st_mode
    if rights.core is not None and status.st_gid in {rights.core.gid, *rights.core.groups}:
        mode &= ~stat.S_IRGRP
    return _who(mode, 4)


def _who(mode: int, bit: int) -> str:
    """Say to whom a mode gives a right (4 to read, 2 to write) besides the owner."""
    if mode & bit:
        return "others" if not mode & bit << 3 else "its group and others"
    return "its group" if mode & bit << 3 else ""


def _warning(path: str, message: str, hint: str) -> Problem:
    return Problem(Place(path), "", message, hint, Severity.WARNING)
