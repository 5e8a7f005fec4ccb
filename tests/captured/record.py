"""Record what real programs write to their terminal: ``python record.py NAME ...`` (default: all).

Each recording is a gzip file beside this one, named after the program and the size of its terminal.
The programs must be installed; the recordings are kept, so that tests need none of them. They run
in namespaces of their own (unshare(1), as root): nothing of the machine is in the recordings.
"""

import fcntl
import gzip
import os
import pty
import select
import struct
import sys
import termios
import time
from pathlib import Path

HERE = Path(__file__).parent
SIZES = ((24, 80), (30, 100), (12, 40))
"""Rows and columns."""

ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--uts", "sh", "-c"]
ALONE += ['hostname host; sleep 60 & exec "$0" "$@"']
FOLDER = "/usr/share"
MAX_BYTES = 120_000
_ANSWERS = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b[6n": b"\x1b[1;1R", b"\x1b[>c": b"\x1b[>1;100;0c"}
_TEXT = "/usr/lib/python3.11/argparse.py"
_BAR = (
    "import sys,time\n"
    "for n in range(101):\n"
    " sys.stdout.write('\\r%3d%% \\x1b[32m%s\\x1b[0m' % (n, '█' * (n // 3)))\n"
    " sys.stdout.write('.' * (33 - n // 3))\n"
    " sys.stdout.flush()\n"
    "print('\\ndone')"
)
_SHELL = "PS1='\\[\\e[1;32m\\]me\\[\\e[0m\\]:\\w\\$ ' exec bash --norc -i"

SCRIPTS: dict[str, tuple[list[str], list[str]]] = {
    "vim": (
        ["vim", "-u", "NONE", "-N", "-c", "syntax on|set nu ruler hlsearch mouse=a", _TEXT],
        ["\x06", "\x06", "jjjj\x05\x05\x05", "/def \r", "nnn", "ddp", "oçé漢字 text\x1b", "20\x05",
         "30\x19", ":split\r", "\x04\x04", "\x17j", "\x04", "V5jd", "u", ":q\r", "G", "gg", "xxx",
         "ix\x7f\tabc\x1b", ":set list\r", "50\x19", ":q!\r"],
    ),
    "vim_scroll": (
        ["vim", "-u", "NONE", "-N", "-c", "syntax on|set mouse=", _TEXT],
        ["\x04"] * 6 + ["\x05"] * 60 + ["\x15"] * 4 + ["\x19"] * 40 + [":q!\r"],
    ),
    "less": (["less", "-R", _TEXT], [" ", " ", "b", "jjjj", "kk", "/def\r", "n", "G", "g", "q"]),
    "man": (["man", "ls"], [" ", " ", "jjj", "b", "/file\r", "n", "q"]),
    "top": (["top", "-d", "0.3"], ["", "1", "", "z", "", "q"]),
    "htop": (["htop", "-d", "3"], ["", "\x1b[B\x1b[B", "t", "", "\x1bOP", "q", "q"]),
    "nano": (
        ["nano", _TEXT],
        ["\x16", "\x16", "\x19", "new text 漢字\r", "\x0b\x0b", "\x15", "\x17def\r", "\x07", "\x18",
         "\x18", "n"],
    ),
    "mc": (
        ["mc", "-x", "-u"],
        ["\x1b[B\x1b[B", "\x1bOR", "\x1b[6~", "\x1b[21~", "\x1b[20~", "\x1b\x1b", "\x1b[21~", "\r"],
    ),
    "bash": (
        ["sh", "-c", _SHELL],
        ["ls --color -la | head -40\r", "echo one two three\x01\x1bf\x1bf inserted\x05 end\r",
         "echo a long line that wraps around the edge of the terminal and goes on and on and on",
         "\x1bb\x1bb\x17\x19\x01\x06\x06\x04XY\x05\r", "\x10\x10\x0e\x03", "ls /usr/bin/a\t\t",
         "\x15", "printf 'a\\tb\\tc\\n漢字 é\\n'\r", "\x12ls\x07", "\x0c", "seq 100\r", "exit\r"],
    ),
    "python": (
        ["/usr/bin/python3", "-q"],
        ["1 + 1\r", "for n in range(5):\r    print('x' * n * 20)\r\r", "1/0\r",
         "print('abc')\x01\x06\x06X\r", "\x10\x10\r", "help(len)\r", "q", "exit()\r"],
    ),
    "bar": (["/usr/bin/python3", "-c", _BAR], [""]),
    "whiptail": (
        ["whiptail", "--title", "Title", "--menu", "Choose", "10", "36", "3",
         "1", "one", "2", "two", "3", "three"],
        ["\x1b[B", "\x1b[B", "\t", "\t", "\r"],
    ),
}  # fmt: skip


def record(command: list[str], keys: list[str], rows: int, columns: int) -> bytes:
    """Return what a command writes while the keys are typed, one each time it has fallen quiet."""
    child, master = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8")
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.chdir(FOLDER)
        os.execvp(ALONE[0], [*ALONE, *command])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    written = b""
    for key in ["", *keys, ""]:
        written += _until_quiet(master)
        os.write(master, key.encode())
    written += _until_quiet(master)
    os.close(master)
    os.waitpid(child, 0)
    return written[:MAX_BYTES]


def _until_quiet(master: int, quiet_seconds: float = 0.25, most_seconds: float = 1.5) -> bytes:
    """Return what comes until nothing more does; answer what any program may ask."""
    written = b""
    deadline = time.monotonic() + most_seconds
    while time.monotonic() < deadline and select.select([master], [], [], quiet_seconds)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:
            return written
        if not data:
            return written
        for question, answer in _ANSWERS.items():
            if question in data:
                os.write(master, answer)
        written += data
    return written


def main() -> None:
    """Record the programs that are named, or all."""
    for name in sys.argv[1:] or SCRIPTS:
        command, keys = SCRIPTS[name]
        for rows, columns in SIZES:
            data = record(command, keys, rows, columns)
            path = HERE / f"{name}.{columns}x{rows}.gz"
            path.write_bytes(gzip.compress(data, 9, mtime=0))
            print(f"{path.name}: {len(data)} bytes, {path.stat().st_size} packed")


if __name__ == "__main__":
    main()
