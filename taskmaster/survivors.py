"""Whom a process leaves behind: read from Linux's /proc; nobody where there is none.

What a process started becomes a child of the keeper when it loses its parent (the keeper is a child
subreaper, prctl(2)), so the orphans are the keeper's children that are nobody's process; their own
descendants are looked at too. An orphan belongs to the process in whose session it is; one that
took a session of its own, as daemons do, is known by the name in its environment.
"""

import os
from collections.abc import Collection, Iterator
from typing import Final

from taskmaster.process.events import Survivor

_MOST: Final = 1000
"""So many are looked at; who leaves more behind is not worth the time that others wait."""

_DYING: Final = "ZXx"
_KILL_PENDING: Final = 1 << 8
_MAX_COMMAND: Final = 60


def find(keeper: int, name: str, pid: int, ours: Collection[int]) -> tuple[Survivor, ...]:
    """Return who is left of a process.

    Args:
        keeper: its pid.
        name: of the process, as in its environment.
        pid: what its pid was; the number of its session and of its process group.
        ours: the pids of processes that live and of the core, which are no orphans.
    """
    orphans = [child for child in _children(keeper) if child not in ours]
    survivors = (_survivor(orphan, name, pid) for orphan in _with_descendants(orphans))
    return tuple(survivor for survivor in survivors if survivor is not None)


def _with_descendants(pids: list[int]) -> Iterator[int]:
    waiting = pids
    for _ in range(_MOST):
        if not waiting:
            return
        pid = waiting.pop()
        yield pid
        waiting += _children(pid)


def _children(pid: int) -> list[int]:
    return [int(word) for word in _read(f"/proc/{pid}/task/{pid}/children").split()]


def _survivor(orphan: int, name: str, pid: int) -> Survivor | None:
    # proc(5): pid (comm) state ppid pgrp session; comm may hold anything.
    fields = _read(f"/proc/{orphan}/stat").rpartition(b")")[2].split()
    if not fields or fields[0].decode() in _DYING or _is_killed(orphan):
        return None
    group, session = int(fields[2]), int(fields[3])
    if session != pid:
        mark = b"TASKMASTER_PROCESS=" + os.fsencode(name)
        if mark not in _read(f"/proc/{orphan}/environ").split(b"\0"):
            return None
    return Survivor(orphan, _command(orphan), in_group=group == pid, in_session=session == pid)


def _is_killed(pid: int) -> bool:
    """Whether a SIGKILL has been sent to it, of which it just has not died yet."""
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith((b"SigPnd:", b"ShdPnd:")) and int(line.split()[1], 16) & _KILL_PENDING:
            return True
    return False


def _command(pid: int) -> str:
    words = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").strip()
    text = (words or _read(f"/proc/{pid}/comm").strip()).decode("utf-8", "replace")
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _MAX_COMMAND else text[: _MAX_COMMAND - 3] + "..."


def _read(path: str) -> bytes:
    """Return what a file of /proc says; nothing where it may not be read or its process is gone."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""
