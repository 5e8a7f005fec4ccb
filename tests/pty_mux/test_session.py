"""A session gives everybody attached the same bytes, at their own speed, and one size."""

from hypothesis import given
from hypothesis import strategies as st

from pty_mux.session import Attachment, Session
from pty_mux.winsize import Winsize


def session(scrollback: int = 4096) -> Session:
    return Session(scrollback, Winsize(24, 80))


def all_of(attachment: Attachment, limit: int = 1000) -> bytes:
    taken = b""
    while (piece := attachment.take(limit)) is not None:
        taken += piece.data
    return taken


def test_who_attaches_gets_the_history_first() -> None:
    terminal = session()
    terminal.feed(b"before\r\n")
    attachment = terminal.attach(Winsize(24, 80), read_only=False)
    terminal.feed(b"after\r\n")

    assert all_of(attachment) == b"before\r\nafter\r\n"


def test_history_that_was_cut_begins_at_a_line() -> None:
    terminal = session(scrollback=10)
    terminal.feed(b"\x1b[31mred text\r\nlast\r\n")

    assert all_of(terminal.attach(Winsize(), read_only=False)) == b"last\r\n"


def test_history_asks_the_clients_terminal_nothing() -> None:
    terminal = session()
    terminal.feed(b"a\x1b[cb")

    assert all_of(terminal.attach(Winsize(), read_only=False)) == b"ab"


def test_what_comes_live_is_untouched() -> None:
    terminal = session()
    attachment = terminal.attach(Winsize(), read_only=False)

    terminal.feed(b"a\x1b[cb")

    assert all_of(attachment) == b"a\x1b[cb"


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=60))
def test_a_slow_reader_is_told_exactly_what_it_lost(script: list[tuple[bool, int]]) -> None:
    terminal = session(scrollback=64)
    attachment = terminal.attach(Winsize(), read_only=False)
    fed = received = skipped = 0

    for feeding, amount in script:
        if feeding:
            terminal.feed(b"x" * amount)
            fed += amount
        elif (piece := attachment.take(amount)) is not None:
            received += len(piece.data)
            skipped += piece.skipped_bytes
    while (piece := attachment.take(7)) is not None:
        received += len(piece.data)
        skipped += piece.skipped_bytes

    assert received + skipped == fed


def test_everybody_is_woken_by_news() -> None:
    terminal = session()
    woken: list[str] = []
    for name in "ab":
        attachment = terminal.attach(Winsize(), read_only=False)
        attachment.on_news(lambda name=name: woken.append(name))  # type: ignore[misc]

    terminal.feed(b"x")
    terminal.notify("restarted")

    assert woken == ["a", "b", "a", "b"]


def test_the_size_follows_who_typed_last() -> None:
    terminal = session()
    sizes: list[Winsize] = []
    terminal.on_resize(sizes.append)
    first = terminal.attach(Winsize(30, 100), read_only=False)
    second = terminal.attach(Winsize(40, 120), read_only=False)

    terminal.typed(first)
    terminal.resized(second, Winsize(41, 121))
    terminal.typed(second)

    assert sizes == [Winsize(30, 100), Winsize(40, 120), Winsize(30, 100), Winsize(41, 121)]


def test_a_watcher_never_sets_the_size() -> None:
    terminal = session()
    watcher = terminal.attach(Winsize(50, 50), read_only=True)

    terminal.resized(watcher, Winsize(60, 60))

    assert terminal.winsize == Winsize(24, 80)


def test_a_size_of_nothing_is_ignored() -> None:
    terminal = session()
    attachment = terminal.attach(Winsize(30, 100), read_only=False)

    terminal.resized(attachment, Winsize(0, 0))

    assert terminal.winsize == Winsize(30, 100)


def test_the_size_stays_when_everybody_left() -> None:
    terminal = session()
    attachment = terminal.attach(Winsize(30, 100), read_only=False)

    terminal.detach(attachment)

    assert terminal.winsize == Winsize(30, 100)
    assert terminal.attached == 0


def test_the_configured_size_counts_only_with_nobody_there() -> None:
    terminal = session()
    attachment = terminal.attach(Winsize(30, 100), read_only=False)
    terminal.set_default_winsize(Winsize(25, 81))
    assert terminal.winsize == Winsize(30, 100)

    terminal.detach(attachment)
    terminal.set_default_winsize(Winsize(25, 81))

    assert terminal.winsize == Winsize(25, 81)


def test_the_end_reaches_everybody_once() -> None:
    terminal = session()
    attachment = terminal.attach(Winsize(), read_only=False)

    terminal.end("web:0 is STOPPED")

    assert attachment.ending == "web:0 is STOPPED"
    assert terminal.attached == 0
    terminal.detach(attachment)


def test_more_scrollback_keeps_what_there_was() -> None:
    terminal = session(scrollback=8)
    attachment = terminal.attach(Winsize(), read_only=False)
    terminal.feed(b"12345678")

    terminal.set_scrollback(16)
    terminal.feed(b"9")

    assert terminal.ring.tail(99) == b"123456789"
    assert all_of(attachment) == b"123456789"


def test_a_follower_hears_what_is_written() -> None:
    terminal = session()
    heard: list[bytes] = []
    terminal.follow(heard.append)

    terminal.feed(b"a")
    terminal.unfollow(heard.append)
    terminal.feed(b"b")

    assert heard == [b"a"]
