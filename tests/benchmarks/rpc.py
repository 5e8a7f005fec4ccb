"""supervisord's XML-RPC with 200 processes: how many calls of ``getAllProcessInfo`` a second.

One client asks both in turns over their UNIX sockets, and keeps its connection. It reads the whole
answer and does not parse it: that would be Python's parser, which takes longer than both daemons.
"""

import http.client
import socket
import time
import xmlrpc.client
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.measure import median
from tests.benchmarks.peers import Program, supervisord, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row

_PROCESSES = 200
_LEAST_RATIO = 2.0
_CALLS = 40
_SECONDS = 60.0
_BODY = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo")


def rpc(settings: Settings) -> list[Row]:
    """Ask again and again."""
    program = Program("many", ("sleep", "1000000"), _PROCESSES)
    path = settings.folder / "h.sock"
    with ExitStack() as stack:
        ours = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program, http=path))
        theirs = stack.enter_context(supervisord(settings.folder / "supervisor", program))
        for daemon in (ours, theirs):
            daemon.wait_running(_PROCESSES)
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(settings.repeat(7, 3)):
            for socket_path, found in zip((path, theirs.socket), rates, strict=True):
                found.append(_rate(socket_path))
    our_rate, their_rate = (median(found) for found in rates)
    ratio = our_rate / their_rate
    return [
        Row(
            f"XML-RPC, getAllProcessInfo of {_PROCESSES} processes",
            f"{our_rate:.0f} calls/s",
            f"{their_rate:.0f} calls/s",
            f"{ratio:.1f} x",
            f"{_LEAST_RATIO:.0f} x",
            ratio >= _LEAST_RATIO,
        )
    ]


def _rate(path: Path) -> float:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(_SECONDS)
    connection.sock.connect(str(path))
    try:
        _call(connection)
        began = time.perf_counter()
        for _ in range(_CALLS):
            _call(connection)
        return _CALLS / (time.perf_counter() - began)
    finally:
        connection.close()


def _call(connection: http.client.HTTPConnection) -> None:
    connection.request("POST", "/RPC2", _BODY, {"Content-Type": "text/xml"})
    response = connection.getresponse()
    count = response.read().count(b"<name>statename</name>")
    if response.status != http.client.OK or count != _PROCESSES:
        raise RuntimeError(f"status {response.status}, {count} processes")
