"""Before the start, as root: whom the core will be, and whether that user gets what it needs.

Root makes the two folders that the daemon would make itself, of the control socket and of the event
log, and gives them to the user, as systemd's RuntimeDirectory= and LogsDirectory= do. Everything
else is opened by the core, as that user, as supervisord does it behind its setuid: the event log,
the pid file, the log files of the programs. What is there already never changes hands.
"""

import os
from collections.abc import Iterator
from typing import Final

from taskmaster.config.exposure import may
from taskmaster.config.model import Settings
from taskmaster.keeper.identity import Identity, acting_as, look_up

_ROOT: Final = 0


class UserRefused(Exception):
    """The core cannot be that user, or that user lacks something; the text says what to do."""


def core_identity(settings: Settings) -> Identity | None:
    """Return whom the core must become, or None where it stays who it is.

    Raises:
        UserRefused: it should be another user, and only root may change users; or there is none of
            that name.
    """
    if settings.user is None:
        return None
    try:
        identity = look_up(settings.user)
    except KeyError:
        raise UserRefused(f"no user {settings.user!r} on this machine") from None
    if os.geteuid() == _ROOT:
        return identity if identity.uid != _ROOT else None
    if identity.uid != os.geteuid():
        raise UserRefused(
            f"only a daemon started as root may run as {settings.user}; "
            "start it as root, or leave user: out"
        )
    return None


def prepare(settings: Settings, identity: Identity) -> None:
    """Make the daemon's folders for the core's user, and see that it may write where it must.

    Raises:
        UserRefused: it may not.
        OSError: a folder cannot be made.
    """
    _make(os.path.dirname(settings.socket), 0o700, identity)
    _make(os.path.dirname(settings.logfile), 0o755, identity)
    with acting_as(identity):
        refused = [f"taskmaster.{key}: {text}" for key, text in _refused(settings)]
    if refused:
        lines = "".join(f"\n  {line}" for line in refused)
        raise UserRefused(f"{settings.user} may not write what the daemon needs:{lines}")


def _make(folder: str, mode: int, identity: Identity) -> None:
    """Make a folder that is missing, and let it be the user's.

    The user first tries it: where they may write, links of theirs must not lead root elsewhere.
    """
    if os.path.isdir(folder):
        return
    try:
        with acting_as(identity):
            os.makedirs(folder, mode)
    except PermissionError:
        os.makedirs(folder, mode)
        os.chown(folder, identity.uid, identity.gid, follow_symlinks=False)


def _refused(settings: Settings) -> Iterator[tuple[str, str]]:
    places = {"socket": settings.socket, "logfile": settings.logfile, "pidfile": settings.pidfile}
    for key, path in places.items():
        if path is None:
            continue
        folder = os.path.dirname(path)
        if key == "logfile" and os.path.exists(path):
            if not may(path, os.W_OK):
                yield key, f"{path} belongs to somebody else; chown {settings.user} {path}"
        elif not may(folder, os.W_OK | os.X_OK):
            yield key, f"in {folder}; chown {settings.user} {folder}, or name another place"
