"""What a program has switched on in its terminal, apart from cells: modes, title, colours, keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DEFAULTS: Final[Mapping[int, bool]] = {7: True, 25: True}
"""Private modes that are set when a terminal starts: autowrap and a visible cursor."""

CURSOR_KEYS: Final = 1
REVERSE_VIDEO: Final = 5
ORIGIN: Final = 6
AUTOWRAP: Final = 7
CURSOR_BLINKS: Final = 12
CURSOR_VISIBLE: Final = 25
KEYPAD: Final = 66
FOCUS: Final = 1004
BRACKETED_PASTE: Final = 2004
SYNCHRONIZED: Final = 2026
MOUSE_TRACKING: Final = (9, 1000, 1002, 1003)
MOUSE_ENCODING: Final = (1005, 1006, 1015, 1016)
ALTERNATE: Final = (47, 1047, 1049)

KNOWN: Final = frozenset(
    {
        CURSOR_KEYS, REVERSE_VIDEO, ORIGIN, AUTOWRAP, CURSOR_BLINKS, CURSOR_VISIBLE, KEYPAD, FOCUS,
        BRACKETED_PASTE, SYNCHRONIZED, 1007, *MOUSE_TRACKING, *MOUSE_ENCODING, *ALTERNATE,
    }
)  # fmt: skip
"""Private modes that are followed (DECSET, DECRQM)."""

MAX_KITTY_DEPTH: Final = 16
MAX_TITLES: Final = 10
MAX_TITLE_LENGTH: Final = 1024


@dataclass(slots=True)
class Modes:
    """The modes of one terminal.

    Attributes:
        private: DEC private modes that differ from `DEFAULTS` or did; the last set comes last,
            since of several encodings of the mouse the last one counts.
        newline: LNM, a line feed returns the carriage too.
        cursor_shape: what DECSCUSR set; 0 the user's own.
        alternate_by: the mode by which the alternate screen was entered, 0 while it is not shown.
        modify_other_keys: xterm's resource of that name, as ``CSI > 4 ; n m`` set it.
        kitty: the stack of flags of the kitty keyboard protocol, of each screen its own.
        palette: colours by number as OSC 4 set them; those of OSC 10, 11 and 12 in `colours`.
        folder: the working directory as OSC 7 told it: a file URL.
    """

    private: dict[int, bool] = field(default_factory=dict)
    newline: bool = False
    cursor_shape: int = 0
    alternate_by: int = 0
    modify_other_keys: int = 0
    kitty: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    palette: dict[int, str] = field(default_factory=dict)
    colours: dict[int, str] = field(default_factory=dict)
    title: str = ""
    titles: list[str] = field(default_factory=list)
    folder: str = ""
    kept: dict[int, bool] = field(default_factory=dict)

    def is_set(self, number: int) -> bool:
        """Whether a private mode is set."""
        return self.private.get(number, DEFAULTS.get(number, False))

    def set(self, number: int, *, on: bool) -> None:
        """Set or reset a private mode that is nothing but a mode."""
        if number in KNOWN:
            self.private.pop(number, None)
            if on != DEFAULTS.get(number, False):
                self.private[number] = on

    def kitty_flags(self, *, alternate: bool) -> int:
        """Return the flags of the kitty keyboard protocol that count on a screen."""
        stack = self.kitty[alternate]
        return stack[-1] if stack else 0

    def push_kitty(self, flags: int, *, alternate: bool) -> None:
        """Put flags on a screen's stack; the oldest go when it is too deep."""
        stack = self.kitty[alternate]
        stack.append(flags)
        del stack[:-MAX_KITTY_DEPTH]

    def pop_kitty(self, count: int, *, alternate: bool) -> None:
        """Take flags off a screen's stack."""
        del self.kitty[alternate][-count:]

    def change_kitty(self, flags: int, how: int, *, alternate: bool) -> None:
        """Replace the flags on top (1), add to them (2), or take from them (3)."""
        stack = self.kitty[alternate]
        now = stack.pop() if stack else 0
        stack.append({1: flags, 2: now | flags, 3: now & ~flags}.get(how, now))
