"""Start a command on a new pseudo-terminal, and say exactly which step failed if it cannot be.

Called by the keeper only, which forks for everybody; therefore nothing heavy is imported, and
nothing here decides anything. Why fork and not posix_spawn(3): a working directory, a umask, a
user and a controlling terminal must be set between fork and exec, and it knows none of the four.

The child's life before its exec, in the order of the steps and with their names (`Stage`):

    terminal  setsid, controlling terminal, descriptors 0, 1, 2 (tty_ioctl(4), TIOCSCTTY)
    signals   every disposition back to the default, an empty mask (signal(7): both survive exec)
    limits    the resource limits that the daemon itself was started with
    user      supplementary groups, gid, uid, in this order: after setuid there is no way back
    folder    chdir, as the user, so that a folder only they may enter works
    umask     cannot fail
    exec      execve, the program searched in the PATH that the child gets

A failing step is written to a close-on-exec pipe as its stage, errno and object; an exec that
succeeds closes the pipe, and that is how the keeper knows.
"""

import os
import resource
import signal
import termios
from collections.abc import Mapping
from typing import Final, NamedTuple, NoReturn

_STATUS_BYTES: Final = 4096
_IUTF8: Final = 0x4000
"""termios(3): the line discipline erases whole UTF-8 characters. The same bit on Linux and macOS,
and absent from Python's termios module before 3.13."""

_EXEC_FAILED: Final = 127
_ALL_SIGNALS: Final = signal.valid_signals()


class Stage:
    """Names of the steps of a spawn; plain text, because they travel between processes."""

    PTY: Final = "pty"
    FORK: Final = "fork"
    TERMINAL: Final = "terminal"
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
        stderr: ``terminal``, ``pipe`` or ``second terminal``.
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


class Child(NamedTuple):
    """A forked child, perhaps not yet past its exec. The caller owns the descriptors.

    Attributes:
        master: of its controlling terminal.
        stderr: the reading end of its separate standard error, or None.
        status: gives the failed step, see `read_status`, or ends once exec has succeeded.
    """

    pid: int
    master: int
    stderr: int | None
    status: int


def spawn(command: Command) -> Child:
    """Fork a child that becomes the command, and return at once.

    Raises:
        SpawnFailed: no terminal, no descriptor or no process could be had. Nothing is left behind.
    """
    opened: list[int] = []
    try:
        master, slave = _open_terminal(command, opened)
        stderr_reader = stderr_writer = None
        if command.stderr == "pipe":
            stderr_reader, stderr_writer = os.pipe()
            opened += (stderr_reader, stderr_writer)
        elif command.stderr == "second terminal":
            stderr_reader, stderr_writer = _open_terminal(command, opened)
        status_reader, status_writer = os.pipe()
        opened += (status_reader, status_writer)
    except OSError as exc:
        _close(opened)
        raise SpawnFailed(Stage.PTY, exc.errno or 0, "") from None
    # A signal that reaches the child before its exec would run the keeper's handler there, whose
    # wake-up descriptor is the keeper's own: a `kill CHILD` would look like a signal to us.
    mask = signal.pthread_sigmask(signal.SIG_SETMASK, _ALL_SIGNALS)
    try:
        pid = os.fork()
    except OSError as exc:
        _close(opened)
        raise SpawnFailed(Stage.FORK, exc.errno or 0, "") from None
    else:
        if pid == 0:
            _become(command, slave, stderr_writer, status_writer)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    _close([end for end in (slave, stderr_writer, status_writer) if end is not None])
    return Child(pid, master, stderr_reader, status_reader)


def read_status(status: int) -> SpawnFailed | None:
    """Return what went wrong in the child, or None if its exec succeeded. Blocks until either.

    The caller closes the descriptor.
    """
    message = os.read(status, _STATUS_BYTES)
    if not message:
        return None
    stage, errno, subject = message.decode("utf-8", "surrogateescape").split("\0", 2)
    return SpawnFailed(stage, int(errno), subject)


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


def _become(command: Command, slave: int, stderr: int | None, status: int) -> NoReturn:
    """In the child: take every step, then exec. Never comes back into the keeper's code."""
    stage, subject = Stage.TERMINAL, ""
    try:
        user = None
        if command.user is not None:
            stage, subject = Stage.USER, command.user
            user = _look_up(command.user)
            stage = Stage.TERMINAL
            # So that the user may open their terminal again by its name (tmux, ssh and gpg do).
            for end in (slave, stderr):
                if end is not None and os.geteuid() == 0:
                    os.fchown(end, user.uid, -1)
        os.login_tty(slave)
        if stderr is not None:
            os.dup2(stderr, 2)
        _reset_signals()
        if command.open_files is not None:
            stage, subject = Stage.LIMITS, str(command.open_files)
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (command.open_files, hard))
        environment = {**os.environ, **command.environment}
        if user is not None:
            stage, subject = Stage.USER, command.user or ""
            if (user.uid, user.gid) != (os.geteuid(), os.getegid()) or os.geteuid() == 0:
                os.setgroups(user.groups)
                os.setgid(user.gid)
                os.setuid(user.uid)
            environment |= user.environment
        environment |= command.overrides
        if command.workingdir is not None:
            stage, subject = Stage.FOLDER, command.workingdir
            os.chdir(command.workingdir)
        if command.umask is not None:
            os.umask(command.umask)
        stage, subject = Stage.EXEC, command.argv[0]
        _execute(command.argv, {k: v for k, v in environment.items() if v is not None})
    except OSError as exc:
        _report(status, stage, exc.errno or 0, subject)
    except KeyError:
        import errno  # not worth the keeper's memory for the rare case

        _report(status, stage, errno.ENOENT, subject)
    except BaseException as exc:  # noqa: BLE001 - the child must not return into the keeper's loop
        _report(status, stage, 0, f"{subject}: {exc!r}")
    finally:
        os._exit(_EXEC_FAILED)


def _report(status: int, stage: str, errno: int, subject: str) -> None:
    message = f"{stage}\0{errno}\0{subject}".encode("utf-8", "surrogateescape")
    os.write(status, message[:_STATUS_BYTES])


class _User(NamedTuple):
    uid: int
    gid: int
    groups: list[int]
    environment: dict[str, str]


def _look_up(user: str) -> _User:
    """Look a user up by name or number, in the child, where a slow name service blocks nobody.

    Raises:
        KeyError: there is no such user.
    """
    import pwd  # the keeper itself never needs it

    entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    environment = {
        "HOME": entry.pw_dir,
        "USER": entry.pw_name,
        "LOGNAME": entry.pw_name,
        "SHELL": entry.pw_shell,
    }
    return _User(entry.pw_uid, entry.pw_gid, groups, environment)


def _reset_signals() -> None:
    """Give the command the world it expects: nothing ignored, nothing blocked.

    Python itself ignores SIGPIPE and SIGXFSZ, and a shell script that starts us in the background
    ignores SIGINT: a child that inherits that cannot be interrupted from its own terminal.
    """
    for number in _ALL_SIGNALS:
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _execute(argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Exec the command, its program searched as execvp(3) does in the child's own PATH.

    Raises:
        OSError: that of the last place tried; a file that may not be executed counts more than
            places where there is none.
    """
    program = argv[0]
    if "/" in program:
        os.execve(program, argv, environment)
    failure: OSError = FileNotFoundError(2, os.strerror(2))
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        try:
            os.execve(os.path.join(folder, program), argv, environment)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as exc:
            failure = exc
    raise failure
