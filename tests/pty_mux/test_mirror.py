"""The model of a screen catches up with the ring: the same to the last cell, and in little time."""

import gzip
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pty_mux.mirror import SLICE_BYTES, Mirror
from pty_mux.ring import Ring
from pty_mux.vt.line import Line
from pty_mux.vt.screen import MAX_HISTORY_LINES
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize
from tests.pty_mux.vt.streams import ANY, IN_ORIGIN_MODE, SCREENS, WITH_WIDE
from tests.pty_mux.vt.test_paint import state

MB = 1024 * 1024
SIZE = Winsize(24, 80)
CAPTURED = sorted((Path(__file__).parents[1] / "captured").glob("*.gz"))


class Listening:
    """A session's part: a ring and its mirror, fed as a session feeds them.

    Attributes:
        fed: how many bytes the model has read since it was last looked at.
    """

    def __init__(self, capacity: int, winsize: Winsize = SIZE) -> None:
        self.ring = Ring(bytearray(capacity))
        self.mirror = Mirror(self.ring, winsize)
        self.fed = 0
        self._feed = self.mirror.terminal.feed
        self.mirror.terminal.feed = self._count  # type: ignore[method-assign]

    def _count(self, data: bytes) -> None:
        self.fed += len(data)
        self._feed(data)

    @property
    def terminal(self) -> Terminal:
        return self.mirror.terminal

    def write(self, data: bytes, step: int = 4000) -> None:
        step = min(step, max(self.ring.capacity // 2, 1))
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            self.mirror.make_room(self.ring, len(piece))
            self.ring.append(piece)

    def catch_up(self) -> None:
        self.mirror.catch_up(self.ring)

    def load_history(self) -> None:
        self.mirror.load_history(self.ring)


def fed(data: bytes, winsize: Winsize = SIZE) -> Terminal:
    terminal = Terminal(winsize.rows, winsize.columns)
    terminal.feed(data)
    return terminal


def looks(terminal: Terminal, lines: Any) -> list[Any]:
    screen = terminal.screen

    def look(line: Line) -> Any:
        return (
            screen.clusters.text(line.text),
            [screen.styles[mark] for mark in line.styles],
            line.wraps,
        )

    return [look(line) for line in lines]


def history(terminal: Terminal) -> list[Any]:
    return looks(terminal, terminal.screen.history)


def assert_same_history(listening: Listening, whole: Terminal, in_ring: int) -> None:
    """Check the history; `in_ring`: at least so many of its lines must still be there."""
    listening.load_history()
    ours, theirs = history(listening.terminal), history(whole)
    assert len(ours) >= min(in_ring, len(theirs))
    assert ours == theirs[len(theirs) - len(ours) :]


def lines_of(kind: str, count: int) -> bytes:
    forms = {
        "plain": "line %d and some text that goes on for a while\r\n",
        "tiny": "y%.0s\r\n",
        "long": "line %d " + "and text that wraps " * 12 + "\r\n",
        "coloured": "\x1b[31mline\x1b[0m \x1b[1;38;5;200m%d\x1b[22m and\x1b[39m text\x1b[m\r\n",
        "never reset": "\x1b[3%.0s1mline %d\x1b[44m and \x1b[45mmore\r\n",
        "wide": "漢字 %d かな e\u0301 text\r\n",
        "tabs and returns": "100%%\r\t%d\tx\b\by\a\r\n",
        "empty at times": "%d\r\n\r\n\r\n",
    }
    form = forms[kind]
    colours = cycle(range(1, 7))
    if kind == "never reset":
        lines = (
            f"\x1b[3{next(colours)}mline {n}\x1b[4{next(colours)}m more\r\n" for n in range(count)
        )
    else:
        lines = (form % n for n in range(count))
    return "".join(lines).encode()


KINDS = [
    "plain", "tiny", "long", "coloured", "never reset", "wide", "tabs and returns",
    "empty at times",
]  # fmt: skip
BEFORE = {
    "nothing": b"",
    "a screen with a cursor in the middle": b"\x1b[41mabc\r\n" * 30 + b"\x1b[5;7H",
    "a pen": b"\x1b[1;42m",
    "a link": b"\x1b]8;;http://one.example/\x1b\\linked ",
    "tab stops": b"\x1b[3g\x1b[5G\x1bH\r",
    "half a sequence": b"\x1b[31",
    "half a character": b"\xe6\xbc",
    "half a title": b"\x1b]2;title",
    "half a line": b"x" * 100,
}
AFTER = {
    "nothing": b"",
    "half a line": b"half",
    "half a sequence": b"text\x1b[3",
    "a prompt": b"\x1b[?2004h\x1b[1;32m$\x1b[m \x1b[K",
}


# --- everything is read ----------------------------------------------------------------------


@given(
    st.lists(st.one_of(ANY, SCREENS, WITH_WIDE, IN_ORIGIN_MODE), max_size=5).map(b"".join),
    st.integers(1, 100),
    st.integers(1, 100),
)
@settings(max_examples=200, deadline=None)
def test_any_slices_are_the_same_as_the_whole(data: bytes, step: int, limit: int) -> None:
    listening = Listening(MB)

    for start in range(0, len(data), step):
        listening.write(data[start : start + step])
        listening.mirror.catch_up(listening.ring, limit)
    while not listening.mirror.catch_up(listening.ring, limit):
        pass

    assert state(listening.terminal) == state(fed(data))
    assert history(listening.terminal) == history(fed(data))


@pytest.mark.parametrize("capacity", [1, 7, 100, 3000])
def test_a_small_ring_is_read_before_it_is_overwritten(capacity: int) -> None:
    data = gzip.decompress(CAPTURED[0].read_bytes())[:12_000] if CAPTURED else b"\x1b[3;3Hx" * 999
    listening = Listening(capacity)

    listening.write(data, step=333)
    listening.catch_up()

    assert state(listening.terminal) == state(fed(data))


@pytest.mark.parametrize("path", CAPTURED[::3], ids=lambda path: path.name.removesuffix(".gz"))
def test_a_recorded_program_in_a_ring_that_is_large_enough(path: Path) -> None:
    columns, rows = map(int, path.name.split(".")[1].split("x"))
    data = gzip.decompress(path.read_bytes())
    listening = Listening(MB, Winsize(rows, columns))

    listening.write(data)
    listening.catch_up()
    listening.load_history()

    whole = fed(data, Winsize(rows, columns))
    assert state(listening.terminal) == state(whole)
    assert history(listening.terminal) == history(whole)


# --- lines that are passed over --------------------------------------------------------------


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("before", BEFORE)
def test_lines_between_are_passed_over_without_a_trace(before: str, after: str) -> None:
    data = BEFORE[before] + lines_of("coloured", 3000) + AFTER[after]
    listening = Listening(MB)

    listening.write(data)
    listening.catch_up()

    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    assert listening.fed < len(data) // 4
    assert_same_history(listening, whole, in_ring=MAX_HISTORY_LINES)


@pytest.mark.parametrize("kind", KINDS)
def test_few_lines_that_are_passed_over_belong_between_older_and_newer_ones(kind: str) -> None:
    lines = lines_of(kind, {"tiny": 5000, "empty at times": 1500}.get(kind, 700))
    parts = [b"older\r\n" * 50, b"\x1b[K", lines, b"\x1b[K", lines, b"\x1b[Hnewer" + b"\r\n" * 40]
    listening = Listening(MB)

    for part in parts:
        listening.write(part)
        listening.catch_up()

    data = b"".join(parts)
    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    assert listening.fed < len(data)
    assert_same_history(listening, whole, in_ring=MAX_HISTORY_LINES)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("capacity", [20_000, 100_000, 300_000])
def test_a_flood_of_lines_larger_than_the_ring(kind: str, capacity: int) -> None:
    count = 2 * capacity // (len(lines_of(kind, 20)) // 20)
    data = b"before\r\n" + lines_of(kind, count) + b"\x1b[33mlast"
    listening = Listening(capacity)

    listening.write(data)
    listening.catch_up()

    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    in_ring = data[-capacity:].count(b"\r\n") - SIZE.rows
    if kind != "never reset":  # the colours are not known whose beginning is lost
        assert_same_history(listening, whole, in_ring)


def test_a_flood_while_somebody_looks_all_the_time() -> None:
    listening = Listening(200_000)
    data = lines_of("coloured", 20_000)

    for start in range(0, len(data), 50_000):
        listening.write(data[start : start + 50_000])
        listening.mirror.catch_up(listening.ring, SLICE_BYTES)
    listening.catch_up()

    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    assert listening.fed < len(data) // 2
    assert_same_history(listening, whole, in_ring=2000)


def test_history_that_was_loaded_is_gone_on_with() -> None:
    listening, data = Listening(MB), b""

    for _ in range(4):
        lines = lines_of("plain", 600)
        data += lines
        listening.write(lines)
        listening.load_history()

        assert history(listening.terminal) == history(fed(data))


def test_history_that_the_program_erased_stays_erased() -> None:
    data = lines_of("plain", 5000) + b"\x1b[H\x1b[2J\x1b[3J" + lines_of("plain", 40)
    listening = Listening(MB)

    listening.write(data)
    listening.load_history()

    assert history(listening.terminal) == history(fed(data))


def test_history_begins_behind_what_is_lost() -> None:
    """Lines from before a gap that cannot be filled would look as if they stood above the rest."""
    listening = Listening(100_000)
    listening.write(b"old\r\n" * 100)
    listening.catch_up()

    listening.write(lines_of("plain", 1500))
    listening.write(b"\x1b[K" + lines_of("plain", 1000))

    whole = fed(b"old\r\n" * 100 + lines_of("plain", 1500) + b"\x1b[K" + lines_of("plain", 1000))
    assert state(listening.terminal).rows != state(whole).rows
    assert_same_history(listening, whole, in_ring=1500)


def test_the_primary_screens_history_survives_a_flood_on_the_alternate_one() -> None:
    data = b"%s\x1b[?1049h\x1b[3;3H%s" % (lines_of("plain", 300), lines_of("coloured", 4000))
    listening = Listening(MB)

    listening.write(data)
    listening.catch_up()
    assert state(listening.terminal) == state(fed(data))
    assert listening.fed < len(data) // 2

    listening.write(b"\x1b[?1049l")
    listening.load_history()
    assert history(listening.terminal) == history(fed(data + b"\x1b[?1049l"))
    assert state(listening.terminal) == state(fed(data + b"\x1b[?1049l"))


@pytest.mark.parametrize(
    "mode",
    [
        b"\x1b[2;9r", b"\x1b[5;20r\x1b[?6h", b"\x1b[?7l", b"\x1b[4h", b"\x1b(0", b"\x1b)0\x0e",
        b"\x1b[20h", b"\x1b[?5h",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["plain", "long"])
def test_modes_in_which_lines_are_something_else(mode: bytes, kind: str) -> None:
    data = mode + lines_of(kind, 800)
    listening = Listening(MB)

    listening.write(data)
    listening.catch_up()

    assert state(listening.terminal) == state(fed(data))
    assert_same_history(listening, fed(data), in_ring=MAX_HISTORY_LINES)


@pytest.mark.parametrize("end", [b"\n", b"\v\r", b"\n\r", b"\x0e\r\n", b"\x1b[A\r\n", b"\r\n\n"])
def test_lines_that_end_in_other_ways(end: bytes) -> None:
    data = b"".join(b"line %d%s" % (n, end) for n in range(3000))
    listening = Listening(MB)

    listening.write(data)
    listening.catch_up()

    assert state(listening.terminal) == state(fed(data))
    assert_same_history(listening, fed(data), in_ring=MAX_HISTORY_LINES)


FLOODS = st.lists(
    st.one_of(
        ANY,
        SCREENS,
        IN_ORIGIN_MODE,
        st.builds(lines_of, st.sampled_from(KINDS), st.integers(100, 1200)),
        st.sampled_from([b"\x1b[3J", b"\x1bc", b"\x1b[K", b"\x1b[?1049h", b"\x1b[?1049l"]),
    ),
    max_size=8,
).map(b"".join)


@given(FLOODS, st.integers(1000, 60_000), st.sampled_from([None, SLICE_BYTES, 5000]))
@settings(max_examples=60, deadline=None)
def test_any_mixture_of_floods_and_sequences(data: bytes, step: int, limit: int | None) -> None:
    listening = Listening(4 * MB)

    for start in range(0, len(data), step):
        listening.write(data[start : start + step])
        listening.mirror.catch_up(listening.ring, limit)
    listening.catch_up()

    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    listening.load_history()
    assert history(listening.terminal) == history(whole)


@pytest.mark.parametrize("row", [1, 12, 23, 24])
def test_the_row_in_which_passing_over_begins_was_not_erased_with_the_pen(row: int) -> None:
    lines = (b"\x1b[3%dmline %d\x1b[4%dm more\r\n" % (n % 7, n, n % 5) for n in range(400))
    begin, flood = b"\x1b[%dH" % row, b"".join(lines)
    listening = Listening(MB)

    for part in (begin, flood):
        listening.write(part)
        listening.catch_up()

    whole = fed(begin + flood)
    assert state(listening.terminal) == state(whole)
    listening.load_history()
    assert history(listening.terminal) == history(whole)


def test_a_resize_makes_of_what_was_passed_over_what_it_makes_of_the_rest() -> None:
    data = lines_of("long", 900) + b"last"
    listening = Listening(MB)
    listening.write(data)

    listening.mirror.resize(listening.ring, Winsize(30, 50))

    whole = fed(data)
    whole.resize(30, 50)
    assert state(listening.terminal) == state(whole)
    assert history(listening.terminal) == history(whole)


def test_history_in_many_styles_has_its_own_when_it_is_loaded() -> None:
    """The table of styles is made anew when it is full; what is loaded must not be mixed up."""
    data = b"".join(
        b"\x1b[38;2;%d;%d;%dm%d\r\n" % (n >> 16, n >> 8 & 255, n & 255, n) for n in range(70_000)
    )
    listening = Listening(4 * MB)

    for start in range(0, len(data), MB // 4):
        listening.write(data[start : start + MB // 4])
        listening.catch_up()
        listening.load_history()

    whole = fed(data)
    assert state(listening.terminal) == state(whole)
    assert history(listening.terminal) == history(whole)


# --- what cannot be read in time -------------------------------------------------------------

DRAWING = [
    b"\x1b[%d;%dH\x1b[3%dmtext and more of it\x1b[K" % (n % 23 + 1, n % 60 + 1, n % 8)
    for n in range(200)
]
SETTING = [
    b"\x1b[?1049h", b"\x1b[?1h\x1b=", b"\x1b[?1002h\x1b[?1006h", b"\x1b[?25l", b"\x1b[?2004h",
    b"\x1b]2;title\x1b\\", b"\x1b[3 q", b"\x1b[>1u", b"\x1b[=5;1u", b"\x1b[5;10r", b"\x1b(0",
    b"\x1b)0\x0e", b"\x1b[4h", b"\x1b[20h", b"\x1b[?7l", b"\x1b]4;1;#fff\x07", b"\x1b[>4;2m",
    b"\x1b]11;#123\x07", b"\x1b[?6h", b"\x1b[22;0t\x1b]2;other\x07",
]  # fmt: skip
TAKING_BACK = [
    b"\x1b[?1049l", b"\x1b[!p", b"\x1b[r", b"\x1b(B\x0f", b"\x1b[<u", b"\x1b[?1006l", b"\x1b[23;0t",
    b"\x1b]104\x07", b"\x1b]111\x07", b"\x1bc", b"\x1b#8", b"\x1b7\x1b[?6l\x1b8", b"\x1b[>4m",
]  # fmt: skip


def drawing(length: int) -> bytes:
    return b"".join(islice(cycle(DRAWING), length // len(DRAWING[0])))


def ways(terminal: Terminal) -> Any:
    whole = state(terminal)
    return whole.modes, whole.ways, whole.margins, whole.charsets


@pytest.mark.parametrize("capacity", [200_000, MB])
def test_modes_are_right_behind_a_full_screen_program_that_is_too_fast(capacity: int) -> None:
    data = b"".join(
        part + drawing(capacity // 10) for part in [*SETTING, *TAKING_BACK[:5], *SETTING[:3]]
    )
    listening = Listening(capacity)

    listening.write(data)
    read_to_make_room = listening.fed
    listening.catch_up()

    assert read_to_make_room < len(data) * (140_000 / capacity)
    assert ways(listening.terminal) == ways(fed(data))


@given(st.lists(st.sampled_from(SETTING + TAKING_BACK), max_size=12), st.integers(0, 5000))
@settings(max_examples=25, deadline=None)
def test_modes_are_right_wherever_a_sequence_is_cut(parts: list[bytes], shift: int) -> None:
    data = b"x" * shift + b"".join(part + drawing(25_000) for part in parts)
    listening = Listening(150_000)

    listening.write(data, step=4001)
    listening.catch_up()

    assert ways(listening.terminal) == ways(fed(data))


def test_the_picture_is_right_again_with_the_next_redraw() -> None:
    redraw = b"\x1b[0m\x1b[H" + b"".join(b"row %d\x1b[K\r\n" % n for n in range(23)) + b"end\x1b[K"
    data = b"\x1b[?1049h" + drawing(800_000) + redraw
    listening = Listening(200_000)

    listening.write(data)
    listening.catch_up()

    assert state(listening.terminal) == state(fed(data))


def test_how_much_is_read_is_bounded() -> None:
    """Whatever comes, no more than two tails and some lines are read to make room once."""
    for data in (drawing(2 * MB), lines_of("coloured", 40_000), lines_of("plain", 40_000)):
        listening = Listening(MB)
        most = 0

        for start in range(0, len(data), 4000):
            listening.fed = 0
            listening.write(data[start : start + 4000])
            most = max(most, listening.fed)

        assert most < 200_000


def test_a_string_longer_than_the_ring_is_not_shown() -> None:
    """A picture of a megabyte: it has no place inside at which one could go on."""
    data = b"before\x1bPq" + b"#0~~@@vv\n" * 60_000 + b"\x1b\\after"
    listening = Listening(200_000)

    listening.write(data)
    listening.catch_up()

    assert state(listening.terminal) == state(fed(data))


def test_a_mirror_that_comes_late_begins_with_the_oldest_whole_line() -> None:
    ring = Ring(bytearray(100))
    ring.append(lines_of("tiny", 10) + b"cut in half " * 9 + b"\r\nwhole\r\nlast")

    mirror = Mirror(ring, SIZE)
    mirror.catch_up(ring)

    screen = mirror.terminal.screen
    assert [line.text.rstrip() for line in screen.lines[:3]] == ["whole", "last", ""]


def test_a_mirror_that_comes_late_to_no_line_at_all_begins_at_the_end() -> None:
    ring = Ring(bytearray(100))
    ring.append(b"x" * 1000)

    mirror = Mirror(ring, SIZE)

    assert mirror.position == ring.end
    assert mirror.catch_up(ring)
