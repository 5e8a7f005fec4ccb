"""The ring against a plain byte string that keeps everything."""

import os

from pty_mux.ring import Ring, mapped_ring, shared_ring
from tests.fuzz.source import Source


def ring(data: bytes) -> None:
    """Whatever is appended, moved and mapped again: the newest bytes are at their offsets."""
    source = Source(data)
    one = shared_ring(1 + source.below(60))
    descriptors = [one.descriptor]
    written, kept_from = b"", 0
    try:
        while not source.is_empty:
            match source.byte() % 6:
                case 0:  # another process takes it over
                    one = mapped_ring(descriptors[-1])
                case 1:  # its size changes
                    other = shared_ring(1 + source.below(60))
                    descriptors.append(other.descriptor)
                    one = one.moved_to(other)
                case _:
                    more = source.take(source.below(90))
                    one.append(more)
                    written += more
            kept_from = max(kept_from, len(written) - one.capacity)
            _check(one, written, kept_from, source)
            _check(mapped_ring(descriptors[-1]), written, kept_from, source)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _check(one: Ring, written: bytes, kept_from: int, source: Source) -> None:
    assert (one.start, one.end) == (kept_from, len(written))
    assert one.tail(1000) == written[kept_from:]
    offset = kept_from + source.below(one.end - kept_from + 1)
    limit = source.below(70)
    assert one.read(offset, limit) == written[offset : offset + limit]
    for wrong in (kept_from - 1, one.end + 1):
        try:
            one.read(wrong, 1)
        except ValueError:
            continue
        raise AssertionError(f"{wrong} can be read")
