"""Whom a signal reaches, and sending it."""

import contextlib
import errno
import os
from collections.abc import Callable

from taskmaster.keeper.notes import complain
from taskmaster.keeper.wire import FOREGROUND, PROCESS


def signal_child(pid: int, master: int, number: int, whom: str) -> int:
    """Signal a child that is not reaped yet; return the errno of a failure, or 0.

    Args:
        pid: the child's.
        master: of its terminal, or -1.
        number: of the signal.
        whom: as in `wire.Signal`.
    """
    group = foreground_group(master, pid) if whom == FOREGROUND else pid
    send: Callable[[int, int], None] = os.kill if whom == PROCESS else os.killpg
    try:
        send(group, number)
    except ProcessLookupError:
        # Before its setsid a child leads no group yet.
        return signal_child(pid, master, number, PROCESS) if whom != PROCESS else 0
    except OSError as exc:
        return exc.errno or 0
    except OverflowError:
        return errno.EINVAL
    return 0


def foreground_group(master: int, pid: int) -> int:
    """Return the foreground process group of a child's terminal, its own where there is none.

    A group that ended is still named by the terminal, and its number may belong to a stranger by
    now; nobody gets the number of a group that has members. So what leads it, if anything, must be
    of our child's session.
    """
    try:
        group = os.tcgetpgrp(master)
    except OSError:
        return pid
    with contextlib.suppress(ProcessLookupError):
        if group <= 0 or os.getsid(group) != pid:
            return pid
    return group


def signal_orphans(group: int, pids: list[int], number: int) -> None:
    """Signal what is left of the process group of a session's leader that is gone.

    Nobody gets the number of a group that has members, so one of these pids that is still in that
    group and that session (their numbers are the same) tells that it is not a stranger's.
    Our own, and that of process 1, nobody has left behind.
    """
    if group in (1, os.getpgrp(), os.getsid(0)):
        return
    for pid in pids:
        if pid <= 1:  # no process, or the one that no orders end
            continue
        try:
            if os.getpgid(pid) == os.getsid(pid) == group:
                os.killpg(group, number)
                return
        except ProcessLookupError:
            continue
        except (OSError, OverflowError) as exc:
            complain(f"what is left of process group {group} cannot be signalled: {exc}")
            return
