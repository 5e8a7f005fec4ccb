"""What processes write, line by line to the machine's syslog: never waited for, and bounded.

As supervisord's ``stdout_syslog``: facility user, severity info (``syslog.syslog`` without
``openlog``). The form is the one in which syslog(3) writes to /dev/log, which rsyslog and journald
expect there (RFC 3164); it is not the one of RFC 5424, which they take from elsewhere.

Messages wait in a queue where syslogd is slow or being restarted. What does not fit is counted, and
the event log told once, and again when it goes on. A core that is killed loses what waits.
"""

import asyncio
import errno
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from pty_mux.logfile import Trouble
from taskmaster.eventlog import syslog_stamp

DEFAULT_PATH: Final = "/dev/log"
MAX_TEXT_BYTES: Final = 8000
"""rsyslog takes messages of 8 KiB by default; a longer line goes in pieces."""

MOST_WAITING: Final = 4096
MOST_WAITING_BYTES: Final = 1024 * 1024

_AT_ONCE: Final = 256
"""So many messages are sent before others have their turn: less than a millisecond."""

_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_PRIORITY: Final = 1 * 8 + 6
"""Facility user, severity info (RFC 3164, 4.1.1)."""


class Syslog:
    """The way to syslogd, for all processes."""

    def __init__(self, on_trouble: Trouble, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect to nothing yet.

        Args:
            on_trouble: told of what goes wrong, and of its end.
            clock: monotonic seconds.
        """
        self._clock = clock
        self._path = DEFAULT_PATH
        self._on_trouble = on_trouble
        self._socket: socket.socket | None = None
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._lost = 0
        self._lost_at = 0.0
        self._is_troubled = False
        self._is_watched = False
        self._pause = _FIRST_PAUSE_SECONDS
        self._timer: asyncio.TimerHandle | None = None

    def move(self, path: str) -> None:
        """Send to the socket at this path from now on."""
        if path != self._path:
            self._path = path
            self._disconnect()
            self._try_again()

    def send(self, ident: str, lines: bytes) -> None:
        """Send lines, each ended by LF, as what a process called `ident` has written."""
        head = b"<%d>%b %b: " % (_PRIORITY, syslog_stamp(), ident.encode("utf-8", "replace"))
        start = 0
        while (end := lines.find(b"\n", start)) >= 0:
            if self._is_full:
                # Not line by line: a flood must not cost more than its counting.
                self._lose(lines.count(b"\n", start))
                break
            for piece in _pieces(lines[start:end]):
                self._waiting.append(head + piece)
                self._waiting_bytes += len(head) + len(piece)
            start = end + 1
        if self._timer is None and not self._is_watched:
            self._flush()

    def close(self) -> None:
        """Send what can be sent at once, and disconnect."""
        if self._timer is None:
            self._flush()
        self._disconnect()
        self._cancel()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._waiting)

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES

    def _flush(self) -> None:
        for _ in range(min(len(self._waiting), _AT_ONCE)):
            try:
                self._send(self._waiting[0])
            except BlockingIOError:
                self._watch()
                return
            except OSError as exc:
                self._fail(exc)
                return
            self._waiting_bytes -= len(self._waiting.popleft())
        self._pause = _FIRST_PAUSE_SECONDS
        if self._waiting:
            self._watch()
        else:
            self._unwatch()
            self._recover()

    def _send(self, message: bytes) -> None:
        """Send a message; on a new connection where the one before is of a syslogd that is gone.

        Raises:
            BlockingIOError: not now.
            OSError: nobody takes it.
        """
        try:
            if self._socket is not None:
                self._socket.send(message)
                return
        except BlockingIOError:
            raise
        except OSError:
            self._disconnect()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(self._path)
            self._socket.send(message)
        except BlockingIOError:
            raise
        except OSError as exc:
            self._disconnect()
            if exc.errno != errno.EMSGSIZE:
                raise
            self._lose(1)

    def _watch(self) -> None:
        if not self._is_watched and self._socket is not None:
            asyncio.get_running_loop().add_writer(self._socket, self._flush)
            self._is_watched = True

    def _unwatch(self) -> None:
        if self._is_watched and self._socket is not None:
            asyncio.get_running_loop().remove_writer(self._socket)
        self._is_watched = False

    def _disconnect(self) -> None:
        self._unwatch()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _fail(self, exc: OSError) -> None:
        if not self._is_troubled:
            why = os.strerror(exc.errno).lower() if exc.errno else str(exc)
            self._tell(f"cannot be reached: {why}; lines wait, and some may be lost")
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._try_again)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def _try_again(self) -> None:
        self._cancel()
        if self._waiting:
            self._flush()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lose(self, count: int) -> None:
        self._lost += count
        self._lost_at = self._clock()
        if not self._is_troubled:
            self._tell("is too slow; lines are lost")

    def _tell(self, text: str) -> None:
        self._is_troubled = True
        self._on_trouble(f"syslog {self._path} {text}", False)

    def _recover(self) -> None:
        """Tell that a trouble is over, after a while without a loss: a flood would tell a lot."""
        quiet = self._clock() - self._lost_at >= _FIRST_PAUSE_SECONDS
        if self._is_troubled and quiet:
            self._is_troubled = False
            lost, self._lost = self._lost, 0
            self._on_trouble(f"syslog {self._path} takes lines again; {lost} are missing", True)


class SyslogLines:
    """The lines of one process, where a `LogStream` puts them.

    Attributes:
        streams: as of a file; here always one.
    """

    def __init__(self, syslog: Syslog, ident: str) -> None:
        self.streams = 0
        self._syslog = syslog
        self._ident = ident

    def append(self, data: bytes, now: float) -> None:
        """Send lines."""
        self._syslog.send(self._ident, data)

    def is_nearly_full(self, more_bytes: int) -> bool:
        """It never is."""
        return False

    def close(self) -> None:
        """Nothing is open that is of one process."""


def _pieces(line: bytes) -> Iterator[bytes]:
    """Yield a line of UTF-8 in pieces that are not too long, cut between characters."""
    while len(line) > MAX_TEXT_BYTES:
        end = MAX_TEXT_BYTES
        while line[end] & 0xC0 == 0x80:
            end -= 1
        yield line[:end]
        line = line[end:]
    yield line
