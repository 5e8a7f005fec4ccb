"""Translate a key's name into the bytes that the key sends. Pure.

Names are tmux's (tmux(1), KEY BINDINGS); bytes are xterm's, for it is ``TERM=xterm-256color`` that
our programs are told (xterm's ctlseqs, "PC-Style Function Keys"). tmux plays another terminal to
its programs, so the two differ in places; the test lists them all, measured with tmux 3.3a.

A modifier that bytes cannot tell is lost, as on a real keyboard: Ctrl-Enter sends what Enter sends.
A program that wants to tell them apart asks for it, by the kitty keyboard protocol or by xterm's
modifyOtherKeys; then these keys come as ``CSI code ; modifiers u``, the form of the one and, with
formatOtherKeys, of the other. The rest keep their older bytes, though kitty would encode a few more
(C-c, Escape; with flag 8 every key): a program written for one terminal with the protocol alone, if
there is one, would not know them.

Not here: what to do with text that is no key, such as the ``hello`` in ``Up hello Enter``. The
caller asks `is_key` and decides.
"""

import difflib
import re
import unicodedata
from typing import Final

SHIFT: Final = 1
META: Final = 2
CONTROL: Final = 4
"""Modifiers as bits; their sum plus one is the parameter in a sequence (ctlseqs)."""

_CURSOR: Final = {"Up": "A", "Down": "B", "Right": "C", "Left": "D", "End": "F", "Home": "H"}
"""Keys that mode 1 (DECCKM) moves from CSI to SS3, and the byte that ends their sequence."""

_FIRST_FOUR: Final = {"F1": "P", "F2": "Q", "F3": "R", "F4": "S"}
"""PF1 to PF4 of the VT100: SS3 in every mode, but CSI with a modifier."""

_NUMBERED: Final = {
    "IC": 2, "Insert": 2, "DC": 3, "Delete": 3, "PPage": 5, "PageUp": 5, "PgUp": 5,
    "NPage": 6, "PageDown": 6, "PgDn": 6, "F5": 15, "F6": 17, "F7": 18, "F8": 19, "F9": 20,
    "F10": 21, "F11": 23, "F12": 24,
}  # fmt: skip
"""Keys that send ``CSI number ~``. The gaps are the VT220's: its function keys stood in groups."""

_KEYPAD: Final = {
    **{f"KP{char}": (char, chr(ord(char) + 0x40)) for char in "0123456789+-*/."},
    "KPEnter": ("\r", "M"),
}
"""What a key of the keypad sends in numeric mode, and after SS3 in application mode (DECKPAM)."""

_CHARACTERS: Final = {
    "Enter": "\r", "Tab": "\t", "BTab": "\t", "Space": " ", "BSpace": "\x7f", "Escape": "\x1b",
}  # fmt: skip
_CONTROLS: Final = {
    " ": 0, "2": 0, "`": 0, "3": 27, "{": 27, "4": 28, "|": 28, "5": 29, "}": 29, "6": 30, "~": 30,
    "7": 31, "-": 31, "/": 31, "8": 127, "?": 127, "\x7f": 8,
}  # fmt: skip
"""Control characters of keys outside ASCII's column of capitals: as XLookupString of libX11 makes
them for xterm (the digits were the VT220's); C-- and C-? as in tmux, C-BSpace as in xterm."""

_SPELLING: Final = {
    name.lower(): name
    for table in (_CURSOR, _FIRST_FOUR, _NUMBERED, _KEYPAD, _CHARACTERS)
    for name in table
}

_KEY: Final = re.compile(
    r"(?P<prefix>(?:[CcMmSs]-)*\^?(?:[CcMmSs]-)*)(?P<key>.+)", re.DOTALL
)  # "^", "-", "C-^" and "C--" come out right, since a key must be left


class UnknownKey(ValueError):
    """A name is no key's; the text tells what is accepted and perhaps what was meant."""


