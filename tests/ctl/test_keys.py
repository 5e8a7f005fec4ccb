"""The detach key, however it is encoded and cut, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctl.keys import PASTE_SILENCE_SECONDS, KeyFilter, parse_key

KEY = 0x1D
ENCODINGS = [
    b"\x1d",
    b"\x1b[93;5u",
    b"\x1b[93;5:1u",
    b"\x1b[93:125:93;5u",
    b"\x1b[27;5;93~",
    b"\x1b[93;69u",  # with Caps Lock on
]


def feed(keys: KeyFilter, pieces: list[bytes], now: float = 0.0) -> tuple[bytes, bool]:
    """Type the pieces; return what was passed on and whether the key was among them."""
    passed = b""
    for piece in pieces:
        typed = keys.feed(piece, now)
        passed += typed.data
        if typed.detach:
            return passed, True
    return passed + keys.flush(), False


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_detaches_wherever_it_is_cut(encoding: bytes) -> None:
    for cut in range(len(encoding)):
        pieces = [b"before" + encoding[:cut], encoding[cut:] + b"after"]
        assert feed(KeyFilter(KEY), pieces) == (b"before", True)


@pytest.mark.parametrize(
    "other",
    [
        b"\x1b[93;5:3u",  # its release
        b"\x1b[93;1u",  # without Ctrl
        b"\x1b[93;7u",  # with Alt too
        b"\x1b[27;5;92~",
        b"\x1b[A",
        b"\x1b\x1b[A",
        b"\x1b",
        b"]",
        "é]".encode(),
    ],
)
def test_another_key_is_passed_on(other: bytes) -> None:
    assert feed(KeyFilter(KEY), [other]) == (other, False)


@given(st.lists(st.binary(max_size=20)))
def test_without_the_key_every_byte_is_passed_on_in_order(pieces: list[bytes]) -> None:
    assert feed(KeyFilter(None), pieces) == (b"".join(pieces), False)


@given(st.lists(st.text("\x1b[;5u2~0193a \r").map(str.encode)))
def test_what_is_passed_on_is_what_was_typed_before_the_key(pieces: list[bytes]) -> None:
    typed = b"".join(pieces)

    passed, _ = feed(KeyFilter(KEY), pieces)

    assert typed.startswith(passed)


def test_in_a_bracketed_paste_it_is_data() -> None:
    paste = b"\x1b[200~one\x1dtwo\x1b[201~"

    assert feed(KeyFilter(KEY), [paste]) == (paste, False)
    assert feed(KeyFilter(KEY), [paste + b"\x1d"]) == (paste, True)


def test_a_paste_without_its_end_does_not_lock_in_for_good() -> None:
    keys = KeyFilter(KEY)
    keys.feed(b"\x1b[200~one", 0)

    assert keys.feed(b"\x1d", 1).detach is False
    assert keys.feed(b"\x1d", 1 + PASTE_SILENCE_SECONDS + 0.1).detach is True


def test_a_beginning_is_held_back_until_it_is_flushed() -> None:
    keys = KeyFilter(KEY)

    assert keys.feed(b"a\x1b[9", 0).data == b"a"
    assert keys.holds_back
    assert keys.flush() == b"\x1b[9"
    assert not keys.holds_back


@pytest.mark.parametrize(
    ("text", "key"),
    [("^]", 0x1D), ("C-x", 0x18), ("ctrl-B", 0x02), ("^@", 0), ("none", None), ("c-\\", 0x1C)],
)
def test_keys_by_name(text: str, key: int | None) -> None:
    assert parse_key(text) == key


@pytest.mark.parametrize("text", ["x", "", "^", "F5", "C-xx", "^1"])
def test_what_is_no_control_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no control key"):
        parse_key(text)
