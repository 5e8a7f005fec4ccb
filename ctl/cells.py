"""Text in the cells of a terminal: how wide it is, made harmless, cut to a width. Pure."""

from typing import Final

_ELLIPSIS: Final = "…"
_END_KEPT: Final = 6
"""Cells of a name's end that stay where its middle is cut out: its index is what tells it apart."""


def harmless(text: str) -> str:
    """Return the text with everything that is no plain character written as an escape.

    A name or a reason may hold what would move the cursor, change colours, or turn the direction
    of the line around it.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return "\\n" if char == "\n" else ascii(char)[1:-1]


def cells(text: str) -> int:
    """Return how many cells a harmless text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def cut(text: str, width: int) -> str:
    """Return the text, its end replaced by an ellipsis where it takes more cells than that."""
    if cells(text) <= width:
        return text
    return _first(text, width - 1) + _ELLIPSIS if width > 0 else ""


def cut_middle(text: str, width: int) -> str:
    """Return the text, its middle replaced by an ellipsis where it takes more cells than that."""
    if cells(text) <= width:
        return text
    kept = min(_END_KEPT, (width - 1) // 2)
    end = _first(text[::-1], kept)[::-1]
    return _first(text, width - 1 - cells(end)) + _ELLIPSIS + end if width > 0 else ""


def left(text: str, width: int) -> str:
    """Return the text with blanks behind it, so that it takes that many cells."""
    return text + " " * (width - cells(text))


def right(text: str, width: int) -> str:
    """Return the text with blanks before it, so that it takes that many cells."""
    return " " * (width - cells(text)) + text


def _first(text: str, width: int) -> str:
    taken = 0
    for position, char in enumerate(text):
        taken += _cells_of(char)
        if taken > width:
            return text[:position]
    return text


def _cells_of(char: str) -> int:
    if char.isascii():
        return 1
    import unicodedata  # a large table, and most names need none of it

    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
