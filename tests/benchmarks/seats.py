"""Sitting at a process's terminal: the first paint, the echo, a flood; and a child that has drawn.

The peers are tmux, which draws its own picture of the screen as we do at an attach, and dtach,
which only passes bytes on.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from ctl.connection import Connection
from taskmaster.protocol.frames import FrameDecoder, FrameType
from taskmaster.protocol.messages import Attach
from tests.benchmarks.material import coloured_lines, plain_lines
from tests.benchmarks.measure import median, p99, pss_kilobytes
from tests.benchmarks.multiplexers import dtach, tmux
from tests.benchmarks.peers import Daemon, Program, taskmasterd
from tests.benchmarks.processes import wait_for
from tests.benchmarks.seat import COLUMNS, READ_BYTES, ROWS, Seat
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_MEGABYTE = 1e6
_MOST_RATIO = 3.0
_QUIET_SECONDS = 0.15
_SETTLE_SECONDS = 0.3

_RING_BYTES = 1024 * 1024
_MOST_PAINT_SECONDS = 0.050

_LETTERS = b"%&*~"
"""What no escape sequence of anybody's holds."""
_PAUSE_SECONDS = 0.005

_FLOOD_SECONDS = 2.0
_LEAST_OF_DTACH = 0.7
_LEAST_OF_TMUX = 1.0

_CHILDREN = 50
_MOST_KILOBYTES_A_CHILD = 100.0
_DRAWN_SECONDS = 2.0


class _Filler:
    """A program that writes more than a ring full of log lines whenever it is told to.

    Attributes:
        words: the command.
    """

    def __init__(self, folder: Path) -> None:
        """Write the program and its lines into a folder, which is made."""
        folder.mkdir()
        self._told = folder / "told"
        self._times = 1
        os.mkfifo(self._told)
        lines, program = folder / "lines", folder / "fill"
        half = _RING_BYTES * 5 // 8
        both = (plain_lines(half).splitlines(), coloured_lines(half).splitlines())
        # The terminal puts the carriage returns.
        mixed = [line for pair in zip(*both, strict=False) for line in pair]
        lines.write_bytes(b"\n".join([*mixed, b""]))
        program.write_text(
            "number=0\n"
            "while number=$((number + 1)); do\n"
            f"  cat {lines}\n"
            "  printf 'end of log %06d' $number\n"
            f"  read told < {self._told}\n"
            "done\n"
        )
        self.words = ("/bin/sh", str(program))

    @property
    def mark(self) -> bytes:
        """What stands at the end of the last line."""
        return b"end of log %06d" % self._times

    def again(self) -> None:
        """Have it write again, with another mark."""
        self._times += 1
        with self._told.open("w") as fifo:
            fifo.write("\n")


def paint(settings: Settings) -> list[Row]:
    """Attach to a process that has just written more than the ring holds, again and again.

    Raises:
        NotInstalled: there is no tmux.
    """
    ours, theirs, part = [], [], []
    our_filler, their_filler = (_Filler(settings.folder / name) for name in ("ours", "theirs"))
    log = settings.folder / "out.log"
    options = (f"stdout: {log}", "stdout_maxbytes: 0")
    program = Program("fill", our_filler.words, options=options)
    with ExitStack() as stack:
        daemon = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program))
        peer = stack.enter_context(tmux(settings.folder / "tmux", their_filler.words))
        for _ in range(settings.repeat(15, 3)):
            _wait_written(log, our_filler)
            ours.append(_whole((*daemon.client, "attach", "fill"), our_filler.mark))
            our_filler.again()
            _wait_written(log, our_filler)
            part.append(_daemons_part(daemon, our_filler.mark))
            our_filler.again()
            wait_for(lambda: their_filler.mark.decode() in peer.text(), "tmux to show the end")
            time.sleep(_SETTLE_SECONDS)
            theirs.append(_whole(peer.attach, their_filler.mark))
            their_filler.again()
    ratio = median(ours) / median(theirs)
    return [
        Row(
            "first paint at an attach, ring full, whole command",
            milliseconds(median(ours)),
            f"{milliseconds(median(theirs))} (tmux)",
            f"{ratio:.2f}",
            f"under {_MOST_RATIO:.0f}",
            ratio < _MOST_RATIO,
        ),
        Row(
            "the same, the daemon's part",
            milliseconds(median(part)),
            asked=f"under {_MOST_PAINT_SECONDS * 1000:.0f} ms",
            passed=median(part) < _MOST_PAINT_SECONDS,
        ),
    ]


def _wait_written(log: Path, filler: _Filler) -> None:
    """Wait until all that was ordered is in the log, its unfinished last line too."""

    def written() -> bool:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - len(filler.mark)))
            return file.read() == filler.mark

    wait_for(lambda: log.exists() and written(), "the log to be written")
    time.sleep(_SETTLE_SECONDS)


def _whole(words: Sequence[str], mark: bytes) -> float:
    with Seat(words) as seat:
        return seat.painted(mark, _QUIET_SECONDS).at - seat.began


def _daemons_part(daemon: Daemon, mark: bytes) -> float:
    """Attach without the client's program, from connecting on."""
    decoder, shown = FrameDecoder(), bytearray()
    began = at = time.perf_counter()
    connection = Connection(str(daemon.socket))
    connection.request(Attach("fill", ROWS, COLUMNS))
    data = connection.rest()
    connection.socket.settimeout(_QUIET_SECONDS)
    while True:
        for frame in decoder.feed(data):
            if frame.type is FrameType.OUTPUT:
                shown += frame.payload
                at = time.perf_counter()
        try:
            data = connection.socket.recv(READ_BYTES)
        except TimeoutError:
            break
    connection.close()
    if mark not in shown:
        raise RuntimeError(f"the paint ends without {mark!r}")
    return at - began


