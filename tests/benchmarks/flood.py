"""A child that writes as fast as it can: how fast that gets into its log, and what it costs."""

import compileall
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taskmaster.protocol.messages import Start
from tests.benchmarks.measure import cpu_seconds, median
from tests.benchmarks.peers import Program, taskmasterd
from tests.benchmarks.processes import DEADLINE_SECONDS, wait_for
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row

_MEGABYTE = 1e6
_GIGABYTE = 1e9
_LEAST_RATIO = 0.9
_MOST_CPU_RATIO = 2.2
_POLL_SECONDS = 0.005
_LEAST_OF_BEFORE = 0.97
_BEFORE = "f0c0229"
"""The commit before there was a model of the screen."""


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    cpu_seconds: float


def flood(settings: Settings) -> list[Row]:
    """Measure both sides in turns, so that what else the machine does hits both alike."""
    total = settings.repeat(10, 3) * 100_000_000
    source = _checked_out(_BEFORE, settings.folder / "before")
    ours, loops, befores = [], [], []
    for number in range(settings.repeat(5, 1)):
        loops.append(_loop(settings, settings.folder / f"loop{number}.log", total))
        ours.append(_taskmaster(settings, settings.folder / f"taskmaster{number}", total))
        if source is not None:
            folder = settings.folder / f"before{number}"
            befores.append(_taskmaster(settings, folder, total, source))

    def rate(runs: list[_Run]) -> float:
        return total / _MEGABYTE / median([run.seconds for run in runs])

    def cost(runs: list[_Run]) -> float:
        return median([run.cpu_seconds for run in runs]) / (total / _GIGABYTE)

    speed = rate(ours) / rate(loops)
    price = cost(ours) / cost(loops)
    rows = [
        Row(
            "flood of 100-byte lines into a log",
            f"{rate(ours):.1f} MB/s",
            f"{rate(loops):.1f} MB/s (C loop)",
            f"{speed:.2f}",
            f"at least {_LEAST_RATIO}",
            speed >= _LEAST_RATIO,
        ),
        Row(
            "the same, CPU time a GB",
            f"{cost(ours):.2f} s",
            f"{cost(loops):.2f} s (C loop)",
            f"{price:.2f}",
            f"at most {_MOST_CPU_RATIO}",
            price <= _MOST_CPU_RATIO,
        ),
    ]
    if befores:
        left = rate(ours) / rate(befores)
        rows.append(
            Row(
                "flood into a log, against the time without a screen model",
                f"{rate(ours):.1f} MB/s, {cost(ours):.2f} s a GB",
                f"{rate(befores):.1f} MB/s, {cost(befores):.2f} s a GB ({_BEFORE})",
                f"{left:.2f}",
                f"at least {_LEAST_OF_BEFORE}",
                left >= _LEAST_OF_BEFORE,
            )
        )
    return rows


def _checked_out(commit: str, folder: Path) -> Path | None:
    """Put the packages of a commit into a folder, compiled; None where there is no history."""
    root = Path(__file__).parents[2]
    archive = subprocess.run(
        ["git", "-C", str(root), "archive", commit, "taskmaster", "pty_mux", "ctl"],
        capture_output=True,
        check=False,
    )
    if archive.returncode != 0:
        return None
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    compileall.compile_dir(folder, quiet=1)
    return folder


def _loop(settings: Settings, log: Path, total: int) -> _Run:
    words = [str(settings.native.loop), str(log), str(settings.native.writer), str(total)]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    seconds, cpu = map(float, done.stdout.split())
    # The loop leaves the carriage return that the line discipline puts before each newline.
    _check_size(log, total + total // 100)
    log.unlink()
    return _Run(seconds, cpu)


def _taskmaster(settings: Settings, folder: Path, total: int, source: Path | None = None) -> _Run:
    log = folder / "out.log"
    program = Program(
        "writer",
        (str(settings.native.writer), str(total)),
        autostart=False,
        options=(f"stdout: {log}", "stdout_maxbytes: 0"),
    )
    with taskmasterd(folder, program, source=source) as daemon:
        connection = daemon.connect()
        before = cpu_seconds(daemon.pids)
        began = time.perf_counter()
        connection.request(Start(("writer",)))
        wait_for(_has_size(log, total), "the flood to end", every=_POLL_SECONDS)
        seconds = time.perf_counter() - began
        cpu = cpu_seconds(daemon.pids) - before
        connection.close()
    _check_size(log, total)
    log.unlink()
    return _Run(seconds, cpu)


def _has_size(log: Path, size: int) -> Callable[[], bool]:
    return lambda: log.exists() and log.stat().st_size >= size


def _check_size(log: Path, size: int) -> None:
    if log.stat().st_size != size:
        raise RuntimeError(f"{log.name} has {log.stat().st_size} bytes instead of {size}")
