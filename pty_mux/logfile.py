"""Log files: append, rotate by size, reopen, and go on when the disk does not.

A `LogFile` is one file and may have several `LogStream`s, one for each process and stream that
writes into it. With one stream every byte is written through as it comes. Where several share the
file, each holds back its unfinished line, so that lines stay whole; so does a single one where the
file is so full that the line's rest may have to go into the next. Whoever owns the stream flushes
it when its process has paused (`flush_after`) or ended, and the stream itself does when the line
grows past `MAX_PARTIAL_LINE_BYTES`.

A file that cannot be opened or written (no space, no folder, a pipe without a reader) stops its
logging and nothing else: the trouble is told once, the bytes meanwhile are counted, and the next
write after `RETRY_SECONDS` tries again. The kernel wakes nobody when a disk has room again, and a
timer would wake an idle machine for nothing. A pipe whose reader is slow loses what does not fit,
which is counted and told in the same way, and stays open. What comes after a loss begins a line of
its own. What is told goes through `on_trouble`; this module knows no event log. Times are monotonic
seconds and come from outside.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from typing import Final, Protocol

from pty_mux.journal import Half, Journal
from pty_mux.lineends import LineEnds
from pty_mux.textlog import TextLines

MAX_PARTIAL_LINE_BYTES: Final = 64 * 1024
RETRY_SECONDS: Final = 1.0
_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
_LINE_END: Final = ord("\n")
_MODE: Final = 0o666
"""Less the umask, as supervisord's open() does it."""

Trouble = Callable[[str, bool], None]
"""Takes what to tell of a file, and whether it is good news: that it is written again."""

Follower = Callable[[bytes], None]


