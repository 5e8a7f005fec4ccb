"""Leave no process behind: ends what was started, and whatever those had started, by pid."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable

from tests.benchmarks.measure import children

DEADLINE_SECONDS = 120.0
"""For what should have happened long before."""

_PR_SET_CHILD_SUBREAPER = 36
_END_SECONDS = 30.0


class TooLate(Exception):
    """Something that was waited for did not happen."""


def wait_for(condition: Callable[[], bool], what: str, *, every: float = 0.02) -> None:
    """Wait until the condition holds, looking again after `every` seconds.

    Raises:
        TooLate: it did not, within `DEADLINE_SECONDS`.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TooLate(f"waited {DEADLINE_SECONDS:.0f} s for {what}")
        time.sleep(every)


def adopt_orphans() -> None:
    """Become the parent of whatever our descendants leave behind, so that `sweep` can end it."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a daemon that we started: with TERM, and with KILL if that does not help."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def sweep() -> None:
    """Kill every descendant that is still there."""
    while pids := children(os.getpid()):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
