"""How fast the model of a screen reads, against pyte."""

import re
import time
from collections.abc import Callable

from pty_mux.mirror import Mirror
from pty_mux.ring import Ring
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize
from tests.benchmarks.material import coloured_lines, plain_lines, vim_scrolling
from tests.benchmarks.measure import median
from tests.benchmarks.peers import NotInstalled
from tests.benchmarks.seat import COLUMNS, ROWS
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row

_MEGABYTE = 1e6
_PIECE_BYTES = 64 * 1024
_RING_BYTES = 1024 * 1024
_BACKLOG_BYTES = 256 * 1024
_PYTE_BYTES = 128 * 1024
"""What pyte is given at once: it takes a third of a second for it."""
_UNREADABLE_FOR_PYTE = re.compile(rb"\x1b\[\?[0-9;]*m")
"""vim asks XTQMODKEYS (``CSI ? 4 m``), at which pyte 0.8.2 raises TypeError."""

_Reader = Callable[[bytes], None]


def model(settings: Settings) -> list[Row]:
    """Measure each kind of output in turns.

    Raises:
        NotInstalled: pyte or vim is not there.
    """
    pyte = _pyte_reader()
    size = settings.repeat(8, 2) * _RING_BYTES
    recorded = vim_scrolling(settings.folder)
    readable = _UNREADABLE_FOR_PYTE.sub(b"", recorded)
    left_out = "" if readable == recorded else ", CSI ? m left out for pyte"
    return [
        *_lines(settings, "plain log lines", plain_lines(size), pyte, 25),
        *_lines(settings, "coloured log lines", coloured_lines(size), pyte, 10),
        _vim(settings, f"vim scrolling{left_out}", recorded, readable, pyte, 8),
    ]


def _lines(settings: Settings, what: str, data: bytes, pyte: _Reader, least: int) -> list[Row]:
    fed, mirrored, theirs = [], [], []
    for _ in range(settings.repeat(7, 3)):
        fed.append(_rate(_feed, data[:_RING_BYTES]))
        mirrored.append(_rate(_mirror, data))
        theirs.append(_rate(pyte, data[:_PYTE_BYTES]))
    both = f"{_show(mirrored)}, fed {median(fed):.1f}"
    return [_row(f"model 80x24, {what}, through the mirror", both, mirrored, theirs, least)]


def _vim(
    settings: Settings, what: str, recorded: bytes, readable: bytes, pyte: _Reader, least: int
) -> Row:
    fed, theirs = [], []
    for _ in range(settings.repeat(7, 3)):
        fed.append(_rate(_feed, recorded * 4))
        theirs.append(_rate(pyte, readable))
    return _row(f"model 80x24, {what}", _show(fed), fed, theirs, least)


def _row(what: str, shown: str, ours: list[float], theirs: list[float], least: int) -> Row:
    ratio = median(ours) / median(theirs)
    return Row(
        what,
        shown,
        f"{median(theirs):.2f} MB/s (pyte)",
        f"{ratio:.1f} x",
        f"{least} x",
        ratio >= least,
    )


def _show(rates: list[float]) -> str:
    return f"{median(rates):.1f} MB/s"


def _rate(read: _Reader, data: bytes) -> float:
    began = time.perf_counter()
    read(data)
    return len(data) / _MEGABYTE / (time.perf_counter() - began)


def _feed(data: bytes) -> None:
    terminal = Terminal(ROWS, COLUMNS)
    for start in range(0, len(data), _PIECE_BYTES):
        terminal.feed(data[start : start + _PIECE_BYTES])


def _mirror(data: bytes) -> None:
    """Read as in the daemon: from the ring, now and then."""
    ring = Ring(bytearray(_RING_BYTES))
    mirror = Mirror(ring, Winsize(ROWS, COLUMNS))
    for start in range(0, len(data), _BACKLOG_BYTES):
        piece = data[start : start + _BACKLOG_BYTES]
        mirror.make_room(ring, len(piece))
        ring.append(piece)
        mirror.catch_up(ring)


def _pyte_reader() -> _Reader:
    try:
        import pyte
    except ImportError:
        raise NotInstalled("not installed: pyte; pip install '.[benchmark]'") from None

    def read(data: bytes) -> None:
        stream = pyte.ByteStream(pyte.Screen(COLUMNS, ROWS))
        for start in range(0, len(data), _PIECE_BYTES):
            stream.feed(data[start : start + _PIECE_BYTES])

    return read
