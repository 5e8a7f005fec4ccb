"""What `Status` tells of CPU time and memory, asked as clients ask it."""

import json
from typing import Any

from ctl.connection import Connection
from taskmaster.protocol import messages
from tests.integration.conftest import Site, resident_bytes, wait_for

PROGRAMS = """\
  busy: {cmd: [sh, -c, 'while :; do :; done'], starttime: 0}
  gone: {cmd: [sh, -c, 'exit 7'], autorestart: never, startretries: 0}"""


def ask(site: Site, request: messages.Status) -> dict[str, messages.ProcessStatus]:
    connection = Connection(str(site.socket))
    told: Any = connection.request(request)
    connection.close()
    return {one.name: one for one in told}


def test_usage_is_looked_up_for_who_asks_and_for_nobody_else(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("gone", "FATAL")
    wanted = messages.Status(usage=True)
    wait_for(lambda: (ask(site, wanted)["busy:0"].cpu_seconds or 0) > 0.2, "some work")

    told, plain = ask(site, wanted), ask(site, messages.Status())

    busy, gone = told["busy:0"], told["gone:0"]
    assert busy.pid is not None
    assert busy.resident_bytes is not None
    assert resident_bytes(busy.pid) / 2 < busy.resident_bytes < resident_bytes(busy.pid) * 2
    assert (gone.cpu_seconds, gone.resident_bytes) == (None, None)
    assert gone.reason.startswith("exit status 7 after ")
    assert gone.command == "sh -c 'exit 7'"
    assert (plain["busy:0"].cpu_seconds, plain["busy:0"].resident_bytes) == (None, None)


def test_more_processes_than_are_looked_at_in_one_turn_come_whole_and_in_order(site: Site) -> None:
    site.start("  many: {cmd: 'true', numprocs: 250, autostart: false}")

    told = list(ask(site, messages.Status(usage=True)))

    assert told == [f"many:{index}" for index in range(250)]


def test_a_daemon_that_does_not_know_of_usage_is_not_told_of_it() -> None:
    assert "usage" not in json.loads(messages.encode_request(messages.Status(), 1))["params"]
