"""The ring gives back the newest bytes at their offsets, however they were appended."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.ring import Ring, mapped_ring, shared_ring

pieces = st.lists(st.binary(max_size=40), max_size=30)


@given(st.integers(1, 50), pieces)
def test_the_newest_bytes_stay_in_order(capacity: int, appended: list[bytes]) -> None:
    ring = Ring(bytearray(capacity))

    for piece in appended:
        ring.append(piece)

    everything = b"".join(appended)
    assert ring.end == len(everything)
    assert ring.start == max(0, len(everything) - capacity)
    assert ring.tail(capacity) == everything[-capacity:]


@given(st.integers(1, 50), pieces, st.data())
def test_any_part_that_is_there_can_be_read(
    capacity: int, appended: list[bytes], data: st.DataObject
) -> None:
    ring = Ring(bytearray(capacity))
    for piece in appended:
        ring.append(piece)
    offset = data.draw(st.integers(ring.start, ring.end))
    limit = data.draw(st.integers(0, 60))

    assert ring.read(offset, limit) == b"".join(appended)[offset : offset + limit]


@given(st.integers(1, 50), st.integers(1, 50), pieces)
def test_moving_keeps_offsets_and_what_fits(old: int, new: int, appended: list[bytes]) -> None:
    ring = Ring(bytearray(old))
    for piece in appended:
        ring.append(piece)

    moved = ring.moved_to(Ring(bytearray(new)))

    everything = b"".join(appended)
    assert moved.end == len(everything)
    kept = everything[-min(old, new) :]
    assert (moved.start, moved.tail(new)) == (len(everything) - len(kept), kept)


def test_an_offset_that_was_overwritten_is_refused() -> None:
    ring = Ring(bytearray(4))
    ring.append(b"abcdef")

    with pytest.raises(ValueError, match="offset 1 is outside 2 to 6"):
        ring.read(1, 1)


def test_an_offset_in_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to 0"):
        Ring(bytearray(4)).read(1, 1)


def test_a_ring_without_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        Ring(bytearray())


def test_shared_memory_serves_as_well() -> None:
    ring = shared_ring(4096)

    ring.append(b"x" * 5000)

    assert ring.tail(9999) == b"x" * 4096


def test_a_ring_that_is_mapped_again_is_as_it_was_left_and_goes_on() -> None:
    left = shared_ring(100)
    left.append(b"x" * 90 + b"what was there")

    found = mapped_ring(left.descriptor)
    os.close(left.descriptor)

    assert (found.end, found.capacity, found.tail(14)) == (104, 100, b"what was there")
    found.append(b", and more")
    assert found.tail(24) == b"what was there, and more"


def test_a_larger_ring_does_not_show_what_the_smaller_one_had_lost() -> None:
    """After a reload with more scrollback `tail` began with NUL bytes."""
    small = shared_ring(10)
    small.append(b"long gone, and kept")

    large = small.moved_to(shared_ring(1000))
    found = mapped_ring(large.descriptor)
    os.close(small.descriptor)
    os.close(large.descriptor)

    assert large.tail(1000) == found.tail(1000) == b"g, and kept"[-10:]
    assert large.start == found.start == 9
