"""tmux as a terminal: what it shows after the bytes that are fed to it, to compare with ours."""

import os
import select
import subprocess
import time
from pathlib import Path
from typing import Final

from pty_mux.vt.terminal import Terminal
from tests.pty_mux.vt.oracle import View, ours

_DEADLINE_SECONDS: Final = 60.0
_FLAGS: Final[dict[str, int | str]] = {
    "alternate_on": "alternate",
    "insert_flag": "insert",
    "origin_flag": 6,
    "wrap_flag": 7,
    "cursor_flag": 25,
    "keypad_cursor_flag": 1,
    "keypad_flag": 66,
    "mouse_standard_flag": 1000,
    "mouse_button_flag": 1002,
    "mouse_all_flag": 1003,
    "mouse_sgr_flag": 1006,
}
"""tmux's names of modes, and how `View.modes` calls them."""

COMPARED: Final[frozenset[int | str]] = frozenset(_FLAGS.values())


class Tmux:
    """A tmux server of its own with one pane, which shows what is written into a FIFO."""

    def __init__(self, folder: Path) -> None:
        self._fifo = folder / "fifo"
        os.mkfifo(self._fifo)
        words = ["tmux", "-S", str(folder / "sock"), "-f", "/dev/null"]
        # Reading and writing: the end of one writer is not the end of the FIFO.
        shown = f"stty raw -echo; exec cat <>{self._fifo}"
        self._server = subprocess.Popen(
            [*words, "-C", "new-session", "-x", "80", "-y", "24", shown],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )
        self._kill = [*words, "kill-server"]
        self._unread = b""
        self._writer = os.open(self._fifo, os.O_RDWR)
        self._number = 0
        self._size = (24, 80)
        self._answer()

    def view(self, data: bytes, rows: int, columns: int) -> View:
        """Return what a new terminal of that size shows; the title is not looked at."""
        if self._size != (rows, columns):
            self._do(f"resize-window -x {columns} -y {rows}")
            self._size = (rows, columns)
        self._feed(b"\x1bc\x1b[?1049l\x1bc\x1b[H\x1b[2J" + data)
        flags = self._do("display-message -p '" + " ".join(f"#{{{f}}}" for f in _FLAGS) + "'")[0]
        cursor = self._do("display-message -p '#{cursor_y} #{cursor_x}'")[0].split()
        drawn = Terminal(rows, columns)
        drawn.feed(b"\x1b)0")  # tmux writes line drawing between SO and SI
        drawn.feed("\r\n".join(self._do("capture-pane -p -e -N")).encode())
        row, column = map(int, cursor)
        return View(
            ours(drawn).rows,
            ours(drawn).looks,
            (),
            (row, min(column, columns - 1), column == columns),
            frozenset(
                mode
                for mode, flag in zip(_FLAGS.values(), flags.split(" "), strict=True)
                if flag == "1"
            ),
            "",
        )

    def end(self) -> None:
        """End the server."""
        subprocess.run(self._kill, check=False, capture_output=True)
        self._server.communicate()
        os.close(self._writer)

    def _feed(self, data: bytes) -> None:
        self._number += 1
        # What breaks off an unfinished sequence does not show; the title tells when all is read.
        data += b"\x18\x1b\\\x1b]2;read %d\x07" % self._number
        while data:
            data = data[os.write(self._writer, data[:4096]) :]
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while self._do("display-message -p '#{pane_title}'") != [f"read {self._number}"]:
            assert time.monotonic() < deadline, "tmux does not read on"

    def _do(self, command: str) -> list[str]:
        assert self._server.stdin is not None
        self._server.stdin.write(command.encode() + b"\n")
        self._server.stdin.flush()
        return self._answer()

    def _answer(self) -> list[str]:
        """Return the lines between ``%begin`` and ``%end`` (tmux(1), Control mode)."""
        lines: list[str] = []
        while not (line := self._line()).startswith("%begin"):
            pass
        number = line.split()[2]
        while not ((line := self._line()).startswith("%end ") and line.split()[2] == number):
            assert not (line.startswith("%error ") and line.split()[2] == number), lines
            lines.append(line)
        return lines

    def _line(self) -> str:
        assert self._server.stdout is not None
        descriptor = self._server.stdout.fileno()
        while b"\n" not in self._unread:
            assert select.select([descriptor], [], [], _DEADLINE_SECONDS)[0], "tmux is silent"
            self._unread += os.read(descriptor, 65536)
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "replace")
