"""The queue to syslog: order, bounds, pieces, and what is told of troubles."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from taskmaster.syslog import MAX_TEXT_BYTES, MOST_WAITING, MOST_WAITING_BYTES, Syslog

Told = list[tuple[str, bool]]
Clock = list[float]


class Receiver:
    """A socket that is read when the test says so."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def texts(self) -> list[bytes]:
        """What waits, without heads."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(65536).partition(b": ")[2])
            except BlockingIOError:
                return found


def in_loop(test: Callable[[Syslog, Receiver, Told, Clock], Awaitable[None]], folder: Path) -> None:
    async def run() -> None:
        told: Told = []
        clock = [0.0]
        syslog = Syslog(lambda text, good: told.append((text, good)), lambda: clock[0])
        syslog.move(str(folder / "log"))
        receiver = Receiver(folder / "log")
        try:
            await test(syslog, receiver, told, clock)
        finally:
            syslog.close()
            receiver.socket.close()

    asyncio.run(run())


async def all_of(receiver: Receiver, count: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            found += receiver.texts()
            await asyncio.sleep(0)
    return found


@pytest.mark.parametrize("length", [MAX_TEXT_BYTES - 1, MAX_TEXT_BYTES, 3 * MAX_TEXT_BYTES + 5])
@pytest.mark.parametrize("letter", ["a", "é", "€", "\N{PILE OF POO}"])
def test_a_long_line_goes_in_pieces_of_whole_characters(
    tmp_path: Path, length: int, letter: str
) -> None:
    line = ("x" + letter * (length // len(letter.encode()))).encode()

    async def test(syslog: Syslog, receiver: Receiver, told: Told, clock: Clock) -> None:
        syslog.send("a", line + b"\nnext\n")
        pieces = -(-len(line) // MAX_TEXT_BYTES) + 1
        *found, last = await all_of(receiver, pieces)
        assert (b"".join(found), last) == (line, b"next")
        assert all(len(piece) <= MAX_TEXT_BYTES and piece.decode() for piece in found)
        assert told == []

    in_loop(test, tmp_path)


def test_what_a_slow_one_cannot_take_waits_in_order(tmp_path: Path) -> None:
    async def test(syslog: Syslog, receiver: Receiver, told: Told, clock: Clock) -> None:
        lines = [b"%d" % number for number in range(MOST_WAITING)]
        syslog.send("a", b"".join(line + b"\n" for line in lines))
        assert await all_of(receiver, len(lines)) == lines
        assert told == []

    in_loop(test, tmp_path)


@pytest.mark.parametrize("line", [b"", b"x" * 1000])
def test_the_queue_is_bounded_and_what_is_lost_is_counted(tmp_path: Path, line: bytes) -> None:
    async def test(syslog: Syslog, receiver: Receiver, told: Told, clock: Clock) -> None:
        for _ in range(10):
            syslog.send("a", (line + b"\n") * 1000)
        waiting = min(MOST_WAITING, MOST_WAITING_BYTES // (len(line) + 1) + 1)
        assert [good for _, good in told] == [False]
        assert "is too slow; lines are lost" in told[0][0]
        assert syslog.waiting <= waiting
        taken = 0
        while syslog.waiting:
            taken += len(receiver.texts())
            await asyncio.sleep(0)
        taken += len(receiver.texts())
        clock[0] += 60
        syslog.send("a", b"last\n")
        (*_, last) = await all_of(receiver, 1)
        assert last == b"last"
        text = f"syslog {tmp_path}/log takes lines again; {10_000 - taken} are missing"
        assert told[1:] == [(text, True)]

    in_loop(test, tmp_path)
