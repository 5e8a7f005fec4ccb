"""A real keeper, with a core whose words are those of the test: whatever is said, it lives."""

import array
import errno
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.keeper import wire
from taskmaster.keeper.channel import Channel
from tests.integration.conftest import (
    AS_NOBODY,
    DEADLINE_SECONDS,
    is_alive,
    limit_processes,
    wait_for,
)

_CORE = """
import os, socket, sys
test = socket.socket(socket.AF_UNIX)
test.connect(sys.argv[1])
socket.send_fds(test, [b"%d" % os.getpid()], [int(sys.argv[-1])])
test.recv(1)
"""
"""Gives its end of the channel to the test, and ends when the test lets it."""


class Core:
    """One core: its end of the channel is ours."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        text, descriptors, _, _ = socket.recv_fds(connection, 100, 1)
        self.pid = int(text)
        self.socket = socket.socket(fileno=descriptors[0])
        self.channel = Channel(self.socket.dup())
        self.heard: list[wire.Message] = []

    def say(self, *messages: wire.Message) -> None:
        for message in messages:
            self.channel.send(message)
            while self.channel.wants_write:
                select.select([], [self.channel], [], 1)
                self.channel.flush()

    def hear(self, kind: type[Any], ticket: int | None = None) -> Any:
        """Wait for a message of a kind, of a ticket where one is named."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for message in self.heard:
                if isinstance(message, kind) and ticket in (None, getattr(message, "ticket", None)):
                    self.heard.remove(message)
                    return message
            select.select([self.channel], [], [], 1)
            for message, descriptors in self.channel.receive():
                self.heard.append(message)
                for descriptor in descriptors:
                    os.close(descriptor)
        pytest.fail(f"not heard: {kind.__name__}; {self.heard}")

    def close(self) -> None:
        self.channel.close()
        self.socket.close()
        self.connection.close()


