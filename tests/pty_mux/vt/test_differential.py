"""Our model beside libghostty: the same bytes, the same screen, or a reason why not."""

import gzip
import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pty_mux.vt.terminal import Terminal
from tests.pty_mux.vt import streams
from tests.pty_mux.vt.features import CASES
from tests.pty_mux.vt.oracle import Ghostty, View, ours
from tests.pty_mux.vt.single_features import COLUMNS, ROWS

WANTED: Final = {
    r"[PLMSTIZae`] 0( .*)?": "0 counts as 1 (ECMA-48; xterm, tmux)",
    r"b \d{5,}.*": "REP writes a screenful at most",
    r".*\bCBT.*": "a wrap is pending only in the last column",
    r".*DECSTR.*": "libghostty knows no soft reset",
    r".*DECALN": "its letters are plain (xterm)",
    r"origin mode, (CHA|HPA|HPR).*": "libghostty adds the region's top to the row once more",
    r"VPA in origin mode": "a number too many is passed over (xterm)",
    r"tab cleared": "0 is the default of TBC too",
    r"RI in a full row at the top": "a wrap is pending no more, as in other rows",
    r"RIS": "the title stays (xterm)",
    r"graphics by G0": "the underline's place is a blank (DEC STD 070)",
    r"graphics: wide ones stay": "only ASCII is translated",
    r"single shift [23]|LS2": "G2 and G3 are not kept: nobody uses them",
    r"flags": "the two letters of a flag take a cell each (wcwidth)",
    r"bad UTF-8 in a sequence": "is text after it was decoded, and breaks the sequence off",
    r"DEL": "is not shown (ECMA-35: it stands for nothing)",
    r"too many numbers|SGR [01];[12].*;\d+;\d+;\d+;\d+.*": "libghostty stops at 24 numbers",
    r"title stack": "libghostty keeps none",
    r"DECSCA": "cells are not protected: nobody uses it",
    r"SGR 38;5;256.*|SGR 38;2;1;2;300.*": "a colour that does not exist changes nothing (xterm)",
    r"SGR 38:2::1:2:3:0:0.*": "tolerances may stand behind a colour (ITU-T T.416)",
    r"SGR 38;2;1;2|SGR 38;5|SGR 38;1": "what follows 38 belongs to it (xterm)",
    r"SGR 38:5|SGR 38:2": "what follows 38 belongs to it (xterm)",
    r"SGR 38;2;;;.*|SGR 38;5;.*|SGR 31;.*": "an empty number at the end is one too",
    r"SGR 4: .*": "an empty subparameter is 0, no underline",
}
"""By pattern of the case's name: why we are to differ from libghostty."""

HALVES: Final = re.compile(
    r".* among wide characters|[JK] \d at .*|wide .* erased .*|wide erased .*"
)
"""Half a wide character that is left over keeps its style (xterm); libghostty erases it."""


def _views(data: bytes) -> tuple[View, View]:
    terminal, ghostty = Terminal(ROWS, COLUMNS), Ghostty(ROWS, COLUMNS)
    terminal.feed(data)
    ghostty.feed(data)
    return ours(terminal), ghostty.view()


def _differences(name: str, data: bytes) -> list[str]:
    one, two = _views(data)
    if HALVES.fullmatch(name):
        one, two = one.without_blanks(), two.without_blanks()
    return one.differences(two)


def _pattern_of(name: str) -> str | None:
    return next((pattern for pattern in WANTED if re.fullmatch(pattern, name)), None)


def test_every_feature_looks_like_in_libghostty_or_differs_for_a_reason() -> None:
    differing = {name: found for name in CASES if (found := _differences(name, CASES[name]))}

    assert {name: said for name, said in differing.items() if not _pattern_of(name)} == {}
    assert {_pattern_of(name) for name in differing} == set(WANTED), "a reason is needed no more"


EXAMPLES: Final = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def _assert_alike(one: View, two: View, *, blanks: bool = True) -> None:
    """Compare, but not what wraps: libghostty forgets that wherever rows are moved."""
    if not blanks:
        one, two = one.without_blanks(), two.without_blanks()
    assert one.without_wraps().differences(two.without_wraps()) == []


@EXAMPLES
@given(st.one_of(streams.NARROW, streams.LINKS, streams.SCREENS, streams.IN_ORIGIN_MODE))
def test_streams_of_anything_look_alike(data: bytes) -> None:
    _assert_alike(*_views(data))


@EXAMPLES
@given(streams.WITH_WIDE)
def test_streams_with_wide_characters_look_alike(data: bytes) -> None:
    _assert_alike(*_views(data), blanks=False)


@EXAMPLES
@given(streams.NARROW, st.data())
def test_streams_look_alike_wherever_they_are_cut(data: bytes, draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(data)))

    _assert_alike(*_views(data[:cut]))


RECORDINGS: Final = sorted((Path(__file__).parents[2] / "captured").glob("*.gz"))
SNAPSHOTS: Final = 8


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_real_programs_look_alike_all_the_way(path: Path) -> None:
    columns, rows = map(int, path.stem.rpartition(".")[2].split("x"))
    data = gzip.decompress(path.read_bytes())
    terminal, ghostty = Terminal(rows, columns), Ghostty(rows, columns)
    step = len(data) // SNAPSHOTS + 1

    for start in range(0, len(data), step):
        terminal.feed(data[start : start + step])
        ghostty.feed(data[start : start + step])

        one, two = ours(terminal), ghostty.view()
        if path.stem.startswith("mc."):  # it keeps the title on a stack, which libghostty has not
            one = one.with_title_of(two)
        _assert_alike(one, two)


def test_there_are_recordings_of_many_programs_and_they_are_small() -> None:
    assert len({path.name.partition(".")[0] for path in RECORDINGS}) >= 10
    assert sum(path.stat().st_size for path in RECORDINGS) < 300_000
