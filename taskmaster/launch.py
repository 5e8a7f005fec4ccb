"""From a checked command line to a running keeper: what must be settled before its exec.

The keeper and the core are fresh interpreters, so that the keeper loads nothing it does not need
and an upgrade means new code. Before the exec: descriptors inherited by accident are closed, the
limit of open files is raised (children get the old one back), and the child subreaper is set, which
prctl(2) keeps over an exec and which the keeper would otherwise need ctypes for.
"""

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from dataclasses import dataclass
from typing import Final, NoReturn

from taskmaster.interpreter import python_words
from taskmaster.keeper.cores import TO_END
from taskmaster.keeper.identity import Identity, to_word

_PR_SET_CHILD_SUBREAPER: Final = 36
_INIT: Final = 1
_KEEPER: Final = "from taskmaster.keeper.keeper import main; main()"
_CORE: Final = "from taskmaster.core import main; main()"
_CLIENT: Final = "from ctl.__main__ import run; run()"


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon that answers: its keeper's pid, its control socket, its event log."""

    pid: int
    socket: str
    logfile: str


class StartFailed(Exception):
    """The daemon did not come up; the text says why, `status` is the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def stand_firm() -> None:
    """Have what every program may count on; the first thing that is done.

    Standard streams that are closed become /dev/null: the next file that is opened would get their
    numbers, and messages be written into it. Whoever is PID 1 of a container gets no signal that it
    does not handle (pid_namespaces(7)), and a TERM that comes too early would be lost; one that is
    blocked waits.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free (open(2)): this one
            os.set_inheritable(descriptor, True)
    if os.getpid() == _INIT:
        signal.pthread_sigmask(signal.SIG_BLOCK, TO_END)


def run_in_foreground(config: str, socket: str | None, user: Identity | None) -> NoReturn:
    """Become the keeper; its cores are that user, or with None who we are."""
    _close_inherited()
    _become_keeper(config, socket, user, ready=-1)


def start_in_background(config: str, socket: str | None, user: Identity | None) -> Started:
    """Start the daemon and wait until its control socket answers.

    The core is that user, or with None who we are.

    Raises:
        StartFailed: it did not come up.
    """
    _close_inherited()
    reading, writing = os.pipe()
    # Forked twice: the keeper is nobody's child, whom the control shell (--shell), which does not
    # wait for it, would keep as a zombie; and it leads no session, so it can get no terminal.
    between = os.fork()
    if between == 0:
        try:
            os.close(reading)
            os.setsid()
            if os.fork() > 0:
                os._exit(0)
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.set_inheritable(writing, True)
            _become_keeper(config, socket, user, ready=writing)
        finally:
            os._exit(127)
    os.close(writing)
    os.waitpid(between, 0)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    if not answer:
        raise StartFailed("taskmasterd: it ended while it was starting; try it with -n", 1)
    report = json.loads(answer)
    if "error" in report:
        raise StartFailed(report["error"], report["status"])
    return Started(report["pid"], report["socket"], report["logfile"])


def become_client(socket: str) -> NoReturn:
    """Become the control shell."""
    os.execv(sys.executable, [*python_words(_CLIENT), "-s", socket])


def _become_keeper(config: str, socket: str | None, user: Identity | None, ready: int) -> NoReturn:
    open_files = _raise_open_files()
    _become_subreaper()
    # What comes before the keeper's handlers stand waits for them (execve(2) keeps both).
    signal.pthread_sigmask(signal.SIG_BLOCK, TO_END)
    core = [*python_words(_CORE), config]
    if socket is not None:
        core += ["--socket", socket]
    if ready < 0:
        core += ["--foreground"]
    core += ["--user", to_word(user)]
    keeper = [*python_words(_KEEPER), str(open_files), str(ready), to_word(user)]
    os.execv(sys.executable, [*keeper, *core])


def _close_inherited() -> None:
    """Close what whoever started us left open; children would inherit it for good.

    The soft limit bounds no number that was opened before it was lowered (getrlimit(2)), so the
    system is asked what is open; one that does not say has the hard limit to go by.
    """
    try:
        opened = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        os.closerange(3, hard if hard != resource.RLIM_INFINITY else 65536)
        return
    for descriptor in opened:
        if descriptor > 2:
            with contextlib.suppress(OSError):  # that of the list itself is closed by now
                os.close(descriptor)


def _raise_open_files() -> int:
    """Raise the soft limit of descriptors as far as it goes; return what it was."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses more than kern.maxfilesperproc: then what we have must do.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft


def _become_subreaper() -> None:
    """Have orphans of our children become our children, so that they are reaped (Linux only)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
