"""A pump between a real pseudo-terminal, a log and a session."""

import asyncio
import fcntl
import os
import tty
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from pty_mux.logfile import LogFile, LogStream
from pty_mux.pump import Pump
from pty_mux.session import Session
from pty_mux.winsize import Winsize, get_winsize

T = TypeVar("T")
DEADLINE_SECONDS = 30.0


class Life:
    """One terminal with its pump, and the child's end in our hands."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.session = Session(256 * 1024, Winsize(24, 80))
        self.master, self.slave = os.openpty()
        reader, self.stderr = os.pipe() if stderr else (None, -1)
        self.closed = 0
        self.pump = Pump(
            self.master,
            reader,
            self.session,
            stderr_is_terminal=False,
            on_closed=self._closed,
        )

    def _closed(self) -> None:
        self.closed += 1

    @property
    def shown(self) -> bytes:
        return bytes(self.session.ring.tail(1 << 20))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                await asyncio.sleep(0.005)

    def close_slave(self) -> None:
        os.close(self.slave)
        self.slave = -1

    def end(self) -> None:
        self.pump.close()
        for descriptor in (self.slave, self.stderr):
            if descriptor >= 0:
                os.close(descriptor)


def run(play: Callable[[Life], Awaitable[T]], *, stderr: bool = False) -> T:
    async def whole() -> T:
        life = Life(stderr=stderr)
        try:
            return await play(life)
        finally:
            life.end()

    return asyncio.run(whole())


def test_what_is_written_reaches_log_and_session(tmp_path: Path) -> None:
    async def play(life: Life) -> None:
        file = LogFile(str(tmp_path / "log"), 0, 0, pytest.fail)
        life.pump.stdout_log = LogStream(file, terminal=True)
        os.write(life.slave, b"one\ntwo\n")
        await life.until(lambda: life.shown == b"one\r\ntwo\r\n")

    run(play)
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_what_is_typed_arrives() -> None:
    async def play(life: Life) -> None:
        tty.setraw(life.slave)
        life.pump.write(b"typed")
        assert os.read(life.slave, 100) == b"typed"

    run(play)


def test_a_megabyte_is_typed_as_fast_as_it_is_read() -> None:
    async def play(life: Life) -> bytes:
        tty.setraw(life.slave)
        os.set_blocking(life.slave, False)
        data = bytes(range(256)) * 4096
        read = bytearray()

        async def type_it() -> None:
            for start in range(0, len(data), 65536):
                life.pump.write(data[start : start + 65536])
                await life.pump.input_room()

        typing = asyncio.create_task(type_it())
        while len(read) < len(data):
            try:
                read += os.read(life.slave, 65536)
            except BlockingIOError:
                await asyncio.sleep(0)
        await typing
        return bytes(read)

    assert run(play) == bytes(range(256)) * 4096


def test_input_that_nobody_reads_has_a_bound_and_the_end_frees_who_waits() -> None:
    async def play(life: Life) -> None:
        tty.setraw(life.slave)
        while life.pump.input_has_room:
            life.pump.write(b"x" * 65536)
        waiting = asyncio.create_task(life.pump.input_room())
        await asyncio.sleep(0)
        assert not waiting.done()

        life.pump.close()

        await asyncio.wait_for(waiting, DEADLINE_SECONDS)

    run(play)


def test_the_end_of_process_and_terminal_closes_the_pump_once() -> None:
    async def play(life: Life) -> int:
        os.write(life.slave, b"last words")
        life.close_slave()
        life.pump.process_ended()
        await life.until(lambda: life.closed)
        assert life.shown == b"last words"
        assert life.pump.is_closed
        life.pump.write(b"into the void")
        life.pump.close()
        return life.closed

    assert run(play) == 1


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_terminal_that_nobody_holds_stays_while_the_process_lives(
    monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    """It was closed, and the kernel hung up on whoever had let go of its own terminal."""
    asked: list[int] = []

    def ioctl(descriptor: int, request: int, argument: int) -> int:
        asked.append(request)
        return int(fcntl.ioctl(descriptor, 0 if is_refused else request, argument))

    monkeypatch.setattr("pty_mux.pump.fcntl", types.SimpleNamespace(ioctl=ioctl))

    async def play(life: Life) -> None:
        name = os.ttyname(life.slave)
        os.write(life.slave, b"before")
        life.close_slave()
        await life.until(lambda: asked)
        assert not life.pump.is_closed

        life.slave = os.open(name, os.O_RDWR | os.O_NOCTTY)
        os.write(life.slave, b", after")
        if not is_refused:
            await life.until(lambda: life.shown == b"before, after")
        life.close_slave()
        life.pump.process_ended()
        assert life.shown == b"before, after"
        assert life.closed == len(asked) == 1

    run(play)


def test_after_the_process_the_terminal_is_closed_even_if_somebody_holds_it() -> None:
    async def play(life: Life) -> None:
        os.write(life.slave, b"a grandchild holds this")
        life.pump.process_ended()
        assert life.shown == b"a grandchild holds this"
        assert not life.pump.is_closed
        os.write(life.slave, b", still")
        await life.until(lambda: life.closed)
        assert life.shown.endswith(b", still")

    run(play)


def test_what_was_written_last_is_read_with_the_end_itself() -> None:
    async def play(life: Life) -> None:
        os.write(life.slave, b"x" * 3000)
        life.close_slave()
        life.pump.process_ended()
        assert life.shown == b"x" * 3000

    run(play)


def test_the_window_size_follows_the_session() -> None:
    async def play(life: Life) -> None:
        assert get_winsize(life.slave) == Winsize(24, 80)
        life.session.attach(Winsize(50, 132), read_only=False)
        assert get_winsize(life.slave) == Winsize(50, 132)

    run(play)


def test_stderr_waits_until_it_cuts_no_sequence_of_stdout() -> None:
    async def play(life: Life) -> None:
        os.write(life.slave, b"\x1b[3")
        await life.until(lambda: life.shown)
        os.write(life.stderr, b"error\n")
        await life.until(lambda: life.pump._held_stderr)
        assert life.shown == b"\x1b[3"
        os.write(life.slave, b"1mred")
        await life.until(lambda: b"error" in life.shown)
        assert life.shown == b"\x1b[31mrederror\r\n"

    run(play, stderr=True)


def test_an_unfinished_line_of_a_shared_log_is_written_after_a_pause(tmp_path: Path) -> None:
    async def play(life: Life) -> None:
        file = LogFile(str(tmp_path / "log"), 0, 0, pytest.fail)
        other = LogStream(file, terminal=True)
        life.pump.stdout_log = LogStream(file, terminal=True)
        os.write(life.slave, b"a prompt> ")
        path = tmp_path / "log"
        await life.until(lambda: path.exists() and path.read_bytes() == b"a prompt> ")
        other.close(0)

    run(play)
