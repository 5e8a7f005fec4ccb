"""What is not in a log file yet is kept, and whoever goes on with it goes on exactly there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.journal import CAPACITY_BYTES, Journal, divided
from pty_mux.logfile import LogFile, LogStream
from pty_mux.ring import mapped_ring, shared_ring
from pty_mux.textlog import TextLines

TEXTS = ["text", "\r\n", "\n", "\r", "\b", "\t", "ä", "x" * 300, "a line\r\n", "50 %\r"]
SEQUENCES = ["[A", "[2K", "[?1049h", "[?1049l", "[5;5H", "]0;title", "7", "8", "[s", "[u", "c"]
PIECES = st.lists(
    st.sampled_from(
        [
            *(text.encode() for text in TEXTS),
            *(b"\x1b" + sequence.encode() for sequence in SEQUENCES),
            b"\x07",
            b"\xc3",
        ]
    ),
    max_size=30,
)


@given(PIECES, PIECES)
def test_lines_go_on_where_they_were(before: list[bytes], after: list[bytes]) -> None:
    whole, first, second = TextLines(), TextLines(), TextLines()
    for piece in before:
        whole.feed(piece)

    given_out = b"".join(map(first.feed, before))
    resumed = second.resume(first.unsettled)
    rest = b"".join(map(second.feed, after)) + second.flush()

    other = TextLines()
    assert resumed == b""
    assert given_out + rest == other.feed(b"".join([*before, *after])) + other.flush()


@given(PIECES, PIECES)
def test_nothing_is_given_out_twice_after_two_ends(before: list[bytes], after: list[bytes]) -> None:
    first, second, third, whole = TextLines(), TextLines(), TextLines(), TextLines()
    out = b"".join(map(first.feed, before))
    out += second.resume(first.unsettled)
    out += b"".join(map(second.feed, after))
    out += third.resume(second.unsettled) + third.flush()

    assert out == whole.feed(b"".join([*before, *after])) + whole.flush()


def test_after_much_drawing_it_is_still_known_that_it_is_no_log() -> None:
    first, second = TextLines(), TextLines()
    first.feed(b"before\r\n\x1b[?1049h")
    for number in range(20_000):
        first.feed(b"\x1b[%d;1Hdrawn" % (number % 24))

    assert len(first.unsettled) < CAPACITY_BYTES
    second.resume(first.unsettled)
    assert second.feed(b"\x1b[3;1Hdrawn\r\n\x1b[?1049lafter\r\n") == b"after\n"


@given(PIECES, PIECES)
def test_a_line_in_a_shared_file_goes_on(before: list[bytes], after: list[bytes]) -> None:
    def stream(journal: Journal) -> tuple[LogStream, list[bytes]]:
        file = LogFile("/dev/null", 0, 0, lambda text, good: pytest.fail(text))
        file.streams = 1  # somebody else writes into it too
        written: list[bytes] = []
        file.follow(written.append)
        return LogStream(file, terminal=True, journal=journal), written

    journal = Journal()
    first, one = stream(journal)
    for piece in before:
        first.write(piece, 0.0)
    second, two = stream(journal)
    second.resume(0.0)
    for piece in after:
        second.write(piece, 0.0)
    second.close(0.0)

    whole, all_of_it = stream(Journal())
    whole.write(b"".join([*before, *after]), 0.0)
    whole.close(0.0)
    assert b"".join(one + two) == b"".join(all_of_it)
    assert journal.kept == b""


def test_a_text_that_is_too_long_is_not_kept() -> None:
    journal = Journal()
    journal.keep(b"short")
    journal.keep(bytes(CAPACITY_BYTES - 7))

    assert journal.kept == b""


def test_memory_that_is_no_journals_keeps_nothing() -> None:
    assert Journal(bytearray(b"\xff" * CAPACITY_BYTES)).kept == b""


def test_it_is_there_for_whoever_maps_the_ring_and_moves_with_it(tmp_path: Path) -> None:
    ring = shared_ring(4096)
    journal = ring.journals[1]
    journal.keep(b"half a line")
    assert [one.kept for one in mapped_ring(ring.descriptor).journals] == [b"", b"half a line"]

    larger = ring.moved_to(shared_ring(8192))
    journal.keep(b"another")

    assert larger.journals[1] is journal
    assert mapped_ring(larger.descriptor).journals[1].kept == b"another"


def test_a_ring_of_another_layout_is_not_mapped() -> None:
    ring = shared_ring(4096)
    with open(ring.descriptor, "r+b", closefd=False) as memory:
        memory.seek(16)
        memory.write(b"\0" * 8)

    with pytest.raises(ValueError, match="layout"):
        mapped_ring(ring.descriptor)


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=20))))
def test_each_half_keeps_its_own(kept: list[tuple[int, bytes]]) -> None:
    journal = Journal()
    halves = divided(journal, resumed=False)
    expected = [b"", b""]
    for place, data in kept:
        halves[place].keep(data)
        expected[place] = data

    assert [half.kept for half in divided(journal, resumed=True)] == expected
    assert bool(journal.kept) == any(expected)
    assert [half.kept for half in divided(journal, resumed=False)] == [b"", b""]


@given(st.binary(max_size=40))
def test_what_is_no_pair_of_halves_is_taken_for_none(kept: bytes) -> None:
    journal = Journal()
    journal.keep(kept)

    first, second = divided(journal, resumed=True)

    assert first.kept + second.kept in (b"", kept[8:])


def test_halves_too_long_together_are_not_kept() -> None:
    journal = Journal()
    first, second = divided(journal, resumed=False)
    first.keep(b"a" * 60_000)
    second.keep(b"b" * 60_000)

    assert journal.kept == b""
    first.keep(b"")
    assert [half.kept for half in divided(journal, resumed=True)] == [b"", b"b" * 60_000]
