"""Start a command on a new pseudo-terminal, and say exactly which step failed if it cannot be.

Called by the keeper only, which starts everybody; therefore nothing heavy is imported, and nothing
here decides anything. There are two ways:

- *directly*, with posix_spawn(3), which does not copy our page tables: a third of the time and of
  the CPU of a fork. It makes a session and opens the terminal by its name as the leader of that
  session, which on Linux makes it the controlling one (tty_ioctl(4)). What it knows nothing of, the
  folder, the umask and the limit of open files, is set on ourselves around the call: the keeper has
  one thread. It waits for the exec, so a program on a file server that is gone stalls the keeper.
- *forked* (`pty_mux.forked`), where another user is to be become, and on other systems.
"""

import contextlib
import os
import resource
import signal
import sys
import termios
from collections.abc import Iterator
from errno import EAGAIN, EINVAL, ENOMEM
from typing import Final, NamedTuple

from pty_mux.command import OWN_ENVIRONMENT, Command, SpawnFailed, Stage, try_places
from pty_mux.forked import Ends, become

_IUTF8: Final = 0x4000
"""termios(3): the line discipline erases whole UTF-8 characters. The same bit on Linux and macOS,
and absent from Python's termios module before 3.13."""

_ALL_SIGNALS: Final = signal.valid_signals()

