"""One text to one value: durations, sizes, signals, masks. Pure; `BadValue` says what is wanted."""

import re
import signal
from typing import Final

from taskmaster.config.model import TerminalSize


class BadValue(Exception):
    """The text is not what is expected; the exception's own text says what that is."""


_TRUE: Final = frozenset({"true", "yes", "on", "y", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "n", "0"})
_DURATION: Final = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?"
    r"(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?",
    re.ASCII,
)
_UNIT_SECONDS: Final = (86400.0, 3600.0, 60.0, 1.0, 0.001)
_SIZE: Final = re.compile(r"(\d{1,18})\s*(|[kmgt]i?b?|b)", re.IGNORECASE | re.ASCII)
_POWERS: Final = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_MAX_SECONDS: Final = 366 * 86400.0
_MAX_BYTES: Final = 1 << 50
MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 1000


def boolean(text: str) -> bool:
    """Return what YAML 1.1 and 1.2 and supervisord call true or false."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadValue("true or false")


def whole(text: str, least: int, most: int | None = None) -> int:
    """Return a whole number within bounds, both included."""
    if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        number = int(text)
        if number >= least and (most is None or number <= most):
            return number
    raise BadValue(f"a whole number from {least}" + (f" to {most}" if most is not None else ""))


def seconds(text: str) -> float:
    """Return a duration: seconds as a number, or ``1m30s``, ``2h``, ``500ms``."""
    number: float | None = None
    if re.fullmatch(r"\d+(\.\d+)?|\.\d+", text, re.ASCII):
        number = float(text)
    elif text and (match := _DURATION.fullmatch(text.replace(" ", ""))):
        parts = zip(match.groups(), _UNIT_SECONDS, strict=True)
        number = sum(float(part) * unit for part, unit in parts if part)
    if number is None or number > _MAX_SECONDS:
        raise BadValue("a duration in seconds, or such as 1m30s")
    return number


def byte_size(text: str, least: int = 0, most: int = _MAX_BYTES) -> int:
    """Return bytes: a number, or ``50MB``, ``256KiB``; powers of 1024 both, as in supervisord."""
    if match := _SIZE.fullmatch(text.strip()):
        size: int = int(match[1]) * 1024 ** _POWERS[match[2][:1].lower()]
        if least <= size <= most:
            return size
    bounds = f", at least {least}" if least else ""
    bounds += f", at most {most >> 20}MiB" if most < _MAX_BYTES else ""
    raise BadValue(f"a size in bytes, such as 50MB or 256KiB{bounds}")


def signal_number(text: str) -> int:
    """Return a signal's number from its name, with or without SIG, or from the number."""
    if re.fullmatch(r"\d{1,3}", text, re.ASCII) and int(text) in signal.valid_signals():
        return int(text)
    try:
        return int(signal.Signals["SIG" + text.upper().removeprefix("SIG")])
    except KeyError:
        raise BadValue("the name or number of a signal, such as TERM") from None


def umask(text: str) -> int:
    """Return a file mode mask, octal as written: ``022``, ``0o22``."""
    if match := re.fullmatch(r"(?:0o)?([0-7]{1,4})", text, re.ASCII):
        mask = int(match[1], 8)
        if mask <= 0o777:
            return mask
    raise BadValue("an octal number from 000 to 777")


def file_mode(text: str) -> int:
    """Return a file mode, octal as written: ``0770``."""
    try:
        return umask(text)
    except BadValue:
        raise BadValue("a file mode, octal, such as 0770") from None


def terminal_size(text: str) -> TerminalSize:
    """Return a size written as columns x rows, ``80x24``."""
    if match := re.fullmatch(r"(\d{1,4})x(\d{1,4})", text, re.ASCII):
        columns, rows = int(match[1]), int(match[2])
        if 2 <= columns <= MAX_COLUMNS and 2 <= rows <= MAX_ROWS:
            return TerminalSize(rows, columns)
    raise BadValue(f"columns x rows such as 80x24, up to {MAX_COLUMNS}x{MAX_ROWS}")
