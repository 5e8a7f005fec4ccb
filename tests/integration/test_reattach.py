"""Leave a program, spoil the terminal, come back: the same picture, as tmux shows it."""

import contextlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pty_mux.vt.style import PLAIN
from pty_mux.vt.terminal import Terminal
from tests.integration.conftest import Site, wait_for
from tests.pty_mux.vt.oracle import View, ours

ROWS, COLUMNS = 30, 100
PROGRAMS = f"""
  bash:
    {{cmd: [bash, --norc, -i], stopsignal: HUP, env: {{PS1: '\\[\\e[1;32m\\]at\\[\\e[0m\\]> '}}}}
  vim: {{cmd: [vim, -u, NONE, -c, 'set mouse=a number title', text], stopsignal: KILL}}
  less: {{cmd: [less, text]}}
  top: {{cmd: [top, -d, '1000']}}
  htop: {{cmd: [htop, -d, '9999']}}
  man: {{cmd: [man, ./page.1]}}
  nano: {{cmd: [nano, -I, text]}}
  whiptail: {{cmd: [whiptail, --menu, Which?, '15', '50', '5', a, first, b, second, c, third]}}
  fish: {{cmd: [fish, --no-config], env: {{XDG_CONFIG_HOME: x, XDG_DATA_HOME: x}}, stopsignal: HUP}}
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
    "htop": ["Down", "F6"],
    "man": ["/bold", "Enter"],
    "nano": ["C-w", "line 5", "Enter", "typed"],
    "whiptail": ["Down", "Tab"],
    "fish": ["echo one; echo t", "Left", "wo"],
    "python": ["x = [1, 2, 3]", "Enter", "x", "Enter", "half typ"],
}  # fmt: skip

BEGINS = {
    "bash": "at>", "vim": "line 29", "less": "line 29", "top": "PID", "python": ">>>",
    "htop": "F10", "man": "PAGE", "nano": "line 25", "whiptail": "third", "fish": "[#>]",
}  # fmt: skip
PAGE = (
    """.TH PAGE 1
