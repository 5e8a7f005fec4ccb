"""A pane of tmux: type keys, see the screen, compare it with one that is kept for review.

Each has a server of its own with its socket in the test's folder, ended at the test's end. Screens
that are kept lie in tests/golden; ``GOLDEN=write pytest ...`` writes them anew, for git to show
what became of them.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.conftest import wait_for

GOLDEN = Path(__file__).parents[1] / "golden"


_RUN = 'trap : INT QUIT; "$@"; echo "[exit status $?]"; exec cat'
"""What is in it outlives the command's end, for a look. tmux 3.3 itself would say the status of a
dead pane (remain-on-exit), but now and then never waits for a process that had threads."""


class Pane:
    """A terminal of tmux with a command in it."""

    def __init__(
        self,
        folder: Path,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self._words = ["tmux", "-L", "test", "-f", "/dev/null"]
        # The server lives in TMUX_TMPDIR, and what it runs has its environment.
        self._environment = dict(environment) | {"TMUX_TMPDIR": str(folder), "LC_ALL": "C.UTF-8"}
        for name in ("TMUX", "TMUX_PANE", "NO_COLOR"):
            self._environment.pop(name, None)
        size = ("-x", str(columns), "-y", str(rows))
        self._tmux("new-session", "-d", *size, "--", "cat")
        self._tmux("set", "-g", "default-terminal", "tmux-256color")
        self._tmux("set", "-g", "escape-time", "0")
        self._tmux("respawn-pane", "-k", "--", "sh", "-c", _RUN, "sh", *words)

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._words, *words],
            check=False,
            capture_output=True,
            text=True,
            env=self._environment,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def keys(self, *names: str) -> None:
        """Press keys, by tmux's names: ``C-c``, ``Enter``, ``Tab``."""
        self._tmux("send-keys", *names)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def enter(self, line: str) -> None:
        """Type a line and press Enter."""
        self.type(line)
        self.keys("Enter")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def screen(self) -> str:
        """What is shown, a line for each row, without blanks at the ends."""
        return self._tmux("capture-pane", "-p")

    @property
    def coloured(self) -> str:
        """What is shown, with escape sequences for colours and attributes."""
        return self._tmux("capture-pane", "-pe")

    @property
    def history(self) -> str:
        """What is shown and what has left the screen above it: a row has, when a command ends."""
        return self._tmux("capture-pane", "-p", "-S", "-")

    def wait(self, pattern: str) -> str:
        """Wait until a regular expression is found on the screen; return the screen."""

        def found() -> str:
            screen = self.screen
            return screen if re.search(pattern, screen, re.MULTILINE) else ""

        try:
            screen: str = wait_for(found, f"{pattern!r} on the screen")
        except pytest.fail.Exception:
            pytest.fail(f"{pattern!r} did not come; the screen is:\n{self.screen}")
        return screen

    def wait_gone(self, pattern: str) -> None:
        """Wait until a regular expression is found on the screen no more."""

        def gone() -> bool:
            return not re.search(pattern, self.screen, re.MULTILINE)

        wait_for(gone, f"{pattern!r} to go")

    def wait_end(self) -> int:
        """Wait for the end of the command; return its exit status."""
        found = re.search(r"^\[exit status (\d+)\]$", self.wait(r"^\[exit status"), re.MULTILINE)
        assert found is not None
        return int(found[1])

    def end(self) -> None:
        """End the server with everything in it."""
        words = [*self._words, "kill-server"]
        subprocess.run(words, capture_output=True, env=self._environment, check=False)


@contextmanager
def pane(
    folder: Path,
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    columns: int = 80,
    rows: int = 24,
) -> Iterator[Pane]:
    """Give a pane with a command in it, and end it."""
    made = Pane(folder, words, environment, columns=columns, rows=rows)
    try:
        yield made
    finally:
        made.end()


def check_golden(name: str, screen: str) -> None:
    """Compare a screen, whose volatile figures are replaced, with the one that is kept."""
    kept = GOLDEN / f"{name}.txt"
    text = "\n".join(line.rstrip() for line in screen.rstrip().splitlines()) + "\n"
    if os.environ.get("GOLDEN") == "write":
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(text)
    assert kept.exists(), f"{kept.name} is not kept yet; GOLDEN=write keeps it:\n{text}"
    assert text == kept.read_text(), f"not as in {kept.name}; it is:\n{text}"
