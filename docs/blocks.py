"""A text in blocks, and how it is written: as Markdown, and for man. Pure.

Within a text only two marks mean something: backticks around what is typed or printed as it stands,
and two asterisks around what is strong.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows; of a page itself at level 1."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A text that is filled."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that stand as they are; `language` is for those who colour them."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Words and what each means. `head` names the two columns; there may be more of them."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


Block: TypeAlias = Heading | Paragraph | Code | Terms

# --- Markdown --------------------------------------------------------------------------------


def markdown(blocks: Iterable[Block]) -> str:
    """Return the text of a page."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Code(text, language):
            return f"```{language}\n{text.rstrip()}\n```"
        case Terms(head, rows):
            lines = [head, tuple("---" for _ in head), *(tuple(map(_cell, row)) for row in rows)]
            return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# --- man(7) ----------------------------------------------------------------------------------


def roff(title: str, section: int, blocks: Iterable[Block]) -> str:
    """Return the source of a manual page, in the macros of man(7)."""
    head = [
        '.\\" Made of the code by python -m docs.',
        f'.TH {title.upper()} {section} "" "Taskmaster" "Taskmaster"',
        ".nh",
        ".ad l",
    ]
    return "\n".join((*head, *(line for block in blocks for line in _roff(block)))) + "\n"


def _roff(block: Block) -> list[str]:
    match block:
        case Heading(text, level):
            return [f'.{"SH" if level == 2 else "SS"} "{_plain(text).replace(chr(34), "")}"']
        case Paragraph(text):
            return [".PP", _line(text)]
        case Code(text):
            return [
                ".PP",
                ".RS 4",
                ".nf",
                *map(_protected, text.rstrip().split("\n")),
                ".fi",
                ".RE",
            ]
        case Terms(_, rows):
            return [line for row in rows for line in _term(row)]


def _term(row: tuple[str, ...]) -> list[str]:
    return [".TP", _line(row[0], strong=True), _line(". ".join(filter(None, row[1:])))]


def _line(text: str, *, strong: bool = False) -> str:
    r"""Return one line: ``\&`` keeps a dot at its beginning from being an order."""
    pieces = re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", text.replace("\n", " "))
    written = "".join(
        f"\\fB{_plain(piece.strip('`*'))}\\fP"
        if piece[:1] in ("`", "*") and index % 2
        else _plain(piece)
        for index, piece in enumerate(pieces)
    )
    if strong and "\\f" not in written:
        written = f"\\fB{written}\\fP"
    return f"\\&{written}" if written[:1] in (".", "'") else written


def _protected(line: str) -> str:
    return f"\\&{_plain(line)}" if line[:1] in (".", "'", "") else _plain(line)


def _plain(text: str) -> str:
    r"""Return a text as it stands: hyphens that can be copied, and no accidental escape."""
    kept = text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha").replace("~", "\\(ti")
    return kept.replace("`", "\\(ga").replace("'", "\\(aq")
