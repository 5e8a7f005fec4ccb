"""Log files rotate without losing a byte, keep lines whole, and outlive a broken disk."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pty_mux import logfile as module
from pty_mux.logfile import MAX_PARTIAL_LINE_BYTES, RETRY_SECONDS, LogFile, LogStream
from pty_mux.textlog import TextLines


class Told(list[str]):
    """What the log file told, the good news also in a list of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.good: list[str] = []

    def note(self, text: str, is_good_news: bool) -> None:
        self.append(text)
        if is_good_news:
            self.good.append(text)


@pytest.fixture
def told() -> Told:
    return Told()


def logfile(path: Path, told: Told, maxbytes: int = 0, backups: int = 10) -> LogFile:
    return LogFile(str(path), maxbytes, backups, told.note)


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


def test_a_follower_hears_also_of_the_file_that_comes_next(tmp_path: Path, told: Told) -> None:
    file = logfile(tmp_path / "x.log", told)
    heard: list[bytes] = []
    file.follow(heard.append)
    file.append(b"one, un", now=0)

    file.move(str(tmp_path / "y.log"))
    file.append(b"two\n", now=0)

    assert (tmp_path / "x.log").read_bytes() == b"one, un"
    assert (tmp_path / "y.log").read_bytes() == b"two\n"
    assert heard == [b"one, un", b"two\n"]
    file.close()


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
    assert told.good == told[1:]


def test_a_full_disk_stops_the_logging_and_nothing_else(told: Told) -> None:
    file = LogFile("/dev/full", 0, 0, told.note)

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


@pytest.fixture
def slow_reader(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A pipe in the file system and its reading end."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def test_a_pipe_that_nobody_empties_blocks_nobody(
    slow_reader: tuple[Path, int], told: Told
) -> None:
    file = logfile(slow_reader[0], told)

    for now in range(100):
        file.append(b"x" * 65536, now)

    assert len(told) == 1
    assert "its reader is too slow" in told[0]


def test_a_pipe_whose_reader_was_slow_for_a_moment_goes_on(
    slow_reader: tuple[Path, int], told: Told
) -> None:
    """A reader that paused once lost its log for good: the full pipe was closed under it."""
    path, reader = slow_reader
    file = logfile(path, told)
    file.append(b"x" * 65536 + b"lost\n", now=0)
    assert os.read(reader, 1 << 20) == b"x" * 65536

    file.append(b"one\n", now=0.1)
    file.append(b"two\n", now=RETRY_SECONDS)

    assert os.read(reader, 1 << 20) == b"\none\ntwo\n"
    assert told.good == [f"log {path} is written again; 5 bytes are missing in it"]
    assert len(told) == 2
    file.close()


def test_the_first_line_after_a_full_disk_is_a_line_of_its_own(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that was full in the middle of a line had the next line glued to the half one."""
    path = tmp_path / "x.log"
    file = logfile(path, told)
    write = os.write

    def until_full(descriptor: int, data: bytes) -> int:
        if path.stat().st_size == 7:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[:7])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", until_full)
        file.append(b"a line that is too long\n", now=0)
    file.append(b"the next\n", now=RETRY_SECONDS)
    file.append(b"and one\n", now=RETRY_SECONDS)

    assert path.read_bytes() == b"a line \nthe next\nand one\n"
    assert told.good == told[1:]


def test_clearing_empties_the_file(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=100)
    file.append(b"x" * 90 + b"\n", now=0)

    file.clear()
    file.append(b"y" * 50 + b"\n", now=0)

    assert path.read_bytes() == b"y" * 50 + b"\n"
    assert not (tmp_path / "x.log.1").exists()


def test_clearing_a_file_that_nothing_writes_into_opens_nothing(tmp_path: Path, told: Told) -> None:
    """Thirty reloads, each with a `clear`, left the daemon with 270 descriptors more."""
    path = tmp_path / "x.log"
    path.write_bytes(b"from another life\n")
    file = logfile(path, told)

    file.clear()

    assert path.read_bytes() == b""
    assert not file._is_open


def test_a_file_that_is_not_there_is_clear(tmp_path: Path, told: Told) -> None:
    logfile(tmp_path / "x.log", told).clear()

    assert not (tmp_path / "x.log").exists()


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_no_file_cannot_be_cleared(
    slow_reader: tuple[Path, int], told: Told, is_open: bool
) -> None:
    path, _ = slow_reader
    file = logfile(path, told)
    if is_open:
        file.open(0)

    with pytest.raises(OSError, match="no regular file"):
        file.clear()
    with pytest.raises(OSError, match="no regular file"):
        logfile(path.parent, told).clear()
    file.close()


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

    stream = LogStream(Memory("", 0, 0, Told().note), terminal=True)
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


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 30).map(lambda length: b"x" * length + b"\r\n"), max_size=40),
    st.lists(st.integers(1, 200)),
    st.integers(40, 120),
    st.integers(0, 20),
)
def test_one_stream_s_lines_stay_whole_over_rotations_wherever_the_reads_are_cut(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    cuts: list[int],
    maxbytes: int,
    margin: int,
) -> None:
    """A flood was torn now and then: a read had ended in the middle of the line that came last.

    Its beginning was in the old file by then, and the rest did not fit any more. The margin stands
    for `MAX_PARTIAL_LINE_BYTES`, which no line here may exceed.
    """
    path = tmp_path_factory.mktemp("log") / "x.log"
    file = logfile(path, Told(), maxbytes=maxbytes, backups=10_000)
    file.open(0)
    stream = LogStream(file, terminal=True)
    data = b"".join(lines)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_PARTIAL_LINE_BYTES", 31 + margin)
        start = 0
        for length in [*cuts, len(data) + 1]:
            stream.write(data[start : start + length], now=0)
            start += length
        stream.close(now=0)

    assert everything(path) == data.replace(b"\r\n", b"\n")
    for part in path.parent.iterdir():
        written = part.read_bytes()
        assert len(written) <= maxbytes
        assert not written or written.endswith(b"\n")


def test_one_stream_holds_nothing_back_while_its_file_has_room(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "x.log"
    file = logfile(path, told, maxbytes=2 * MAX_PARTIAL_LINE_BYTES)
    file.open(0)
    stream = LogStream(file, terminal=True)
    full = b"x" * (MAX_PARTIAL_LINE_BYTES - 2) + b"\n"

    stream.write(full + b"a", now=0)
    assert path.read_bytes() == full + b"a"
    stream.write(b"b", now=0)

    assert path.read_bytes() == full + b"a"
    assert stream.has_partial_line
    stream.close(now=0)
    assert path.read_bytes() == full + b"ab"


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


def test_a_stream_of_text_writes_lines_when_they_are_settled(tmp_path: Path) -> None:
    path, told = tmp_path / "a.log", Told()
    stream = LogStream(logfile(path, told), terminal=True, text=TextLines(lambda: b"now "))

    stream.write(b"\x1b[1mone\x1b[0m\r\n10%\r", 0)
    stream.flush_after(0.2, 5)
    assert path.read_bytes() == b"now one\n"
    stream.write(b"20%", 6)
    stream.close(7)

    assert path.read_bytes() == b"now one\nnow 20%\n"
