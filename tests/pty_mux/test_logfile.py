"""Log files rotate without losing a byte, keep lines whole, and outlive a broken disk."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pty_mux.logfile import MAX_PARTIAL_LINE_BYTES, RETRY_SECONDS, LogFile, LogStream


class Told(list[str]):
    """What the log file complained of."""


@pytest.fixture
def told() -> Told:
    return Told()


def logfile(path: Path, told: Told, maxbytes: int = 0, backups: int = 10) -> LogFile:
    return LogFile(str(path), maxbytes, backups, told.append)


def everything(path: Path) -> bytes:
    """All that was logged, from the oldest rotated file to the present one."""
    rotated = sorted(path.parent.glob(f"{path.name}.*"), key=lambda p: -int(p.suffix[1:]))
    return b"".join(file.read_bytes() for file in (*rotated, path))


def test_what_is_appended_stands_in_the_file(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"before\n")

    logfile(path, told).append(b"after\n", now=0)

    assert path.read_bytes() == b"before\nafter\n"


def test_rotation_loses_nothing_and_keeps_the_limit(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=300, backups=20)
    lines = [b"%066d\n" % number for number in range(30)]

    for line in lines:
        file.append(line, now=0)

    assert everything(path) == b"".join(lines)
    assert all(os.path.getsize(p) <= 300 for p in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == 8


def test_only_so_many_rotated_files_are_kept(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=300, backups=2)
    lines = [b"%066d\n" % number for number in range(30)]

    for line in lines:
        file.append(line, now=0)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.log", "x.log.1", "x.log.2"]
    assert b"".join(lines).endswith(everything(path))


def test_without_backups_the_file_is_emptied(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=100, backups=0)

    for number in range(10):
        file.append(b"%039d\n" % number, now=0)

    assert [p.name for p in tmp_path.iterdir()] == ["x.log"]
    assert path.read_bytes() == b"%039d\n%039d\n" % (8, 9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([b"a", b"bcd\n", b"\n", b"efghijkl"])).map(b"".join)),
    st.integers(1, 20),
)
def test_rotation_never_loses_a_byte(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], maxbytes: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "x.log"
    file = logfile(path, Told(), maxbytes=maxbytes, backups=10_000)
    file.open(0)

    for chunk in chunks:
        file.append(chunk, now=0)

    assert everything(path) == b"".join(chunks)


def test_a_rotated_file_ends_with_a_whole_line(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=100)

    file.append(b"".join(b"%029d\n" % number for number in range(20)), now=0)

    assert all(p.read_bytes().endswith(b"\n") for p in tmp_path.iterdir())


def test_a_file_moved_away_is_left_at_the_reopening(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told)
    file.append(b"one\n", now=0)
    path.rename(tmp_path / "moved")

    file.append(b"two\n", now=0)
    file.reopen(now=0)
    file.append(b"three\n", now=0)

    assert (tmp_path / "moved").read_bytes() == b"one\ntwo\n"
    assert path.read_bytes() == b"three\n"


def test_a_deleted_file_is_made_again(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told)
    file.append(b"one\n", now=0)
    path.unlink()

    file.append(b"two\n", now=RETRY_SECONDS)

    assert path.read_bytes() == b"two\n"


def test_a_missing_folder_is_told_once_and_recovered_from(tmp_path: Path, told: Told) -> None:
    folder = tmp_path / "folder"
    file = logfile(folder / "x.log", told)

    for now in (0.0, 0.5, 2.0, 3.5):
        file.append(b"12345\n", now)
    folder.mkdir()
    file.append(b"again\n", now=9)

    assert (folder / "x.log").read_bytes() == b"again\n"
    assert len(told) == 2
    assert "cannot be opened: no such file or directory" in told[0]
    assert "24 bytes are missing" in told[1]


def test_a_full_disk_stops_the_logging_and_nothing_else(told: Told) -> None:
    file = LogFile("/dev/full", 0, 0, told.append)

    for now in (0.0, 0.1, 5.0):
        file.append(b"lost\n", now)

    assert len(told) == 1
    assert "cannot be written: no space left on device" in told[0]


def test_trouble_is_not_tried_again_before_its_time(tmp_path: Path, told: Told) -> None:
    folder = tmp_path / "folder"
    file = logfile(folder / "x.log", told)
    file.append(b"lost\n", now=0)
    folder.mkdir()

    file.append(b"lost\n", now=RETRY_SECONDS / 2)

    assert not (folder / "x.log").exists()


def test_a_pipe_without_reader_blocks_nobody(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)

    logfile(path, told).append(b"lost\n", now=0)

    assert len(told) == 1


def test_a_pipe_that_nobody_empties_blocks_nobody(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        file = logfile(path, told)
        for _ in range(100):
            file.append(b"x" * 65536, now=0)
        assert "cannot be written" in told[0]
        file.close()
    finally:
        os.close(reader)


def test_clearing_empties_the_file(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=100)
    file.append(b"x" * 90 + b"\n", now=0)

    file.clear(now=0)
    file.append(b"y" * 50 + b"\n", now=0)

    assert path.read_bytes() == b"y" * 50 + b"\n"
    assert not (tmp_path / "x.log.1").exists()


def test_tail_reaches_back_over_a_rotation(tmp_path: Path, told: Told) -> None:
    file = logfile(tmp_path / "x.log", told, maxbytes=10)
    for number in range(4):
        file.append(b"line%d\n" % number, now=0)

    assert file.tail(9) == b"e2\nline3\n"


def test_a_follower_hears_every_byte_also_over_rotations(tmp_path: Path, told: Told) -> None:
    heard: list[bytes] = []
    file = logfile(tmp_path / "x.log", told, maxbytes=10)
    file.follow(heard.append)

    for number in range(4):
        file.append(b"line%d\n" % number, now=0)
    file.unfollow(heard.append)
    file.append(b"unheard\n", now=0)

    assert b"".join(heard) == b"line0\nline1\nline2\nline3\n"


# --- streams ---------------------------------------------------------------------------------


def test_the_cr_of_the_line_discipline_is_taken_out(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    stream = LogStream(logfile(path, told), terminal=True)

    stream.write(b"one\r\ntwo\rprogress\rthree\r\r\n", now=0)

    assert path.read_bytes() == b"one\ntwo\rprogress\rthree\r\n"


@given(st.lists(st.sampled_from([b"a", b"\r\n", b"\r", b"\r\r\n"])), st.integers(1, 5))
def test_it_is_taken_out_wherever_the_reads_are_cut(units: list[bytes], size: int) -> None:
    written: list[bytes] = []

    class Memory(LogFile):
        def append(self, data: bytes, now: float) -> None:
            written.append(data)

    stream = LogStream(Memory("", 0, 0, lambda _: None), terminal=True)
    data = b"".join(units)

    for start in range(0, len(data), size):
        stream.write(data[start : start + size], now=0)
    stream.flush(now=0)

    assert b"".join(written) == data.replace(b"\r\n", b"\n")


def test_a_cr_held_in_a_flood_is_not_written_before_its_lf(tmp_path: Path, told: Told) -> None:
    """A 600 MB flood once came out one byte too long.

    A read had ended between CR and LF just when the timer for unfinished lines fired, and the CR
    was written as if it were the program's own. While the program goes on writing it is not.
    """
    path = tmp_path / "x.log"
    stream = LogStream(logfile(path, told), terminal=True)
    stream.write(b"one\r", now=10.0)

    stream.flush_after(0.2, now=10.1)
    stream.write(b"\ntwo\r", now=10.1)
    stream.flush_after(0.2, now=10.2)
    stream.write(b"\n", now=10.2)

    assert path.read_bytes() == b"one\ntwo\n"


def test_a_cr_of_the_programs_own_is_written_once_it_pauses(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    stream = LogStream(logfile(path, told), terminal=True)
    stream.write(b"50%\r", now=10.0)

    stream.flush_after(0.2, now=10.3)

    assert path.read_bytes() == b"50%\r"


def test_a_pipe_has_no_line_discipline(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    stream = LogStream(logfile(path, told), terminal=False)

    stream.write(b"one\r\n", now=0)

    assert path.read_bytes() == b"one\r\n"


def test_one_stream_writes_every_byte_through(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    stream = LogStream(logfile(path, told), terminal=True)

    stream.write(b"prompt> ", now=0)

    assert path.read_bytes() == b"prompt> "
    assert not stream.has_partial_line


def test_streams_that_share_a_file_keep_their_lines_whole(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told)
    first, second = LogStream(file, terminal=True), LogStream(file, terminal=True)

    first.write(b"fir", now=0)
    second.write(b"second\r\nsec", now=0)
    first.write(b"st\r\n", now=0)
    second.close(now=0)
    first.close(now=0)

    assert path.read_bytes() == b"second\nfirst\nsec"


def test_an_endless_line_is_not_held_for_ever(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told)
    stream, other = LogStream(file, terminal=True), LogStream(file, terminal=True)

    stream.write(b"x" * (MAX_PARTIAL_LINE_BYTES + 1), now=0)

    assert path.stat().st_size == MAX_PARTIAL_LINE_BYTES + 1
    other.close(now=0)


def test_the_last_stream_to_leave_closes_the_file(tmp_path: Path, told: Told) -> None:
    file = logfile(tmp_path / "x.log", told)
    stream = LogStream(file, terminal=True)
    stream.write(b"x\r\n", now=0)

    stream.close(now=0)

    assert file.streams == 0
    assert file._descriptor == -1
