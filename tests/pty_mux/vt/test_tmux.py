"""Our model beside tmux, a program and no library: the same bytes, the same `capture-pane -e`.

tmux is the second judge, and the lesser one. Where it is known to differ from xterm the streams
keep away, and libghostty judges alone (`test_differential`):

- what comes while a wrap is pending: tmux's cursor stands behind the last column then, and no
  erasing, moving or inserting brings it back, nor does DECRC; so each piece here begins with CUP.
  A row of `top` that is as long as the screen is wide ends in EL, which erases its last character
  in xterm and not in tmux (`WANTED`);
- IL and DL leave the column as it is (ECMA-48 has it go to the first), so a CR comes before them,
  and outside of the scroll region they work, so a region lasts for one deed here;
- HPR, VPR, CHT, DECSTR and DECALN's modes are not tmux's; REP repeats across a cursor movement;
- half a wide character that is left over; single shifts; DECAWM off; links before tmux 3.4.
"""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pty_mux.vt.terminal import Terminal
from tests.pty_mux.vt.oracle import View, ours
from tests.pty_mux.vt.tmux import COMPARED, Tmux

RECORDINGS: Final = sorted((Path(__file__).parents[2] / "captured").glob("*.gz"))
WANTED: Final = {"top.40x12": "EL at a pending wrap"}
MOUSE: Final = {1000, 1002, 1003}
"""tmux keeps the one that tells the most."""

ROWS, COLUMNS = 8, 20


@pytest.fixture(scope="module")
def tmux(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tmux]:
    server = Tmux(tmp_path_factory.mktemp("tmux"))
    yield server
    server.end()


def compared(data: bytes, rows: int, columns: int) -> View:
    """Return what we show of what tmux can tell."""
    terminal = Terminal(rows, columns)
    terminal.feed(data + b"\x18\x1b\\")
    view = ours(terminal).without_wraps().without_blanks()
    modes = view.modes & COMPARED
    mouse = sorted(modes & MOUSE, key=int)
    return replace(view, title="", modes=modes - set(mouse[:-1]))


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_real_programs_look_alike(tmux: Tmux, path: Path) -> None:
    columns, rows = map(int, path.stem.rpartition(".")[2].split("x"))
    data = gzip.decompress(path.read_bytes())
    differing = []
    for part in (len(data) // 3, len(data) // 2, len(data)):
        end = data.find(b"\x1b", part) if part < len(data) else part
        theirs = tmux.view(data[:end], rows, columns).without_blanks()
        differing += compared(data[:end], rows, columns).differences(theirs)

    assert bool(differing) == (path.stem in WANTED), differing


_ROW, _COLUMN = st.integers(1, ROWS), st.integers(1, COLUMNS - 6)
_CUP = st.builds(lambda row, column: b"\x1b[%d;%dH" % (row, column), _ROW, _COLUMN)
_CODES = "0 1 2 3 4 5 7 8 9 21 22 24 27 31 42 93 104 38;5;200 48;5;17 38;2;1;2;3 48;2;9;8;7"
_SGR = st.lists(st.sampled_from(_CODES.split()), max_size=3).map(
    lambda codes: b"\x1b[%sm" % ";".join(codes).encode()
)
_TEXT = st.text(st.sampled_from("abcxyz .-漢字éü█"), max_size=3).map(str.encode)
_COUNT = st.integers(1, 9)
_PIECES = st.one_of(
    st.builds(lambda sgr, text: sgr + text, _SGR, _TEXT),
    st.builds(lambda sgr, text: sgr + text, _SGR, _TEXT),
    st.sampled_from([b"\x1b[J", b"\x1b[1J", b"\x1b[2J", b"\x1b[K", b"\x1b[1K", b"\x1b[2K"]),
    st.sampled_from([b"\r\n", b"\r\n\n\n", b"\x1bM", b"\x1bD", b"\x1bE", b"\t"]),
    st.builds(lambda count, final: b"\r\x1b[%d%c" % (count, ord(final)), _COUNT,
              st.sampled_from("LM")),
    st.builds(lambda count, final: b"\x1b[%d%c" % (count, ord(final)), _COUNT,
              st.sampled_from("ABCDEFGSTd")),
    st.builds(
        lambda top, rows, deed: b"\x1b[%d;%dr\x1b[%dH%s\x1b[r" % (top, top + rows, top, deed),
        st.integers(1, ROWS - 1), st.integers(1, 4),
        st.sampled_from([b"\x1b[2L", b"\x1b[M", b"\x1b[2S", b"\x1b[T", b"\n" * 9, b"\x1bM"]),
    ),
    st.sampled_from([b"\x1b[?1h", b"\x1b[?25l", b"\x1b[?1000h", b"\x1b[?1006h", b"\x1b="]),
    st.sampled_from([b"\x1b>", b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?2004h", b"\x1b[6n"]),
    st.sampled_from([b"\x1b(0lqk\x1b(B", b"\x1b]0;title\x07", b"\x1bP1$q\x1b\\"]),
)  # fmt: skip
_STREAMS = st.lists(st.builds(lambda cup, piece: cup + piece, _CUP, _PIECES), max_size=40)
_NARROW_EDITS = st.lists(
    st.one_of(
        st.builds(lambda cup, count, final: cup + b"\x1b[%d%c" % (count, ord(final)), _CUP, _COUNT,
                  st.sampled_from("@PX")),
        st.builds(lambda cup, text: cup + text, _CUP, st.sampled_from([b"abc", b"\x1b[44mxy"])),
    ),
    max_size=30,
)  # fmt: skip


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.one_of(_STREAMS, _NARROW_EDITS))
def test_streams_look_alike(tmux: Tmux, pieces: list[bytes]) -> None:
    data = b"".join([*pieces, b"\x1b[1;1H"])

    theirs = tmux.view(data, ROWS, COLUMNS).without_blanks()

    assert compared(data, ROWS, COLUMNS).differences(theirs) == []
