"""Where a message or a frame begins and ends in a byte stream, and how long it may be.

The decoders are fed with whatever arrived, cut anywhere, and give what is complete. They hold at
most one incomplete message or frame, and a length that is too great is refused before anything is
allocated for it. What the payloads mean is said in `messages`.
"""

import enum
import re
import struct
from collections.abc import Iterator
from typing import Final

from taskmaster.protocol.values import Value

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""The longest request, a line of JSON without its newline, that the daemon takes."""

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that a client takes: the status of thousands of processes is a long line."""

MAX_FRAME_BYTES: Final = 256 * 1024
"""The longest payload of a frame that either side takes."""

_HEADER: Final = struct.Struct("!BI")
_COLOUR: Final = rb"((?:rgb:[0-9A-Fa-f]{1,4}/[0-9A-Fa-f]{1,4}/[0-9A-Fa-f]{1,4})?)"
_REPORT: Final = _COLOUR + b" " + _COLOUR + b" ([01])"
_SIZE: Final = struct.Struct("!HHHH")


class ProtocolViolation(Exception):
    """The peer sent what the protocol does not allow; the connection must be closed."""


class FrameType(enum.IntEnum):
    """The types of frames of an attached connection, and which way they go."""

    INPUT = 1
    """Client to daemon: bytes that the user typed."""

    SIZE = 2
    """Client to daemon: the window size of the user's terminal (`encode_size`)."""

    OUTPUT = 3
    """Daemon to client: bytes for the user's terminal."""

    NOTICE = 4
    """Daemon to client: one line for the user, UTF-8, said by Taskmaster and not by the process."""

    END = 5
    """Daemon to client: the last frame; why the attachment is over, UTF-8, one line."""

    REPORT = 6
    """Client to daemon: what the user's terminal told of itself (`encode_report`)."""


class Frame(Value):
    """One unit of an attached connection."""

    type: FrameType
    payload: bytes


def encode_frame(frame_type: FrameType, payload: bytes | memoryview) -> bytes:
    """Return the bytes of one frame.

    Raises:
        ValueError: the payload is longer than `MAX_FRAME_BYTES`; split it.
    """
    if len(payload) > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {len(payload)} bytes, at most {MAX_FRAME_BYTES} are allowed")
    return _HEADER.pack(frame_type, len(payload)) + payload


def encode_size(rows: int, columns: int, width_pixels: int = 0, height_pixels: int = 0) -> bytes:
    """Return the payload of a SIZE frame: struct winsize of tty_ioctl(4), in network order."""
    fields = (
        min(max(number, 0), 0xFFFF) for number in (rows, columns, width_pixels, height_pixels)
    )
    return _SIZE.pack(*fields)


def encode_report(foreground: str, background: str, *, speaks_kitty: bool) -> bytes:
    """Return the payload of a REPORT frame; colours as X writes them, or '' where unknown."""
    return f"{foreground} {background} {int(speaks_kitty)}".encode("ascii")


def decode_report(payload: bytes) -> tuple[str, str, bool]:
    """Return foreground, background and whether the terminal speaks the kitty keyboard protocol.

    Raises:
        ProtocolViolation: it is no report.
    """
    match = re.fullmatch(_REPORT, payload)
    if match is None:
        raise ProtocolViolation(f"no report of a terminal: {payload[:80]!r}")
    return match[1].decode("ascii"), match[2].decode("ascii"), match[3] == b"1"


def decode_size(payload: bytes) -> tuple[int, int, int, int]:
    """Return rows, columns, and width and height in pixels of a SIZE frame's payload.

    Raises:
        ProtocolViolation: the payload has another length.
    """
    if len(payload) != _SIZE.size:
        raise ProtocolViolation(f"a window size of {len(payload)} bytes instead of {_SIZE.size}")
    rows, columns, width_pixels, height_pixels = _SIZE.unpack(payload)
    return rows, columns, width_pixels, height_pixels


class FrameDecoder:
    """Cuts a byte stream into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take what arrived, cut anywhere, and yield each frame that is complete.

        Raises:
            ProtocolViolation: an unknown type or too great a length. Nothing can be read after it.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            number, length = _HEADER.unpack_from(self._buffer)
            if number not in FrameType._value2member_map_:
                raise ProtocolViolation(f"a frame of the unknown type {number}")
            if length > MAX_FRAME_BYTES:
                raise ProtocolViolation(
                    f"a frame of {length} bytes, at most {MAX_FRAME_BYTES} are allowed"
                )
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[_HEADER.size : end])
            del self._buffer[:end]
            yield Frame(FrameType(number), payload)


class LineDecoder:
    """Cuts a byte stream into lines, of which each is a message."""

    def __init__(self, max_bytes: int) -> None:
        """Refuse a line of more than `max_bytes`, not counting its newline."""
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take what arrived, cut anywhere, and yield each complete line without its newline.

        Raises:
            ProtocolViolation: a line longer than `max_bytes`. Nothing can be read after it.
        """
        searched = len(self._buffer)
        self._buffer += data
        while (end := self._buffer.find(b"\n", searched)) >= 0:
            if end > self._max_bytes:
                break
            line = bytes(memoryview(self._buffer)[:end])
            del self._buffer[: end + 1]
            searched = 0
            yield line
        if len(self._buffer) > self._max_bytes:
            self._buffer.clear()
            raise ProtocolViolation(f"a message of more than {self._max_bytes} bytes")

    def rest(self) -> bytes:
        """Give up, and forget, the bytes after the last complete line.

        They are the beginning of the frames where the last message was an answer to `attach`.
        """
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest
