"""A follower of a log hears the source of now, with the line ends of a file."""

import asyncio
from pathlib import Path

import pytest

from pty_mux.logfile import LogFile
from pty_mux.session import Session
from pty_mux.winsize import Winsize
from taskmaster.control.follow import Following


def taken(following: Following) -> bytes:
    async def at_once() -> bytes:
        async with asyncio.timeout(0):
            return (await following.feed.take(1000)).data

    return asyncio.run(at_once())


def test_a_terminal_s_line_ends_are_those_of_a_file() -> None:
    session = Session(4096, Winsize(24, 80))
    following = Following(session)

    for piece in (b"one\r", b"\ntwo\r", b"", b"\n"):
        session.feed(piece)

    assert taken(following) == b"one\ntwo\n"


def test_it_moves_on_and_hears_the_old_source_no_more(tmp_path: Path) -> None:
    session = Session(4096, Winsize(24, 80))
    file = LogFile(str(tmp_path / "log"), 0, 0, pytest.fail)
    following = Following(session)
    session.feed(b"terminal\r\n")

    following.move(file)
    following.move(None)
    following.move(file)
    session.feed(b"unheard\r\n")
    file.append(b"file\r\n", now=0)

    assert taken(following) == b"terminal\nfile\r\n"
    following.stop()
    file.append(b"unheard\n", now=0)
    with pytest.raises(TimeoutError):
        taken(following)
    file.close()
