"""What the models are fed and the terminals are flooded with: log lines, and vim scrolling."""

import argparse
import inspect
import re
import typing
from pathlib import Path

from tests.benchmarks.peers import needed
from tests.benchmarks.seat import COLUMNS, Seat

LINE_BYTES = 100
RECORDED_BYTES = 200_000
_LEVELS = (b"\x1b[32mINFO", b"\x1b[33mWARNING", b"\x1b[1;31mERROR", b"\x1b[36mDEBUG")
_QUIET_SECONDS = 0.01
_START_SECONDS = 0.5
_KEYS = (b"\x05", b"\x04", b"\x05", b"\x06")
"""A line down, half a screen down, a line down, a screen down."""
_SGR = re.compile(rb"\x1b\[[0-9;]*m")


def plain_lines(size: int) -> bytes:
    """Return lines of 100 bytes as a terminal gets them, no two alike, of `size` bytes or more."""
    count = -(-size // LINE_BYTES)
    return b"".join(_plain(number) for number in range(count))


def _plain(number: int) -> bytes:
    text = b"2026-01-02 03:04:%02d worker[%05d] " % (number % 60, number % 100_000)
    filler = b"the request was answered in good order and nobody had to wait for it, as it should"
    return (text + filler)[: LINE_BYTES - 2].ljust(LINE_BYTES - 2, b".") + b"\r\n"


def coloured_lines(size: int) -> bytes:
    """Return lines such as a logger for people writes, five SGR sequences in each."""
    lines: list[bytes] = []
    length = 0
    while length < size:
        number = len(lines)
        lines.append(
            b"\x1b[2m2026-01-02 03:04:%02d\x1b[0m %s\x1b[0m worker.pool: request \x1b[38;5;%dm%06d"
            b"\x1b[0m answered in %d ms\r\n"
            % (number % 60, _LEVELS[number % 4], 17 + number % 200, number, number % 977)
        )
        length += len(lines[-1])
    return b"".join(lines)


def vim_scrolling(folder: Path) -> bytes:
    """Record vim while it scrolls through a long coloured file at 80x24.

    Raises:
        NotInstalled: there is no vim.
    """
    vim = needed("vim")
    source = folder / "long.py"
    source.write_text(
        "\n".join(inspect.getsource(item) for item in (argparse, inspect, typing) * 2)
    )
    words = [vim, "-N", "-u", "NONE", "-i", "NONE", "-n", "-c", "syntax on", str(source)]
    recorded, pressed = b"", 0
    with Seat(words) as seat:
        recorded += seat.read_until_quiet(_START_SECONDS)
        while len(recorded) < RECORDED_BYTES:
            seat.type(_KEYS[pressed % len(_KEYS)])
            pressed += 1
            recorded += seat.read_until_quiet(_QUIET_SECONDS)
            if pressed > RECORDED_BYTES // COLUMNS:
                raise RuntimeError("vim draws nothing any more")
    if len(_SGR.findall(recorded)) < pressed:
        raise RuntimeError("vim shows no colours: it lacks its runtime files (package vim-runtime)")
    return recorded
