"""What is said when a command could not be started: the step that failed, on what, and why."""

import errno
import os
from typing import Final

from pty_mux.command import Stage

SCROLLBACK: Final = "scrollback"
MISTAKE: Final = "mistake"
"""Steps before the keeper is asked: making the ring, and whatever nobody has thought of."""

_STEPS: Final = {
    SCROLLBACK: "no memory for its scrollback",
    MISTAKE: "a mistake of taskmasterd itself",
    Stage.PTY: "no terminal could be opened",
    Stage.FORK: "no process could be made",
    Stage.TERMINAL: "setting up its terminal",
    Stage.SOCKET: "its socket",
    Stage.LIMITS: "setting the limit of open files to",
    Stage.USER: "becoming user",
    Stage.FOLDER: "changing directory to",
    Stage.EXEC: "",
}

_HINTS: Final = {
    (Stage.PTY, errno.ENOSPC): "all pseudo-terminals are in use, see kernel.pty.max",
    (Stage.PTY, errno.EMFILE): "the daemon's limit of open files is reached, see ulimit -n",
    (Stage.PTY, errno.ENFILE): "the system's limit of open files is reached, see fs.file-max",
    (Stage.SOCKET, errno.EMFILE): "the daemon's limit of open files is reached, see ulimit -n",
    (Stage.FORK, errno.EAGAIN): "the limit of processes is reached, see ulimit -u",
    (Stage.USER, errno.ENOENT): "no such user",
    (Stage.USER, errno.EPERM): "only a daemon started as root may change users",
    (Stage.EXEC, errno.ENOEXEC): "not a program; does a script lack its first line, #!/bin/sh?",
}


def spawn_reason(stage: str, number: int, subject: str) -> str:
    """Return ``cannot start: /usr/bin/nope: no such file or directory`` and the like.

    Args:
        stage: one of `pty_mux.command.Stage`, or of ours above.
        number: the errno, 0 where there was none.
        subject: the path or user that the step was about, or ''.
    """
    why = _HINTS.get((stage, number)) or (os.strerror(number).lower() if number else "")
    what = " ".join(part for part in (_STEPS.get(stage, stage), subject) if part)
    return ": ".join(part for part in ("cannot start", what, why) if part)
