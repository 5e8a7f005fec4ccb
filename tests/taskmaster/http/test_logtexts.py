"""Pieces of logs, by the rules of supervisord."""

import os
from pathlib import Path

import pytest

from pty_mux.logfile import LogFile
from pty_mux.ring import Ring
from pty_mux.session import Session
from pty_mux.winsize import Winsize
from taskmaster.http.faults import Fault
from taskmaster.http.logtexts import MAX_TEXT_BYTES, read_text, tail_text


def log(path: Path, data: bytes) -> LogFile:
    path.write_bytes(data)
    return LogFile(str(path), 0, 0, lambda text, good: None)


def terminal(data: bytes) -> Session:
    session = Session(16, Winsize(24, 80), Ring(bytearray(16)))
    session.feed(data)
    return session


def test_a_piece_of_a_file(tmp_path: Path) -> None:
    file = log(tmp_path / "l", "0123é\n".encode())

    assert read_text(file, 0, 0) == "0123é\n"
    assert read_text(file, 1, 2) == "12"
    assert read_text(file, -3, 0) == "é\n"
    assert read_text(file, -2, 0) == "\ufffd\n"
    assert read_text(file, 99, 5) == ""


def test_the_end_of_a_file(tmp_path: Path) -> None:
    file = log(tmp_path / "l", b"0123456789")

    assert tail_text(file, 0, 4) == ["6789", 10, True]
    assert tail_text(file, 6, 4) == ["6789", 10, False]
    assert tail_text(file, 10, 4) == ["", 10, False]
    assert tail_text(None, 0, 4) == ["", 0, False]


def test_no_more_than_so_much_at_once(tmp_path: Path) -> None:
    file = log(tmp_path / "l", b"a" * (MAX_TEXT_BYTES + 10) + b"b")

    assert read_text(file, 0, 0) == "a" * MAX_TEXT_BYTES
    assert read_text(file, -(10**9), 0) == "a" * (MAX_TEXT_BYTES - 1) + "b"
    assert len(str(tail_text(file, 0, 10**9)[0])) == MAX_TEXT_BYTES


def test_a_terminal_is_read_by_what_it_has_shown_since_the_beginning() -> None:
    session = terminal(b"lost at once\r\nlong line\r\n")

    assert read_text(session, -6, 0) == "line\n"
    assert read_text(session, 0, 18) == "nce\nlong"
    assert (
        tail_text(session, 18, 100) == [" line\n", 25, False] or tail_text(session, 20, 5)[1] == 25
    )


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    nothing = lambda text, good: None  # noqa: E731

    with pytest.raises(Fault, match="NO_FILE: /no/such"):
        read_text(LogFile("/no/such", 0, 0, nothing), 0, 0)
    with pytest.raises(Fault, match="FAILED"):
        read_text(LogFile(str(pipe), 0, 0, nothing), 0, 0)
    with pytest.raises(Fault, match="BAD_ARGUMENTS"):
        read_text(log(tmp_path / "l", b"x"), -1, 1)
    assert tail_text(LogFile("/no/such", 0, 0, nothing), 0, 1) == ["", 0, False]
