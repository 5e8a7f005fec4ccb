"""The server says once that nobody can connect, and tries again in a while."""

import asyncio
import errno
import os
import socket
from typing import cast

import pytest

from taskmaster.config.model import LogLevel
from taskmaster.control.connection import Services
from taskmaster.control.server import Server
from taskmaster.driver import Driver


class Refusing:
    """A listening socket on which somebody waits, and for whom there is no descriptor."""

    def __init__(self, times: int) -> None:
        self._reader, writer = os.pipe()
        os.close(writer)  # readable from now on
        self._times = times
        self.asked = 0
        self.asked_enough = asyncio.Event()

    def fileno(self) -> int:
        return self._reader

    def accept(self) -> None:
        self.asked += 1
        if self.asked == self._times:
            self.asked_enough.set()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def close(self) -> None:
        os.close(self._reader)


class Records:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def record(self, _: LogLevel, text: str) -> None:
        self.texts.append(text)


def test_an_accept_that_fails_is_told_once_and_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio's own loop printed a traceback some hundred times a second."""
    monkeypatch.setattr("taskmaster.control.server._PAUSE_SECONDS", 0.02)

    async def scenario() -> tuple[list[str], float]:
        listening, records = Refusing(4), Records()
        server = Server(
            cast("socket.socket", listening), cast("Driver", None), cast("Services", records)
        )
        began = asyncio.get_running_loop().time()
        server.start()
        await listening.asked_enough.wait()
        await server.close()
        listening.close()
        return records.texts, asyncio.get_running_loop().time() - began

    told, seconds = asyncio.run(scenario())

    assert told == ["clients cannot connect: too many open files"]
    assert seconds >= 3 * 0.02