class LogFile:
    """One file that output is appended to.

    Attributes:
        path: where it is.
        maxbytes: it is rotated before it would grow past this many bytes; 0: never.
        backups: how many rotated files `PATH.1` (the newest), `PATH.2`... are kept; 0: none, the
            file is emptied instead, as in supervisord.
        streams: how many streams write into it.
    """

    def __init__(self, path: str, maxbytes: int, backups: int, on_trouble: Trouble) -> None:
        self.path = path
        self.maxbytes = maxbytes
        self.backups = backups
        self.streams = 0
        self._on_trouble = on_trouble
        self._descriptor = -1
        self._size = 0
        self._rotates = True
        self._checked_at = 0.0
        self._failed_at: float | None = None
        self._overflowed_at: float | None = None
        self._lost_bytes = 0
        self._has_gap = False
        self._is_in_line = False
        self._followers: list[Follower] = []

    def open(self, now: float) -> bool:
        """Open the file, created if it is missing; return whether it is open now.

        A pipe or a terminal is taken as well and never rotated; writing to it does not block.
        """
        if self._is_open:
            return True
        try:
            self._descriptor = os.open(self.path, _FLAGS, _MODE)
            status = os.fstat(self._descriptor)
        except OSError as exc:
            self._fail(now, "cannot be opened", exc)
            return False
        self._rotates = stat.S_ISREG(status.st_mode)
        self._size = status.st_size if self._rotates else 0
        self._is_in_line = self._is_in_line and bool(self._size or not self._rotates)
        self._checked_at = now
        return True

    def is_nearly_full(self, more_bytes: int) -> bool:
        """Whether a line that is unfinished after so many more bytes may not fit any more."""
        if not self.maxbytes or not self._rotates:
            return False
        return self._size + more_bytes > self.maxbytes - MAX_PARTIAL_LINE_BYTES

    def append(self, data: bytes, now: float) -> None:
        """Write bytes at the end, rotating where they would not fit; cut at a line if possible."""
        for follower in self._followers:
            follower(data)
        if self._failed_at is not None and now - self._failed_at < RETRY_SECONDS:
            self._lose(len(data))
            return
        if now - self._checked_at >= RETRY_SECONDS:
            self._check_link(now)
        if not self.open(now):
            self._lose(len(data))
            return
        view = memoryview(data)
        try:
            if self._has_gap and self._is_in_line:
                self._write(b"\n")
            while len(view):
                length = self._room(data, len(data) - len(view)) if self._rotates else len(view)
                written = self._write(view[:length]) if length else 0
                view = view[written:]
                if length == 0 or (written == length and len(view)):
                    self._rotate()
        except BlockingIOError:
            self._lose(len(view))
            self._overflow(now)
        except OSError as exc:
            self._lose(len(view))
            self._fail(now, "cannot be written", exc)
        else:
            self._recover(now)

    def reopen(self, now: float) -> None:
        """Close the file and open it by its name again: somebody has moved it away."""
        self.close()
        self._failed_at = None
        self.open(now)

    def move(self, path: str) -> None:
        """Go on in another file, with the next write; whoever follows hears that too."""
        self.close()
        self.path = path
        self._failed_at = self._overflowed_at = None
        self._lost_bytes = 0
        self._has_gap = self._is_in_line = False

    def clear(self) -> None:
        """Empty the file; the rotated ones stay, and one that nothing writes into is not opened.

        Raises:
            OSError: it cannot be emptied, or is no regular file (EINVAL).
        """
        try:
            mode = (os.fstat(self._descriptor) if self._is_open else os.stat(self.path)).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file", self.path)
        os.truncate(self._descriptor if self._is_open else self.path, 0)
        self._size = 0
        self._is_in_line = False

    def tail(self, limit: int) -> bytes:
        """Return the last `limit` bytes of the file; where it was just rotated, of the one before.

        Raises:
            OSError: it cannot be read, or is no regular file (ESPIPE).
        """
        data = _tail(self.path, limit)
        if len(data) < limit and self.backups:
            with contextlib.suppress(FileNotFoundError):
                data = _tail(f"{self.path}.1", limit - len(data)) + data
        return data

    def follow(self, follower: Follower) -> None:
        """Tell a follower everything that is appended from now on, also what the disk refuses."""
        self._followers.append(follower)

    def unfollow(self, follower: Follower) -> None:
        """Tell a follower nothing more."""
        self._followers.remove(follower)

    @property
    def _is_open(self) -> bool:
        return self._descriptor >= 0

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._is_open:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes | memoryview) -> int:
        written = os.write(self._descriptor, data)
        self._size += written
        self._has_gap = False
        self._is_in_line = data[written - 1] != _LINE_END
        return written

    def _room(self, data: bytes, start: int) -> int:
        """Return how many bytes from `start` go into the present file, whole lines at best."""
        remaining = len(data) - start
        if not self.maxbytes or self._size + remaining <= self.maxbytes:
            return remaining
        limit = max(self.maxbytes - self._size, 0)
        line_end = data.rfind(b"\n", start, start + limit) + 1
        if line_end > start:
            return line_end - start
        if self._size:
            return 0
        # Not even one line fits into an empty file: better too large a file than a torn line.
        line_end = data.find(b"\n", start + limit) + 1
        return line_end - start if line_end else remaining

    def _rotate(self) -> None:
        if self.backups == 0:
            os.ftruncate(self._descriptor, 0)
            self._size = 0
            self._is_in_line = False
            return
        oldest = 1
        while oldest < self.backups and os.path.lexists(f"{self.path}.{oldest}"):
            oldest += 1
        for number in range(oldest, 1, -1):
            os.replace(f"{self.path}.{number - 1}", f"{self.path}.{number}")
        os.replace(self.path, f"{self.path}.1")
        self.close()
        self._descriptor = os.open(self.path, _FLAGS, _MODE)
        self._size = os.fstat(self._descriptor).st_size
        self._is_in_line = False

    def _check_link(self, now: float) -> None:
        """Notice a file that was deleted under us, which a write never tells."""
        self._checked_at = now
        if self._is_open and self._rotates and os.fstat(self._descriptor).st_nlink == 0:
            self.close()

    def _lose(self, count: int) -> None:
        self._lost_bytes += count
        self._has_gap = True

    def _fail(self, now: float, what: str, exc: OSError) -> None:
        self.close()
        if self._failed_at is None:
            self._on_trouble(
                f"log {self.path} {what}: {os.strerror(exc.errno or 0).lower()}; "
                "its output is kept in memory only until it can be written again",
                False,
            )
        self._failed_at = now

    def _overflow(self, now: float) -> None:
        if self._overflowed_at is None:
            self._on_trouble(f"log {self.path}: its reader is too slow; bytes are lost", False)
        self._overflowed_at = now

    def _recover(self, now: float) -> None:
        """Tell that a trouble is over; an overflow only after a while, or it would tell a lot."""
        if self._overflowed_at is not None and now - self._overflowed_at < RETRY_SECONDS:
            return
        if self._failed_at is None and self._overflowed_at is None:
            return
        self._failed_at = self._overflowed_at = None
        self._on_trouble(
            f"log {self.path} is written again; {self._lost_bytes} bytes are missing in it", True
        )
        self._lost_bytes = 0


