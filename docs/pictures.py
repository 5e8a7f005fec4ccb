"""``python -m docs.pictures [attach] [top]``: the pictures of the README, from real sessions.

It starts a daemon in a temporary folder, types what a user would into a real client on a pseudo
terminal, and draws what the model of that terminal shows then, as ``docs/pictures/NAME.svg``. Every
step waits for a text on the screen, never for a time; process ids and times differ from run to run.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.svg import Frame, frame, svg
from pty_mux.vt.paint import text_rows
from pty_mux.vt.terminal import Terminal

FOLDER: Final = Path(__file__).parent / "pictures"
DEADLINE_SECONDS: Final = 30
CTRL_RIGHT_BRACKET: Final = "\x1d"
_CONFIG: Final = r"""
taskmaster: {socket: s.sock, logfile: events.log}
programs:
  web:
    cmd: [sh, web.sh]
    workingdir: shop
    numprocs: 2
  worker:
    cmd: [sh, -c, 'while :; do echo "job done"; sleep 2; done']
    numprocs: 2
  shell:
    cmd: [bash, --norc, --noprofile, -i]
    stopsignal: HUP
    starttime: 0
    env: {PS1: '\[\e[1;34m\]~/shop\[\e[m\] $ ', TERM: xterm-256color}
    workingdir: shop
  import:
    cmd: [sh, -c, 'sleep 1.2; echo "cannot reach the database"; exit 3']
    startretries: 9
  mailer:
    cmd: ./mailer --queue mail
    startretries: 0
"""

_WEB: Final = r"""
n=0
while :; do
  n=$((n+1))
  printf '\033[32m200\033[m GET /item/%d  \033[2m%d ms\033[m\n' $n $((n*7%40+3))
  sleep 1
done
"""


class Desk:
    """A client on a pseudo terminal, and what its terminal shows."""

    def __init__(self, words: list[str], folder: str, rows: int, columns: int) -> None:
        """Start a client, which talks to the daemon of a folder."""
        self.terminal = Terminal(rows, columns)
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        command = [sys.executable, "-P", "-m", "ctl", "-s", f"{folder}/s.sock", *words]
        # Of a terminal that is not asked anything: the model alone answers no questions.
        environment = _environment(folder) | {"TERM": "linux", "PROMPT_TOOLKIT_NO_CPR": "1"}
        environment |= {"PROMPT_TOOLKIT_COLOR_DEPTH": "DEPTH_8_BIT"}
        self._client = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.master, text.encode())

    def wait(self, pattern: str) -> None:
        """Look at the screen until a regular expression is found on it.

        Raises:
            TimeoutError: it is not; the text is what the screen shows.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not re.search(pattern, self.text()):
            if not select.select([self.master], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no {pattern!r} on:\n{self.text()}")
            self.terminal.feed(os.read(self.master, 65536))

    def text(self) -> str:
        """Return what the screen shows."""
        rows = text_rows(self.terminal.screen, self.terminal.screen.lines)
        return "\n".join(rows).rstrip("\n")

    def frame(self, title: str, rows: int | None = None) -> Frame:
        """Return a picture of it as it is now, by default down to the last row with something."""
        used = len(self.text().split("\n"))
        return frame(self.terminal, title, rows or used)

    def close(self) -> None:
        """Take the terminal away."""
        self._client.send_signal(signal.SIGHUP)
        self._client.wait()
        os.close(self.master)


def attach(folder: str) -> list[Frame]:
    """The control shell, a process's terminal, and back."""
    desk = Desk([], folder, 18, 84)
    try:
        desk.wait("taskmaster>$")
        desk.type("attach shell")
        desk.wait("taskmaster> attach shell$")
        before = desk.frame("taskmasterctl: everything at a glance")
        desk.type("\r")
        desk.wait(r"shop \$$")
        desk.type("ls --color\r")
        desk.wait(r"orders\.db[^$]*\$$")
        desk.type("tail -2 shop.log\r")
        desk.wait(r"order 4118[^$]*\$$")
        inside = desk.frame("attach shell: its own terminal, exactly as it stands")
        desk.type(CTRL_RIGHT_BRACKET)
        desk.wait("taskmaster>$")
        desk.type("status shell\r")
        desk.wait(r"status shell\n(.*\n)*shell:0 +RUNNING.*\n(.*\n)*taskmaster>$")
        return [before, inside, desk.frame("Ctrl-]: back, and the process goes on")]
    finally:
        desk.close()


def top(folder: str) -> list[Frame]:
    """The dashboard, with the screen of the process that is selected."""
    desk = Desk(["top"], folder, 28, 110)
    try:
        desk.wait("worker")
        desk.wait("RUNNING")
        desk.wait(r"GET /item/12\b")  # a screen with something on it, and graphs of some seconds
        return [desk.frame("taskmasterctl top", 28)]
    finally:
        desk.close()


PICTURES: Final[Mapping[str, Callable[[str], list[Frame]]]] = {"attach": attach, "top": top}


def draw(name: str) -> str:
    """Return a picture, of a daemon of its own."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "shop")
        shop.mkdir()
        for file in ("orders.db", "shop.py", "templates/page.html"):
            (shop / file).parent.mkdir(exist_ok=True)
            (shop / file).write_text("")
        (shop / "web.sh").write_text(_WEB)
        (shop / "shop.log").write_text("order 4117 paid\norder 4118 paid\n")
        Path(folder, "taskmaster.yaml").write_text(_CONFIG)
        daemon = [sys.executable, "-P", "-m", "taskmaster", f"{folder}/taskmaster.yaml"]
        quiet = subprocess.DEVNULL
        subprocess.run(daemon, env=_environment(folder), check=True, stdout=quiet, stderr=quiet)
        try:
            return svg(PICTURES[name](folder))
        finally:
            order = [sys.executable, "-P", "-m", "ctl", "-s", f"{folder}/s.sock", "shutdown"]
            subprocess.run(order, env=_environment(folder), check=True, stdout=quiet)


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {"HOME": folder, "LC_ALL": "C.UTF-8", "XDG_STATE_HOME": folder}


def main() -> None:
    """Draw those that are named, or all."""
    for name in sys.argv[1:] or PICTURES:
        if name not in PICTURES:
            sys.exit(f"usage: python -m docs.pictures [{'] ['.join(PICTURES)}]")
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.svg").write_text(draw(name))
        print(f"docs/pictures/{name}.svg: drawn")


if __name__ == "__main__":
    main()
