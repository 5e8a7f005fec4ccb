"""Two clients at the same moment: whatever they ask, each is answered, and the later one counts."""

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import pytest

from ctl.connection import Connection
from taskmaster.protocol import messages
from tests.integration.conftest import DEADLINE_SECONDS, Site, is_alive, wait_for

NAMES = ("all",)
ASKS: dict[str, Callable[[], messages.Request]] = {
    "start": lambda: messages.Start(NAMES),
    "stop": lambda: messages.Stop(NAMES),
    "restart": lambda: messages.Restart(NAMES),
    "signal": lambda: messages.Signal("KILL", NAMES),
    "clear": lambda: messages.Clear(NAMES),
    "reload": messages.Reload,
    "reread": messages.Reread,
}
UP_AFTER = {"start": True, "stop": False, "restart": True}
"""What decides whether it is up; whatever else is asked leaves that as it was."""


def config(number: int) -> str:
    """A reload to another number restarts what is up. What is stopped goes in two waves."""
    settings = (
        "cmd: sleep 1000, starttime: 0, autorestart: always, startretries: 1000, "
        f"stdout: a.log, env: {{NUMBER: '{number}'}}"
    )
    return f"  a: {{priority: 1, {settings}}}\n  b: {{priority: 2, {settings}}}"


@pytest.fixture
def connections(site: Site) -> Iterator[list[Connection]]:
    site.start(config(0))
    with ExitStack() as stack:
        made = [stack.enter_context(closing(Connection(str(site.socket)))) for _ in range(3)]
        for connection in made:
            connection.socket.settimeout(DEADLINE_SECONDS)
        yield made


def test_every_two_commands_at_once_end_as_the_later_one_wants(
    site: Site, connections: list[Connection]
) -> None:
    *pair, other = connections
    barrier = threading.Barrier(2, timeout=DEADLINE_SECONDS)
    number = 0

    def ask(connection: Connection, request: messages.Request) -> messages.Result:
        barrier.wait()
        return connection.request(request)

    def has_settled(is_up: bool) -> bool:
        told: Any = other.request(messages.Status())
        if is_up:
            return all(one.state == "RUNNING" and is_alive(one.pid) for one in told)
        return all((one.state, one.pid) == ("STOPPED", None) for one in told)

    with ThreadPoolExecutor(2) as threads:
        for was_up, first, second in itertools.product((True, False), ASKS, ASKS):
            what = f"{first} and {second} at once, {'up' if was_up else 'down'} before"
            other.request(messages.Start(NAMES) if was_up else messages.Stop(NAMES))
            if "reload" in (first, second):
                number += 1
                site.write(config(number))
            before = len(site.events())

            answers = list(threads.map(ask, pair, (ASKS[first](), ASKS[second]())))

            for answer in answers:
                if isinstance(answer, list):
                    assert [outcome.name for outcome in answer] == ["a:0", "b:0"], what
                else:
                    assert isinstance(answer, messages.ReloadReport), what
            came = re.findall(r"command: (\w+)", site.events()[before:])
            assert sorted(came) == sorted((first, second)), what
            is_up = [was_up, *(UP_AFTER[verb] for verb in came if verb in UP_AFTER)][-1]
            wait_for(partial(has_settled, is_up), f"{what}, {came}: {is_up=}")
            assert is_up or has_settled(False), f"{what}: it did not stay down"

    other.request(messages.Stop(NAMES))
    pids = re.findall(r"spawned: '.:0' with pid (\d+)", site.events())
    assert len(pids) > 100
    assert not any(is_alive(int(pid)) for pid in pids)
    assert "mistake" not in site.events()
