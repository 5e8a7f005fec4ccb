"""Screens of our model as one SVG: a window for each, one below the other. Pure.

The background is dark in every theme, as terminals are, with a frame that is seen on white and on
black. Each run of one style is placed at its column and stretched to its cells, so that the grid is
right whatever monospace font there is.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from pty_mux.vt import modes
from pty_mux.vt.line import Line
from pty_mux.vt.screen import Screen
from pty_mux.vt.style import BOLD, DEFAULT_COLOUR, DIM, INVERSE, ITALIC, RGB, STRIKE, Style
from pty_mux.vt.terminal import Terminal
from pty_mux.vt.width import width

_CELL_WIDTH: Final = 8.4
_CELL_HEIGHT: Final = 18
_MARGIN: Final = 12
_TITLE_HEIGHT: Final = 26
_GAP: Final = 14
_BASELINE: Final = 13
_FOREGROUND: Final = "#d6d9de"
_BACKGROUND: Final = "#16191d"
_PALETTE: Final = (
    "#2a2e34", "#e06c75", "#8cc570", "#e0b25c", "#61a5ee", "#c678dd", "#56b6c2", "#c8ccd4",
    "#7f848e", "#f08a92", "#a9dc8f", "#f0cc80", "#86bdf5", "#d99bea", "#7fd0da", "#ffffff",
)  # fmt: skip
"""The 16 colours; told apart, and readable on the background."""

_WORDS: Final = re.compile(r"[^ ]+(?: [^ ]+)*")
"""What is placed together: where columns are apart by more they stay in place in any font."""

_CUBE: Final = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a terminal, with what stands above it."""

    title: str
    width: float
    height: float
    body: str


def frame(terminal: Terminal, title: str, rows: int) -> Frame:
    """Return the picture of the first rows of a terminal as it is now."""
    screen = terminal.screen
    drawn = [
        piece
        for number, line in enumerate(screen.lines[:rows])
        for piece in _line(screen, line, _TITLE_HEIGHT + _MARGIN / 2 + number * _CELL_HEIGHT)
    ]
    if terminal.modes.is_set(modes.CURSOR_VISIBLE) and screen.row < rows:
        x, y = _x(screen.column), _TITLE_HEIGHT + _MARGIN / 2 + screen.row * _CELL_HEIGHT
        drawn.append(_box(x, y, 1, _FOREGROUND, ' fill-opacity="0.6"'))
    full = 2 * _MARGIN + screen.columns * _CELL_WIDTH
    return Frame(title, full, _TITLE_HEIGHT + _MARGIN + rows * _CELL_HEIGHT, "\n".join(drawn))


def svg(frames: Sequence[Frame]) -> str:
    """Return the image with these frames, from top to bottom."""
    full = max(one.width for one in frames)
    height = sum(one.height for one in frames) + _GAP * (len(frames) - 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full:.0f} {height:.0f}"'
        f' width="{full:.0f}" height="{height:.0f}" font-size="14"'
        " font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\">",
    ]
    y = 0.0
    for one in frames:
        parts.append(f'<g transform="translate(0 {y:.1f})">')
        parts.append(
            f'<rect x="0.5" y="0.5" width="{one.width - 1:.1f}" height="{one.height - 1:.1f}"'
            f' rx="7" fill="{_BACKGROUND}" stroke="#6b7280"/>'
        )
        parts.append(f'<text x="{_MARGIN}" y="18" fill="#9aa1ab">{escape(one.title)}</text>')
        parts += [one.body, "</g>"]
        y += one.height + _GAP
    return "\n".join((*parts, "</svg>", ""))


def _line(screen: Screen, line: Line, y: float) -> Iterator[str]:
    column = 0
    for mark, run in itertools.groupby(line.styles):
        length = sum(1 for _ in run)
        style = screen.styles[mark]
        text = screen.clusters.text(line.text[column : column + length])
        yield from _run(text, style, column, length, y)
        column += length


def _run(text: str, style: Style, column: int, length: int, y: float) -> Iterator[str]:
    front, back = _colour(style.foreground, _FOREGROUND), _colour(style.background, _BACKGROUND)
    if style.attributes & INVERSE:
        front, back = back, front
    if back != _BACKGROUND:
        yield _box(_x(column), y, length, back)
    looks = f' fill="{front}"'
    looks += ' font-weight="bold"' if style.attributes & BOLD else ""
    looks += ' font-style="italic"' if style.attributes & ITALIC else ""
    looks += ' fill-opacity="0.6"' if style.attributes & DIM else ""
    if style.underline or style.attributes & STRIKE:
        looks += f' text-decoration="{"underline" if style.underline else "line-through"}"'
    for words in _WORDS.finditer(text):
        start = column + sum(map(width, text[: words.start()]))
        cells = sum(map(width, words[0]))
        yield (
            f'<text x="{_x(start):.1f}" y="{y + _BASELINE:.1f}" xml:space="preserve"'
            f' textLength="{cells * _CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"{looks}>'
            f"{escape(words[0])}</text>"
        )


def _box(x: float, y: float, cells: int, colour: str, more: str = "") -> str:
    size = f'width="{cells * _CELL_WIDTH:.1f}" height="{_CELL_HEIGHT}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"{more}/>'


def _x(column: int) -> float:
    return _MARGIN + column * _CELL_WIDTH


def _colour(colour: int, default: str) -> str:
    if colour == DEFAULT_COLOUR:
        return default
    if colour >= RGB:
        return f"#{colour - RGB:06x}"
    if colour < len(_PALETTE):
        return _PALETTE[colour]
    if colour >= 232:
        level = 8 + 10 * (colour - 232)
        return f"#{level:02x}{level:02x}{level:02x}"
    red, rest = divmod(colour - 16, 36)
    green, blue = divmod(rest, 6)
    return f"#{_CUBE[red]:02x}{_CUBE[green]:02x}{_CUBE[blue]:02x}"
