"""What a terminal shows, told alike by our model and by libghostty, to be compared.

libghostty (PyPI's pyghostty) judges; where it and we are to differ, the tests say why.
"""

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pytest

from pty_mux.vt import style as style_module
from pty_mux.vt.line import SECOND_CELL
from pty_mux.vt.style import PLAIN, RGB, Style
from pty_mux.vt.terminal import Terminal

ghostty: Any = pytest.importorskip("pyghostty")

COMPARED_MODES = (1, 5, 6, 7, 25, 66, 1000, 1002, 1003, 1004, 1006, 2004, 2026)
_ATTRIBUTES = {
    "bold": style_module.BOLD,
    "faint": style_module.DIM,
    "italic": style_module.ITALIC,
    "blink": style_module.BLINK,
    "inverse": style_module.INVERSE,
    "invisible": style_module.INVISIBLE,
    "strikethrough": style_module.STRIKE,
    "overline": style_module.OVERLINE,
}


@dataclass(frozen=True, slots=True)
class View:
    """What a terminal shows and has set.

    Attributes:
        rows: of each row its cells; of a wide character the second one is `SECOND_CELL`.
        looks: of each row the styles of its cells; links are addresses alone.
        wraps: of each row whether its text goes on in the next.
        cursor: its row, its column, and whether a wrap is pending.
        modes: those of `COMPARED_MODES` that are set, "insert", "alternate", and so on.
        title: as OSC 0 or 2 set it.
    """

    rows: tuple[tuple[str, ...], ...]
    looks: tuple[tuple[Style, ...], ...]
    wraps: tuple[bool, ...]
    cursor: tuple[int, int, bool]
    modes: frozenset[int | str]
    title: str

    def without_blanks(self) -> "View":
        """Return the same without the styles of blank cells."""
        looks = tuple(
            tuple(PLAIN if text == " " else look for text, look in zip(row, looks, strict=True))
            for row, looks in zip(self.rows, self.looks, strict=True)
        )
        return replace(self, looks=looks)

    def as_seen(self) -> "View":
        """Return the same with of a blank cell only what one sees of its style."""
        looks = tuple(
            tuple(
                _blank(look) if text == " " else look for text, look in zip(row, looks, strict=True)
            )
            for row, looks in zip(self.rows, self.looks, strict=True)
        )
        return replace(self, looks=looks)

    def without_wraps(self) -> "View":
        """Return the same without what rows wrap."""
        return replace(self, wraps=())

    def with_title_of(self, other: "View") -> "View":
        """Return the same with the other one's title."""
        return replace(self, title=other.title)

    def differences(self, other: "View") -> list[str]:
        """Return in words where the other one is not the same."""
        said = [
            f"row {row}: {''.join(one)!r} != {''.join(two)!r}"
            for row, (one, two) in enumerate(zip(self.rows, other.rows, strict=True))
            if one != two
        ]
        said += [
            f"styles of row {row}: {_runs(one)} != {_runs(two)}"
            for row, (one, two) in enumerate(zip(self.looks, other.looks, strict=True))
            if one != two
        ]
        if self.wraps != other.wraps:
            said.append(f"wraps: {self.wraps} != {other.wraps}")
        if self.cursor != other.cursor:
            said.append(f"cursor: {self.cursor} != {other.cursor}")
        if self.modes != other.modes:
            said.append(f"modes: {set(self.modes)} != {set(other.modes)}")
        if self.title != other.title:
            said.append(f"title: {self.title!r} != {other.title!r}")
        return said


def _blank(look: Style) -> Style:
    lines = style_module.INVERSE | style_module.STRIKE | style_module.OVERLINE
    drawn = bool(look.attributes & lines or look.underline)
    return look if drawn else PLAIN._replace(background=look.background)


def _runs(looks: tuple[Style, ...]) -> str:
    return " ".join(
        f"{len(list(run))}x{_named(look) if look != PLAIN else '-'}" for look, run in groupby(looks)
    )


def _named(look: Style) -> str:
    changed = {
        name: value for name, value in look._asdict().items() if value != getattr(PLAIN, name)
    }
    return str(changed).replace(" ", "")


def ours(terminal: Terminal) -> View:
    """Return what our model shows."""
    screen = terminal.screen
    modes: set[int | str] = {mode for mode in COMPARED_MODES if terminal.modes.is_set(mode)}
    modes |= {"insert"} if screen.insert else set()
    modes |= {"newline"} if terminal.modes.newline else set()
    modes |= {"alternate"} if screen.is_alternate else set()
    return View(
        tuple(
            tuple(char if char == SECOND_CELL else screen.clusters.text(char) for char in line.text)
            for line in screen.lines
        ),
        tuple(
            tuple(_without_parameters(screen.styles[mark]) for mark in line.styles)
            for line in screen.lines
        ),
        tuple(line.wraps for line in screen.lines),
        (screen.row, screen.column, screen.pending_wrap),
        frozenset(modes),
        terminal.modes.title,
    )


def _without_parameters(style: Style) -> Style:
    return style._replace(link=style.link.partition(";")[2]) if style.link else style


