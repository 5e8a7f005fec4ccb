"""``python -m tests.soak``: a daemon for a long time, and what it has at start, middle and end.

First processes that exit as soon as they are up, for so many restarts in all; then, with the rest
idle, one that floods its terminal for so many minutes. Memory, descriptors and terminals of core
and keeper are printed; a leak is what grows from the middle to the end as from the start to there.
Two things grow until they are full: the shared memory is that of the histories (``--scrollback``),
and the core's own has the lines above each screen, 2,000 of them (``vt.screen``), of which a short
life adds two. With ``--flapping 10 --scrollback 4KiB`` both are full after 10,000 restarts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctl.connection import Connection
from taskmaster.protocol import messages
from tests.integration.conftest import Site, core_of, descriptors, ptys

_COLUMNS = (
    "when", "restarts", "output MB",
    "core RSS", "PSS", "own", "shared", "files", "ptys",
    "keeper RSS", "PSS", "own", "shared", "files", "ptys",
)  # fmt: skip
_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process has.

    Attributes:
        resident, proportional, own, shared: of memory, in KiB: RSS, PSS, RssAnon and RssShmem of
            proc(5).
    """

    resident: int
    proportional: int
    own: int
    shared: int
    files: int
    terminals: int


def figures(pid: int) -> Figures:
    """Look at a process."""
    fields = dict[str, int]()
    for name in ("status", "smaps_rollup"):
        for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
            key, _, value = line.partition(":")
            if value.endswith(" kB"):
                fields.setdefault(key, int(value.split()[0]))
    resident, proportional = fields["VmRSS"], fields["Pss"]
    own, shared = fields["RssAnon"], fields["RssShmem"]
    return Figures(resident, proportional, own, shared, descriptors(pid), ptys(pid))


class Soak:
    """A daemon under way, and the table of what it had."""

    def __init__(self, site: Site, connection: Connection) -> None:
        self._site = site
        self._connection = connection
        print("  ".join(f"{column:>10}" for column in _COLUMNS), flush=True)

    def ask(self, request: messages.Request) -> Any:
        """Ask the daemon for something."""
        return self._connection.request(request)

    def restarts(self) -> int:
        """How often processes were started again so far."""
        return sum(one.restarts for one in self.ask(messages.Status()))

    def written(self) -> int:
        """How many bytes the flooding process says that it has written."""
        words = self._site.text("written")
        return int(words) if words else 0

    def look(self, when: str) -> None:
        """Print a line."""
        cells: list[object] = [when, self.restarts(), self.written() // 1_000_000]
        for pid in (core_of(self._site), self._site.pid):
            now = figures(pid)
            memory = (now.resident, now.proportional, now.own, now.shared)
            cells += [f"{size / 1024:.1f}" for size in memory]
            cells += [now.files, now.terminals]
        print("  ".join(f"{cell!s:>10}" for cell in cells), flush=True)

    def run(self, how_far: Callable[[], float], looks: int) -> None:
        """Look at evenly spaced points until it has gone all the way, which is 1."""
        for number in range(1, looks + 1):
            while how_far() < number / looks:
                time.sleep(_EVERY_SECONDS)
            self.look("end" if number == looks else f"{number}/{looks}")


_FLOOD = """
import os, sys, time
line, written, told = b"%s\\r\\n" % (b"0123456789abcdef" * 4), 0, 0
while True:
    written += os.write(1, line * 60)
    if time.monotonic() - told > 1:
        told = time.monotonic()
        with open(sys.argv[1] + "~", "w") as file:
            file.write(str(written))
        os.replace(sys.argv[1] + "~", sys.argv[1])
"""


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--restarts", type=int, default=10_000, metavar="N")
    parser.add_argument("--flapping", type=int, default=150, metavar="PROCESSES")
    parser.add_argument("--minutes", type=float, default=60.0, metavar="M", help="of the flood")
    parser.add_argument("--scrollback", default="1MiB", metavar="SIZE")
    parser.add_argument("--looks", type=int, default=4, metavar="K", help="lines of each part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        site = Site(Path(name))
        flood = Path(name) / "flood.py"
        flood.write_text(_FLOOD)
        common = f"starttime: 0, autostart: no, scrollback: {options.scrollback}"
        site.start(
            f"  flap: {{cmd: [sh, -c, 'echo $$'], autorestart: always, startretries: 1000000, "
            f"numprocs: {options.flapping}, {common}}}\n"
            f"  flood: {{cmd: [python3, {flood}, {name}/written], stdout: a.log, "
            f"stdout_maxbytes: 10MB, {common}}}\n"
            "  idle: {cmd: sleep 1000000, starttime: 0, numprocs: 20}"
        )
        try:
            with closing(Connection(str(site.socket))) as connection:
                _soak(Soak(site, connection), options)
        finally:
            site.end()


def _soak(soak: Soak, options: argparse.Namespace) -> None:
    if options.restarts:
        soak.look("start")
        soak.ask(messages.Start(("flap",)))
        soak.run(lambda: soak.restarts() / options.restarts, options.looks)
        soak.ask(messages.Stop(("flap",)))
        soak.look("stopped")
    if options.minutes:
        soak.look("start")
        soak.ask(messages.Start(("flood",)))
        began = time.monotonic()
        soak.run(lambda: (time.monotonic() - began) / (60 * options.minutes), options.looks)
        soak.ask(messages.Stop(("flood",)))
        soak.look("stopped")


if __name__ == "__main__":
    main()
