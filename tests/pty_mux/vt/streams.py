"""Streams of what programs write, made by hypothesis from a grammar of text, controls, sequences.

Left out is what libghostty is known to do otherwise (`test_differential.WANTED`).
"""

from hypothesis import strategies as st

_GROUND = st.sampled_from([b"a", b"bc", b"x" * 12, b"hello world", b"~", b"q", b" "])
_WIDE = st.sampled_from(
    [text.encode() for text in ("漢", "漢字", "かな交じり文", "é", "e\u0301", "한", "ｱ")]
).map(lambda text: b"\x0f\x1b(B" + text)
_CONTROLS = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\b", b"\t", b"\v", b"\f", b"\a", b"\0", b"\x0e", b"\x0f", b"\x18"]
)
_ESCAPES = st.sampled_from(
    [b"\x1b7", b"\x1b8", b"\x1bD", b"\x1bE", b"\r\x1bM", b"\x1bH", b"\x1b=", b"\x1b>", b"\x1b(0",
     b"\x1b(B", b"\x1b)0", b"\x1b)B", b"\x1b[0m\x1b#8", b"\x1b\\", b"\x1b[s", b"\x1b[u", b"\x1b["
     b"\x18", b"\x1b[\x1b", b"\x1bQ", b"\x1b[99y", b"\x1b[?99h", b"\x1b[1\rm", b"\x1b[\n2C"]
)  # fmt: skip
_STRINGS = st.sampled_from(
    [b"\x1b]2;title\x07", b"\x1b]0;\x1b\\", b"\x1bPq#0\x1b\\", b"\x1b_G\x1b\\", b"\x1b^x\x1b\\",
     b"\x1b]2;cut\x18", b"\x1bPcut\x1b[C"]
)  # fmt: skip
_LINKS = st.sampled_from(
    [b"\x1b]8;;http://a.example/\x07", b"\x1b]8;id=1;http://b.example/\x1b\\", b"\x1b]8;;\x07"]
)
"""Of each screen its own in libghostty, and not saved with the cursor."""

_NUMBER = st.one_of(st.integers(1, 14), st.sampled_from([1, 2, 99999]))
_SGR = st.lists(
    st.sampled_from(
        [
            "0",
            "1",
            "2",
            "3",
            "4",
            "5",
            "7",
            "8",
            "9",
            "21",
            "22",
            "23",
            "24",
            "25",
            "27",
            "28",
            "29",
            "30",
            "37",
            "39",
            "41",
            "46",
            "49",
            "53",
            "55",
            "59",
            "90",
            "97",
            "100",
            "107",
            "4:3",
            "4:0",
            "38;5;200",
            "48;5;17",
            "38;2;1;2;3",
            "48;2;9;8;7",
            "38:5:9",
            "48:2::1:2:3",
            "58:5:4",
            "58:2::1:2:3",
            "999",
        ]
    ),
    max_size=4,
).map(lambda codes: b"\x1b[%sm" % ";".join(codes).encode())
_MODES = st.sampled_from(
    ["?1", "?5", "?7", "?25", "?66", "?1000", "?1004", "?1006", "?2004", "4", "20", "?7;25"]
)
_SCREENS = st.builds(
    lambda mode, final: b"\x1b[0m\x1b[C\x1b[?%d%s" % (mode, final),
    st.sampled_from([47, 1047, 1048, 1049]),
    st.sampled_from([b"h", b"l"]),
)
"""Plain, without a pending wrap: where the alternate screen is there already, libghostty's 1049
ends it and erases with the background."""


def _counted(finals: str) -> st.SearchStrategy[bytes]:
    return st.builds(lambda count, final: b"\x1b[%d%c" % (count, ord(final)), _NUMBER,
                     st.sampled_from(finals))  # fmt: skip


def _switched(modes: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return st.builds(lambda mode, final: b"\x1b[%s%s" % (mode.encode(), final), modes,
                     st.sampled_from([b"h", b"l"]))  # fmt: skip


_PLACES = st.builds(lambda *numbers: b"\x1b[%d;%dH" % numbers, _NUMBER, _NUMBER)
_MARGINS = st.builds(lambda *numbers: b"\x1b[%d;%dr" % numbers, _NUMBER, _NUMBER)
_ERASING = st.builds(lambda number, final: b"\x1b[%d%s" % (number, final), st.integers(0, 3),
                     st.sampled_from([b"J", b"K", b"?J", b"?K"]).map(lambda f: f[-1:]))  # fmt: skip
_BACK_TAB = _NUMBER.map(lambda count: b"\x1b[D\x1b[%dZ" % count)
_TABS = st.sampled_from([b"\x1b[0g", b"\x1b[3g", b"\x1b[2I"])
_REPEAT = st.integers(1, 30).map(lambda count: b"\x1b[%db" % count)
_COMMON = (
    _GROUND, _GROUND, _CONTROLS, _ESCAPES, _STRINGS, _SGR, _PLACES, _PLACES, _MARGINS, _ERASING,
    _BACK_TAB, _TABS, _REPEAT, _counted("ABCDEFdf"), _counted("@PXLMST"), _counted("@PXLMST"),
    _switched(_MODES),
)  # fmt: skip


def _joined(*parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.lists(st.one_of(*parts), max_size=60).map(b"".join)


NARROW = _joined(*_COMMON, _counted("Ga`e"))
LINKS = _joined(_LINKS, _LINKS, _GROUND, _CONTROLS, _SGR, _PLACES, _ERASING, _counted("@PXLM"))
SCREENS = _joined(*_COMMON, _counted("Ga`e"), _SCREENS)
IN_ORIGIN_MODE = _joined(*_COMMON, _switched(st.just("?6")), _SCREENS)
WITH_WIDE = _joined(*_COMMON, _counted("Ga`e"), _SCREENS, _WIDE, _WIDE, _WIDE)
ANY = st.one_of(NARROW, LINKS, SCREENS, IN_ORIGIN_MODE, WITH_WIDE, st.binary(max_size=200))
