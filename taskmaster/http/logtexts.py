"""Pieces of logs as supervisord's methods give them: by offset and length, or the end.

At most `MAX_TEXT_BYTES` of a log are read at once. A process whose output goes to no file has the
memory of its terminal for a log; offsets count the bytes since it was first started.
"""

import os
import stat
from collections.abc import Callable
from typing import Final

from pty_mux.logfile import LogFile
from pty_mux.session import Session
from taskmaster.http.faults import Fault, FaultCode

MAX_TEXT_BYTES: Final = 256 * 1024
"""Written as XML it holds the daemon up for some milliseconds."""

Read = Callable[[int, int], bytes]
"""Takes an offset and a length."""


def read_text(source: LogFile | Session, offset: int, length: int) -> str:
    """Return a piece of a log: from an offset, or with a negative one from the end.

    Raises:
        Fault: there is no such log, or offset and length do not go together.
    """
    size, read = _opened(source)
    if size is None:
        raise Fault(FaultCode.NO_FILE, source.path if isinstance(source, LogFile) else None)
    if length < 0 or (offset < 0 and length != 0):
        raise Fault(FaultCode.BAD_ARGUMENTS)
    if offset < 0:
        wanted = min(-offset, MAX_TEXT_BYTES)
        return _text(read(max(0, size - wanted), wanted))
    return _text(read(offset, min(length or MAX_TEXT_BYTES, MAX_TEXT_BYTES)))


def tail_text(source: LogFile | Session | None, offset: int, length: int) -> list[str | int | bool]:
    """Return the end of a log as ``[text, size, overflow]``, by the rules of supervisord.

    More than length bytes behind the offset are overflow, and then the last ones are given.
    """
    size, read = _opened(source) if source is not None else (None, _nothing)
    if size is None:
        return ["", 0, False]
    overflow = size > offset + length
    begin = offset
    if overflow:
        begin = size - 1
    if begin + length > size:
        if begin > size - 1:
            length = 0
        begin = size - length
    length = max(0, min(length, MAX_TEXT_BYTES))
    text = _text(read(max(0, begin), length)) if length else ""
    return [text, size, overflow]


def _opened(source: LogFile | Session) -> tuple[int | None, Read]:
    """Return the size of a log and how it is read; None where there is no such file."""
    if isinstance(source, Session):
        ring = source.ring

        def from_memory(offset: int, length: int) -> bytes:
            begin = min(max(offset, ring.start), ring.end)
            return ring.read(begin, max(0, offset + length - begin)).replace(b"\r\n", b"\n")

        return ring.end, from_memory
    path = source.path
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None, _nothing
    except OSError:
        raise Fault(FaultCode.FAILED) from None
    if not stat.S_ISREG(status.st_mode):
        raise Fault(FaultCode.FAILED)  # a pipe, of which nothing can be read again

    def from_file(offset: int, length: int) -> bytes:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                return os.pread(descriptor, length, offset)
            finally:
                os.close(descriptor)
        except OSError:
            raise Fault(FaultCode.FAILED) from None

    return status.st_size, from_file


def _nothing(offset: int, length: int) -> bytes:
    return b""


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