_TO_COME_BACK: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""open(2): with O_PATH a folder needs not be readable, and fchdir(2) takes it all the same."""

CAN_START_DIRECTLY: Final = sys.platform == "linux"
"""Where a session leader gets the terminal that it opens as its controlling one."""


class Child(NamedTuple):
    """A child, perhaps not yet become its command. The caller owns the descriptors.

    Attributes:
        master: of its controlling terminal; the reading end of its standard output where it has
            three pipes instead.
        stderr: the reading end of its separate standard error, or None.
        stdin: the writing end of its standard input, where it has three pipes, or None.
        status: gives the failed step (`forked.read_status`), or ends once exec has succeeded; None
            where it has already become its command.
    """

    pid: int
    master: int
    stderr: int | None
    status: int | None
    stdin: int | None = None

    @property
    def ends(self) -> tuple[int, ...]:
        """Our ends of what it reads and writes, as they go to whoever reads and writes there."""
        return tuple(end for end in (self.master, self.stderr, self.stdin) if end is not None)


def spawn(command: Command) -> Child:
    """Start a child that becomes the command.

    Raises:
        SpawnFailed: no terminal, no descriptor or no process could be had, or a step failed that
            is known at once. Nothing is left behind.
    """
    opened: list[int] = []
    if not command.argv:
        raise SpawnFailed(Stage.EXEC, EINVAL, "")
    try:
        ours, theirs = _open_ends(command, opened)
        status = None
        if CAN_START_DIRECTLY and command.user is None:
            pid = _start_directly(command, theirs)
        else:
            pid, status = _fork(command, theirs)
    except OSError as exc:
        _close(opened)
        raise SpawnFailed(Stage.PTY, exc.errno or 0, "") from None
    except (ValueError, OverflowError):  # NUL or half a character in a text, a number too high
        _close(opened)
        raise SpawnFailed(Stage.EXEC, EINVAL, command.argv[0]) from None
    except SpawnFailed:
        _close(opened)
        raise
    _close([end for end in theirs if end is not None])
    return Child(pid, ours.output, ours.stderr, status, ours.stdin)


def _open_ends(command: Command, opened: list[int]) -> tuple[Ends, Ends]:
    """Open what the child reads and writes; return our ends and its. All are added to `opened`."""
    if command.stderr == "three pipes":
        stdout_reader, stdout_writer = _open_pipe(opened)
        stderr_reader, stderr_writer = _open_pipe(opened)
        stdin_reader, stdin_writer = _open_pipe(opened)
        ours = Ends(stdout_reader, stderr_reader, stdin_writer)
        return ours, Ends(stdout_writer, stderr_writer, stdin_reader)
    master, slave = _open_terminal(command, opened)
    reader = writer = None
    if command.stderr == "pipe":
        reader, writer = _open_pipe(opened)
    elif command.stderr == "second terminal":
        reader, writer = _open_terminal(command, opened)
    return Ends(master, reader, None), Ends(slave, writer, None)


def _open_pipe(opened: list[int]) -> tuple[int, int]:
    """Open a pipe, for reading and for writing; both ends are added to `opened`."""
    ends = os.pipe()
    opened += ends
    return ends


def _start_directly(command: Command, theirs: Ends) -> int:
    """Return the pid of a child that has become the command."""
    environment = {**OWN_ENVIRONMENT, **command.environment, **command.overrides}
    clean = {name: value for name, value in environment.items() if value is not None}
    output, stderr, stdin = theirs
    first: tuple[tuple[int | str, ...], ...]
    if stdin is not None:
        first = ((os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, output, 1))
    else:
        first = (
            (os.POSIX_SPAWN_OPEN, 0, os.ttyname(output), os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
        )
    actions = [*first, (os.POSIX_SPAWN_DUP2, 0 if stderr is None else stderr, 2)]
    if command.stdin is not None:
        actions.append((os.POSIX_SPAWN_DUP2, command.stdin, 0))

    def start(place: str) -> int:
        return os.posix_spawn(
            place,
            command.argv,
            clean,
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=_ALL_SIGNALS,
        )

    with _as_the_child_wants(command):
        try:
            return try_places(command, clean.get("PATH", os.defpath), start)
        except OSError as exc:
            # It does not say which of its steps failed; these two are never the exec's.
            stage = Stage.FORK if exc.errno in (EAGAIN, ENOMEM) else Stage.EXEC
            subject = "" if stage == Stage.FORK else command.argv[0]
            raise SpawnFailed(stage, exc.errno or 0, subject) from None


@contextlib.contextmanager
def _as_the_child_wants(command: Command) -> Iterator[None]:
    """Have, for a moment, the folder, the umask and the limit that the child is to inherit."""
    with contextlib.ExitStack() as undo:
        if command.workingdir is not None:
            try:
                before = os.open(".", _TO_COME_BACK)
                undo.callback(os.close, before)
                os.chdir(command.workingdir)
            except OSError as exc:
                raise SpawnFailed(Stage.FOLDER, exc.errno or 0, command.workingdir) from None
            undo.callback(os.fchdir, before)
        if command.umask is not None:
            undo.callback(os.umask, os.umask(command.umask))
        if command.open_files is not None:
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (command.open_files, limits[1]))
            except (OSError, ValueError) as exc:
                number = getattr(exc, "errno", None) or 0
                raise SpawnFailed(Stage.LIMITS, number, str(command.open_files)) from None
            undo.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        yield


def _fork(command: Command, theirs: Ends) -> tuple[int, int]:
    """Return the pid of a child on its way, and the descriptor of its status."""
    status_reader, status_writer = os.pipe()
    # A signal that reaches the child before its exec would run the keeper's handler there, whose
    # wake-up descriptor is the keeper's own: a `kill CHILD` would look like a signal to us.
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, _ALL_SIGNALS)
    try:
        pid = os.fork()
    except OSError as exc:
        _close([status_reader, status_writer])
        raise SpawnFailed(Stage.FORK, exc.errno or 0, "") from None
    else:
        if pid == 0:
            become(command, theirs, status_writer)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.close(status_writer)
    return pid, status_reader


def _open_terminal(command: Command, opened: list[int]) -> tuple[int, int]:
    """Open a pty of the wanted size; both ends are added to `opened`."""
    master, slave = os.openpty()
    opened += (master, slave)
    termios.tcsetwinsize(slave, (command.rows, command.columns))
    attributes = termios.tcgetattr(slave)
    attributes[0] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    return master, slave


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
