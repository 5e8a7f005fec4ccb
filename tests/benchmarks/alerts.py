"""Listeners and alerts that get hundreds of events a second: how long a restart takes then.

A process is killed again and again while others die some hundred times a second, once with nobody
to tell and once with five event listeners, which are told every change of state, and three alerts:
over UDP each event is a line of its own, one web server gets digests, and one takes connections and
never answers. Both are measured in turns.
"""

import http.server
import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.measure import p99
from tests.benchmarks.peers import Program, taskmasterd
from tests.benchmarks.processes import wait_for
from tests.benchmarks.restart import restarts_heard_of
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_MOST_RATIO = 1.5
_PAUSE_SECONDS = 0.05
_SPAWNED = re.compile(r"spawned: 'victim:0' with pid (\d+)")
_LISTENERS = 5
_LEAST_EVENTS = 10_000
_OPTIONS = ("startretries: 1000000", "exitcodes: [9]")
_PROGRAMS = (
    Program("victim", ("sleep", "1000000"), restarts=True, options=_OPTIONS),
    Program("flapper", ("sleep", "0.05"), processes=6, restarts=True, options=_OPTIONS),
)


def alerts(settings: Settings) -> list[Row]:
    """Kill the one process again and again, with alerts and without."""
    rounds, kills = settings.repeat(6, 2), settings.repeat(100, 30)
    without: list[float] = []
    with_alerts: list[float] = []
    told = settings.folder / "told"
    told.mkdir()
    listeners = tuple(_listener(told / str(number)) for number in range(_LISTENERS))
    with _targets() as lines:
        for number in range(rounds):
            for name, chosen, ears, times in (
                ("bare", (), (), without),
                ("alerts", lines, listeners, with_alerts),
            ):
                folder = settings.folder / f"{name}{number}"
                with taskmasterd(folder, *ears, *_PROGRAMS, alerts=chosen) as daemon:
                    times.extend(restarts_heard_of(daemon, first_pid(daemon.events), kills))
    ratio = p99(with_alerts) / p99(without)
    events = min(path.stat().st_size for path in told.iterdir())
    return [
        Row(
            f"kill -9 until a new pid, p99, {events} events to 5 listeners, 3 alerts, 1 stalled",
            milliseconds(p99(with_alerts)),
            f"{milliseconds(p99(without))} (nobody told)",
            f"{ratio:.2f} x",
            f"at most {_MOST_RATIO} x",
            ratio <= _MOST_RATIO and (settings.quick or events >= _LEAST_EVENTS),
        )
    ]


def _listener(told: Path) -> Program:
    words = (sys.executable, "-S", "-E", str(Path(__file__).with_name("ear.py")), str(told))
    return Program(f"ear{told.name}", words, options=("events: PROCESS_STATE", "buffer_size: 1000"))


def first_pid(events: Path) -> int:
    """Return the pid of the process that is killed, once it is there."""
    wait_for(lambda: bool(_SPAWNED.search(events.read_text())), "the first process")
    return int(_SPAWNED.findall(events.read_text())[-1])


class _Handler(http.server.BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def _targets() -> Iterator[Sequence[str]]:
    """Run the three targets; give the lines of the config that name them."""
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    serving = threading.Thread(target=web.serve_forever)
    serving.start()
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,  # the kernel accepts for it
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            udp.bind(("127.0.0.1", 0))
            yield (
                f"lines: {{syslog: {{address: 'udp://127.0.0.1:{udp.getsockname()[1]}'}}}}",
                f"digests: {{pause: 1, http: {{url: 'http://127.0.0.1:{web.server_port}/'}}}}",
                f"stalls: {{pause: 0, http: {{url: 'http://127.0.0.1:{silent.getsockname()[1]}'}}}}",
            )
    finally:
        web.shutdown()
        serving.join()
        web.server_close()
