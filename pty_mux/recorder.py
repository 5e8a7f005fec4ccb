"""Write what a terminal shows into a file that asciinema plays: asciicast v2, as it happens.

A recording begins with what the screen shows, and ends when it is closed or the file cannot be
written any more; neither ever stops the process.
"""

import os
import stat
from collections.abc import Callable
from typing import Final

from pty_mux.asciicast import Recording
from pty_mux.session import Session
from pty_mux.winsize import Winsize

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK

_RESET: Final = b"\x1bc"
"""RIS (ECMA-48 8.3.105): what a picture of the screen is drawn over."""


class Recorder:
    """One recording of one session. Owns its file.

    Attributes:
        path: of the file.
        since: the monotonic time at which the recording began.
    """

    def __init__(
        self,
        path: str,
        session: Session,
        clock: Callable[[], float],
        on_trouble: Callable[[str], None],
        *,
        since: float | None = None,
    ) -> None:
        """Open the file; `begin` writes its header, or `go_on` behind what another one wrote.

        Args:
            path: where to; what is there is overwritten.
            session: what to record.
            clock: monotonic seconds.
            on_trouble: told why the recording ends by itself.
            since: when the recording began that is to go on in the file; None: it is a new one.

        Raises:
            OSError: the file cannot be opened, or is no regular file.
        """
        self.path = path
        self._session = session
        self._clock = clock
        self._on_trouble = on_trouble
        self.since = clock() if since is None else since
        self._recording = Recording(self.since)
        flags = _FLAGS | (os.O_TRUNC | os.O_CREAT if since is None else 0)
        self._file = os.open(path, flags, 0o666)
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            self._close()
            raise OSError(22, "not a regular file", path)

    @property
    def is_open(self) -> bool:
        """Whether it goes on: it ends by itself where its file cannot be written any more."""
        return self._file >= 0

    def begin(self, wall: float, title: str, *, painted: bool = True) -> None:
        """Write the header and the screen as it stands; from here on follow the session.

        Args:
            wall: seconds since the epoch.
            title: of the recording.
            painted: with the screen as it stands; else it begins with an empty one.
        """
        self._session.follow(self._output)
        self._session.follow_size(self._resized)
        size = self._session.winsize
        header = self._recording.header(size.rows, size.columns, wall, "xterm-256color", title)
        self._write(header)
        if painted:
            self._output(self._session.painted(with_history=False))

    def go_on(self) -> None:
        """Go on in the file: with the screen as it stands, since something may be missing."""
        self._recording.go_on(self._clock())
        self._session.follow(self._output)
        self._session.follow_size(self._resized)
        self._resized(self._session.winsize)
        self._output(_RESET + self._session.painted(with_history=False))

    def close(self) -> None:
        """End the recording."""
        if self._file >= 0:
            self._session.unfollow(self._output)
            self._session.unfollow_size(self._resized)
            self._close()

    def _output(self, data: bytes) -> None:
        self._write(self._recording.output(data, self._clock()))

    def _resized(self, winsize: Winsize) -> None:
        self._write(self._recording.resize(winsize.rows, winsize.columns, self._clock()))

    def _write(self, data: bytes) -> None:
        while data and self._file >= 0:
            try:
                data = data[os.write(self._file, data) :]
            except OSError as exc:
                self._on_trouble(
                    f"recording {self.path} ends: {os.strerror(exc.errno or 0).lower()}"
                )
                self.close()

    def _close(self) -> None:
        os.close(self._file)
        self._file = -1
