"""The recordings under way, one a process at most; each ends with its process."""

import errno
import os
import time
from collections.abc import Callable

from pty_mux.recorder import Recorder
from pty_mux.session import Session


class Recordings:
    """What is recorded, by the name of the process."""

    def __init__(self, clock: Callable[[], float], on_trouble: Callable[[str], None]) -> None:
        self._clock = clock
        self._on_trouble = on_trouble
        self._recorders: dict[str, Recorder] = {}

    def begin(
        self, name: str, session: Session, path: str, wall: float, *, painted: bool = True
    ) -> None:
        """Record a process from here on; a recording of it that is under way ends.

        Args:
            name: of the process.
            session: its terminal.
            path: the file, absolute; what is there is overwritten.
            wall: seconds since the epoch.
            painted: begin with what its screen shows.

        Raises:
            OSError: the file cannot be had, or is written already; nothing has changed.
        """
        for other, recorder in self._recorders.items():
            if other != name and os.path.realpath(recorder.path) == os.path.realpath(path):
                raise OSError(errno.EBUSY, f"{other} is recorded there", path)
        recorder = Recorder(path, session, self._clock, self._on_trouble)
        self.end(name)
        self._recorders[name] = recorder
        recorder.begin(wall, name, painted=painted)
        if not recorder.is_open:
            raise OSError(errno.EIO, "it cannot be written", path)

    def begin_anew(self, name: str, session: Session, path: str, *, painted: bool) -> None:
        """Record a process because its config says so; the last recording is kept as ``PATH.1``.

        What goes wrong is told, and keeps no process from running. `painted`: it runs already, and
        the recording begins with what its screen shows.
        """
        try:
            if os.path.isfile(path):
                os.replace(path, f"{path}.1")
            self.begin(name, session, path, time.time(), painted=painted)
        except OSError as exc:
            why = (exc.strerror or str(exc)).lower()
            self._on_trouble(f"{name} is not recorded in {path}: {why}")

    def end(self, name: str) -> str | None:
        """End the recording of a process; return its file, or None where there was none."""
        recorder = self._recorders.pop(name, None)
        if recorder is None or not recorder.is_open:
            return None
        recorder.close()
        return recorder.path
