"""What programs get to read when they ask their terminal something."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pty_mux.queries import Query, QueryFilter
from pty_mux.vt.answers import Outer, answer
from pty_mux.vt.modes import KNOWN
from pty_mux.vt.terminal import Terminal

ROWS, COLUMNS = 6, 12
ST = b"\x1b\\"
FRESH: dict[bytes, bytes] = {
    b"\x1b[c": b"\x1b[?62;22c",
    b"\x1b[0c": b"\x1b[?62;22c",
    b"\x1bZ": b"\x1b[?62;22c",
    b"\x1b[>c": b"\x1b[>1;100;0c",
    b"\x1b[=c": b"\x1bP!|00000000\x1b\\",
    b"\x1b[>q": b"\x1bP>|taskmaster\x1b\\",
    b"\x1b[>0q": b"\x1bP>|taskmaster\x1b\\",
    b"\x1b[5n": b"\x1b[0n",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?6n": b"\x1b[?1;1;1R",
    b"\x1b[?15n": b"\x1b[?13n",
    b"\x1b[?25n": b"\x1b[?21n",
    b"\x1b[?26n": b"\x1b[?27;1;0;0n",
    b"\x1b[?996n": b"\x1b[?997;1n",
    b"\x1b[7n": b"",
    b"\x1b[?5n": b"",
    b"\x1b[4$p": b"\x1b[4;2$y",
    b"\x1b[20$p": b"\x1b[20;2$y",
    b"\x1b[12$p": b"\x1b[12;0$y",
    b"\x1b[?3$p": b"\x1b[?3;4$y",
    b"\x1b[?1048$p": b"\x1b[?1048;2$y",
    b"\x1b[?2027$p": b"\x1b[?2027;0$y",
    b"\x1b[?99999$p": b"\x1b[?99999;0$y",
    b"\x1bP$qm\x1b\\": b"\x1bP1$r0m\x1b\\",
    b"\x1bP$qm\x07": b"\x1bP1$r0m\x1b\\",
    b"\x1bP$qr\x1b\\": b"\x1bP1$r1;6r\x1b\\",
    b"\x1bP$q q\x1b\\": b"\x1bP1$r1 q\x1b\\",
    b'\x1bP$q"p\x1b\\': b'\x1bP1$r62;1"p\x1b\\',
    b"\x1bP$qz\x1b\\": b"\x1bP0$r\x1b\\",
    b"\x1bP$q\x1b\\": b"\x1bP0$r\x1b\\",
    b"\x1bP+q544e\x1b\\": b"\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\",
    b"\x1bP+q436F;524742\x1b\\": b"\x1bP1+r436F=323536\x1b\\\x1bP1+r524742=382F382F38\x1b\\",
    b"\x1bP+q4b31\x1b\\": b"\x1bP0+r4b31\x1b\\",
    b"\x1bP+q544\x1b\\": b"\x1bP0+r544\x1b\\",
    b"\x1bP+qrm -rf\x1b\\": b"\x1bP0+r\x1b\\",
    b"\x1b[11t": b"\x1b[1t",
    b"\x1b[13t": b"\x1b[3;0;0t",
    b"\x1b[18t": b"\x1b[8;6;12t",
    b"\x1b[19t": b"\x1b[9;6;12t",
    b"\x1b[20t": b"\x1b]L\x1b\\",
    b"\x1b[21t": b"\x1b]l\x1b\\",
    b"\x1b[14t": b"",
    b"\x1b[15t": b"",
    b"\x1b[16t": b"",
    b"\x1b]10;?\x07": b"\x1b]10;rgb:d0d0/d0d0/d0d0\x07",
    b"\x1b]11;?\x1b\\": b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]12;?\x07": b"\x1b]12;rgb:d0d0/d0d0/d0d0\x07",
    b"\x1b]10;?;?\x07": b"\x1b]10;rgb:d0d0/d0d0/d0d0\x07\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]17;?\x07": b"",
    b"\x1b]4;1;?\x07": b"\x1b]4;1;rgb:cdcd/0000/0000\x07",
    b"\x1b]4;16;?\x1b\\": b"\x1b]4;16;rgb:0000/0000/0000\x1b\\",
    b"\x1b]4;110;?\x1b\\": b"\x1b]4;110;rgb:8787/afaf/d7d7\x1b\\",
    b"\x1b]4;255;?\x1b\\": b"\x1b]4;255;rgb:eeee/eeee/eeee\x1b\\",
    b"\x1b]4;1;?;9;?\x07": b"\x1b]4;1;rgb:cdcd/0000/0000\x07\x1b]4;9;rgb:ffff/0000/0000\x07",
    b"\x1b]4;256;?\x07": b"",
    b"\x1b]52;c;?\x07": b"\x1b]52;c;\x1b\\",
    b"\x1b[?4m": b"\x1b[>4;0m",
    b"\x1b[?1m": b"",
    b"\x1b[x": b"\x1b[2;1;1;128;128;1;0x",
    b"\x1b[0x": b"\x1b[2;1;1;128;128;1;0x",
    b"\x1b[1x": b"\x1b[3;1;1;128;128;1;0x",
    b"\x1b[?u": b"",
    b"\x1b[1;1;1;1;1;1*y": b"",
    b"\x05": b"",
}
"""What a terminal of 6 rows and 12 columns answers that nobody has set anything in."""

IN_A_STATE: list[tuple[bytes, bytes, bytes]] = [
    (b"\x1b[3;5H", b"\x1b[6n", b"\x1b[3;5R"),
    (b"0123456789ab", b"\x1b[6n", b"\x1b[1;12R"),
    (b"\x1b[2;4r\x1b[?6h\x1b[2;3H", b"\x1b[6n", b"\x1b[2;3R"),
    (b"\x1b[2;4r\x1b[?6h\x1b[2;3H", b"\x1b[?6n", b"\x1b[?2;3;1R"),
    (b"\x1b[?6h\x1b7\x1b[?6l\x1b[3;5r\x1b8", b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[?996h\x1b]11;#fff\x07", b"\x1b[?996n", b"\x1b[?997;2n"),
    (b"\x1b[4h", b"\x1b[4$p", b"\x1b[4;1$y"),
    (b"\x1b[20h", b"\x1b[20$p", b"\x1b[20;1$y"),
    (b"\x1b=", b"\x1b[?66$p", b"\x1b[?66;1$y"),
    (b"\x1b[?1049h", b"\x1b[?47$p", b"\x1b[?47;1$y"),
    (b"\x1b[?1049h\x1b[?47l", b"\x1b[?1049$p", b"\x1b[?1049;2$y"),
    (b"\x1b[?7l\x1b[!p", b"\x1b[?7$p", b"\x1b[?7;1$y"),
    (b"\x1b[?6h\x1b7\x1b[?6l\x1b8", b"\x1b[?6$p", b"\x1b[?6;1$y"),
    (b"\x1b[1;4:3;38;5;200m", b"\x1bP$qm\x1b\\", b"\x1bP1$r0;1;4:3;38;5;200m\x1b\\"),
    (b"\x1b[2;4r", b"\x1bP$qr\x1b\\", b"\x1bP1$r2;4r\x1b\\"),
    (b"\x1b[6 q", b"\x1bP$q q\x1b\\", b"\x1bP1$r6 q\x1b\\"),
    (b"\x1b]11;#fff\x07", b"\x1b]11;?\x07", b"\x1b]11;rgb:ffff/ffff/ffff\x07"),
    (b"\x1b]10;#102030\x07", b"\x1b]10;?\x07", b"\x1b]10;rgb:1010/2020/3030\x07"),
    (b"\x1b]12;rgb:f/ff/fff\x07", b"\x1b]12;?\x1b\\", b"\x1b]12;rgb:ffff/ffff/ffff\x1b\\"),
    (b"\x1b]11;#fff\x07\x1b]111\x07", b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07"),
    (b"\x1b]4;7;#123456789abc\x07", b"\x1b]4;7;?\x07", b"\x1b]4;7;rgb:1234/5678/9abc\x07"),
    (b"\x1b]4;7;#12345\x07", b"\x1b]4;7;?\x07", b"\x1b]4;7;rgb:e5e5/e5e5/e5e5\x07"),
    (b"\x1b]11;rm -rf ~\x07", b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07"),
    (b"\x1b]2;rm -rf ~\x07", b"\x1b[21t", b"\x1b]l\x1b\\"),
    (b"\x1b[>4;2m", b"\x1b[?4m", b"\x1b[>4;2m"),
]


def fed(data: bytes) -> Terminal:
    terminal = Terminal(ROWS, COLUMNS)
    terminal.feed(data)
    return terminal


@pytest.mark.parametrize("question", FRESH)
def test_a_fresh_terminal_answers(question: bytes) -> None:
    assert answer(question, fed(b"")) == FRESH[question]


@pytest.mark.parametrize(("before", "question", "expected"), IN_A_STATE)
def test_an_answer_tells_the_state(before: bytes, question: bytes, expected: bytes) -> None:
    assert answer(question, fed(before)) == expected


@pytest.mark.parametrize("number", sorted(KNOWN))
def test_each_mode_that_is_followed_is_told(number: int) -> None:
    question = b"\x1b[?%d$p" % number

    for final, told in ((b"h", 1), (b"l", 2)):
        terminal = fed(b"\x1b[?%d%s" % (number, final))
        assert answer(question, terminal) == b"\x1b[?%d;%d$y" % (number, told)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (b"\x1b[14t", b"\x1b[4;96;120t"),
        (b"\x1b[14;2t", b"\x1b[4;96;120t"),
        (b"\x1b[15t", b"\x1b[5;96;120t"),
        (b"\x1b[16t", b"\x1b[6;16;10t"),
    ],
)
def test_the_size_in_pixels_is_told_where_it_is_known(question: bytes, expected: bytes) -> None:
    assert answer(question, fed(b""), Outer(pixels=(120, 96))) == expected
    assert answer(question, fed(b""), Outer(pixels=(120, 0))) == b""


SEEN = Outer({10: "rgb:ffff/0/8080", 11: "rgb:f/f/e"}, speaks_kitty=True)


def test_colours_are_those_of_the_terminal_at_which_somebody_sits() -> None:
    ask = b"\x1b]10;?;?\x07"

    assert answer(ask, fed(b""), SEEN) == (
        b"\x1b]10;rgb:ffff/0000/8080\x07\x1b]11;rgb:ffff/ffff/eeee\x07"
    )
    assert answer(b"\x1b[?996n", fed(b""), SEEN) == b"\x1b[?997;2n"


def test_a_colour_that_the_program_has_set_comes_first() -> None:
    said = answer(b"\x1b]11;?\x07", fed(b"\x1b]11;#000000\x07"), SEEN)

    assert said == b"\x1b]11;rgb:0000/0000/0000\x07"


def test_the_kitty_keyboard_is_told_of_only_where_there_is_one() -> None:
    asked = b"\x1b[?u"

    assert answer(asked, fed(b"\x1b[>5u"), SEEN) == b"\x1b[?5u"
    assert answer(asked, fed(b"\x1b[>5u"), Outer()) == b""


@pytest.mark.parametrize("question", FRESH)
def test_every_question_is_one_for_the_filter_too(question: bytes) -> None:
    assert list(QueryFilter().feed(question)) == [Query(question)]


HARMLESS = re.compile(
    rb"(?:\x1b\[[<-?]?[0-9;]*[$]?[a-zA-Z]"
    rb"|\x1bP[ -~]*\x1b\\"
    rb"|\x1b\](?:[0-9]+(?:;[0-9]+)?;rgb:[0-9a-f]{4}/[0-9a-f]{4}/[0-9a-f]{4}|52;c;|L|l)(?:\x1b\\|\x07))*"
)
QUESTIONS = st.one_of(
    st.sampled_from([*FRESH, *(question for _, question, _ in IN_A_STATE)]),
    st.binary(max_size=40),
    st.builds(
        lambda begin, middle, end: begin + middle + end,
        st.sampled_from(
            [b"\x1b[", b"\x1b[?", b"\x1b[>", b"\x1bP$q", b"\x1bP+q", b"\x1b]4;", b"\x1b]11;"]
        ),
        st.one_of(st.binary(max_size=10), st.from_regex(rb"\A[0-9A-F;?$ ]{0,20}\Z")),
        st.sampled_from([b"n", b"t", b"$p", b"m", b"x", b"c", ST, b"\x07"]),
    ),
)
BEFORE = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda number, text, end: b"\x1b]%d;%s\x07%s" % (number, text, end),
        st.sampled_from([2, 4, 7, 10, 11, 12]),
        st.one_of(st.binary(max_size=20), st.just(b"1;rm -rf ~"), st.just(b"rm -rf ~")),
        st.sampled_from([b"", b"\x1b[2;9r\x1b[?6h", b"\x1b[3;3H\x1b[31m"]),
    ),
)


@given(QUESTIONS, BEFORE)
@settings(max_examples=1500, deadline=None)
def test_nothing_raises_and_no_answer_is_anything_but_an_escape_sequence(
    question: bytes, before: bytes
) -> None:
    said = answer(question, fed(before), Outer(pixels=(120, 96)))

    assert HARMLESS.fullmatch(said)
    assert b"rm" not in said


# --- libghostty ------------------------------------------------------------------------------

OTHERWISE = {
    b"\x1b[>c": "versions differ",
    b"\x1b[>q": "names differ",
    b"\x1b[>0q": "names differ",
    b"\x1b[?3$p": "132 columns by DECCOLM are never to be had",
    b"\x1bP$q q\x1b\\": "the first shape is the user's own: block, blinking, as in xterm",
    b'\x1bP$q"p\x1b\\': "what kind of terminal: as DA1 says",
    b"\x1b[?99999$p": "libghostty stops counting",
    b"\x1b[?2027$p": "characters of several are not drawn as one",
    b"\x1b[12$p": "nothing is echoed by us",
    b"\x1b[?u": "whether keys come in that protocol depends on who attaches",
    b"\x1bP+q436F;524742\x1b\\": "how wide a colour is, for each",
    b"\x1b[?1049h\x1b[?47$p": "one alternate screen has three modes (xterm)",
    b"\x1b[?1049h\x1b[?47l\x1b[?1049$p": "the same",
    b"\x1b[?7l\x1b[!p\x1b[?7$p": "libghostty knows no soft reset",
    b"\x1b]4;7;#123456789abc\x07\x1b]4;7;?\x07": "libghostty keeps 8 bits",
    b"\x1b]4;7;#12345\x07\x1b]4;7;?\x07": "its palette is another one",
    b"\x1b[1;4:3;38;5;200m\x1bP$qm\x1b\\": "colours with semicolons, which everybody reads",
}
"""By what is written before and the question: why we are to differ."""


def _ghostty_answer(before: bytes, question: bytes) -> bytes:
    ghostty: Any = pytest.importorskip("pyghostty")
    terminal = ghostty.Terminal(cols=COLUMNS, rows=ROWS, scrollback=10)
    said: list[bytes] = []
    terminal.on_reply(lambda data: said.append(bytes(data)))
    terminal.feed(before)
    terminal.feed(question)
    return b"".join(said)


@pytest.mark.parametrize(
    ("before", "question"),
    [
        *((b"", question) for question in FRESH),
        *((before, question) for before, question, _ in IN_A_STATE),
        *((b"\x1b[?%d%s" % (n, f), b"\x1b[?%d$p" % n) for n in sorted(KNOWN) for f in (b"h", b"l")),
    ],
)
def test_what_libghostty_answers_too_it_answers_alike(before: bytes, question: bytes) -> None:
    theirs = _ghostty_answer(before, question)
    if not theirs or (not before and question.startswith(b"\x1b]4;")):
        return  # its palette is another one

    assert (answer(question, fed(before)) != theirs) == (before + question in OTHERWISE)
