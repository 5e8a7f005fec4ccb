"""The child of a fork on its way to its command: step by step, and telling which one failed.

Its life before its exec, in the order of the steps and with their names (`Stage`):

    terminal  setsid, controlling terminal, descriptors 0, 1, 2 (tty_ioctl(4), TIOCSCTTY);
              with three pipes no terminal
    signals   every disposition back to the default, an empty mask (signal(7): both survive exec)
    limits    the soft limit of open files that the daemon itself was started with
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
from typing import Final, NamedTuple, NoReturn

from pty_mux.command import OWN_ENVIRONMENT, Command, SpawnFailed, Stage, try_places

STATUS_BYTES: Final = 4096
_EXEC_FAILED: Final = 127


def read_status(status: int) -> SpawnFailed | None:
    """Return what went wrong in the child, or None if its exec succeeded. Blocks until either.

    The caller closes the descriptor.
    """
    message = os.read(status, STATUS_BYTES)
    if not message:
        return None
    stage, errno, subject = message.decode("utf-8", "surrogateescape").split("\0", 2)
    return SpawnFailed(stage, int(errno), subject)


class Ends(NamedTuple):
    """The descriptors of what a child reads and writes: all its own, or all ours.

    Attributes:
        output: of its terminal; of its standard output where it has three pipes instead.
        stderr: of a separate standard error, or None.
        stdin: of its standard input where it has three pipes, or None.
    """

    output: int
    stderr: int | None
    stdin: int | None


def become(command: Command, theirs: Ends, status: int) -> NoReturn:
    """In the child: take every step, then exec. Never comes back into the keeper's code.

    Args:
        command: what to become.
        theirs: what it reads and writes.
        status: where a step that fails is told.
    """
    stage, subject = Stage.TERMINAL, ""
    try:
        user = None
        if command.user is not None:
            stage, subject = Stage.USER, command.user
            user = _look_up(command.user)
            stage = Stage.TERMINAL
            # So that the user may open their terminal again by its name (tmux, ssh and gpg do).
            for end in theirs:
                if end is not None and os.geteuid() == 0:
                    os.fchown(end, user.uid, -1)
        _connect(theirs)
        if command.stdin is not None:
            os.dup2(command.stdin, 0)
        _reset_signals()
        if command.open_files is not None:
            stage, subject = Stage.LIMITS, str(command.open_files)
            _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (command.open_files, hard))
        environment = {**OWN_ENVIRONMENT, **command.environment}
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
        clean = {name: value for name, value in environment.items() if value is not None}
        path = clean.get("PATH", os.defpath)
        try_places(command, path, lambda place: os.execve(place, command.argv, clean))
    except OSError as exc:
        _report(status, stage, exc.errno or 0, subject)
    except KeyError:
        import errno  # not worth the keeper's memory for the rare case

        _report(status, stage, errno.ENOENT, subject)
    except BaseException as exc:  # noqa: BLE001 - the child must not return into the keeper's loop
        _report(status, stage, 0, f"{subject}: {exc!r}")
    finally:
        os._exit(_EXEC_FAILED)


def _connect(theirs: Ends) -> None:
    """Lead a session, with descriptors 0, 1 and 2."""
    if theirs.stdin is None:
        os.login_tty(theirs.output)
    else:
        os.setsid()
        os.dup2(theirs.stdin, 0)
        os.dup2(theirs.output, 1)
    if theirs.stderr is not None:
        os.dup2(theirs.stderr, 2)


def _report(status: int, stage: str, errno: int, subject: str) -> None:
    message = f"{stage}\0{errno}\0{subject}".encode("utf-8", "surrogateescape")
    os.write(status, message[:STATUS_BYTES])


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
    for number in signal.valid_signals():
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
