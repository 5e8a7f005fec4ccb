"""Frames and lines come out of the stream as they went in, however cut, and none is too long."""

import itertools
import struct
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.protocol.frames import (
    MAX_FRAME_BYTES,
    Frame,
    FrameDecoder,
    FrameType,
    LineDecoder,
    ProtocolViolation,
    decode_report,
    decode_size,
    encode_frame,
    encode_report,
    encode_size,
)

cuts = st.lists(st.integers(0, 200), max_size=12)
frames = st.builds(Frame, st.sampled_from(FrameType), st.binary(max_size=30))


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def header(number: int, length: int) -> bytes:
    return struct.pack("!BI", number, length)


# --- frames -----------------------------------------------------------------------------------


def test_a_frame_is_a_byte_of_type_four_of_length_and_the_payload() -> None:
    expected = b"\x04\x00\x00\x00\x02hi"

    assert encode_frame(FrameType.NOTICE, b"hi") == expected
    assert encode_frame(FrameType.NOTICE, memoryview(b"-hi-")[1:3]) == expected


@given(st.lists(frames, max_size=8), cuts)
def test_any_cutting_of_the_stream_gives_the_same_frames(sent: list[Frame], at: list[int]) -> None:
    stream = b"".join(encode_frame(frame.type, frame.payload) for frame in sent)
    decoder = FrameDecoder()

    received = [frame for piece in cut(stream, at) for frame in decoder.feed(piece)]

    assert received == sent


def test_each_frame_is_given_with_its_last_byte_and_no_later() -> None:
    decoder = FrameDecoder()
    stream = encode_frame(FrameType.END, b"") + encode_frame(FrameType.INPUT, b"ab")

    counts = [len(list(decoder.feed(bytes([byte])))) for byte in stream]

    assert counts == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]


@given(st.lists(st.one_of(st.binary(max_size=9), st.builds(header, st.integers(0, 7), st.just(1)))))
def test_any_bytes_are_frames_or_a_violation(pieces: list[bytes]) -> None:
    decoder = FrameDecoder()

    with suppress(ProtocolViolation):
        for piece in pieces:
            for frame in decoder.feed(piece):
                assert frame.type in FrameType


@given(st.integers(0, 255).filter(lambda number: number not in set(FrameType)))
def test_an_unknown_type_is_refused_after_the_frames_before_it(number: int) -> None:
    given_out = FrameDecoder().feed(encode_frame(FrameType.INPUT, b"ls\n") + header(number, 0))

    assert next(given_out) == Frame(FrameType.INPUT, b"ls\n")
    with pytest.raises(ProtocolViolation, match=f"unknown type {number}$"):
        next(given_out)


def test_a_payload_of_exactly_the_limit_passes_and_a_byte_more_is_refused() -> None:
    longest = bytes(MAX_FRAME_BYTES)

    (frame,) = FrameDecoder().feed(encode_frame(FrameType.OUTPUT, longest))

    assert frame.payload == longest
    with pytest.raises(ValueError, match=f"{MAX_FRAME_BYTES + 1} bytes"):
        encode_frame(FrameType.OUTPUT, longest + b"x")


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 0xFFFFFFFF])
def test_a_length_above_the_limit_is_refused_by_its_header_alone(length: int) -> None:
    with pytest.raises(ProtocolViolation, match=f"a frame of {length} bytes"):
        list(FrameDecoder().feed(header(FrameType.INPUT, length)))


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES, 64 << 20])
def test_nothing_is_allocated_for_a_length_that_is_only_promised(length: int) -> None:
    decoder = FrameDecoder()
    tracemalloc.start()

    with suppress(ProtocolViolation):
        list(decoder.feed(header(FrameType.INPUT, length)))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_FRAME_BYTES / 4


# --- the window size --------------------------------------------------------------------------


@given(st.lists(st.integers(-(2**40), 2**40), min_size=4, max_size=4))
def test_sizes_are_clamped_to_what_a_winsize_holds(fields: list[int]) -> None:
    clamped = tuple(sorted((0, number, 0xFFFF))[1] for number in fields)

    assert decode_size(encode_size(*fields)) == clamped


@pytest.mark.parametrize("kitty", [True, False])
def test_a_report_comes_back_as_it_was(kitty: bool) -> None:
    payload = encode_report("rgb:ffff/8/00", "", speaks_kitty=kitty)

    assert decode_report(payload) == ("rgb:ffff/8/00", "", kitty)


@pytest.mark.parametrize(
    "payload", [b"", b"red  1", b"rgb:0/0/0 rgb:0/0/0 2", b"\xff  0", b"  1\n"]
)
def test_what_is_no_report_is_refused(payload: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        decode_report(payload)


def test_a_size_has_rows_before_columns_in_network_order_and_perhaps_no_pixels() -> None:
    assert encode_size(24, 80) == b"\x00\x18\x00\x50\x00\x00\x00\x00"


@given(st.binary(max_size=20))
def test_a_size_of_another_length_is_refused(payload: bytes) -> None:
    if len(payload) == 8:
        assert encode_size(*decode_size(payload)) == payload
    else:
        with pytest.raises(ProtocolViolation, match=f"of {len(payload)} bytes"):
            decode_size(payload)


# --- lines ------------------------------------------------------------------------------------


@given(
    st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), min_size=1), cuts
)
def test_any_cutting_of_the_stream_gives_the_same_lines(sent: list[bytes], at: list[int]) -> None:
    *complete, beginning = sent
    decoder = LineDecoder(12)

    received = [line for piece in cut(b"\n".join(sent), at) for line in decoder.feed(piece)]

    assert received == complete
    assert decoder.rest() == beginning


def test_the_rest_is_given_up_and_forgotten() -> None:
    decoder = LineDecoder(100)
    assert list(decoder.feed(b'{"id":1}\n\x03\x00')) == [b'{"id":1}']

    assert decoder.rest() == b"\x03\x00"
    assert decoder.rest() == b""
    assert list(decoder.feed(b"next\n")) == [b"next"]


@given(st.integers(0, 20), st.integers(-2, 2), st.booleans(), cuts)
def test_the_limit_of_a_line_does_not_count_its_newline(
    limit: int, over: int, ended: bool, at: list[int]
) -> None:
    line = b"x" * max(0, limit + over)
    decoder = LineDecoder(limit)
    received: list[bytes] = []

    def feed_all() -> None:
        for piece in cut(b"\n" + line + b"\n" * ended, at):
            received.extend(decoder.feed(piece))

    if len(line) <= limit:
        feed_all()
        assert received == [b"", *[line] * ended]
    else:
        with pytest.raises(ProtocolViolation, match=f"more than {limit} bytes"):
            feed_all()
        assert received == [b""]
        assert decoder.rest() == b""
