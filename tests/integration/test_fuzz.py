"""Requests and frames that make no sense, seeded: a real daemon answers, and nothing breaks."""

import json
import random
import socket
from contextlib import suppress
from typing import Any

import pytest

from taskmaster.protocol.frames import FrameType
from taskmaster.protocol.messages import REQUESTS
from tests.integration.conftest import DEADLINE_SECONDS, Site, wait_for

NAMES: list[Any] = [
    "a",
    "a:0",
    "nosuch",
    "*",
    "a:*",
    "",
    "\ud800",
    "a\x00b",
    "x" * 5000,
    "[",
    "é:0",
]
ODD: list[Any] = [None, True, -1, 0, 2**31, 2**63, 10**30, 1.5, "", "x", [], [1], {}, {"a": 1}]
ENDS_THE_CORE = {"shutdown", "upgrade"}
FOLLOWS = {"subscribe", "attach"}


def some_value(random_: random.Random) -> Any:
    kind = random_.random()
    if kind < 0.4:
        return random_.choice(NAMES)
    if kind < 0.7:
        return [random_.choice(NAMES) for _ in range(random_.randrange(3))]
    return random_.choice(ODD)


def connect(site: Site) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE_SECONDS)
    connection.connect(str(site.socket))
    return connection


def fine(site: Site) -> None:
    assert site.ctl("status", "b").returncode == 0
    events = site.events()
    assert "mistake of taskmasterd" not in events, events[-3000:]


@pytest.mark.parametrize("seed", range(4))
def test_any_request_gets_an_answer(site: Site, seed: int) -> None:
    site.start("  a: {cmd: cat, starttime: 0, stoptime: 1}\n  b: {cmd: cat, starttime: 0}")
    random_ = random.Random(seed)
    methods = sorted(set(REQUESTS) - ENDS_THE_CORE - FOLLOWS)
    fields = ["names", "name", "signal", "stream", "limit_bytes", "follow", "rows", "columns"]
    with connect(site) as connection:
        lines = connection.makefile("rb")
        lines.readline()
        for number in range(300):
            chosen = random_.sample(fields, random_.randrange(4))
            params: Any = {name: some_value(random_) for name in chosen if name != "follow"}
            if "b" in json.dumps(params) or "*" in json.dumps(params) or '""' in json.dumps(params):
                continue
            if random_.random() < 0.05:
                params = random_.choice(ODD)
            request = {"jsonrpc": "2.0", "id": number, "method": random_.choice(methods)}
            connection.sendall(json.dumps(request | {"params": params}).encode() + b"\n")
            answer = json.loads(lines.readline())
            assert answer["id"] == number
            assert ("error" in answer) != ("result" in answer)
        lines.close()
    site.ctl("start", "b")
    fine(site)


@pytest.mark.parametrize("seed", range(4))
def test_any_frames_harm_nobody(site: Site, seed: int) -> None:
    site.start("  a: {cmd: cat, starttime: 0, autorestart: always}\n  b: {cmd: cat, starttime: 0}")
    random_ = random.Random(seed)
    for _ in range(40):
        with connect(site) as connection:
            lines = connection.makefile("rb")
            lines.readline()
            size = {
                name: random_.choice([0, 1, 24, 65535, 10**9, -3]) for name in ("rows", "columns")
            }
            params = {"name": "a", "read_only": random_.random() < 0.2, **size}
            request = {"jsonrpc": "2.0", "id": 1, "method": "attach", "params": params}
            connection.sendall(json.dumps(request).encode() + b"\n")
            assert "result" in json.loads(lines.readline())
            sent = b""
            for _ in range(random_.randrange(20)):
                kind = random_.choice([*FrameType, 0, 99] if random_.random() < 0.1 else [1, 2])
                length = 8 if kind == 2 else random_.choice([0, 1, 7, 9, 5000])
                sent += bytes([kind]) + length.to_bytes(4, "big") + random_.randbytes(length)
            if random_.random() < 0.1:
                sent += b"\x01\xff\xff\xff\xff"
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(sent[: random_.randrange(len(sent) + 1)])
            lines.close()
    fine(site)
    wait_for(lambda: "attached" not in site.ctl("status", "a").stdout, "all to be let go")
