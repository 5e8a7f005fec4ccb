"""Everything that can be wrong at once, and how long a process that was killed takes to come back.

While a process is killed again and again, another one of ours sends XML-RPC of 100 MB, nested a
million deep, bombs of entities, values of the wrong types, and heads of requests letter by letter.
Of two event listeners one prints garbage without end and one never answers, and mails about what
dies go to a server that never says a word.
"""

import http.client
import multiprocessing
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

from tests.benchmarks.alerts import first_pid
from tests.benchmarks.measure import median, p99
from tests.benchmarks.peers import Program, taskmasterd
from tests.benchmarks.restart import restarts_heard_of
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_MOST_SECONDS = 0.050
_LORIS = 40
_SECONDS = 10.0
_OPTIONS = ("startretries: 1000000",)
_EVENTS = "events: EVENT"
_GARBAGE = "while True: print('nonsense' * 1000)"
_DEPTHS = (20_000, 1_000_000)
"""The first is less than the most that a body may have."""

_CALL = b"<methodCall><methodName>%s</methodName><params>%s</params></methodCall>"
_STRING = b"<param><value><string>%s</string></value></param>"
_INT = b"<param><value><int>%s</int></value></param>"


def badinput(settings: Settings) -> list[Row]:
    """Kill the one process again and again, at rest and amid all that."""
    kills = settings.repeat(300, 60)
    script = settings.folder / "garbage.py"
    script.write_text(_GARBAGE)
    path = settings.folder / "h.sock"
    programs = (
        Program("victim", ("sleep", "1000000"), restarts=True, options=_OPTIONS),
        Program("garbage", (sys.executable, str(script)), options=(_EVENTS,)),
        Program("mute", ("sh", "mute.sh"), options=(_EVENTS, f"workingdir: {settings.folder}")),
    )
    (settings.folder / "mute.sh").write_text("echo READY\nexec sleep 1000000\n")
    with taskmasterd(settings.folder / "rest", programs[0]) as daemon:
        at_rest = restarts_heard_of(daemon, first_pid(daemon.events), kills)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"host: 127.0.0.1, port: {silent.getsockname()[1]}"
        mail = f"{{{server}, from: a@example.org, to: b@example.org}}"
        alert = f"mails: {{pause: 0, email: {mail}}}"
        folder = settings.folder / "amid"
        with (
            taskmasterd(folder, *programs, http=path, alerts=(alert,)) as daemon,
            _attack(path),
        ):
            amid = restarts_heard_of(daemon, first_pid(daemon.events), kills)
    return [
        Row(
            f"kill -9 until a new pid amid bad input, {name}",
            milliseconds(value(amid)),
            f"{milliseconds(value(at_rest))} (at rest)",
            f"{value(amid) / value(at_rest):.2f} x",
            f"at most {milliseconds(_MOST_SECONDS)}",
            value(amid) <= _MOST_SECONDS,
        )
        for name, value in (("median", median), ("p99", p99), ("longest", max))
    ]


@contextmanager
def _attack(path: Path) -> Iterator[None]:
    """Have processes of ours send all that to a socket; it is over with the block."""
    context = multiprocessing.get_context("spawn")
    attackers = [context.Process(target=attacker, args=(path,)) for attacker in (_call, _dribble)]
    for process in attackers:
        process.start()
    try:
        yield
    finally:
        for process in attackers:
            process.terminate()
            process.join()


def _call(path: Path) -> None:
    """Send calls that are none, one after the other."""
    bodies = list(_bodies())
    for body in cycle(bodies):
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("localhost")
            connection.sock = _connected(path)
            try:
                connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
                connection.getresponse().read()
            finally:
                connection.close()


def _bodies() -> Iterator[bytes]:
    yield b"x" * (100 << 20)
    yield _CALL % (b"supervisor.getState", _STRING % (b"y" * (100 << 20)))
    for size in _DEPTHS:
        nested = b"<value><array><data>" * size + b"</data></array></value>" * size
        yield _CALL % (b"supervisor.getState", b"<param>%s</param>" % nested)
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 10) for n in range(20))
    yield b'<!DOCTYPE x [<!ENTITY e0 "ha">%s]>' % entities + _CALL % (b"&e20;", b"")
    methods = (b"startProcess", b"tailProcessStdoutLog", b"sendRemoteCommEvent", b"nonsense")
    for method in methods:
        for parameters in (b"", _INT % b"1", _INT % (b"9" * 5000), _STRING % b"\x00", b"<param/>"):
            yield _CALL % (b"supervisor." + method, parameters)
    many = (_STRING % b"supervisor.getAllProcessInfo") * 1000
    yield _CALL % (b"system.multicall", many)
    yield _CALL % (b"system.multicall", _CALLS)
    yield _CALL % (b"supervisor.sendRemoteCommEvent", _STRING % b"t" + _STRING % (b"z" * 500_000))


_ONE = (
    b"<value><struct><member><name>methodName</name><value><string>supervisor.getAllProcessInfo"
    b"</string></value></member><member><name>params</name><value><array><data/></array></value>"
    b"</member></struct></value>"
)
_CALLS = b"<param><value><array><data>%s</data></array></value></param>" % (_ONE * 1500)


def _dribble(path: Path) -> None:
    """Keep many connections on which a request comes letter by letter, and never all of it."""
    text = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n<?xml " + b" " * 90_000
    places: list[tuple[socket.socket, int]] = []
    while True:
        with suppress(OSError):
            while len(places) < _LORIS:
                places.append((_connected(path), 0))
        kept = []
        for connection, at in places:
            try:
                connection.send(text[at : at + 1])
                kept.append((connection, at + 1))
            except OSError:
                connection.close()
        places = kept
        time.sleep(0.01)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    connection.connect(str(path))
    return connection
