"""A process is killed: how long until there is a new one."""

import os
import re
import signal
import time

from taskmaster.protocol.messages import EventLogged, Subscribe
from tests.benchmarks.measure import median
from tests.benchmarks.peers import Daemon, Program, supervisord, taskmasterd
from tests.benchmarks.processes import wait_for
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_LEAST_RATIO = 100.0
_MOST_SECONDS = 0.010
_PAUSE_SECONDS = 0.1
_SPAWNED = re.compile(r"spawned: '(?:victim:0|victim_0|victim)' with pid (\d+)")
"""Of the one that is killed: others may come and go meanwhile."""

_WORDS = ("sleep", "1000000")


def restart(settings: Settings) -> list[Row]:
    """Kill the one process again and again."""
    kills = settings.repeat(30, 10)
    # Many short lives in a row are slowed down on purpose; these are no program's own fault.
    options = ("startretries: 1000",)
    victim = Program("victim", _WORDS, restarts=True, options=options)
    with taskmasterd(settings.folder / "taskmaster", victim) as daemon:
        ours = _subscribed(daemon, kills)
    kills = settings.repeat(3, 2)
    with supervisord(settings.folder / "supervisor", victim) as daemon:
        theirs = _tailed(daemon, kills)
    ratio = median(theirs) / median(ours)
    return [
        Row(
            "kill -9 until a new pid, median",
            milliseconds(median(ours)),
            milliseconds(median(theirs)),
            f"{ratio:.0f} x faster",
            "100 x, under 10 ms",
            ratio >= _LEAST_RATIO and median(ours) < _MOST_SECONDS,
        )
    ]


def _subscribed(daemon: Daemon, kills: int) -> list[float]:
    return restarts_heard_of(daemon, _wait_spawned(daemon, 1), kills)


def restarts_heard_of(daemon: Daemon, pid: int, kills: int) -> list[float]:
    """Kill a process again and again; return how long until a subscriber hears of the new pid."""
    connection = daemon.connect()
    connection.request(Subscribe())
    notifications = connection.notifications(Subscribe.METHOD)
    times = []
    for _ in range(kills):
        time.sleep(_PAUSE_SECONDS)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        for notification in notifications:
            if isinstance(notification, EventLogged) and (
                found := _SPAWNED.search(notification.line)
            ):
                times.append(time.perf_counter() - began)
                pid = int(found[1])
                break
    connection.close()
    return times


def _tailed(daemon: Daemon, kills: int) -> list[float]:
    """See the new pid in the log, which is looked at each millisecond."""
    times = []
    for number in range(1, kills + 1):
        pid = _wait_spawned(daemon, number)
        time.sleep(_PAUSE_SECONDS)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        _wait_spawned(daemon, number + 1)
        times.append(time.perf_counter() - began)
    return times


def _wait_spawned(daemon: Daemon, often: int) -> int:
    """Wait until the log tells of that many processes; return the pid of the last."""
    pids: list[str] = []

    def told() -> bool:
        pids[:] = _SPAWNED.findall(daemon.events.read_text())
        return len(pids) >= often

    wait_for(told, f"process number {often}", every=0.001)
    return int(pids[-1])
