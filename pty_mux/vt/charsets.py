"""Character sets that ``ESC (`` and ``ESC )`` designate and SI and SO select (DEC STD 070).

DEC Special Graphics, with its lines, and the British set; every other one is taken for ASCII.
"""

from typing import Final

ASCII: Final = "B"
"""The final character of the designation."""

TRANSLATIONS: Final[dict[str, dict[int, int] | dict[int, str]]] = {
    "0": str.maketrans(
        "`abcdefghijklmnopqrstuvwxyz{|}~_",
        "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£· ",
    ),
    "A": {ord("#"): "£"},
}
"""By final character: what is shown for ASCII's characters."""
