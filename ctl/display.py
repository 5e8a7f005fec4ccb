"""What standard output is: a terminal or not, how wide, and whether it wants colours."""

import os
import sys
from typing import Final

_WIDTH_WHERE_UNKNOWN: Final = 80


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether colours may be written: a terminal that has some, and nobody said NO_COLOR.

    See https://no-color.org: the variable counts where it is not empty.
    """
    dumb = os.environ.get("TERM", "dumb") in ("", "dumb")
    return is_terminal() and not dumb and not os.environ.get("NO_COLOR")


def can_redraw() -> bool:
    """Whether the cursor can be moved on standard output."""
    return is_terminal() and os.environ.get("TERM", "dumb") not in ("", "dumb")


def size() -> tuple[int, int]:
    """Return columns and rows of the terminal; 80 x 24 where it does not say."""
    try:
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        columns, rows = 0, 0
    return columns or _WIDTH_WHERE_UNKNOWN, rows or 24
