"""The core dies, or hands over to another one: how long nobody answers, with 200 processes."""

import os
import signal
import subprocess
import time

from ctl.connection import Connection, ConnectionLost
from taskmaster.protocol.messages import ProcessStatus, Status
from tests.benchmarks.measure import median
from tests.benchmarks.peers import Daemon, Program, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_PROCESSES = 200
_MOST_SECONDS = 1.0
_KILLS_EACH = 2
"""More of them in a row are followed after a pause that grows, on purpose."""

_MANY = Program("many", ("sleep", "1000000"), processes=_PROCESSES)


def takeover(settings: Settings) -> list[Row]:
    """Kill the core, and upgrade it, and ask for the status until it is told."""
    killed: list[float] = []
    waited: list[float] = []
    for number in range(settings.repeat(5, 2)):
        with taskmasterd(settings.folder / str(number), _MANY) as daemon:
            daemon.wait_running(_PROCESSES)
            before = _pids(daemon.connect())
            for _ in range(_KILLS_EACH):
                core = daemon.connect().hello.core
                began = time.perf_counter()
                os.kill(core, signal.SIGKILL)
                now = _told(daemon, core)
                killed.append(time.perf_counter() - began)
                _compare(before, now)
            waited.append(_longest_wait(daemon))
            _compare(before, _pids(daemon.connect()))
    return [
        Row(
            f"kill -9 of the core until status, {_PROCESSES} processes, median",
            milliseconds(median(killed)),
            "",
            f"longest {milliseconds(max(killed))}",
            "under 1 s",
            median(killed) < _MOST_SECONDS,
        ),
        Row(
            f"upgrade, {_PROCESSES} processes: the longest that a status waited, median",
            milliseconds(median(waited)),
            "",
            f"longest {milliseconds(max(waited))}",
            "under 1 s",
            median(waited) < _MOST_SECONDS,
        ),
    ]


def _pids(connection: Connection) -> set[int | None]:
    result = connection.request(Status())
    connection.close()
    assert isinstance(result, list)
    return {one.pid for one in result if isinstance(one, ProcessStatus)}


def _told(daemon: Daemon, core: int) -> set[int | None]:
    """Return the pids as another core tells them."""
    while True:
        try:
            connection = daemon.connect()
            if connection.hello.core != core:
                return _pids(connection)
        except ConnectionLost:
            continue


def _longest_wait(daemon: Daemon) -> float:
    """Upgrade, ask for the status again and again meanwhile; return the longest wait in seconds."""
    longest = 0.0
    upgrade = subprocess.Popen([*daemon.client, "upgrade"], stdout=subprocess.DEVNULL)
    while upgrade.poll() is None:
        began = time.perf_counter()
        while True:
            try:
                _pids(daemon.connect())
            except ConnectionLost:
                continue
            break
        longest = max(longest, time.perf_counter() - began)
    if upgrade.returncode != 0:
        raise RuntimeError("the upgrade failed")
    return longest


def _compare(before: set[int | None], now: set[int | None]) -> None:
    if before != now:
        raise RuntimeError(f"{len(before - now)} processes are lost")