class Sink(Protocol):
    """Where a stream puts lines: a `LogFile`, or what takes them as one."""

    streams: int

    def append(self, data: bytes, now: float) -> None:
        """Take what is to be written."""

    def is_nearly_full(self, more_bytes: int) -> bool:
        """Whether a line that is unfinished after so many more bytes may not fit any more."""

    def close(self) -> None:
        """Nothing writes any more."""


class LogStream:
    """What one process writes into a log file, on its way there.

    Attributes:
        terminal: the bytes come through a line discipline, whose CR before each LF is taken out
            again (termios(3), ONLCR). A CR that the program wrote itself stays.
        text: makes settled lines of what is written, instead of all that; or None.
        journal: keeps what is held back for whoever goes on with the stream (`resume`).
    """

    def __init__(
        self,
        file: Sink,
        *,
        terminal: bool,
        text: TextLines | None = None,
        journal: Journal | Half | None = None,
    ) -> None:
        self._journal = journal or Journal()
        self.file = file
        self.terminal = terminal
        self.text = text
        self._line_ends = LineEnds()
        self._partial = b""
        self._written_at = 0.0
        file.streams += 1

    @property
    def has_partial_line(self) -> bool:
        """Whether something is held back that `flush` would write."""
        return bool(self._partial or self._line_ends.held)

    def resume(self, now: float) -> None:
        """Go on where another stream with this journal stopped."""
        kept = self._journal.kept
        if self.text is None:
            self.write(kept, now)
        elif lines := self.text.resume(kept):
            self.file.append(lines, now)

    def write(self, data: bytes, now: float) -> None:
        """Log what the process wrote; cut anywhere, also between CR and LF."""
        self._written_at = now
        if self.text is not None:
            if lines := self.text.feed(data):
                self.file.append(lines, now)
            self._journal.keep(self.text.unsettled)
            return
        if self.terminal:
            data = self._line_ends.feed(data)
        data = self._partial + data
        self._partial = b""
        if self.file.streams > 1 or self.file.is_nearly_full(len(data)):
            data = self._whole_lines(data)
        if data:
            self.file.append(data, now)
        self._journal.keep(self._partial + self._line_ends.held)

    def flush_after(self, seconds: float, now: float) -> None:
        """Write what is held back, unless its process went on writing within that many seconds.

        A CR that is held in the middle of a flood has its LF in the next read.
        """
        if now - self._written_at >= seconds:
            self.flush(now)

    def flush(self, now: float) -> None:
        """Write what is held back."""
        data = self._partial + self._line_ends.flush()
        self._partial = b""
        if data:
            self.file.append(data, now)
            if self.text is None:
                self._journal.keep(b"")

    def close(self, now: float) -> None:
        """Write what is held back and leave the file; the last to leave closes it."""
        self.flush(now)
        if self.text is not None and (rest := self.text.flush()):
            # Before its end an unfinished line may still be drawn over, after any pause.
            self.file.append(rest, now)
        self._journal.keep(b"")
        self.file.streams -= 1
        if self.file.streams == 0:
            self.file.close()

    def _whole_lines(self, data: bytes) -> bytes:
        end = data.rfind(b"\n") + 1
        if len(data) - end > MAX_PARTIAL_LINE_BYTES:
            end = len(data)
        self._partial = data[end:]
        return data[:end]


def _tail(path: str, limit: int) -> bytes:
    # Without O_NONBLOCK a pipe that nobody writes to would stop the whole daemon here.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        return os.pread(descriptor, limit, max(0, size - limit))
    finally:
        os.close(descriptor)
