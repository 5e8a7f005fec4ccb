"""How soon the daemon answers a client, alone and while a child floods it with output."""

import time
from collections.abc import Callable

from ctl.connection import Connection
from taskmaster.protocol.frames import FrameDecoder, FrameType, encode_frame
from taskmaster.protocol.messages import Attach, Pid, ProcessPid, Start, Status
from tests.benchmarks.measure import cpu_seconds, median, p99
from tests.benchmarks.peers import Daemon, Program, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_MOST_SECONDS = 0.020
_PAUSE_SECONDS = 0.005
_ANSWER_SECONDS = 30.0
_READ_BYTES = 64 * 1024
_WARM_UP_SECONDS = 1.0


class _Terminal:
    """A client attached to ``cat``."""

    def __init__(self, daemon: Daemon) -> None:
        connection = daemon.connect()
        connection.request(Attach("cat", rows=24, columns=80))
        self._decoder = FrameDecoder()
        self._shown = b"".join(_output(self._decoder, connection.rest()))
        self._socket = connection.socket
        self._socket.settimeout(_ANSWER_SECONDS)
        self._typed = 0

    def echo(self) -> None:
        """Type a line, and wait for it twice: from the line discipline, and back from cat."""
        self._typed += 1
        line = b"line %06d" % self._typed
        self._shown = b""
        self._socket.sendall(encode_frame(FrameType.INPUT, line + b"\n"))
        while self._shown.count(line) < 2:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                raise RuntimeError("the daemon has ended the attachment")
            self._shown += b"".join(_output(self._decoder, data))

    def close(self) -> None:
        """Detach."""
        self._socket.close()


def latency(settings: Settings) -> list[Row]:
    """Measure status and echo, first in quiet and then during a flood."""
    often = settings.repeat(300, 100)
    log = settings.folder / "flood.log"
    noise = Program(
        "noise",
        (str(settings.native.writer), "0"),
        autostart=False,
        options=(f"stdout: {log}", "stdout_maxbytes: 50MB", "stdout_backups: 1"),
    )
    with taskmasterd(settings.folder / "taskmaster", noise, Program("cat", ("cat",))) as daemon:
        connection = daemon.connect()
        terminal = _Terminal(daemon)
        rows = _measure(connection, terminal, often, flooded=False)
        connection.request(Start(("noise",)))
        time.sleep(_WARM_UP_SECONDS)
        writer = _pid(connection, "noise")
        before = cpu_seconds([writer])
        rows += _measure(connection, terminal, often, flooded=True)
        if cpu_seconds([writer]) - before <= 0 or not log.stat().st_size:
            raise RuntimeError("there was no flood")
        terminal.close()
        connection.close()
    return rows


def _measure(
    connection: Connection, terminal: _Terminal, often: int, *, flooded: bool
) -> list[Row]:
    when = "during a flood" if flooded else "in quiet"
    status = _times(lambda: connection.request(Status()), often)
    echo = _times(terminal.echo, often)
    return [
        Row(f"status request {when}, p50 / p99", _show(status)),
        Row(
            f"echo of a typed line {when}, p50 / p99",
            _show(echo),
            asked=f"p99 under {_MOST_SECONDS * 1000:.0f} ms" if flooded else "-",
            passed=p99(echo) < _MOST_SECONDS if flooded else None,
        ),
    ]


def _times(ask: Callable[[], object], often: int) -> list[float]:
    times = []
    for _ in range(often):
        time.sleep(_PAUSE_SECONDS)
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return times


def _show(times: list[float]) -> str:
    return f"{milliseconds(median(times))} / {milliseconds(p99(times))}"


def _pid(connection: Connection, name: str) -> int:
    answer = connection.request(Pid((name,)))
    if isinstance(answer, list) and isinstance(answer[0], ProcessPid) and answer[0].pid:
        return answer[0].pid
    raise RuntimeError(f"{name} does not run")


def _output(decoder: FrameDecoder, data: bytes) -> list[bytes]:
    return [frame.payload for frame in decoder.feed(data) if frame.type is FrameType.OUTPUT]
