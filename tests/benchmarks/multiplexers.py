"""tmux and dtach, each with one command on a terminal of 80x24 and nobody at it yet."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.peers import needed
from tests.benchmarks.processes import DEADLINE_SECONDS, end, wait_for
from tests.benchmarks.seat import COLUMNS, ROWS, environment

_HISTORY_LINES = 100_000
"""As much as the ring of Taskmaster holds and more; tmux would keep 2000 lines by itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """A command that runs and can be attached to.

    Attributes:
        attach: the words of the command line that attaches a terminal.
    """

    attach: tuple[str, ...]


class Tmux(Session):
    """A session of tmux."""

    __slots__ = ()

    def text(self) -> str:
        """Return what its screen shows."""
        words = [*self.attach[:3], "capture-pane", "-p"]
        return _run(words)


@contextmanager
def tmux(folder: Path, words: Sequence[str]) -> Iterator[Tmux]:
    """Run a command in a tmux server of its own, without the status line.

    Raises:
        NotInstalled: there is no tmux.
    """
    folder.mkdir()
    config = folder / "tmux.conf"
    config.write_text(f"set -g status off\nset -g history-limit {_HISTORY_LINES}\n")
    command = [needed("tmux"), "-S", str(folder / "s.sock")]
    size = ["-x", str(COLUMNS), "-y", str(ROWS)]
    _run([*command, "-f", str(config), "new-session", "-d", *size, *words])
    try:
        yield Tmux((*command, "attach"))
    finally:
        subprocess.run([*command, "kill-server"], check=False, capture_output=True)


@contextmanager
def dtach(folder: Path, words: Sequence[str]) -> Iterator[Session]:
    """Run a command under dtach, which neither draws at an attach nor knows a key for itself.

    Raises:
        NotInstalled: there is no dtach.
    """
    folder.mkdir()
    socket = folder / "s.sock"
    command = needed("dtach")
    process = subprocess.Popen(
        [command, "-N", str(socket), "-r", "none", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment(),
        start_new_session=True,
    )
    try:
        wait_for(socket.exists, "dtach to listen")
        time.sleep(0.1)
        yield Session((command, "-a", str(socket), "-E", "-z", "-r", "none"))
    finally:
        end(process)


def _run(words: Sequence[str]) -> str:
    done = subprocess.run(
        words,
        check=True,
        capture_output=True,
        text=True,
        env=environment(),
        timeout=DEADLINE_SECONDS,
    )
    return done.stdout
