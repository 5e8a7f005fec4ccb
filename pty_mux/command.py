"""What is to be started on a terminal, and the words for what can go wrong. Decides nothing.

Imported by the keeper, so nothing heavy is.
"""

import os
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

_Started = TypeVar("_Started")


OWN_ENVIRONMENT: Final[dict[str, str]] = dict(os.environ)
"""Ours, decoded once and not anew for each child; nobody changes it while the keeper runs."""


class Stage:
    """Names of the steps of a spawn; plain text, because they travel between processes."""

    PTY: Final = "pty"
    FORK: Final = "fork"
    TERMINAL: Final = "terminal"
    SOCKET: Final = "socket"
    LIMITS: Final = "limits"
    USER: Final = "user"
    FOLDER: Final = "folder"
    EXEC: Final = "exec"


class SpawnFailed(Exception):
    """A step of a spawn failed: which, with what errno, and on what (a path, a user, or '')."""

    def __init__(self, stage: str, errno: int, subject: str) -> None:
        super().__init__(f"{stage}: {os.strerror(errno)}: {subject}")
        self.stage = stage
        self.errno = errno
        self.subject = subject


class Command(NamedTuple):
    """What to start, and how.

    Attributes:
        argv: the words; the first is the program.
        environment: what differs from our own environment; None removes a name. `user` adds HOME,
            USER, LOGNAME and SHELL to it.
        overrides: what counts more than all of that.
        workingdir: where to start it, None for here.
        umask: None for ours.
        user: a name or a number to become, None to stay who we are.
        open_files: soft limit of descriptors (RLIMIT_NOFILE) to go back to, None for ours.
        stderr: ``terminal``, ``pipe`` or ``second terminal``; or ``three pipes``: there is no
            terminal at all, and standard input and output are pipes too.
        stdin: a descriptor that is to be its standard input, or None for the terminal, which is the
            controlling one either way. It stays the caller's.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str | None]
    overrides: Mapping[str, str]
    workingdir: str | None = None
    umask: int | None = None
    user: str | None = None
    open_files: int | None = None
    rows: int = 24
    columns: int = 80
    stderr: str = "terminal"
    stdin: int | None = None


def try_places(command: Command, path: str, start: Callable[[str], _Started]) -> _Started:
    """Call `start` with each place where the program may be, until one does not fail.

    As execvp(3) does it with `path`, the PATH that the child gets.

    Raises:
        OSError: that of the last place tried; a file that may not be executed counts more than
            places where there is none.
    """
    program = command.argv[0]
    if "/" in program:
        return start(program)
    failure: OSError = FileNotFoundError(2, os.strerror(2))
    for folder in path.split(os.pathsep):
        place = os.path.join(folder, program)
        if os.access(place, os.F_OK):
            try:
                return start(place)
            except OSError as exc:
                failure = exc
    raise failure
