"""One text to one value: durations, sizes, signals, masks. Pure; `BadValue` says what is wanted.

The patterns are in the language that Python and JavaScript share: ``forms`` shows them to editors.
"""

import re
import signal
from typing import Final

from taskmaster.config.model import TerminalSize


class BadValue(Exception):
    """The text is not what is expected; the exception's own text says what that is."""


TRUE: Final = frozenset({"true", "yes", "on", "y", "1"})
FALSE: Final = frozenset({"false", "no", "off", "n", "0"})
WHOLE: Final = "[+-]?[0-9]{1,18}"
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_PARTS: Final = "".join(rf"(?: *{_NUMBER} *{unit})?" for unit in ("d", "h", "m(?!s)", "s", "ms"))
_PLAIN_SECONDS: Final = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
DURATION: Final = rf"{_PLAIN_SECONDS}|(?= *[0-9]){_PARTS} *"
_UNIT_SECONDS: Final = (86400.0, 3600.0, 60.0, 1.0, 0.001)
SIZE: Final = r"([0-9]{1,18})\s*([KkMmGgTt][Ii]?[Bb]?|[Bb]?)"
_POWERS: Final = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
OCTAL: Final = "(?:0o)?([0-7]{1,4})"
SIGNALS: Final = (
    *("TERM", "HUP", "INT", "QUIT", "USR1", "USR2", "KILL", "ABRT", "ALRM", "BUS", "CHLD", "CLD"),
    *("CONT", "EMT", "FPE", "ILL", "INFO", "IO", "IOT", "PIPE", "POLL", "PROF", "PWR", "RTMAX"),
    *("RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "VTALRM"),
    *("WINCH", "XCPU", "XFSZ"),
)
"""Of Linux and macOS; which there are on this machine is asked when one is read."""

MAX_SECONDS: Final = 366 * 86400
MAX_BYTES: Final = 1 << 50
COLUMNS_X_ROWS: Final = "([0-9]{1,4})x([0-9]{1,4})"
MAX_ROWS: Final = 500
MAX_COLUMNS: Final = 1000


def boolean(text: str) -> bool:
    """Return what YAML 1.1 and 1.2 and supervisord call true or false."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise BadValue("true or false")


def whole(text: str, least: int, most: int | None = None) -> int:
    """Return a whole number within bounds, both included."""
    if re.fullmatch(WHOLE, text):
        number = int(text)
        if number >= least and (most is None or number <= most):
            return number
    raise BadValue(f"a whole number from {least}" + (f" to {most}" if most is not None else ""))


def seconds(text: str) -> float:
    """Return a duration: seconds as a number, or ``1m30s``, ``2h``, ``500ms``."""
    number: float | None = None
    if re.fullmatch(_PLAIN_SECONDS, text):
        number = float(text)
    elif match := re.fullmatch(DURATION, text):
        parts = zip(match.groups(), _UNIT_SECONDS, strict=True)
        number = sum(float(part) * unit for part, unit in parts if part)
    if number is None or number > MAX_SECONDS:
        raise BadValue("a duration in seconds, or such as 1m30s")
    return number


def byte_size(text: str, least: int = 0, most: int = MAX_BYTES) -> int:
    """Return bytes: a number, or ``50MB``, ``256KiB``; powers of 1024 both, as in supervisord."""
    if match := re.fullmatch(SIZE, text.strip()):
        size: int = int(match[1]) * 1024 ** _POWERS[match[2][:1].lower()]
        if least <= size <= most:
            return size
    bounds = f", at least {least}" if least else ""
    bounds += f", at most {most >> 20}MiB" if most < MAX_BYTES else ""
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
    if match := re.fullmatch(OCTAL, text):
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
    if match := re.fullmatch(COLUMNS_X_ROWS, text):
        columns, rows = int(match[1]), int(match[2])
        if 2 <= columns <= MAX_COLUMNS and 2 <= rows <= MAX_ROWS:
            return TerminalSize(rows, columns)
    raise BadValue(f"columns x rows such as 80x24, up to {MAX_COLUMNS}x{MAX_ROWS}")
