"""A log of text has the lines that a reader of the screen would have seen, each once."""

from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pty_mux.textlog import MAX_LINE_BYTES, TextLines
from pty_mux.vt.terminal import Terminal

LINES = {
    "plain": ("one\r\ntwo\n", "one\ntwo\n"),
    "blank lines": ("\r\n\n \n", "\n\n \n"),
    "blanks at the end stay": ("a  \r\n", "a  \n"),
    "several CR": ("a\r\r\n", "a\n"),
    "a bar": ("10%\r20%\r100%\r\n", "100%\n"),
    "a shorter text over a longer one": ("downloading\rdone\r\n", "doneloading\n"),
    "erased by blanks": ("downloading\r           \rdone\r\n", "done\n"),
    "erased by a sequence": ("downloading\r\x1b[Kdone\r\n", "done\n"),
    "erased and left": ("50%\r\x1b[2K\r\n", "\n"),
    "BS": ("passs\b\bs\r\n", "passs\n"),
    "a spinner": ("wait |\b/\b-\b \b\r\n", "wait\n"),
    "TAB": ("a\tb\t\tc\t\r\n", "a       b               c\n"),
    "colours": ("\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mx\x1b[m\r\n", "red x\n"),
    "a title": ("\x1b]0;title\x07a\x1b]2;title\x1b\\b\r\n", "ab\n"),
    "a link": ("\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\\r\n", "here\n"),
    "DCS with BEL and LF": ("a\x1bPq\x07\n#0\x1b\\b\r\n", "ab\n"),
    "DCS with LF": ("\x1bPq\n#0\n\x1b\\b\r\n", "b\n"),
    "APC, PM, SOS": ("\x1b_a\x1b\\\x1b^b\x1b\\\x1bXc\x1b\\d\r\n", "d\n"),
    "a string broken off": ("\x1b]0;t\x1b[1mbold\x1b]0;u\x18text\r\n", "boldtext\n"),
    "charset, keypad, cursor": ("\x1b(B\x1b=\x1b[?25l\x1b[3 q\x1b#8a\r\n", "a\n"),
    "a sequence broken off": ("\x1b[31\x1b[1ma\x1b[31\x18b\x1b[31éc\r\n", "abéc\n"),
    "controls in a sequence": ("a\x1b[3\n1mb\r\n", "a\nb\n"),
    "other controls": ("\0a\x07b\x0ec\x7fd\x0b\x0ce\x85\r\n", "abcde\n"),
    "C1": ("a\x85b\r\n", "ab\n"),
    "K 0": ("abc\x1b[2D\x1b[K\r\n", "a\n"),
    "K 1": ("abc\x1b[2D\x1b[1K\r\n", "  c\n"),
    "K 2": ("abc\x1b[2Kd\r\n", "   d\n"),
    "G, C, D": ("\x1b[3Gc\x1b[Ce\x1b[5Da\r\n", "a c e\n"),
    "P": ("abcd\r\x1b[2Px\r\n", "xd\n"),
    "@": ("abc\r\x1b[2@x\r\n", "x abc\n"),
    "@ by far": ("a\r\x1b[99999999@\r\n", " " * 999 + "a\n"),
    "X": ("abcd\r\x1b[2Xx\r\n", "x cd\n"),
    "wide": ("日本\rab\r\n日本\x1b[4Gx\r\n", "ab本\n日 x\n"),
    "marks": ("e\u0301x\r\x1b[Cy\r\n", "e\u0301y\n"),
    "a mark on a wide character": ("日\u0301\ra\r\n", "a\n"),
    "the alternate screen": ("a\x1b[?1049h\x1b[Hvi\r\n~\r\n\x1b[?1049lb\r\n", "ab\n"),
    "the alternate screen, 47": ("\x1b[?47h#\n\x1b[?47l\x1b[?1;1047h#\n\x1b[?1047la\n", "a\n"),
    "reset in the alternate screen": ("\x1b[?1049hvi\r\n\x1bca\r\n", "a\n"),
    "clear": ("old\r\n\x1b[H\x1b[2J\x1b[3Jnew\r\nx\x1b[2J\x1b[Hnew\r\n", "old\nnew\nnew\n"),
    "painted elsewhere": ("a\x1b7\x1b[24;1H[##  ]\x1b8b\r\n\x1b[9;9Hx\r\nc\r\n", "ab\n\nc\n"),
    "two bars": (
        "a 0\r\nb 0\r\n" + "\x1b[2A\x1b[2Ka 1\r\n\x1b[2Kb 1\r\n" * 50 + "done\r\n",
        "a 0\nb 0\na 1\nb 1\ndone\n",
    ),
    "bars without LF": (
        "a 0\r\nb 0" + "\r\x1b[2K\x1b[1A\x1b[2Ka 1\r\nb 1" * 50 + "\r\n",
        "a 0\na 1\nb 1\n",
    ),
    "bars as of docker": (
        "a 0\r\nb 0\r\n" + "\x1b[2A\x1b[2K\ra 1\r\x1b[2B" * 50 + "done\r\n",
        "a 0\nb 0\na 1\ndone\n",
    ),
    "bars by a saved cursor": (
        "\x1b7" + "\x1b8\x1b[Ja\r\nb\r\n" * 50 + "done\r\n",
        "a\nb\na\nb\ndone\n",
    ),
    "rows below are erased": (
        "a\r\nb\r\n\x1b[2Ax\r\ny\x1b[A\x1b[J\r\x1b[2Bdone\r\n",
        "a\nb\nx\ndone\n",
    ),
    "rows above are not erased": (
        "a\r\nb\r\n\x1b[2Ax\r\n\x1b[Jy\r\ndone\r\n",
        "a\nb\nx\ny\ndone\n",
    ),
    "the first column of another row": (
        "a\r\nb\r\n\x1b[2Axx\x1b[Ey\x1b[Fz\r\x1b[2Bdone\r\n",
        "a\nb\nzx\ny\ndone\n",
    ),
    "a menu taken away": (
        "> a\r\n> b\r\n\x1b[2A\x1b[Jchosen\r\n\r\nx\r\n",
        "> a\n> b\nchosen\nx\n",
    ),
}


