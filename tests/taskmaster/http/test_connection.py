"""One HTTP client at a time: what it is answered, and for how long it is waited for."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from taskmaster.config.model import HttpListener
from taskmaster.http import connection as module
from taskmaster.http.connection import HttpConnection
from taskmaster.http.parsing import Request, Response
from taskmaster.http.routes import Routes, Say, Stream

Exchange = Callable[[bytes], bytes]


async def hello(request: Request) -> Response:
    return Response(f"{request.method} {request.body.decode()}\n".encode())


async def mistaken(request: Request) -> Response:
    raise ZeroDivisionError("ours")


async def endless(request: Request) -> Stream:
    async def run(say: Say) -> None:
        await say(b"first\n")
        await say(b"")
        await asyncio.Event().wait()

    return Stream("text/plain", run)


def routes() -> Routes:
    table = Routes()
    table.add("/hello", hello, frozenset({"GET", "HEAD", "POST"}))
    table.add("/mistake", mistaken)
    table.add("/endless", endless)
    return table


def served(talk: Callable[[socket.socket], Any], **listener: Any) -> tuple[Any, list[str]]:
    """What the client says of a served connection, and the mistakes that were recorded."""
    mistakes: list[str] = []

    async def main() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: mistakes.append(repr(context["exception"])))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.settimeout(20)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=16384)
        place = HttpListener(listen="/h", **listener)
        serving = asyncio.ensure_future(
            HttpConnection(reader, writer, "somebody", place, routes()).serve()
        )
        with theirs:
            told = await asyncio.to_thread(talk, theirs)
        await finished(serving)
        return told

    return asyncio.run(main()), mistakes


async def finished(serving: Coroutine[Any, Any, None] | asyncio.Future[None]) -> None:
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(serving, 20)


def all_of(client: socket.socket) -> bytes:
    data = b""
    while piece := client.recv(65536):
        data += piece
    return data


def exchange(data: bytes, **listener: Any) -> bytes:
    def talk(client: socket.socket) -> bytes:
        client.sendall(data)
        return all_of(client)

    answer: bytes = served(talk, **listener)[0]
    return answer


def test_requests_come_one_after_the_other_with_empty_lines_between() -> None:
    answer = exchange(
        b"\r\n\r\nPOST /hello HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi"
        b"\r\nHEAD /hello HTTP/1.1\r\n\r\n"
        b"GET /nothing HTTP/1.1\r\n\r\n"
        b"GET /hello HTTP/1.1\r\nConnection: close\r\n\r\nGET /hello HTTP/1.1\r\n\r\n"
    )

    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"HTTP/1.1 404 Not Found") == 1
    assert b"\r\n\r\nPOST hi\n" in answer
    assert answer.endswith(b"GET \n")


def test_a_body_is_asked_for_where_the_client_waits() -> None:
    def talk(client: socket.socket) -> bytes:
        head = b"POST /hello HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(head)
        asked = client.recv(100)
        client.sendall(b"hi")
        return asked + all_of(client)

    answer, _ = served(talk)

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_our_own_mistake_costs_one_answer() -> None:
    def talk(client: socket.socket) -> bytes:
        client.sendall(b"GET /mistake HTTP/1.1\r\n\r\nGET /hello HTTP/1.0\r\n\r\n")
        return all_of(client)

    answer, mistakes = served(talk)

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"HTTP/1.1 200 OK" in answer
    assert mistakes == ["ZeroDivisionError('ours')"]


@pytest.mark.parametrize(
    ("version", "first"), [("1.1", b"6\r\nfirst\n\r\n"), ("1.0", b"\r\n\r\nfirst\n")]
)
def test_a_stream_goes_on_until_the_client_leaves(version: str, first: bytes) -> None:
    def talk(client: socket.socket) -> bytes:
        client.sendall(f"GET /endless HTTP/{version}\r\n\r\n\r\n".encode())
        data = b""
        while not data.endswith(first):
            data += client.recv(1000)
        return data

    answer, mistakes = served(talk)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert not mistakes


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", b""),
        (b"GET /hello HTTP/1.1\r\nA: ", b"HTTP/1.1 408 "),
        (b"POST /hello HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi", b"HTTP/1.1 408 "),
    ],
)
def test_who_does_not_come_to_the_point_is_let_go(
    monkeypatch: pytest.MonkeyPatch, data: bytes, answer: bytes
) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(module, "BODY_SECONDS", 0.1)

    assert exchange(data).startswith(answer)


def test_a_trickle_does_not_prolong_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.3)

    def talk(client: socket.socket) -> bytes:
        client.settimeout(0.05)
        client.sendall(b"GET /hello HTTP/1.1\r\nA: ")
        while True:
            try:
                return client.recv(1000)
            except TimeoutError:
                client.sendall(b"a")

    assert served(talk)[0].startswith(b"HTTP/1.1 408 ")


def test_between_requests_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_SECONDS", 0.1)

    def talk(client: socket.socket) -> bytes:
        client.sendall(b"GET /hello HTTP/1.1\r\n\r\n")
        while not client.recv(1000).endswith(b"GET \n"):
            pass
        client.settimeout(0.4)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        client.sendall(b"GET /hello HTTP/1.0\r\n\r\n")
        return all_of(client)

    assert served(talk)[0].startswith(b"HTTP/1.1 200 OK")


def test_a_long_body_is_refused_before_it_comes() -> None:
    answer = exchange(b"POST /hello HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_without_the_password_nothing_is_answered() -> None:
    answer = exchange(b"GET /hello HTTP/1.1\r\n\r\n", username="me", password="x")

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'WWW-Authenticate: Basic realm="default"' in answer


def test_a_client_that_leaves_in_the_midst_of_a_request_is_no_mistake_of_ours() -> None:
    """It was a traceback in the event log for each: an end of the stream is no ConnectionError."""

    def leave(client: socket.socket) -> None:
        client.sendall(b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart of it")

    _, mistakes = served(leave)

    assert mistakes == []
