"""A text is found whenever it was on the screen, however short."""

from hypothesis import given
from hypothesis import strategies as st

from pty_mux.lookout import Lookout
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