.SH NAME
page \\- something with \\fBbold\\fR and \\fIunderlined\\fR words
.SH DESCRIPTION
"""
    + ".PP\nA paragraph of \\fBbold\\fR text.\n" * 40
)


class Pane:
    """A terminal in a tmux of its own, with a shell in it."""

    def __init__(
        self, site: Site, folder: Path, *, rows: int = ROWS, columns: int = COLUMNS
    ) -> None:
        self._rows, self._columns = rows, columns
        self._words = ["tmux", "-S", str(folder / "tmux.sock"), "-f", "/dev/null"]
        self.client = shlex.join(site.client)
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "PS1='$ ' sh")

    def _tmux(self, *words: str) -> str:
        return subprocess.run(
            [*self._words, *words], capture_output=True, text=True, check=True
        ).stdout

    def type(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def attach(self, name: str) -> None:
        self.type(f"clear; {self.client} attach {name}", "Enter")

    def leave(self, name: str) -> None:
        self.type("C-]")
        self.wait_for(rf"\[detached from {name}:0\]\s+\$")

    def resize(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def shown(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def picture(self) -> View:
        """Every cell with its colours, the cursor and the modes.

        Blanks at the ends of rows are left out: tmux does not tell how those look that were erased,
        and it keeps the last character of a full row where xterm and our model erase it.
        """
        drawn = Terminal(self._rows, self._columns)
        captured = self._tmux("capture-pane", "-peN").removesuffix("\n")
        drawn.feed(b"\x1b)0" + captured.replace("\n", "\r\n").encode())
        names = ("alternate_on", "mouse_any_flag", "keypad_cursor_flag", "cursor_flag")
        asked = " ".join(f"#{{{name}}}" for name in ("cursor_y", "cursor_x", *names))
        row, column, *flags = self._tmux("display-message", "-p", asked).split()
        modes = frozenset(name for name, flag in zip(names, flags, strict=True) if flag == "1")
        view = ours(drawn).as_seen()
        rows = tuple(tuple("".join(row).rstrip(" ")) for row in view.rows)
        looks = tuple(look[: len(row)] for row, look in zip(rows, view.looks, strict=True))
        cursor = (int(row), min(int(column), self._columns - 1), False)
        return replace(view, rows=rows, looks=looks, wraps=(), cursor=cursor, modes=modes)

    def wait_for(self, pattern: str) -> None:
        wait_for(lambda: re.search(pattern, self.shown), f"{pattern} to be shown: {self.shown}")

    def settle(self) -> View:
        """Wait until two looks in a row give the same, and return that."""
        before: list[View] = []

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
    (site.folder / "page.1").write_text(PAGE)
    it = Pane(site, site.folder)
    yield it
    it.end()


def start(site: Site, *names: str) -> None:
    """Start these programs."""
    lines = [line for line in PROGRAMS.splitlines() if line.strip()]
    text = "\n".join(lines).replace(":\n    {", ": {")
    chosen = [
        line for line in text.splitlines() if not names or line.split(":")[0].strip() in names
    ]
    more = f", starttime: 0, workingdir: {site.folder}}}"
    site.start("\n".join(line.removesuffix("}") + more for line in chosen))


@pytest.mark.parametrize("name", KEYS)
def test_coming_back_shows_what_was_there(site: Site, pane: Pane, name: str) -> None:
    start(site, name)
    pane.attach(name)
    pane.wait_for(BEGINS[name])
    pane.settle()
    pane.type(*KEYS[name])
    before = pane.settle()
    pane.leave(name)
    pane.type("clear; reset; echo is re''set", "Enter")
    pane.wait_for(r"is reset\n\$")

    pane.attach(name)

    with contextlib.suppress(pytest.fail.Exception):
        wait_for(lambda: pane.picture == before, "it to be as before")
    assert before.differences(pane.picture) == []
    pane.leave(name)


def test_a_flood_in_between_changes_nothing_but_what_it_shows(site: Site, pane: Pane) -> None:
    start(site, "bash")
    site.ctl("wait", "--text", "at>", "bash")
    flood = "yes 0123456789 | head -c 50000000; printf 'a\\e[31mb\\e[0m\\n'"
    assert site.ctl("send", "--enter", "bash", flood).returncode == 0
    done = site.ctl("wait", "--text", r"ab\nat>", "--timeout", "50", "bash")
    assert done.returncode == 0, done.stderr

    pane.attach("bash")

    pane.wait_for(r"0123456789\n.*ab\nat>")
    view = pane.settle()
    rows = ["".join(row).rstrip() for row in view.rows]
    assert rows.count("0123456789") > ROWS - 5
    (ends,) = (row for row, text in enumerate(rows) if text.endswith("ab"))
    assert view.looks[ends][-2:] == (PLAIN, PLAIN._replace(foreground=1))
    pane.leave("bash")


def test_a_window_that_is_resized_meanwhile(site: Site, pane: Pane) -> None:
    start(site, "vim")
    pane.attach("vim")
    pane.wait_for("line 29")
    pane.leave("vim")
    pane.resize(20, 70)

    pane.attach("vim")

    pane.wait_for(r"19 line 19\n")
    pane.leave("vim")


def test_a_smaller_client_that_watches_sees_a_part_and_changes_nothing(
    site: Site, pane: Pane, tmp_path: Path
) -> None:
    start(site, "vim")
    pane.attach("vim")
    pane.wait_for("line 29")
    pane.type("5G")
    before = pane.settle()
    (tmp_path / "other").mkdir()
    small = Pane(site, tmp_path / "other", rows=10, columns=20)
    try:
        small.type(f"clear; {small.client} attach --read-only vim", "Enter")
        small.wait_for("4 line 4\n *5 line 5\n")
        assert small.picture.rows[0] == pane.picture.rows[0][:20]

        pane.type("G")
        small.wait_for(r"198 line 198\n *199 line 199\n")
        pane.type("gg5G")
        assert before.differences(pane.settle()) == []
        small.type("C-]")
        small.wait_for("detached from vim")
    finally:
        small.end()
    assert before.differences(pane.settle()) == []


@pytest.mark.parametrize("name", ["fish", "vim", "python"])
def test_what_starts_with_nobody_there_waits_for_nobody_s_answers(site: Site, name: str) -> None:
    (site.folder / "text").write_text("line 1\n" * 50)
    start(site, name)
    ready = {"fish": "[#>]\n", "vim": "line 1", "python": ">>>\n"}[name]
    typed = {"fish": "echo a''b", "vim": ":echo 'a' .. 'b'", "python": "'a' + 'b'"}[name]

    assert site.ctl("wait", name, "--text", ready, "--timeout", "50").returncode == 0
    site.ctl("send", "--enter", name, typed)

    assert site.ctl("wait", name, "--text", "ab", "--timeout", "50").returncode == 0