class Ghostty:
    """A terminal of libghostty's with the face of ours."""

    def __init__(self, rows: int, columns: int) -> None:
        self._terminal = ghostty.Terminal(cols=columns, rows=rows, scrollback=2000)
        self._columns, self._rows = columns, rows

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        self._terminal.feed(data)

    def resize(self, rows: int, columns: int) -> None:
        """Take another size."""
        self._terminal.resize(columns, rows)
        self._columns, self._rows = columns, rows

    def view(self) -> View:
        """Return what it shows."""
        terminal = self._terminal
        rows, looks, wraps = zip(*(self._row(row) for row in range(self._rows)), strict=True)
        modes: set[int | str] = {mode for mode in COMPARED_MODES if terminal.mode(mode)}
        modes |= {"insert"} if terminal.mode(4, ansi=True) else set()
        modes |= {"newline"} if terminal.mode(20, ansi=True) else set()
        alternate = terminal.get("active_screen", "GhosttyTerminalScreen")
        modes |= {"alternate"} if alternate else set()
        column, row = terminal.cursor
        pending = bool(terminal.get("cursor_pending_wrap", "bool"))
        title = terminal.get("title", "GhosttyString")
        return View(
            rows,
            looks,
            wraps,
            (row, column, pending),
            frozenset(modes),
            bytes(ghostty.ffi.buffer(title.ptr, title.len)).decode() if title.len else "",
        )

    def _row(self, row: int) -> tuple[tuple[str, ...], tuple[Style, ...], bool]:
        ffi, lib = ghostty.ffi, ghostty.lib
        ref = self._terminal.ref(0, row)
        cell = ffi.new("GhosttyCell*")
        texts, looks = [], []
        known: dict[tuple[int, bool], Style] = {}
        for column in range(self._columns):
            ref.x = column
            lib.ghostty_grid_ref_cell(ref, cell)
            facts = _facts(cell[0])
            texts.append(_graphemes(ref) if facts.is_cluster else facts.text)
            if facts.colour is not None:
                looks.append(Style(background=facts.colour))
            elif not facts.style and not facts.has_link:
                looks.append(PLAIN)
            elif facts.has_link:
                looks.append(_look(ref)._replace(link=_link(ref)))
            else:
                key = (facts.style, facts.has_link)
                if key not in known:
                    known[key] = _look(ref)
                looks.append(known[key])
        flags = ffi.new("GhosttyRow*")
        lib.ghostty_grid_ref_row(ref, flags)
        wraps = ffi.new("bool*")
        lib.ghostty_row_get(flags[0], lib.GHOSTTY_ROW_DATA_WRAP, wraps)
        return tuple(texts), tuple(looks), bool(wraps[0])


@dataclass(frozen=True, slots=True)
class _Facts:
    text: str
    is_cluster: bool
    style: int
    has_link: bool
    colour: int | None


_KNOWN_FACTS: dict[int, _Facts] = {}


def _facts(cell: int) -> _Facts:
    """Return what a cell's number says by itself."""
    if cell not in _KNOWN_FACTS:
        lib = ghostty.lib
        tag = _of_cell(cell, "CONTENT_TAG", "GhosttyCellContentTag")
        wide = _of_cell(cell, "WIDE", "GhosttyCellWide")
        code = _of_cell(cell, "CODEPOINT", "uint32_t")
        colour = None
        if tag == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_PALETTE:
            colour = _of_cell(cell, "COLOR_PALETTE", "GhosttyColorPaletteIndex")
        elif tag == lib.GHOSTTY_CELL_CONTENT_BG_COLOR_RGB:
            colour = _rgb(_of_cell(cell, "COLOR_RGB", "GhosttyColorRgb"))
        if wide == lib.GHOSTTY_CELL_WIDE_SPACER_TAIL:
            text = SECOND_CELL
        else:
            text = chr(code) if code and colour is None else " "
        _KNOWN_FACTS[cell] = _Facts(
            text,
            tag == lib.GHOSTTY_CELL_CONTENT_CODEPOINT_GRAPHEME,
            _of_cell(cell, "STYLE_ID", "uint16_t"),
            bool(_of_cell(cell, "HAS_HYPERLINK", "bool")),
            colour,
        )
    return _KNOWN_FACTS[cell]


def _of_cell(cell: int, key: str, kind: str) -> Any:
    out = ghostty.ffi.new(f"{kind}*")
    ghostty.lib.ghostty_cell_get(cell, getattr(ghostty.lib, f"GHOSTTY_CELL_DATA_{key}"), out)
    return out[0]


def _rgb(colour: Any) -> int:
    return RGB | int(colour.r) << 16 | int(colour.g) << 8 | int(colour.b)


def _graphemes(ref: Any) -> str:
    buffer = ghostty.ffi.new("uint32_t[64]")
    length = ghostty.ffi.new("size_t*")
    ghostty.lib.ghostty_grid_ref_graphemes(ref, buffer, 64, length)
    return "".join(map(chr, buffer[0 : length[0]]))


def _link(ref: Any) -> str:
    buffer = ghostty.ffi.new("uint8_t[4096]")
    length = ghostty.ffi.new("size_t*")
    ghostty.lib.ghostty_grid_ref_hyperlink_uri(ref, buffer, 4096, length)
    return bytes(ghostty.ffi.buffer(buffer, length[0])).decode()


def _look(ref: Any) -> Style:
    found = ghostty.core.init_sized("GhosttyStyle")
    ghostty.lib.ghostty_grid_ref_style(ref, found)
    attributes = sum(bit for name, bit in _ATTRIBUTES.items() if getattr(found, name))
    return Style(
        _colour(found.fg_color),
        _colour(found.bg_color),
        _colour(found.underline_color),
        attributes,
        found.underline,
    )


def _colour(colour: Any) -> int:
    if colour.tag == ghostty.lib.GHOSTTY_STYLE_COLOR_PALETTE:
        return int(colour.value.palette)
    if colour.tag == ghostty.lib.GHOSTTY_STYLE_COLOR_RGB:
        return _rgb(colour.value.rgb)
    return style_module.DEFAULT_COLOUR