def echo(settings: Settings) -> list[Row]:
    """Type into ``cat`` in raw mode, and wait until it is shown.

    Raises:
        NotInstalled: tmux or dtach is not there.
    """
    words = _script(settings.folder / "raw-cat", "stty raw -echo", "exec cat")
    with ExitStack() as stack:
        program = Program("cat", words)
        daemon = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program))
        commands = (
            (*daemon.client, "attach", "cat"),
            stack.enter_context(tmux(settings.folder / "tmux", words)).attach,
            stack.enter_context(dtach(settings.folder / "dtach", words)).attach,
        )
        seats = [stack.enter_context(Seat(command)) for command in commands]
        for seat in seats:
            seat.read_until_quiet(1.0)
        times: list[list[float]] = [[] for _ in seats]
        for number in range(settings.repeat(300, 100)):
            letter = _LETTERS[number % len(_LETTERS) :][:1]
            for seat, taken in zip(seats, times, strict=True):
                time.sleep(_PAUSE_SECONDS)
                began = time.perf_counter()
                seat.type(letter)
                seat.read_until(letter)
                taken.append(time.perf_counter() - began)
    ours, of_tmux, of_dtach = times
    ratio = median(ours) / median(of_tmux)
    return [
        Row(
            "echo of a character through attach, p50 / p99",
            _spread(ours),
            f"{_spread(of_tmux)} (tmux), {_spread(of_dtach)} (dtach)",
            f"{ratio:.2f}",
            f"p50 under {_MOST_RATIO:.0f} tmux",
            ratio < _MOST_RATIO,
        )
    ]


def _spread(times: Sequence[float]) -> str:
    return f"{milliseconds(median(times))} / {milliseconds(p99(times))}"


def watched(settings: Settings) -> list[Row]:
    """Sit at a flood of lines and read as fast as they come.

    Raises:
        NotInstalled: tmux or dtach is not there.
    """
    words = (str(settings.native.writer), "0")
    rates: tuple[list[float], ...] = ([], [], [])
    for number in range(settings.repeat(5, 1)):
        folder = settings.folder / str(number)
        folder.mkdir()
        options = (f"stdout: {folder / 'out.log'}", "stdout_maxbytes: 50MB", "stdout_backups: 1")
        program = Program("writer", words, options=options)
        with taskmasterd(folder / "taskmaster", program) as daemon:
            rates[0].append(_arriving((*daemon.client, "attach", "writer")))
        with tmux(folder / "tmux", words) as session:
            rates[1].append(_arriving(session.attach))
        with dtach(folder / "dtach", words) as session:
            rates[2].append(_arriving(session.attach))
    ours, of_tmux, of_dtach = (median(found) for found in rates)
    return [
        Row(
            "flood of 100-byte lines at one client's terminal",
            f"{ours:.1f} MB/s",
            f"{of_dtach:.1f} MB/s (dtach)",
            f"{ours / of_dtach:.2f}",
            f"at least {_LEAST_OF_DTACH}",
            ours / of_dtach >= _LEAST_OF_DTACH,
        ),
        Row(
            "the same",
            f"{ours:.1f} MB/s",
            f"{of_tmux:.1f} MB/s (tmux)",
            f"{ours / of_tmux:.2f}",
            f"above {_LEAST_OF_TMUX:.0f}",
            ours / of_tmux > _LEAST_OF_TMUX,
        ),
    ]


def _arriving(words: Sequence[str]) -> float:
    """Return the MB/s that come to a terminal where a client sits."""
    with Seat(words) as seat:
        seat.bytes_shown(_FLOOD_SECONDS / 2)  # what is there before the flood, and the caches
        return seat.bytes_shown(_FLOOD_SECONDS) / _MEGABYTE / _FLOOD_SECONDS


def drawn(settings: Settings) -> list[Row]:
    """Compare children that have drawn a screen with such that have not, in the same moment."""
    lines = settings.folder / "lines"
    lines.write_bytes(b"\n".join(coloured_lines(10_000).splitlines()[:ROWS]))
    silent = _script(settings.folder / "silent", "exec sleep 1000000")
    drawing = _script(settings.folder / "drawing", f"cat {lines}", "exec sleep 1000000")
    with ExitStack() as stack:
        daemons = [
            stack.enter_context(
                taskmasterd(settings.folder / name, Program("child", words, _CHILDREN))
            )
            for name, words in (("without", silent), ("with", drawing))
        ]
        for daemon in daemons:
            daemon.wait_running(_CHILDREN)
        time.sleep(_DRAWN_SECONDS)
        unseen = _added(daemons)
        for number in range(_CHILDREN):
            _look_at(daemons[1], f"child:{number}")
        time.sleep(_DRAWN_SECONDS)
        seen = _added(daemons)
    return [
        Row(
            "memory for each idle child that drew a screen, PSS",
            f"{seen:.1f} kB, {unseen:.1f} before anybody looked",
            asked=f"at most {_MOST_KILOBYTES_A_CHILD:.0f} kB more",
            passed=seen <= _MOST_KILOBYTES_A_CHILD,
        )
    ]


def _added(daemons: Sequence[Daemon]) -> float:
    without, drew = (pss_kilobytes(daemon.pids) for daemon in daemons)
    return (drew - without) / _CHILDREN


def _look_at(daemon: Daemon, name: str) -> None:
    """Attach for a moment, so that there is a model of its screen."""
    connection = daemon.connect()
    connection.request(Attach(name, ROWS, COLUMNS, read_only=True))
    if not connection.rest():
        connection.socket.recv(READ_BYTES)
    connection.close()


def _script(path: Path, *lines: str) -> tuple[str, ...]:
    path.write_text("\n".join([*lines, ""]))
    return ("/bin/sh", str(path))
