"""Whom a process leaves behind: read from Linux's /proc; nobody where there is none.

What a process started becomes a child of the keeper when it loses its parent (the keeper is a child
subreaper, prctl(2)), so the orphans are the keeper's children that are nobody's process; their own
descendants are looked at too. An orphan belongs to the process in whose session it is; one that
took a session of its own, as daemons do, is known by the name in its environment.
"""

import os
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from taskmaster.process.events import Survivor

_MOST: Final = 1000
"""So many are looked at; who leaves more behind is not worth the time that others wait."""

_DYING: Final = "ZXx"
_KILL_PENDING: Final = 1 << 8
_MAX_COMMAND: Final = 60


class Orphans:
    """Everybody who is nobody's process, as it is now.

    Many processes that end together ask of the same people: of each what /proc says is read once.
    """

    def __init__(self, keeper: int, ours: Collection[int]) -> None:
        """Look.

        Args:
            keeper: its pid.
            ours: the pids of processes that live and of the core, which are no orphans.
        """
        children = [child for child in _children(keeper) if child not in ours]
        found = ((pid, _seen(pid)) for pid in _with_descendants(children))
        self._seen = {pid: seen for pid, seen in found if seen is not None}

    def left_by(self, name: str, pid: int) -> tuple[Survivor, ...]:
        """Return who is left of a process.

        Args:
            name: of the process, as in its environment.
            pid: what its pid was; the number of its session and of its process group.
        """
        return tuple(
            Survivor(orphan, _command(orphan), seen.group == pid, seen.session == pid)
            for orphan, seen in self._seen.items()
            if (seen.session == pid or seen.name == name) and not _is_killed(orphan)
        )


class _Seen(NamedTuple):
    """What is known of an orphan: its process group, its session, and of what process it is."""

    group: int
    session: int
    name: str


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


def _seen(pid: int) -> _Seen | None:
    """Return what there is to know of an orphan; None: it is gone, or all but."""
    # proc(5): pid (comm) state ppid pgrp session; comm may hold anything.
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    if not fields or fields[0].decode() in _DYING:
        return None
    mark = b"TASKMASTER_PROCESS="
    variables = _read(f"/proc/{pid}/environ").split(b"\0")
    name = next((one[len(mark) :] for one in variables if one.startswith(mark)), b"")
    return _Seen(int(fields[2]), int(fields[3]), os.fsdecode(name))


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
