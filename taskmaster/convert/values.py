"""Single values, each accepted and refused as supervisord 4 does (its ``datatypes.py``). Pure.

Each function raises `ValueError` with a text for the person who wrote the file.
"""

import re
import shlex
import signal
from typing import Final

_TRUE: Final = ("yes", "true", "on", "1")
_FALSE: Final = ("no", "false", "off", "0")
_SUFFIXES: Final = ("kb", "mb", "gb")
_LEVELS: Final = {
    "critical": "error",
    "error": "error",
    "warn": "warning",
    "info": "info",
    "debug": "debug",
    "trace": "debug",
    "blather": "debug",
}
_WORD_CHARACTERS: Final = "/.+-():"
"""What dict_of_key_value_pairs has in unquoted words besides letters, digits and _."""


def integer(text: str) -> int:
    """Return a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"expected a whole number, got {text!r}") from None


def boolean(text: str) -> bool:
    """Return whether it is true."""
    if text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"expected true or false, got {text!r}")


def byte_size(text: str) -> int:
    """Return a number of bytes from ``1024``, ``50MB``; powers of 1024."""
    lower = text.lower()
    for power, suffix in enumerate(_SUFFIXES, 1):
        if lower.endswith(suffix):
            return integer(lower[:-2]) * int(1024**power)
    return integer(lower)


def signal_name(text: str) -> str:
    """Return the name of a signal without SIG, or its number where it has no name."""
    try:
        number = int(text)
    except ValueError:
        name = "SIG" + text.strip().upper().removeprefix("SIG")
        if name not in signal.Signals.__members__:
            raise ValueError(f"expected the name or number of a signal, got {text!r}") from None
        return name.removeprefix("SIG")
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        raise ValueError(f"there is no signal {number}") from None


def autorestart(text: str) -> str:
    """Return our word for it."""
    lower = text.lower()
    if lower == "unexpected":
        return lower
    if lower in _TRUE + _FALSE:
        return "always" if lower in _TRUE else "never"
    raise ValueError(f"expected true, false or unexpected, got {text!r}")


def exitcodes(text: str) -> list[int]:
    """Return the exit statuses of a list with commas; an empty one expects none."""
    try:
        codes = [int(word) for word in text.split(",")] if text else []
    except ValueError:
        codes = [-1]
    if any(not 0 <= code <= 255 for code in codes):
        raise ValueError(f"expected exit statuses from 0 to 255 with commas, got {text!r}")
    return codes


def umask(text: str) -> str:
    """Return an octal mask of three digits."""
    try:
        return f"{int(text, 8) & 0o777:03o}"
    except ValueError:
        raise ValueError(f"expected an octal number such as 022, got {text!r}") from None


def loglevel(text: str) -> str:
    """Return our word for a level; we have four."""
    try:
        return _LEVELS[text.lower()]
    except KeyError:
        raise ValueError(f"expected one of {', '.join(_LEVELS)}, got {text!r}") from None


def words(text: str) -> list[str]:
    """Return the words of a list with commas."""
    return [word.strip() for word in text.split(",")] if text else []


def name(text: str) -> str:
    """Return the name of a program or group."""
    stripped = text.strip()
    for character in " :/":
        if character in stripped:
            raise ValueError(f"a name cannot hold {character!r}: {text!r}")
    return stripped


def environment(text: str) -> dict[str, str]:
    """Return the variables of ``A="b c",D=e``, by shlex without POSIX rules and with its oddities.

    A quote is no part of a value at either end, whichever it is; a ``%`` needs quotes, unless it
    begins an expansion; what stands between two pairs is passed over, whatever it is.
    """
    text, hidden = _hidden(text)
    lexer = shlex.shlex(text)
    lexer.wordchars += _WORD_CHARACTERS
    try:
        tokens = list(lexer)
    except ValueError as exc:
        raise ValueError(f"a quote is not closed ({exc})") from None
    found = {}
    for start in range(0, len(tokens), 4):
        triple = tokens[start : start + 3]
        if len(triple) != 3 or triple[1] != "=":
            got = " ".join(triple)
            raise ValueError(f"expected NAME=value, got {got!r}; quote values that are no words")
        found[_shown(triple[0], hidden)] = _shown(triple[2].strip("'\""), hidden)
    return found


def _hidden(text: str) -> tuple[str, dict[str, str]]:
    """Return the text with a word for each expansion, and what those words stand for.

    supervisord expands before it splits, when an expansion is what it stands for.
    """
    mark = "zq"
    while mark in text:
        mark += "q"
    expansions: dict[str, str] = {}

    def hide(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        word = f"{mark}{len(expansions)}z"
        expansions[word] = match[0]
        return word

    return re.sub(r"%%|%\([^()]*\)[#0\- +]*\d*[a-zA-Z]", hide, text), expansions


def _shown(text: str, expansions: dict[str, str]) -> str:
    text = text.replace("%", "%%")
    for word, expansion in expansions.items():
        text = text.replace(word, expansion)
    return text


def http_address(text: str) -> str:
    """Return HOST:PORT; without a host it is every address of the machine."""
    host, _, port = text.rpartition(":")
    if not port.strip().isdecimal() or not 1 <= int(port) <= 0xFFFF:
        raise ValueError(f"expected HOST:PORT with a port from 1 to 65535, got {text!r}")
    host = host.lower()
    return f"{host if host not in ('', '*') else '0.0.0.0'}:{int(port)}"


def fcgi_socket(text: str) -> str:
    """Return the socket of an fcgi-program."""
    if text.startswith("unix:///") or re.fullmatch(r"tcp://[^\s:]+:\d+", text):
        return text
    raise ValueError(f"expected unix:///PATH or tcp://HOST:PORT, got {text!r}")
