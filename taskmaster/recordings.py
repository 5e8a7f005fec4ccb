"""The recordings under way, one a process at most; each ends with its process, and with no core."""

import errno
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pty_mux.recorder import Recorder
from pty_mux.session import Session


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What is to be known to go on with a recording: its file, and when it began (monotonic)."""

    path: str
    since: float


class Recordings:
    """What is recorded, by the name of the process.

    Attributes:
        left: what a core before was recording, by the name of the process.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        on_trouble: Callable[[str], None],
        remember: Callable[[str, RecordingState | None], None],
    ) -> None:
        """Record nothing yet.

        Args:
            clock: monotonic seconds.
            on_trouble: told what goes wrong with a recording.
            remember: called with the name of a process and what is to be known of its recording, or
                None when it has ended.
        """
        self.left: Mapping[str, RecordingState] = {}
        self._clock = clock
        self._on_trouble = on_trouble
        self._remember = remember
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
        self._remember(name, RecordingState(path, recorder.since))
        recorder.begin(wall, name, painted=painted)
        if not recorder.is_open:
            raise OSError(errno.EIO, "it cannot be written", path)

    def resume(self, name: str, session: Session) -> bool:
        """Go on with what a core before was recording; return whether there was something."""
        state = self.left.get(name)
        if state is None:
            return False
        try:
            recorder = Recorder(
                state.path, session, self._clock, self._on_trouble, since=state.since
            )
        except OSError as exc:
            self._on_trouble(f"{name} is not recorded any more in {state.path}: {exc.strerror}")
            self._remember(name, None)
        else:
            self._recorders[name] = recorder
            recorder.go_on()
        return True

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
        if recorder is not None:
            self._remember(name, None)
        if recorder is None or not recorder.is_open:
            return None
        recorder.close()
        return recorder.path