def is_key(name: str) -> bool:
    """Whether `key_bytes` knows a name. A printable character is one, and a word such as ``up``."""
    return _parse(name) is not None


def key_bytes(
    name: str,
    *,
    application_cursor: bool = False,
    application_keypad: bool = False,
    extended: bool = False,
) -> bytes:
    """Return what a key sends, such as ``C-c``, ``^C``, ``Up``, ``M-S-F5``, ``KP0`` or ``é``.

    Names of keys and modifiers may be in any case; a single character is itself. C-, M-, S- may
    stand in any order, one ^ among them.

    Args:
        name: the key's name.
        application_cursor: mode 1 is set (DECCKM).
        application_keypad: mode 66 is set (DECNKM, DECKPAM).
        extended: the program wants every modifier: kitty flags or modifyOtherKeys are not 0.

    Raises:
        UnknownKey: it is no key's name.
    """
    parsed = _parse(name)
    if parsed is None:
        raise UnknownKey(_complaint(name))
    key, modifiers = parsed
    if letter := _CURSOR.get(key) or _FIRST_FOUR.get(key):
        if modifiers:
            return f"\x1b[1;{modifiers + 1}{letter}".encode()
        return f"\x1b{'O' if application_cursor or key in _FIRST_FOUR else '['}{letter}".encode()
    if number := _NUMBERED.get(key):
        return f"\x1b[{number}{f';{modifiers + 1}' if modifiers else ''}~".encode()
    if key in _KEYPAD:
        numeric, final = _KEYPAD[key]
        escape = "\x1b" if modifiers & META else ""
        return (escape + (f"\x1bO{final}" if application_keypad else numeric)).encode()
    if key == "BTab":
        modifiers |= SHIFT
    return _character(_CHARACTERS.get(key, key), modifiers, extended=extended)


def _character(char: str, modifiers: int, *, extended: bool) -> bytes:
    text, lost = char, modifiers & ~META
    if char == "\t" and lost & SHIFT:
        text, lost = "\x1b[Z", lost & ~SHIFT
    elif lost & CONTROL and (control := _control(char)) is not None:
        text, lost = chr(control), lost & ~CONTROL
    elif lost == SHIFT and char.isalpha():
        text, lost = char.upper(), 0
    if lost and extended:
        return f"\x1b[{ord(char.lower()[0])};{modifiers + 1}u".encode()
    return (("\x1b" if modifiers & META else "") + text).encode()


def _control(char: str) -> int | None:
    if "@" <= char <= "_" or "a" <= char <= "z":
        return ord(char) & 0x1F
    return _CONTROLS.get(char)


def _parse(name: str) -> tuple[str, int] | None:
    """Return a key, in the spelling of our tables or a single character, and its modifiers."""
    match = _KEY.fullmatch(name)
    if match is None:
        return None
    prefix, key = match["prefix"].upper(), match["key"]
    modifiers = SHIFT * ("S" in prefix) | META * ("M" in prefix)
    modifiers |= CONTROL * ("C" in prefix or "^" in prefix)
    if len(key) == 1:  # a control character is text; a surrogate stands for a byte that is none
        return None if unicodedata.category(key) in ("Cc", "Cs") else (key, modifiers)
    spelling = _SPELLING.get(key.lower())
    return None if spelling is None else (spelling, modifiers)


def _complaint(name: str) -> str:
    match = _KEY.fullmatch(name)
    prefix, key = (match["prefix"], match["key"]) if match else ("", "")
    near = difflib.get_close_matches(key.lower(), _SPELLING, n=1)
    meant = f", perhaps {prefix}{_SPELLING[near[0]]} was meant" if near else ""
    accepted = "Up Down Left Right Home End PgUp PgDn IC DC Enter Tab BTab Space BSpace Escape"
    return (
        f"{name!r} is no key{meant}; accepted are a single character, {accepted} F1 to F12, "
        "KP0 to KP9 KP+ KP- KP* KP/ KP. KPEnter; before it C- or ^, M-, S-"
    )