def lines(chunks: list[bytes]) -> bytes:
    log = TextLines()
    return b"".join(log.feed(chunk) for chunk in chunks) + log.flush()


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    chunks: list[bytes] = []
    for step in count():
        if not data:
            return chunks
        length = lengths[step % len(lengths)]
        chunks.append(data[:length])
        data = data[length:]
    raise AssertionError


@pytest.mark.parametrize(("written", "wanted"), LINES.values(), ids=list(LINES))
def test_what_is_written_gives_lines(written: str, wanted: str) -> None:
    assert lines([written.encode()]).decode() == wanted


@pytest.mark.parametrize("written", [written for written, _ in LINES.values()], ids=list(LINES))
def test_byte_for_byte_it_is_the_same(written: str) -> None:
    data = written.encode()

    assert lines(cut(data, [1])) == lines([data])


UNITS = [written for written, _ in LINES.values()] + list("\r\n\b\tab日é\u0301\x1b[;?24AHJK\x18")


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(UNITS).map(str.encode) | st.binary(max_size=3), max_size=12),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_the_cutting_does_not_matter(units: list[bytes], lengths: list[int]) -> None:
    data = b"".join(units)

    assert lines(cut(data, lengths)) == lines([data])


@given(
    st.lists(st.sampled_from(["a", "日", "e\u0301", "\u0301", "\r", "\x1b[3@", "\x1b[A", "\t"])),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_the_cutting_of_long_lines_does_not_matter(units: list[str], lengths: list[int]) -> None:
    data = b"\n" + b"x" * (MAX_LINE_BYTES - 20) + "".join(units).encode()

    assert lines([data[:-60], *cut(data[-60:], lengths)]) == lines([data])


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"]))))
@example(["\u0301", "a" + "\u0301" * 40, ""])
def test_plain_text_is_as_it_was_written(texts: list[str]) -> None:
    data = "".join(text + "\r\n" for text in texts).encode()
    wanted = data.replace(b"\r\n", b"\n")

    assert lines([data]) == wanted
    assert lines([data[:5], data[5:]]) == wanted
    assert lines([b"\x1b[m" + data]) == wanted


ACTS = st.one_of(
    st.text("abc日é ", min_size=1, max_size=6),
    st.sampled_from("\r\b\t"),
    st.builds("\x1b[{}{}".format, st.sampled_from(["", 0, 1, 2]), st.sampled_from("K")),
    st.builds("\x1b[{}{}".format, st.sampled_from(["", *range(20)]), st.sampled_from("GCDPX@")),
)


@settings(max_examples=500)
@given(st.lists(ACTS, max_size=12))
def test_a_line_is_what_a_terminal_shows(acts: list[str]) -> None:
    data = "".join(acts).encode()
    terminal = Terminal(1, 400)

    terminal.feed(data)

    screen = terminal.screen
    shown = screen.clusters.text(screen.lines[0].text).rstrip()
    assert lines([data + b"\r\n"]).decode().rstrip() == shown


def test_invalid_bytes_are_replaced() -> None:
    assert lines([b"a\xff\xe2\x82b\r\n"]).decode() == "a\ufffd\ufffdb\n"
    assert lines([b"\xe2", b"b\r\n"]).decode() == "\ufffdb\n"


def test_a_pause_gives_the_unfinished_line_and_begins_another() -> None:
    log = TextLines()

    fed = log.feed(b"login: \x1b[")

    assert (fed, log.has_partial_line, log.flush(), log.flush()) == (b"", True, b"login: \n", b"")
    assert not log.has_partial_line
    assert log.feed(b"1mroot\r\n") == b"root\n"


def test_a_line_comes_as_soon_as_its_end() -> None:
    log = TextLines()

    assert [log.feed(data) for data in (b"a", b"b\r", b"\nc\r\n", b"d\n\x1b[0")] == [
        b"",
        b"",
        b"ab\nc\n",
        b"d\n",
    ]


def test_the_column_is_kept_between_two_reads() -> None:
    assert lines([b"\t", b"a\r\n"]) == b"        a\n"


def test_each_line_has_its_stamp() -> None:
    numbers = count(1)
    log = TextLines(lambda: b"%d " % next(numbers))

    fed = log.feed(b"plain\r\n\r\n50%\r99%\r\n") + log.feed(b"x\r\ny\r\nz")

    assert fed + log.flush() == b"1 plain\n2 \n3 99%\n4 x\n5 y\n6 z\n"


@pytest.mark.parametrize("char", ["x", "é", "日", "𝄞", "\u0301"])
def test_a_line_that_is_too_long_comes_in_pieces(char: str) -> None:
    data = (char * (MAX_LINE_BYTES * 5 // 2 // len(char.encode()))).encode()

    pieces = lines(cut(data, [4099])).split(b"\n")

    whole = MAX_LINE_BYTES // len(char.encode()) * len(char.encode())
    assert [len(piece) for piece in pieces] == [whole, whole, len(data) - 2 * whole, 0]
    assert b"".join(pieces) == data


def test_a_bar_that_is_redrawn_for_long_is_no_long_line() -> None:
    log = TextLines()

    fed = [log.feed(b"\r%5d" % number) for number in range(30000)]

    assert b"".join(fed) == b""
    assert log.flush() == b"29999\n"


HOSTILE = [
    b"\x1b]0;" + b"x" * 1000,
    b"\x1b[" + b"1;" * 1000,
    b"\x1b" + b" " * 1000,
    b"x" * 1000,
    "e\u0301\u0301".encode() * 300,
    b"\r\x1b[999C\x1b[999@x",
    b"a\x1b[999@",
    b"\x1b[A" + b"y" * 1000,
    b"\n\n\n\x1b[3A",
    b"\x1b[999999999999B\x1b[?1049",
    b"\x1b[H",
    b"\x1b8\x1b7",
    b"\xe2",
]


def held_bytes(log: TextLines) -> int:
    rows = [log._line, *log._others.values()]
    return len(log._held) + sum(len("".join(row.cells).encode()) for row in rows)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=40), max_size=6))
@example([b"\n" * 200, b"\x1b[A" + b"y" * 1000])
@example([b"a\r\x1b[999@"])
def test_no_input_breaks_it_or_makes_it_grow(units: list[bytes]) -> None:
    log = TextLines()

    for _ in range(40):
        for unit in units:
            log.feed(unit)
            assert held_bytes(log) <= 2 * MAX_LINE_BYTES + 2000
            assert len(log._others) <= 101


def test_rows_that_are_rewritten_are_given_out_when_they_get_too_large() -> None:
    log = TextLines()
    log.feed(b"\n" * 50)

    fed = b""
    for _ in range(50):
        fed += log.feed(b"\r\x1b[A" + b"y" * 5000)
        assert held_bytes(log) <= 2 * MAX_LINE_BYTES

    assert (fed + log.flush()).count(b"y") == 50 * 5000


def test_the_column_of_a_long_line_makes_no_other_line_too_long() -> None:
    data = "日".encode() * 10000 + b"\r\n" + b"y" * 60000 + b"\x1b[A" + "日".encode() + b"\x1b[B!"

    assert max(map(len, lines([data]).split(b"\n"))) <= 60001
    assert lines([data]).split(b"\n")[1] == b" " * 999 + "日".encode()
