"""Heads of requests, and responses as they travel."""

import pytest

from taskmaster.http.parsing import (
    MAX_BODY_BYTES,
    Refused,
    Request,
    Response,
    chunk,
    parse_head,
    response_bytes,
    stream_head,
)


def refusal(head: bytes) -> int:
    with pytest.raises(Refused) as caught:
        assert parse_head(head).length >= 0
    return caught.value.status


def test_a_head_is_read() -> None:
    request = parse_head(b"POST /a%20b?c=d HTTP/1.1\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\n")

    assert (request.method, request.path, request.query) == ("POST", "/a b", "c=d")
    assert request.headers == {"content-length": "5", "x-y": "z"}
    assert request.length == 5


def test_lines_may_end_in_lf_alone() -> None:
    assert parse_head(b"GET / HTTP/1.1\nA: b\n\n").headers == {"a": "b"}


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_a_connection_stays_by_version_and_header(
    version: str, connection: str, stays: bool
) -> None:
    head = f"GET / HTTP/{version}\r\nConnection: {connection}\r\n\r\n"

    assert parse_head(head.encode()).keep_alive is stays


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    ],
)
def test_what_is_no_request_is_refused(head: bytes, status: int) -> None:
    assert refusal(head) == status


def test_a_get_has_no_body() -> None:
    assert Request("GET", "/").length == 0


def test_responses_say_how_long_they_are() -> None:
    response = Response(b"ok\n", status=503, headers={"A": "b"})

    whole = response_bytes(response, keep_alive=False)

    assert whole.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"Content-Length: 3\r\nConnection: close\r\nA: b\r\n\r\nok\n" in whole
    assert response_bytes(response, keep_alive=True, head_only=True).endswith(b"\r\n\r\n")


def test_streams_are_chunked_unless_the_client_knows_no_chunks() -> None:
    assert b"Transfer-Encoding: chunked" in stream_head("text/plain", chunked=True)
    assert b"Transfer-Encoding" not in stream_head("text/plain", chunked=False)
    assert chunk(b"x" * 18) == b"12\r\n" + b"x" * 18 + b"\r\n"
