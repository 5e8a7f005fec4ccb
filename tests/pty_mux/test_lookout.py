"""A text is found whenever it was on the screen, however short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.lookout import Lookout
from pty_mux.patterns import TookTooLong
from pty_mux.winsize import Winsize

SIZE = Winsize(5, 20)


def test_what_is_written_is_seen_once_it_is_whole() -> None:
    lookout = Lookout(r"Done \(\d+ s\)", SIZE)

    assert not lookout.feed(b"loading...\r\nDone (")
    assert lookout.feed(b"3 s)!\r\n")


def test_what_scrolls_away_at_once_is_seen() -> None:
    assert Lookout("ready", SIZE).feed(b"ready\r\n" + b"more\r\n" * 10_000)


def test_the_ends_of_lines_are_found() -> None:
    assert Lookout("^Server up$", SIZE).feed(b"booting\r\nServer up\r\n")


def test_colours_and_cursor_movements_are_not_in_the_way() -> None:
    assert Lookout("it is up", SIZE).feed(b"\x1b[3;5H\x1b[1mit \x1b[32mis\x1b[0m up")


def test_a_text_that_is_put_together_by_drawing_is_seen() -> None:
    lookout = Lookout("^ *100%", SIZE)

    assert not any(lookout.feed(b"\r%3d%%" % n) for n in range(100))
    assert lookout.feed(b"\r100%")


def test_a_line_that_the_terminal_broke_is_one_line() -> None:
    assert Lookout("listening on port 8080", SIZE).feed(b"server: listening on port 8080")


def test_nothing_that_is_only_in_a_sequence_is_seen() -> None:
    assert not Lookout("up", SIZE).feed(b"\x1b]0;up\x07")


def test_it_follows_the_size_of_the_terminal() -> None:
    lookout = Lookout("^ {30}up", SIZE)
    lookout.resize(Winsize(10, 80))

    assert lookout.feed(b"\x1b[1;31Hup")


@given(st.lists(st.binary(max_size=3000), max_size=5))
def test_whatever_is_written_nothing_raises(parts: list[bytes]) -> None:
    lookout = Lookout("never on any screen, this", SIZE)
    assert not any(lookout.feed(part) for part in parts)


@pytest.mark.parametrize(
    "data",
    [
        b"Ready\rgone \r\n",
        b"Ready\x1b[2K\rgone\r\n",
        b"Ready\r\n\x1b[A\x1b[2Kgone\r\n",
        b"Ready\x1b[5Dgone ",
        b"Ready\x1b[1Ggone ",
        b"Ready\x1b[2J\x1b[Hgone",
        b"\x1b[?1049hReady\x1b[?1049lgone",
        b"Ready\x1bcgone",
    ],
)
def test_what_is_overwritten_at_once_is_seen(data: bytes) -> None:
    """A spinner that ends with the text and is wiped in the same write was missed."""
    assert Lookout("Ready", SIZE).feed(data)
    assert not Lookout("Readyg|gone.*Ready", SIZE).feed(data)


def test_an_expression_that_tries_for_ever_is_given_up() -> None:
    lookout = Lookout("(x+x+)+y", SIZE)

    with pytest.raises(TookTooLong):
        lookout.feed(b"x" * 200)


def test_where_looking_is_slow_the_last_moment_counts() -> None:
    """Each look is fast enough, and hundreds of them in one read are not."""
    lookout = Lookout("(?:x|xx){1,22}z|up$", Winsize(5, 80))

    assert lookout.feed(b"x" * 22 + b"\x1b[Hx" * 2000 + b"\x1b[3;1Hup")
