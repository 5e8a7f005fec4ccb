"""CR LF back to LF, however the stream is cut."""

from hypothesis import given
from hypothesis import strategies as st

from pty_mux.lineends import LineEnds


@given(st.lists(st.text("\r\nab").map(str.encode)))
def test_the_cutting_does_not_matter(pieces: list[bytes]) -> None:
    ends = LineEnds()

    given_back = b"".join(ends.feed(piece) for piece in pieces) + ends.flush()

    assert given_back == b"".join(pieces).replace(b"\r\n", b"\n")


def test_a_carriage_return_of_the_program_stays() -> None:
    assert LineEnds().feed(b"50 %\r75 %\r\n\r\r\n") == b"50 %\r75 %\n\r\n"


def test_a_carriage_return_waits_for_what_follows() -> None:
    ends = LineEnds()

    assert (ends.feed(b"a\r"), ends.feed(b"\nb\r"), ends.flush(), ends.flush()) == (
        b"a",
        b"\nb",
        b"\r",
        b"",
    )
