"""The server lives through a lack of descriptors, and through our own mistakes."""

import asyncio
import errno
import json
import os
import socket
from typing import Any, cast

import pytest

from taskmaster.config.model import LogLevel
from taskmaster.control.server import Server
from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.protocol.messages import ErrorCode, Hello


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


class Answering(Records):
    """As much of the daemon and its driver as the request for a pid needs."""

    supervisor = None

    def hello(self) -> Hello:
        return Hello("taskmaster", "0", 1, 7)


def test_an_accept_that_fails_is_told_once_and_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio's own loop printed a traceback some hundred times a second."""
    monkeypatch.setattr("taskmaster.control.acceptor._PAUSE_SECONDS", 0.02)

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


def test_a_request_that_meets_a_mistake_of_ours_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection ended without a word, and the traceback came whenever memory was tidied."""
    mistakes: list[object] = []

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("taskmaster.control.handlers.pids", broken)

    async def scenario() -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: mistakes.append(context["exception"]))
        its, ours = socket.socketpair()
        services = Answering()
        server = Server(its, cast("Driver", services), cast("Services", services))
        client = asyncio.create_task(server._take(its))
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        for number, names in enumerate((["a"], ["a"], [])):
            request = {"jsonrpc": "2.0", "id": number, "method": "pid", "params": {"names": names}}
            writer.write(json.dumps(request).encode() + b"\n")
        writer.write_eof()
        answers = [json.loads(line) for line in (await reader.read()).splitlines()]
        writer.close()
        await client
        return answers

    hello, first, second, third = asyncio.run(scenario())

    assert hello["method"] == "hello"
    for number, answer in enumerate((first, second)):
        assert answer["id"] == number
        assert answer["error"]["code"] == ErrorCode.INTERNAL_ERROR
        assert "ZeroDivisionError()" in answer["error"]["message"]
    assert third["result"] == [{"name": "taskmaster", "pid": 7}]
    assert [type(mistake) for mistake in mistakes] == [ZeroDivisionError] * 2
