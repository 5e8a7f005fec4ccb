"""A place at a terminal of 80x24: a command on the slave, and we at the master."""

import os
import select
import signal
import termios
import time
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

from tests.benchmarks.processes import DEADLINE_SECONDS, TooLate

ROWS = 24
COLUMNS = 80
READ_BYTES = 64 * 1024


class Shown(NamedTuple):
    """What came to the terminal, and when the last of it came (`time.perf_counter`)."""

    data: bytes
    at: float


def environment() -> dict[str, str]:
    """Return ours as it is at a terminal like xterm, outside of every multiplexer."""
    outside = {key: value for key, value in os.environ.items() if not key.startswith("TMUX")}
    return outside | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}


class Seat:
    """One command at a terminal of its own.

    Attributes:
        began: when it was about to be started (`time.perf_counter`).
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._master, slave = os.openpty()
        termios.tcsetwinsize(slave, (ROWS, COLUMNS))
        # The leader of a session that opens a terminal gets it as its controlling one; the actions
        # are done behind setsid(2).
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ]
        self.began = time.perf_counter()
        self._pid = os.posix_spawn(
            words[0], list(words), environment(), file_actions=actions, setsid=True
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def type(self, data: bytes) -> None:
        """Type a few bytes, which the terminal takes at once."""
        os.write(self._master, data)

    def read(self, seconds: float = DEADLINE_SECONDS) -> bytes:
        """Return what comes next, b"" if nothing comes in time or nothing will."""
        if not select.select([self._master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self._master, READ_BYTES)
        except OSError:  # EIO: the command has ended
            return b""

    def read_until(self, mark: bytes) -> bytes:
        """Return what comes, up to and with a mark.

        Raises:
            TooLate: it does not come.
        """
        shown = bytearray()
        while mark not in shown[-READ_BYTES - len(mark) :]:
            data = self.read()
            if not data:
                raise TooLate(f"{mark!r} is not shown, but {bytes(shown[-2000:])!r}")
            shown += data
        return bytes(shown)

    def read_until_quiet(self, seconds: float) -> bytes:
        """Return what comes until nothing more has come for so long."""
        return b"".join(iter(lambda: self.read(seconds), b""))

    def painted(self, mark: bytes, quiet_seconds: float) -> Shown:
        """Wait until a mark is shown and then nothing more comes; tell when the last byte came."""
        data, at = self.read_until(mark), time.perf_counter()
        while more := self.read(quiet_seconds):
            data, at = data + more, time.perf_counter()
        return Shown(data, at)

    def bytes_shown(self, seconds: float) -> int:
        """Read as fast as it comes for so long; return how much it was."""
        count, end = 0, time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            count += len(self.read(left))
        return count

    def leave(self) -> None:
        """End the command; a client of a multiplexer leaves, and its session goes on.

        With KILL, and while the terminal is still there. The client of dtach 0.9 that got HUP and
        then TERM was seen to wait in a futex for ever; and nobody needs this terminal afterwards.
        """
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._master)
