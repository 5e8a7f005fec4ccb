"""The recordings under way, one a process at most; each ends with its process."""

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

    def begin(self, name: str, session: Session, path: str, wall: float) -> None:
        """Record a process from here on; a recording of it that is under way ends.

        Args:
            name: of the process.
            session: its terminal.
            path: the file, absolute; what is there is overwritten.
            wall: seconds since the epoch.

        Raises:
            OSError: the file cannot be had; nothing has changed.
        """
        recorder = Recorder(path, session, self._clock, self._on_trouble)
        self.end(name)
        self._recorders[name] = recorder
        recorder.begin(wall, name)

    def begin_anew(self, name: str, session: Session, path: str) -> None:
        """Record a process because its config says so; the last recording is kept as ``PATH.1``.

        What goes wrong is told, and keeps no process from running.
        """
        try:
            if os.path.isfile(path):
                os.replace(path, f"{path}.1")
            self.begin(name, session, path, time.time())
        except OSError as exc:
            why = (exc.strerror or str(exc)).lower()
            self._on_trouble(f"{name} is not recorded in {path}: {why}")

    def end(self, name: str) -> str | None:
        """End the recording of a process; return its file, or None where there was none."""
        recorder = self._recorders.pop(name, None)
        if recorder is None:
            return None
        recorder.close()
        return recorder.path
