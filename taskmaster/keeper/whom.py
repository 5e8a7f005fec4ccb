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


def signal_orphans(pid: int, number: int) -> None:
    """Signal the group of an orphan, if it is our living child: then its number is its own."""
    try:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            os.killpg(os.getpgid(pid), number)
    except (ChildProcessError, ProcessLookupError):
        pass  # gone
    except OSError as exc:
        complain(f"pid {pid} cannot be signalled: {exc.strerror}")
