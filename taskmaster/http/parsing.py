"""HTTP/1.1 as values: heads of requests in, bytes of responses out. Pure.

Only what a small server needs of RFC 9112: one request after the other, bodies with a length.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

MAX_HEAD_BYTES: Final = 16 * 1024
MAX_BODY_BYTES: Final = 1024 * 1024
_MAX_HEADERS: Final = 100
_LINE: Final = re.compile(r"([A-Z]{1,20}) (/[!-~]*|\*) HTTP/1\.([01])")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DIGITS: Final = re.compile(r"[0-9]{1,18}")

REASONS: Final[Mapping[int, str]] = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


class Refused(Exception):
    """A request that gets an error; the text says in plain words why.

    Attributes:
        status: of the response.
        headers: that go with it.
    """

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        path: decoded, without the query.
        headers: by name in lower case.
        body: empty where there is none.
        peer: who asks, for the event log.
        read_only: whether it came by a listener that changes nothing.
        takes_chunks: whether the client speaks HTTP/1.1.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    keep_alive: bool = True
    body: bytes = b""
    peer: str = ""
    read_only: bool = False
    takes_chunks: bool = True

    @property
    def length(self) -> int:
        """How long the body is.

        Raises:
            Refused: it is said in no way that we read, or is more than we take.
        """
        if "transfer-encoding" in self.headers:
            raise Refused(411, "a body needs a Content-Length; chunks are not taken")
        text = self.headers.get("content-length")
        if text is None:
            if self.method == "POST":
                raise Refused(411, "a POST needs a Content-Length")
            return 0
        if not _DIGITS.fullmatch(text):
            raise Refused(400, "the Content-Length is no number")
        if int(text) > MAX_BODY_BYTES:
            raise Refused(413, f"a body has at most {MAX_BODY_BYTES} bytes")
        return int(text)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_head(head: bytes) -> Request:
    """Return the request whose head this is, up to and with its empty line.

    Raises:
        Refused: it is none, or of another version.
    """
    try:
        text = head.decode("ascii")
    except UnicodeDecodeError:
        raise Refused(400, "the head of the request is not ASCII") from None
    line, *rest = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    match = _LINE.fullmatch(line)
    if match is None:
        version = line.rpartition(" ")[2]
        if version.startswith("HTTP/") and not version.startswith("HTTP/1."):
            raise Refused(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
        raise Refused(400, "the first line is no request")
    if len(rest) > _MAX_HEADERS:
        raise Refused(431, f"more than {_MAX_HEADERS} headers")
    headers: dict[str, str] = {}
    for header in rest:
        name, colon, value = header.partition(":")
        if not colon or not _NAME.fullmatch(name) or not value.replace("\t", " ").isprintable():
            raise Refused(400, "a header is malformed")
        name = name.lower()
        if name in headers and name in ("content-length", "authorization", "transfer-encoding"):
            raise Refused(400, f"two headers {name}")
        headers[name] = value.strip()
    method, target, minor = match.groups()
    path, _, query = target.partition("?")
    connection = headers.get("connection", "").lower()
    keep_alive = "close" not in connection if minor == "1" else "keep-alive" in connection
    decoded = unquote(path, errors="replace")
    return Request(method, decoded, query, headers, keep_alive, takes_chunks=minor == "1")


def response_bytes(response: Response, *, keep_alive: bool, head_only: bool = False) -> bytes:
    """Return a response as it travels; `head_only` for what was asked by HEAD."""
    headers = {
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "Connection": "keep-alive" if keep_alive else "close",
        **response.headers,
    }
    return _head(response.status, headers) + (b"" if head_only else response.body)


def stream_head(content_type: str, *, chunked: bool) -> bytes:
    """Return the head of a response without an end; chunked but for a client of HTTP/1.0."""
    headers = {
        "Content-Type": content_type,
        "Cache-Control": "no-store",
        "Connection": "close",
        "X-Accel-Buffering": "no",  # or nginx in between would hold it back
    }
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    return _head(200, headers)


def chunk(data: bytes) -> bytes:
    """Return data as one chunk; it must not be empty, which would be the end."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", "Server: taskmaster"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii")
