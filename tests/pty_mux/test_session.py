"""A session shows everybody attached its screen: the bytes, a fresh picture, or a part of it."""

from hypothesis import given
from hypothesis import strategies as st

from pty_mux.attachment import MAX_BEHIND_BYTES, Attachment
from pty_mux.session import Session
from pty_mux.vt.paint import text_rows
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize

SIZE = Winsize(6, 20)


def session(scrollback: int = 65536) -> Session:
    return Session(scrollback, SIZE)


def all_of(attachment: Attachment, limit: int = 1000) -> bytes:
    taken = b""
    while data := attachment.take(limit):
        taken += data
    return taken


class View:
    """A client's terminal: it shows whatever the client is given."""

    def __init__(self, there: Session, winsize: Winsize = SIZE, *, read_only: bool = False) -> None:
        self.terminal = Terminal(winsize.rows, winsize.columns)
        self.attachment = there.attach(winsize, read_only=read_only)

    def look(self) -> list[str]:
        self.terminal.feed(all_of(self.attachment))
        return rows(self.terminal)


def rows(terminal: Terminal) -> list[str]:
    return text_rows(terminal.screen, terminal.screen.lines)


def test_who_attaches_sees_the_screen_and_then_what_comes() -> None:
    there = session()
    there.feed(b"before\r\n")
    view = View(there)

    assert view.look()[0] == "before"
    there.feed(b"after")

    assert view.look()[:2] == ["before", "after"]
    assert view.terminal.screen.column == 5


def test_what_comes_live_is_passed_on_as_it_was_written() -> None:
    there = session()
    attachment = there.attach(SIZE)
    all_of(attachment)

    there.feed(b"a\x1b[31mb\x07\xff")

    assert all_of(attachment) == b"a\x1b[31mb\x07\xff"


def test_history_goes_above_the_screen_of_who_attaches() -> None:
    there = session()
    there.feed(b"".join(b"line %d\r\n" % number for number in range(40)))

    view = View(there)

    assert view.look()[:2] == ["line 35", "line 36"]
    above = text_rows(view.terminal.screen, list(view.terminal.screen.history))
    assert above[-35:] == [f"line {number}" for number in range(35)]


def test_questions_are_answered_once_and_seen_by_nobody() -> None:
    there = session()
    typed: list[bytes] = []
    there.on_terminal(lambda winsize: None, typed.append)
    first, second = there.attach(SIZE), there.attach(SIZE)
    all_of(first), all_of(second)

    there.feed(b"ab\x1b[6nc\x1b[c")

    assert b"".join(typed) == b"\x1b[1;3R\x1b[?62;22c"
    assert all_of(first) == all_of(second) == b"abc"


def test_questions_are_answered_with_nobody_there() -> None:
    there = session()
    typed: list[bytes] = []
    there.on_terminal(lambda winsize: None, typed.append)

    there.feed(b"\r\nx\x1b[6")
    there.feed(b"n")

    assert b"".join(typed) == b"\x1b[2;2R"


def test_who_attaches_in_the_middle_of_a_sequence_is_not_shown_its_rest() -> None:
    there = session()
    there.feed(b"x\x1b[38;2;1")
    there.flush()
    view = View(there)
    view.look()

    there.feed(b"0;20;30my")

    assert view.look()[0] == "xy"


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=60))
def test_a_slow_reader_sees_in_the_end_what_there_is(script: list[tuple[bool, int]]) -> None:
    there = session(scrollback=128)
    view = View(there)
    number = 0

    for feeding, amount in script:
        if feeding:
            number += 1
            there.feed(b"%d " % number * amount)
        else:
            view.terminal.feed(view.attachment.take(amount))

    assert view.look() == rows(there.screen)
    assert view.terminal.screen.column == there.screen.screen.column


