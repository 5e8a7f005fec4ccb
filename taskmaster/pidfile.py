"""The pid file: it names the process that takes signals, and keeps a second daemon out.

The file is locked (flock(2)) as long as the daemon lives, so whether another one has it does not
depend on what a pid means after a reboot. It appears with its content, by link(2) or rename(2) from
a name of our own, and nobody ever reads an empty one. It is removed only while it is still the
file that was made here: an administrator may have removed it and started another daemon.
"""

import contextlib
import fcntl
import os

from taskmaster.control.listener import AlreadyRunning


class PidFile:
    """A pid file that is ours, until `remove`."""

    def __init__(self, path: str, pid: int, descriptor: int | None = None) -> None:
        """Write the pid into the file at the path.

        Args:
            path: of the file.
            pid: what it says.
            descriptor: of the file that a core before us has made and locked, or None.

        Raises:
            AlreadyRunning: another daemon has this pid file.
            OSError: it cannot be written.
        """
        self._path = path
        if descriptor is not None:
            self._descriptor = descriptor
            return
        ours = f"{path}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(ours)  # of a daemon with our pid that ended in this very moment
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(ours, flags, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(self._descriptor, f"{pid}\n".encode())
            while not _put_in_place(ours, path):
                pass
        except BaseException:
            os.close(self._descriptor)
            with contextlib.suppress(OSError):
                os.unlink(ours)
            raise

    @property
    def descriptor(self) -> int:
        """The open file; whoever has a copy of it has the lock too."""
        return self._descriptor

    def remove(self) -> None:
        """Remove the file, if the path still names ours, and let go of it."""
        with contextlib.suppress(OSError):
            if _is_at(self._descriptor, self._path):
                os.unlink(self._path)
        os.close(self._descriptor)


def _put_in_place(ours: str, path: str) -> bool:
    """Give our file its name; return False if another daemon was faster and is to be looked at.

    Raises:
        AlreadyRunning: another daemon has that name.
    """
    try:
        old = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        try:
            os.link(ours, path)
        except FileExistsError:
            return False
        os.unlink(ours)
        return True
    try:
        fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(old, 32).decode("ascii", "replace").strip()
        raise AlreadyRunning(f"already running (pid {pid}), says {path}") from None
    else:
        # Under the lock nobody else takes this old file for a stale one.
        if not _is_at(old, path):
            return False
        os.replace(ours, path)
        return True
    finally:
        os.close(old)


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
