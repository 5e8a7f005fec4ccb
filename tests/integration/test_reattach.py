"""Leave a program, spoil the terminal, come back: the same picture, as tmux shows it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.integration.conftest import Site, wait_for

ROWS, COLUMNS = 30, 100
PROGRAMS = f"""
  bash:
    {{cmd: [bash, --norc, -i], stopsignal: HUP, env: {{PS1: '\\[\\e[1;32m\\]at\\[\\e[0m\\]> '}}}}
  vim: {{cmd: [vim, -u, NONE, -c, 'set mouse=a number title', text], stopsignal: KILL}}
  less: {{cmd: [less, text]}}
  top: {{cmd: [top, -d, '1000']}}
  python: {{cmd: [{sys.executable}, -q], stopsignal: HUP}}
"""
KEYS = {
    "bash": [
        "printf '\\e[3%dmcolour\\e[0m\\n' 1 2 3; ls --color=always / | head -3", "Enter",
        "echo typed but not yet ent",
    ],
    "vim": ["G", "k", "/line 4", "Enter", "3l"],
    "less": ["Space", "/line 7", "Enter"],
    "top": [],
    "python": ["x = [1, 2, 3]", "Enter", "x", "Enter", "half typ"],
}  # fmt: skip

BEGINS = {"bash": "at>", "vim": "line 29", "less": "line 29", "top": "PID", "python": ">>>"}


class Pane:
    """A terminal in a tmux of its own, with a shell in it."""

    def __init__(self, site: Site) -> None:
        self._words = ["tmux", "-S", str(site.folder / "tmux.sock"), "-f", "/dev/null"]
        self._client = shlex.join(site.client)
        self._tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "PS1='$ ' sh")

    def _tmux(self, *words: str) -> str:
        return subprocess.run(
            [*self._words, *words], capture_output=True, text=True, check=True
        ).stdout

    def type(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def attach(self, name: str) -> None:
        self.type(f"clear; {self._client} attach {name}", "Enter")

    def leave(self, name: str) -> None:
        self.type("C-]")
        self.wait_for(rf"\[detached from {name}:0\]\s+\$")

    def resize(self, rows: int, columns: int) -> None:
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def shown(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def picture(self) -> tuple[list[str], str]:
        """Every cell that is not blank with its colours, the cursor and the modes."""
        rows = self._tmux("capture-pane", "-pe").splitlines()
        # Whether a plain blank at the end of a row was written or erased is nobody's business.
        blanks = re.compile(r"(?:\x1b\[(?:0|39|49|0;39;49)?m|[ \t])+$")
        state = "#{cursor_y} #{alternate_on} #{mouse_any_flag} #{keypad_cursor_flag} #{cursor_flag}"
        return [blanks.sub("", row) for row in rows], self._tmux("display-message", "-p", state)

    def wait_for(self, pattern: str) -> None:
        wait_for(lambda: re.search(pattern, self.shown), f"{pattern} to be shown: {self.shown}")

    def settle(self) -> tuple[list[str], str]:
        """Wait until two looks in a row give the same, and return that."""
        before: list[tuple[list[str], str]] = []

        def same() -> bool:
            before.append(self.picture)
            return len(before) > 3 and before[-1] == before[-2] == before[-3] == before[-4]

        wait_for(same, "the screen to settle")
        return before[-1]

    def end(self) -> None:
        subprocess.run([*self._words, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def pane(site: Site) -> Iterator[Pane]:
    (site.folder / "text").write_text("".join(f"line {number}\n" for number in range(1, 200)))
    it = Pane(site)
    yield it
    it.end()


def start(site: Site) -> None:
    programs = PROGRAMS.replace("}\n", f", starttime: 0, workingdir: {site.folder}}}\n")
    site.start(programs.strip("\n"))


@pytest.mark.parametrize("name", KEYS)
def test_coming_back_shows_what_was_there(site: Site, pane: Pane, name: str) -> None:
    start(site)
    pane.attach(name)
    pane.wait_for(BEGINS[name])
    pane.settle()
    pane.type(*KEYS[name])
    before = pane.settle()
    pane.leave(name)
    pane.type("clear; reset; echo is re''set", "Enter")
    pane.wait_for(r"is reset\n\$")

    pane.attach(name)

    wait_for(lambda: pane.picture == before, f"it to be as before: {before}\n{pane.picture}")
    pane.leave(name)


def test_a_flood_in_between_changes_nothing_but_what_it_shows(site: Site, pane: Pane) -> None:
    start(site)
    site.ctl("wait", "--text", "at>", "bash")
    flood = "yes 0123456789 | head -c 50000000; printf 'a\\e[31mb\\e[0m\\n'"
    assert site.ctl("send", "--enter", "bash", flood).returncode == 0
    done = site.ctl("wait", "--text", r"ab\nat>", "--timeout", "50", "bash")
    assert done.returncode == 0, done.stderr

    pane.attach("bash")

    pane.wait_for(r"0123456789\n.*ab\nat>")
    rows = pane.settle()[0]
    assert rows.count("0123456789") > ROWS - 5
    assert "a\x1b[31mb" in "".join(rows)
    pane.leave("bash")


def test_a_window_that_is_resized_meanwhile(site: Site, pane: Pane) -> None:
    start(site)
    pane.attach("vim")
    pane.wait_for("line 29")
    pane.leave("vim")
    pane.resize(20, 70)

    pane.attach("vim")

    pane.wait_for(r"19 line 19\n")
    pane.leave("vim")
