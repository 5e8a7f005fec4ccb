"""A config as YAML text. Pure.

Ours are texts, lists of numbers or texts, and blocks of those. Texts that a person can read plainly
are written plainly, all others in double quotes (YAML 1.2, 7.3.1). What a text means is decided by
its key when it is read, so ``022`` and ``yes`` need no quotes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Value: TypeAlias = (
    "str | int | bool | Sequence[int | str] | Sequence[Mapping[str, Value]] | Mapping[str, Value]"
    " | Merged"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """Keys and values besides those of a mapping that has an anchor (YAML 1.1, merge)."""

    anchor: str
    own: Mapping[str, "Value"]


_PLAIN: Final = re.compile(r"[A-Za-z0-9_/.][A-Za-z0-9_/.@%+=,()-]*( [A-Za-z0-9_/.@%+=,()-]+)*")
_NOTHING: Final = ("null", "Null", "NULL")
_SHORT: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def block(values: Mapping[str, Value], indent: int = 0) -> str:
    """Return keys and values, a line each."""
    return "".join(_entry(key, value, " " * indent, indent) for key, value in values.items())


def _entry(key: str, value: Value, margin: str, indent: int) -> str:
    name = f"{margin}{scalar(key)}:"
    match value:
        case Merged(anchor, own):
            return f"{name}\n{margin}  <<: *{anchor}\n{block(own, indent + 2)}"
        case Mapping() if value:
            return f"{name}\n{block(value, indent + 2)}"
        case Mapping():
            return f"{name} {{}}\n"
        case bool():
            return f"{name} {str(value).lower()}\n"
        case int():
            return f"{name} {value}\n"
        case str():
            return f"{name} {scalar(value)}\n"
        case [Mapping(), *_]:
            items = [block(item, indent + 4) for item in value if isinstance(item, Mapping)]
            return f"{name}\n" + "".join(f"{margin}  - {item.lstrip()}" for item in items)
        case _:
            return f"{name} [{', '.join(map(_item, value))}]\n"


def _item(value: "int | str | Mapping[str, Value]") -> str:
    """Return an item of a list, in which a comma says more than in a text of its own."""
    if isinstance(value, str) and "," in value:
        return f'"{value}"' if _PLAIN.fullmatch(value) else scalar(value)
    return scalar(value) if isinstance(value, str) else str(value)


def scalar(text: str) -> str:
    """Return a text as YAML reads it back."""
    if _PLAIN.fullmatch(text) and text not in _NOTHING:
        return text
    return '"' + "".join(_SHORT.get(char) or _escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}"
