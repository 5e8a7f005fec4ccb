"""The bytes of a process that has three pipes; its ends are in our hands."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from pty_mux.logfile import LogFile, LogStream
from pty_mux.pipes import Pipes
from pty_mux.session import Session
from pty_mux.winsize import Winsize

DEADLINE_SECONDS = 30.0


class Life:
    """Three pipes, and the child's ends."""

    def __init__(self) -> None:
        self.session = Session(64 * 1024, Winsize(24, 80))
        out_reader, self.stdout = os.pipe()
        err_reader, self.stderr = os.pipe()
        self.stdin, in_writer = os.pipe()
        self.closed = self.written = 0
        self.heard = b""
        self.pipes = Pipes(out_reader, err_reader, in_writer, self.session, self._on_closed)
        self.pipes.on_output = self._on_output
        self.pipes.on_written = self._on_written

    def _on_closed(self) -> None:
        self.closed += 1

    def _on_output(self, data: bytes) -> None:
        self.heard += data

    def _on_written(self) -> None:
        self.written += 1

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                await asyncio.sleep(0.005)

    def end(self) -> None:
        self.pipes.close()
        for end in (self.stdout, self.stderr, self.stdin):
            if end >= 0:
                os.close(end)


def run(scene: Callable[[Life], Awaitable[None]]) -> None:
    async def whole() -> None:
        life = Life()
        try:
            await scene(life)
        finally:
            life.end()

    asyncio.run(whole())


def test_output_is_heard_and_standard_error_is_shown() -> None:
    async def scene(life: Life) -> None:
        os.write(life.stdout, b"READY\n")
        os.write(life.stderr, b"woe\n")
        await life.until(lambda: life.heard and life.session.ring.end)

        assert life.heard == b"READY\n"
        assert bytes(life.session.ring.tail(100)) == b"woe\r\n"

    run(scene)


def test_logs_get_all_of_it(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        for name in ("stdout", "stderr"):
            file = LogFile(str(tmp_path / name), 0, 0, lambda text, is_over: None)
            file.open(0.0)
            setattr(life.pipes, f"{name}_log", LogStream(file, terminal=False))
        os.write(life.stdout, b"RESULT 2\nOKREADY\n")
        os.write(life.stderr, b"no end of a line")

        life.pipes.process_ended()

        assert (tmp_path / "stdout").read_bytes() == b"RESULT 2\nOKREADY\n"
        assert (tmp_path / "stderr").read_bytes() == b"no end of a line"
        assert life.heard == b"RESULT 2\nOKREADY\n"
        assert life.pipes.is_closed
        assert life.closed == 1

    run(scene)


def test_who_does_not_read_gets_the_rest_later() -> None:
    async def scene(life: Life) -> None:
        data = bytes(range(256)) * 4096

        assert life.pipes.write(data)
        left = life.pipes.unwritten

        assert data.endswith(left)
        assert len(left) > len(data) // 2
        os.set_blocking(life.stdin, False)
        got = b""

        def read() -> bool:
            nonlocal got
            with contextlib.suppress(BlockingIOError):
                got += os.read(life.stdin, 65536)
            return len(got) == len(data)

        await life.until(read)
        await life.until(lambda: life.written)
        assert got == data
        assert life.pipes.unwritten == b""
        assert life.written == 1

    run(scene)


def test_who_has_closed_its_input_cannot_be_written_to() -> None:
    async def scene(life: Life) -> None:
        os.close(life.stdin)
        life.stdin = -1

        assert not life.pipes.write(b"x")
        assert not life.pipes.write(b"x")

    run(scene)


def test_who_closes_its_output_and_lives_on_is_not_read_again_and_again() -> None:
    async def scene(life: Life) -> None:
        os.close(life.stdout)
        life.stdout = -1
        os.write(life.stderr, b"still there")
        await life.until(lambda: life.session.ring.end)

        assert not life.pipes.is_closed
        assert life.pipes.write(b"x")

    run(scene)
