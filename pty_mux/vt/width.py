"""How many cells a character takes, as wcwidth(3) would have it; from Python's own Unicode tables.

Joiners and variation selectors add nothing: an emoji made of several takes the sum of its parts, as
in xterm and in the wcwidth of the programs themselves.
"""

import unicodedata
from functools import lru_cache
from typing import Final

_ZERO_WIDTH: Final = frozenset({"Mn", "Me", "Cf", "Zl", "Zp"})
_SOFT_HYPHEN: Final = "\u00ad"


@lru_cache(maxsize=8192)
def width(char: str) -> int:
    """Return 0 for what combines with the character before it, 2 for wide ones, else 1."""
    if "\u1160" <= char <= "\u11ff":  # vowels and final consonants of Hangul syllables
        return 0
    category = unicodedata.category(char)
    if category in _ZERO_WIDTH and char != _SOFT_HYPHEN:
        return 0
    if category == "Cn":  # Python calls them all wide; these will be ideographs and emoji
        return (
            2 if "\U00020000" <= char <= "\U0003fffd" or "\U0001f300" <= char <= "\U0001faff" else 1
        )
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
