"""Texts with styles, measured in cells of a terminal and cut to a width. Pure."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from prompt_toolkit.formatted_text import ANSI, to_formatted_text
from prompt_toolkit.utils import get_cwidth

Styled: TypeAlias = tuple[str, str]
"""A style of prompt_toolkit, and a text without line ends."""
Line: TypeAlias = list[Styled]

ELLIPSIS: Final = "…"


def width_of(line: Iterable[Styled]) -> int:
    """Return how many cells a line takes."""
    return sum(get_cwidth(text) for _, text in line)


def cut(text: str, width: int) -> str:
    """Return the beginning of a text that fits into so many cells, with an ellipsis where cut."""
    if get_cwidth(text) <= width:
        return text
    if width <= 0:
        return ""
    taken, cells = [], 0
    for char in text:
        cells += get_cwidth(char)
        if cells > width - 1:
            break
        taken.append(char)
    return "".join(taken) + ELLIPSIS


def left(text: str, width: int) -> str:
    """Return a text at the left of exactly so many cells."""
    shown = cut(plain(text), width)
    return shown + " " * (width - get_cwidth(shown))


def right(text: str, width: int) -> str:
    """Return a text at the right of exactly so many cells."""
    shown = cut(plain(text), width)
    return " " * (width - get_cwidth(shown)) + shown


def plain(text: str) -> str:
    """Return a text with nothing in it that would move the cursor."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "·" for c in text)


def piece(line: Line, start: int, width: int, style: str = "") -> Line:
    """Return exactly `width` cells of a line from a cell on; a wide character cut in two is blank.

    Args:
        line: what to take from.
        start: the first cell.
        width: how many cells.
        style: of the blanks behind what there is.
    """
    taken: Line = []
    at, end = 0, start + width
    for its_style, text in line:
        if at >= end:
            break
        size = get_cwidth(text)
        if at + size <= start:
            at += size
            continue
        if at >= start and at + size <= end:
            taken.append((its_style, text))
            at += size
            continue
        for char in text:
            cells = get_cwidth(char)
            if at >= start and at + cells <= end:
                taken.append((its_style, char))
            elif at < end and at + cells > start:
                taken.append((its_style, " " * (min(at + cells, end) - max(at, start))))
            at += cells
    if (missing := width - width_of(taken)) > 0:
        taken.append((style, " " * missing))
    return taken


def restyled(line: Line, style: str) -> Line:
    """Return a line with a style over all of it."""
    return [(f"{its_style} {style}".strip(), text) for its_style, text in line]


@lru_cache(maxsize=4096)
def _from_ansi(text: str) -> tuple[Styled, ...]:
    pieces: Line = []
    for fragment in to_formatted_text(ANSI(text)):
        style, char = fragment[0], fragment[1]
        if pieces and pieces[-1][0] == style:
            pieces[-1] = (style, pieces[-1][1] + char)
        else:
            pieces.append((style, char))
    return tuple((style, plain(chars)) for style, chars in pieces)


def from_ansi(text: str) -> Line:
    """Return a line whose colours and attributes are in it as escape sequences."""
    return list(_from_ansi(text))
