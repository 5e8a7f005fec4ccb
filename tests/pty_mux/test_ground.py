"""Other output may be shown between sequences and never inside one, however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.ground import Ground

UNITS = [
    b"plain",
    b"\r\n",
    "é".encode(),
    "€".encode(),
    "𝄞".encode(),
    b"\x1b[31m",
    b"\x1b[?1049h",
    b"\x1b[38;2;1;2;3m",
    b"\x1b[3 q",
    b"\x1b(B",
    b"\x1b7",
    b"\x1bM",
    b"\x1b=",
    b"\x1b]0;a title\x07",
    b"\x1b]8;;http://example\x1b\\",
    b"\x1bP$qm\x1b\\",
    b"\x1b_payload\x1b\\",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_complete_unit_leads_back_to_ground(unit: bytes) -> None:
    ground = Ground()

    ground.feed(unit)

    assert ground.is_ground


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit[0] == 0x1B or unit[0] >= 0xC0])
def test_inside_a_unit_is_no_ground(unit: bytes) -> None:
    for cut in range(1, len(unit)):
        ground = Ground()

        ground.feed(b"x" + unit[:cut])

        assert not ground.is_ground, unit[:cut]


@given(st.lists(st.sampled_from(UNITS), max_size=12), st.lists(st.integers(1, 7), min_size=1))
def test_ground_is_found_however_the_bytes_are_cut(units: list[bytes], cuts: list[int]) -> None:
    data = b"".join(units)
    ground = Ground()

    position = step = 0
    while position < len(data):
        length = cuts[step % len(cuts)]
        ground.feed(data[position : position + length])
        position += length
        step += 1

    assert ground.is_ground


@given(st.lists(st.binary(max_size=50)))
def test_no_input_breaks_it_or_makes_it_grow(chunks: list[bytes]) -> None:
    ground = Ground()

    for chunk in chunks:
        ground.feed(chunk)

    ground.feed(b"\x18" + b" " * 600)
    assert ground.is_ground


def test_a_string_that_never_ends_holds_no_memory() -> None:
    ground = Ground()

    ground.feed(b"\x1b]0;")
    for _ in range(100):
        ground.feed(b"x" * 1000)

    assert not ground.is_ground
    assert ground._pending == b""


def test_an_invalid_lead_byte_before_ascii_does_not_hold_ground_back() -> None:
    ground = Ground()

    ground.feed(b"\xe2x")

    assert ground.is_ground
