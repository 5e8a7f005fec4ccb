"""Whom a signal reaches that is not for one child alone."""

import contextlib
import os

from taskmaster.keeper.notes import complain


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
    """
    for pid in pids:
        try:
            if os.getpgid(pid) == os.getsid(pid) == group:
                os.killpg(group, number)
                return
        except ProcessLookupError:
            continue
        except OSError as exc:
            complain(f"what is left of process group {group} cannot be signalled: {exc.strerror}")
            return
