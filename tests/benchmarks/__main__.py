"""``python -m tests.benchmarks``: measure Taskmaster and its peers, and print one table.

It needs the extra ``benchmark`` (``pip install '.[benchmark]'``), a C compiler and Linux, and for
what has to do with screens tmux, dtach and vim; what lacks one of them is left out. The peers are
supervisord; for the flood a C loop that does nothing but read a terminal and write a file; for the
model of the screen pyte; for who sits at a terminal tmux and dtach. They are measured in the same
run, in turns where that is possible.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn

from tests.benchmarks.alerts import alerts
from tests.benchmarks.badinput import badinput
from tests.benchmarks.commands import start, status
from tests.benchmarks.dashboard import dashboard
from tests.benchmarks.flood import flood
from tests.benchmarks.idle import memory, wakeups
from tests.benchmarks.latency import latency
from tests.benchmarks.model import model
from tests.benchmarks.native import NoCompiler, build
from tests.benchmarks.peers import NotInstalled, missing
from tests.benchmarks.processes import adopt_orphans, sweep
from tests.benchmarks.restart import restart
from tests.benchmarks.rpc import rpc
from tests.benchmarks.seats import drawn, echo, paint, watched
from tests.benchmarks.settings import Settings
from tests.benchmarks.shell import shell
from tests.benchmarks.table import Row, render
from tests.benchmarks.takeover import takeover

_EXIT_MISSED: Final = 1
_EXIT_UNUSABLE: Final = 2

_BENCHMARKS: Final[Mapping[str, Callable[[Settings], list[Row]]]] = {
    "flood": flood,
    "restart": restart,
    "alerts": alerts,
    "badinput": badinput,
    "start": start,
    "status": status,
    "latency": latency,
    "memory": memory,
    "wakeups": wakeups,
    "model": model,
    "paint": paint,
    "echo": echo,
    "watched": watched,
    "drawn": drawn,
    "takeover": takeover,
    "rpc": rpc,
    "shell": shell,
    "dashboard": dashboard,
}


def main() -> int:
    """Run the benchmarks that were asked for; return the exit status."""
    options = _parse()
    if absent := missing():
        text = f"not installed: {', '.join(absent)}; pip install '.[benchmark]'"
        print(text, file=sys.stderr)
        return _EXIT_UNUSABLE
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    adopt_orphans()
    rows: list[Row] = []
    left_out = False
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        try:
            native = build(folder)
        except NoCompiler as exc:
            print(exc, file=sys.stderr)
            return _EXIT_UNUSABLE
        for chosen in dict.fromkeys(options.names or _BENCHMARKS):
            print(f"measuring {chosen} ...", file=sys.stderr, flush=True)
            own = folder / chosen
            own.mkdir()
            try:
                rows += _BENCHMARKS[chosen](Settings(own, native, options.quick))
            except NotInstalled as exc:
                print(f"left out {chosen}: {exc}", file=sys.stderr)
                left_out = True
            finally:
                sweep()
    print(render(rows))
    if left_out:
        return _EXIT_UNUSABLE
    return _EXIT_MISSED if any(row.passed is False for row in rows) else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure Taskmaster and its peers in the same run, and print one table.",
        epilog="exit status: 0 all that was asked for is reached, 1 something is missed, "
        "2 something needed is not installed",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, smaller amounts")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"only these of: {', '.join(_BENCHMARKS)}"
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(_BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return options


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