class Running:
    """A keeper that runs, and the cores that it has started."""

    def __init__(self, folder: Path, under: list[str] | None = None) -> None:
        folder.chmod(0o777)
        self.log = folder / "ev.log"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / "cores"))
        (folder / "cores").chmod(0o777)
        self._listening.listen()
        self._listening.settimeout(DEADLINE_SECONDS)
        core = [sys.executable, "-I", "-S", "-c", _CORE, str(folder / "cores")]
        keeper = (
            "from taskmaster.launch import _become_subreaper; _become_subreaper(); "
            "from taskmaster.keeper.keeper import main; main()"
        )
        words = [*(under or []), sys.executable, "-P", "-c", keeper, "8", "-1", "", *core]
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        self.cores: list[Core] = []
        self.tickets = 0

    def core(self) -> Core:
        """Wait for the next core; it has said that it is ready."""
        self.cores.append(Core(self._listening.accept()[0]))
        self.cores[-1].say(wire.Prepared(), wire.LogPath(str(self.log)), wire.Ready())
        return self.cores[-1]

    def spawn(self, core: Core, *argv: str, **fields: Any) -> int:
        """Ask for a process; return its ticket."""
        self.tickets += 1
        core.say(command(self.tickets, *argv, **fields))
        return self.tickets

    def start(self, core: Core, *argv: str) -> int:
        """Have a process; return its pid."""
        return int(core.hear(wire.Spawned, self.spawn(core, *argv)).pid)

    @property
    def told(self) -> str:
        """What it has written into the event log."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def end(self) -> None:
        if self.process.poll() is None and self.cores:
            self.cores[-1].say(wire.Ending())
        for core in self.cores:
            core.close()
        self.process.wait(DEADLINE_SECONDS)
        self._listening.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Running]:
    it = Running(tmp_path)
    yield it
    it.end()


def command(ticket: int, *argv: str, **fields: Any) -> wire.Spawn:
    whole = wire.Spawn(ticket, list(argv), {}, {}, None, None, None, 24, 80, "terminal")
    return whole._replace(**fields)


def body(kind: str, **fields: object) -> bytes:
    text = json.dumps({"kind": kind, "descriptors": 0, **fields}).encode()
    return struct.pack("!I", len(text)) + text


def unannounced(core: Core) -> None:
    """Send descriptors by the hundred beside bytes that mention none."""
    rights = array.array("i", [core.socket.fileno()] * 200)
    nothing = body("Save", key="a", value=None)
    for _ in range(6):
        select.select([], [core.socket], [], 1)
        core.socket.sendmsg([nothing], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def announced_twice(core: Core) -> None:
    rights = array.array("i", [core.socket.fileno()] * 2)
    twice = wire.announce(2)
    core.socket.sendmsg([twice + twice], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def raw(data: bytes) -> Callable[[Core], None]:
    return lambda core: core.socket.sendall(data)


def test_a_process_can_have_a_descriptor_as_its_standard_input(
    keeper: Running, tmp_path: Path
) -> None:
    core = keeper.core()
    given = os.open(tmp_path / "given", os.O_RDWR | os.O_CREAT)
    before = keeper.descriptors

    script = "import os; os.write(0, b'hello')"  # dash would need more descriptors than it may have
    said = command(1, sys.executable, "-c", script, stdin=wire.DESCRIPTOR)
    core.channel.send(said, (given,))
    os.close(given)
    core.hear(wire.Exited, 1)
    core.say(wire.Release(1))

    assert (tmp_path / "given").read_text() == "hello"
    wait_for(lambda: keeper.descriptors == before, "its descriptors to be closed")


def test_a_descriptor_that_did_not_arrive_is_a_failed_start(keeper: Running) -> None:
    core = keeper.core()

    ticket = keeper.spawn(core, "true", stdin=wire.DESCRIPTOR)

    failed = core.hear(wire.SpawnFailed, ticket)
    assert (failed.stage, failed.errno) == ("socket", errno.EMFILE)


GARBAGE: dict[str, Callable[[Core], None]] = {
    "a huge length": raw(b"\x7f\xff\xff\xff"),
    "bytes at random": raw(bytes(range(7, 256)) * 40),
    "no object": raw(struct.pack("!I", 2) + b"[]"),
    "a ticket that is a text": raw(body("Signal", ticket="x", number=15, whom="process")),
    "a ticket that is a list": raw(body("Forget", ticket=[])),
    "a ticket that lives": lambda core: core.say(command(1, "true")),
    "words that are none": raw(body("Spawn", **command(9)._asdict() | {"argv": None})),
    "a folder that is a number": raw(body("Spawn", **command(9)._asdict() | {"workingdir": 1})),
    "a list for a text": raw(body("Spawn", **command(9)._asdict() | {"overrides": {"a": []}})),
    "a value that is none": raw(body("Save", key="a", value={"b": 1})),
    "a number without end": raw(body("SignalOrphans", group=1, pids=[10**30], number=9)),
    "what only a keeper says": raw(body("Saved", key="a", value="b")),
    "descriptors that nobody announced": unannounced,
    "announcements without messages": announced_twice,
}  # fmt: skip


@pytest.mark.parametrize("nonsense", GARBAGE.values(), ids=GARBAGE.keys())
def test_a_core_that_talks_nonsense_is_followed_by_another_one(
    keeper: Running, nonsense: Callable[[Core], None]
) -> None:
    core = keeper.core()
    pid = keeper.start(core, "sleep", "1000")
    core.say(wire.Save("kept", "text"))

    nonsense(core)

    after = keeper.core()
    begun = after.hear(wire.Begin)
    assert (begun.cores, begun.why) == (1, "was killed by signal 9")
    assert (wire.Saved("kept", "text")) in after.heard
    assert after.hear(wire.Spawned, 1).pid == pid
    assert is_alive(pid)
    assert "the core sent what is no message: " in keeper.told


def test_a_core_that_talks_nonsense_and_is_gone_by_then_is_followed_too(keeper: Running) -> None:
    """The keeper wanted to kill it, found nobody, and that was its own end."""
    core = keeper.core()
    pid = keeper.start(core, "sleep", "1000")
    os.kill(keeper.process.pid, signal.SIGSTOP)
    try:
        core.socket.sendall(b"nonsense")
        os.kill(core.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(core.pid), "the core to end")
    finally:
        os.kill(keeper.process.pid, signal.SIGCONT)

    assert keeper.core().hear(wire.Spawned, 1).pid == pid


HALF = "\ud812"
NUL = "a\0b"
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "no words": {"argv": []},
    "a word with NUL": {"argv": ["true", NUL]},
    "a program with NUL": {"argv": [NUL]},
    "a word of half a character": {"argv": ["true", HALF]},
    "too many words": {"argv": ["true", *["x" * 1000] * 10_000]},
    "a name with =": {"environment": {"a=b": "c"}},
    "a value with NUL": {"overrides": {"a": NUL}},
    "a folder with NUL": {"workingdir": NUL},
    "a umask that is none": {"umask": 1 << 40},
    "a size that is none": {"rows": 1 << 40},
    "a negative size": {"columns": -1},
    "a user with NUL": {"user": NUL},
    "a user of half a character": {"user": HALF},
}


def test_what_no_system_call_takes_is_a_spawn_error(keeper: Running) -> None:
    """A NUL in a word was an exception in the keeper, and the end of everything."""
    core = keeper.core()
    keeper.start(core, "sleep", "1000")
    before = keeper.descriptors

    for what, fields in IMPOSSIBLE.items():
        ticket = keeper.spawn(core, "true", **fields)
        if what == "a user of half a character":  # what went wrong cannot even be told
            core.hear(wire.Exited, ticket)
            core.say(wire.Release(ticket))
        else:
            assert core.hear(wire.SpawnFailed, ticket).ticket == ticket, what

    core.hear(wire.Exited, keeper.spawn(core, "true"))
    core.say(wire.Release(keeper.tickets))
    wait_for(lambda: keeper.descriptors <= before, "everything to be closed")
    assert len(keeper.cores) == 1


def test_orders_that_cannot_be_meant_reach_nobody(keeper: Running, tmp_path: Path) -> None:
    core = keeper.core()
    pid = keeper.start(core, "sleep", "1000")
    before = keeper.descriptors
    own = os.getpgid(keeper.process.pid)

    core.say(wire.Signal(1, 1 << 40, wire.PROCESS), wire.Signal(1, 0, "whomever"))
    for number in (9999, -1):
        core.say(wire.Signal(1, number, wire.PROCESS))
        assert core.hear(wire.SignalFailed, 1).errno == errno.EINVAL
    for ticket in (77, 0, -1):
        core.say(wire.Signal(ticket, 9, wire.GROUP), wire.Release(ticket), wire.Forget(ticket))
    for group in (own, 0, 1, -1, 1 << 40):
        core.say(wire.SignalOrphans(group, [-1, 0, 1, keeper.process.pid, 1 << 40], 9))
    core.say(wire.SignalOrphans(pid, [pid], 9999), wire.Drop("nothing"), wire.Hold("none"))
    reader, writer = os.pipe()
    core.channel.send(wire.Hold("many"), (reader,) * 10)
    core.channel.send(wire.Signal(1, 0, wire.GROUP), (reader, writer))
    os.close(reader)
    os.close(writer)
    core.say(wire.LogPath(NUL), wire.Save("odd", HALF + NUL))

    core.hear(wire.Exited, keeper.spawn(core, "true"))
    core.say(wire.Release(2), wire.Drop("many"))
    wait_for(lambda: keeper.descriptors <= before, "everything to be closed")
    os.kill(core.pid, signal.SIGKILL)  # told of in a log of an impossible name
    assert keeper.core().hear(wire.Spawned, 1).pid == pid


def test_no_core_can_be_started_for_a_while(tmp_path: Path) -> None:
    """EAGAIN from the fork of the next core was the keeper's end, and its children's."""
    keeper = Running(tmp_path, AS_NOBODY)
    try:
        core = keeper.core()
        pid = keeper.start(core, "sleep", "1000")
        limit_processes(keeper.process.pid, 1)
        os.kill(core.pid, signal.SIGKILL)

        wait_for(
            lambda: "the core could not be started: Resource temp" in keeper.told,
            "the failure to be told",
        )
        assert is_alive(pid)
        limit_processes(keeper.process.pid, 1000)

        after = keeper.core()
        assert (
            after.hear(wire.Begin).why == "could not be started: Resource temporarily unavailable"
        )
        assert after.hear(wire.Spawned, 1).pid == pid
    finally:
        keeper.end()


def test_without_a_descriptor_a_spawn_fails_and_works_when_there_is_one(keeper: Running) -> None:
    core = keeper.core()
    keeper.start(core, "sleep", "1000")
    limit = keeper.descriptors + 6
    resource.prlimit(keeper.process.pid, resource.RLIMIT_NOFILE, (limit, limit))

    for _ in range(6):
        keeper.spawn(core, "sleep", "1000")
    failed = core.hear(wire.SpawnFailed)
    assert (failed.stage, failed.errno) == ("pty", errno.EMFILE)
    core.say(wire.Signal(1, signal.SIGKILL, wire.PROCESS))
    core.hear(wire.Exited, 1)
    core.say(wire.Release(1), wire.Signal(2, signal.SIGKILL, wire.PROCESS), wire.Release(2))

    assert core.hear(wire.Spawned, keeper.spawn(core, "sleep", "1000"))


def test_nothing_grows_with_what_was_done(keeper: Running) -> None:
    core = keeper.core()

    def work(times: int) -> None:
        for number in range(times):
            reader, writer = os.pipe()
            core.channel.send(wire.Hold("ring:a"), (reader,))
            os.close(reader)
            os.close(writer)
            core.say(wire.Save("process:a", f"{number}" * 1000), wire.Save(f"{number}", None))
            if number % 5 == 0:
                ticket = keeper.spawn(core, "true" if number % 10 else "/no/such/program")
                core.hear(wire.Exited if number % 10 else wire.SpawnFailed, ticket)
                core.say(wire.Release(ticket), wire.Forget(ticket))
                core.heard.clear()
        core.hear(wire.Exited, keeper.spawn(core, "true"))
        core.say(wire.Release(keeper.tickets), wire.Forget(keeper.tickets))
        core.heard.clear()

    work(500)
    before, resident = keeper.descriptors, keeper.resident_bytes
    work(3000)

    wait_for(lambda: keeper.descriptors <= before, "everything to be closed")
    assert keeper.resident_bytes <= resident + 512 * 1024
    os.kill(core.pid, signal.SIGKILL)
    after = keeper.core()
    after.hear(wire.Begin)
    kinds = [type(message).__name__ for message in after.heard]
    assert kinds == ["Saved", "Held", "Bequeathed"]


ORPHANS = """
import os
for _ in range(4000):
    child = os.fork()
    if child == 0:
        os.fork()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_what_a_core_does_not_read_is_bounded(keeper: Running) -> None:
    """Orphans come without end where a program makes them, and each end was kept for the core."""
    core = keeper.core()
    pid = keeper.start(core, sys.executable, "-I", "-S", "-c", ORPHANS)
    wait_for(lambda: not is_alive(pid), "all of them")

    core.hear(wire.Exited, 1)

    told = sum(isinstance(message, wire.OrphanReaped) for message in core.heard)
    assert 100 < told < 3000
    core.hear(wire.Exited, keeper.spawn(core, "true"))


KINDS = st.sampled_from(sorted(wire._KINDS))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(KINDS, st.data())
def test_what_is_decoded_holds_what_is_declared(kind: str, data: st.DataObject) -> None:
    declared = wire._KINDS[kind].__annotations__
    fields = {name: data.draw(VALUES) for name in declared}

    try:
        [(message, _)] = wire.Decoder().feed(body(kind, **fields))
    except wire.WireViolation:
        return

    for name in declared:
        value = getattr(message, name)
        assert not isinstance(value, bool)
        assert value is not None or "None" in str(declared[name])
        assert not isinstance(value, int) or abs(value) < 1 << 63
