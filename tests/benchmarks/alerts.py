"""Alerts that get hundreds of events a second, one of them stalled: how long a restart takes then.

A process is killed again and again while others die some hundred times a second, once without
alerts and once with three: over UDP each event is a line of its own, one web server gets digests,
and one takes connections and never answers. Both are measured in turns.
"""

import http.server
import re
import socket
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
_DIED = "not expected"
_OPTIONS = ("startretries: 1000000", "exitcodes: [9]")
_PROGRAMS = (
    Program("victim", ("sleep", "1000000"), restarts=True, options=_OPTIONS),
    Program("flapper", ("sleep", "0.05"), processes=14, restarts=True, options=_OPTIONS),
)


def alerts(settings: Settings) -> list[Row]:
    """Kill the one process again and again, with alerts and without."""
    rounds, kills = settings.repeat(6, 2), settings.repeat(100, 30)
    without: list[float] = []
    with_alerts: list[float] = []
    events = 0
    with _targets() as lines:
        for number in range(rounds):
            for name, chosen, times in (("bare", (), without), ("alerts", lines, with_alerts)):
                folder = settings.folder / f"{name}{number}"
                with taskmasterd(folder, *_PROGRAMS, alerts=chosen) as daemon:
                    times.extend(restarts_heard_of(daemon, _first_pid(daemon.events), kills))
                    events += daemon.events.read_text().count(_DIED) if chosen else 0
    ratio = p99(with_alerts) / p99(without)
    return [
        Row(
            f"kill -9 until a new pid, p99, {events} events to 3 alerts, one stalled",
            milliseconds(p99(with_alerts)),
            f"{milliseconds(p99(without))} (without alerts)",
            f"{ratio:.2f} x",
            f"at most {_MOST_RATIO} x",
            ratio <= _MOST_RATIO,
        )
    ]


def _first_pid(events: Path) -> int:
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