def test_who_is_far_behind_is_painted_afresh_and_not_sent_the_past() -> None:
    there = session(scrollback=4 * MAX_BEHIND_BYTES)
    view = View(there)
    view.look()

    there.feed(b"some line\r\n" * (MAX_BEHIND_BYTES // 10))

    sent = all_of(view.attachment)
    assert len(sent) < 10_000
    view.terminal.feed(sent)
    assert rows(view.terminal) == rows(there.screen)


def test_what_a_slow_program_drew_once_is_there_however_much_it_draws_afterwards() -> None:
    there = session(scrollback=1 << 20)
    redraw = b"".join(b"\x1b[%d;%dH%d" % (n % 5 + 2, n % 20 + 1, n % 10) for n in range(200))

    for number in range(1000):
        there.feed(b"\x1b[1;1Honce" if number == 300 else redraw)

    assert rows(there.screen)[0] == "once"


def test_what_was_written_before_a_resize_is_read_at_its_own_width() -> None:
    there = session()
    there.feed(b"\x1b[1;20Hx\x1b[2;1Hy")

    view = View(there, Winsize(6, 10))

    assert view.look()[:3] == ["", "         x", "y"]
    assert there.screen.screen.columns == 10


def test_a_smaller_window_that_only_watches_sees_a_part() -> None:
    there = session()
    View(there)
    there.feed(b"".join(b"\x1b[%d;1Hrow %d 89012345678" % (n, n) for n in range(1, 7)))

    small = View(there, Winsize(3, 8), read_only=True)

    there.feed(b"\x1b[1;1H")
    assert small.look() == ["row 1 89", "row 2 89", "row 3 89"]
    there.feed(b"\x1b[6;20H")
    assert small.look() == ["45678"] * 3
    assert there.winsize == SIZE


def test_a_larger_window_that_only_watches_sees_all_of_it() -> None:
    there = session()
    there.feed(b"here")

    large = View(there, Winsize(10, 40), read_only=True)
    there.feed(b" and there")

    assert large.look()[0] == "here and there"


def test_a_change_of_the_size_paints_everybody_afresh() -> None:
    there = session()
    first = View(there)
    there.feed(b"one\r\ntwo")
    first.look()

    second = View(there, Winsize(8, 30))
    second.look()
    first.look()
    there.feed(b" and more")

    assert rows(first.terminal)[:2] == ["one", "two"]
    assert first.look()[:2] == ["one", "two and more"]
    assert second.look()[:2] == ["one", "two and more"]


def test_another_life_begins_below_what_the_last_one_showed() -> None:
    there = session()
    there.feed(b"\x1b[?1000h\x1b[31mfirst\x1b[?1049hfull screen")
    view = View(there)
    view.look()

    there.begin_life("a:0: exit status 1; started with pid 7")
    there.feed(b"second")

    seen = view.look()
    assert seen[0] == "first"
    assert "second" in seen
    assert not view.terminal.modes.is_set(1000)
    assert not view.terminal.screen.is_alternate


def test_the_first_life_begins_with_nothing_said() -> None:
    there = session()

    there.begin_life("a:0: started with pid 7")

    assert there.ring.end == 0


def test_who_is_put_out_is_told_why() -> None:
    there = session()
    attachment = there.attach(SIZE)

    there.put_out(attachment, "detached by root")

    assert attachment.ending == "detached by root"
    assert there.attachments == ()


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
    terminal.on_terminal(sizes.append, lambda data: None)
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

    assert terminal.winsize == SIZE


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
    assert terminal.attachments == ()


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
    assert terminal.attachments == ()
    terminal.detach(attachment)


def test_more_scrollback_keeps_what_there_was() -> None:
    terminal = session(scrollback=8)
    view = View(terminal)
    terminal.feed(b"12345678")

    terminal.set_scrollback(16)
    terminal.feed(b"9")

    assert terminal.ring.tail(99) == b"123456789"
    assert view.look()[0] == "123456789"


def test_a_follower_hears_what_is_written() -> None:
    terminal = session()
    heard: list[bytes] = []
    terminal.follow(heard.append)

    terminal.feed(b"a")
    terminal.unfollow(heard.append)
    terminal.feed(b"b")

    assert heard == [b"a"]


def test_it_is_told_once_when_half_the_ring_has_gone_by_and_again_after_a_checkpoint() -> None:
    there, told = session(scrollback=1000), []
    there.on_state(lambda: told.append(there.ring.end))

    for _ in range(4):
        there.feed(b"x" * 200)
    assert (told, there.needs_checkpoint) == ([600], True)

    there.checkpoint()
    assert not there.needs_checkpoint
    for _ in range(4):
        there.feed(b"y" * 200)
    assert told == [600, 1400]


def test_a_session_is_restored_from_its_ring_and_its_state() -> None:
    there = session(scrollback=1000)
    there.feed(b"\x1b[1;31mred\x1b[?2004h\r\n" * 80)
    there.checkpoint()
    there.feed(b"after")

    again = Session.restored(there.ring, there.state)

    assert again.painted(with_history=False) == there.painted(with_history=False)
    assert again.winsize == there.winsize
