"""Whole commands of the two clients, with 200 processes."""

import subprocess
import time
from contextlib import ExitStack

from tests.benchmarks.measure import median
from tests.benchmarks.peers import Daemon, Program, supervisord, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_PROCESSES = 200
_LEAST_RATIO = 3.0
_WORDS = ("sleep", "1000000")


def start(settings: Settings) -> list[Row]:
    """Start 200 processes by one command."""
    program = Program("many", _WORDS, _PROCESSES, autostart=False)
    repetitions = settings.repeat(3, 1)
    with ExitStack() as stack:
        ours = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program))
        theirs = stack.enter_context(supervisord(settings.folder / "supervisor", program))
        our_times, their_times = [], []
        for _ in range(repetitions):
            our_times.append(_start_all(ours))
            their_times.append(_start_all(theirs))
    return [_row(f"start of {_PROCESSES} processes, whole command", our_times, their_times)]


def _start_all(daemon: Daemon) -> float:
    seconds = _timed([*daemon.client, "start", "all"])
    if daemon.running() != _PROCESSES:
        raise RuntimeError(f"{daemon.running()} of {_PROCESSES} processes run")
    daemon.ctl("stop", "all")
    return seconds


def status(settings: Settings) -> list[Row]:
    """Ask for the status of 200 processes that run."""
    program = Program("many", _WORDS, _PROCESSES)
    repetitions = settings.repeat(10, 3)
    with ExitStack() as stack:
        ours = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program))
        theirs = stack.enter_context(supervisord(settings.folder / "supervisor", program))
        for daemon in (ours, theirs):
            daemon.wait_running(_PROCESSES)
        our_times, their_times = [], []
        for _ in range(repetitions):
            our_times.append(_timed([*ours.client, "status"]))
            their_times.append(_timed([*theirs.client, "status"]))
    return [_row(f"status of {_PROCESSES} processes, whole command", our_times, their_times)]


def _timed(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def _row(what: str, ours: list[float], theirs: list[float]) -> Row:
    ratio = median(theirs) / median(ours)
    return Row(
        what,
        milliseconds(median(ours)),
        milliseconds(median(theirs)),
        f"{ratio:.1f} x faster",
        f"{_LEAST_RATIO:.0f} x",
        ratio >= _LEAST_RATIO,
    )
