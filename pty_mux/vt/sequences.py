"""Which sequence does what: the tables, and the small functions that read their numbers.

Names and meaning after ECMA-48, DEC STD 070 and xterm's ctlseqs; the kitty keyboard protocol.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from pty_mux.vt import modes as mode
from pty_mux.vt.state import State

_MAX_NUMBER: Final = 0xFFFF

Numbers = tuple[int, ...]
Sequence = Callable[[State, Numbers], None]


def _count(numbers: Numbers) -> int:
    return numbers[0] or 1


def _second(numbers: Numbers) -> int:
    return numbers[1] if len(numbers) > 1 else 0


def _set_ansi(state: State, numbers: Numbers, *, on: bool) -> None:
    if 4 in numbers:
        state.screen.insert = on
    if 20 in numbers:
        state.modes.newline = on


def _erase_display(state: State, numbers: Numbers) -> None:
    if numbers[0] == 3:
        state.screen.history.clear()
    else:
        state.screen.erase_display(numbers[0])


def _erase_line(state: State, numbers: Numbers) -> None:
    screen = state.screen
    ranges = {0: (screen.column, screen.columns), 1: (0, screen.column + 1), 2: (0, screen.columns)}
    if numbers[0] in ranges:
        screen.erase_in_line(*ranges[numbers[0]])


def _next_line(state: State, numbers: Numbers) -> None:
    state.screen.move_by(_count(numbers), 0)
    state.screen.carriage_return()


def _previous_line(state: State, numbers: Numbers) -> None:
    state.screen.move_by(-_count(numbers), 0)
    state.screen.carriage_return()


def _position(state: State, numbers: Numbers) -> None:
    state.screen.move(numbers[0] - 1, numbers[1] - 1 if len(numbers) > 1 else 0)


def _column(state: State, numbers: Numbers) -> None:
    screen = state.screen
    screen.column = min(_count(numbers), screen.columns) - 1
    screen.pending_wrap = False


def _row(state: State, numbers: Numbers) -> None:
    state.screen.move(_count(numbers) - 1, state.screen.column)


def _clear_tabs(state: State, numbers: Numbers) -> None:
    if numbers[0] == 0:
        state.screen.tabs.discard(state.screen.column)
    elif numbers[0] == 3:
        state.screen.tabs.clear()


def _margins(state: State, numbers: Numbers) -> None:
    bottom = _second(numbers) or state.screen.rows
    state.screen.set_margins(_count(numbers) - 1, bottom - 1)


def _cursor_shape(state: State, numbers: Numbers) -> None:
    if numbers[0] <= 6:
        state.modes.cursor_shape = numbers[0]


def _modify_keys(state: State, numbers: Numbers) -> None:
    if numbers[0] == 4:
        state.modes.modify_other_keys = min(_second(numbers), 3)


def _kitty_set(state: State, numbers: Numbers) -> None:
    alternate = state.screen.is_alternate
    state.modes.change_kitty(numbers[0] & 31, _second(numbers) or 1, alternate=alternate)


def _keep_modes(state: State, numbers: Numbers) -> None:
    modes = state.modes
    modes.kept.update({n: modes.is_set(n) for n in numbers if n in mode.KNOWN})


def _bring_back_modes(state: State, numbers: Numbers) -> None:
    for number in numbers:
        if number in state.modes.kept:
            state.set_private((number,), on=state.modes.kept[number])


def _reverse_index(state: State) -> None:
    state.screen.pending_wrap = False
    state.screen.reverse_index()


def _index(state: State) -> None:
    state.screen.pending_wrap = False
    state.screen.index()


def _line_below(state: State) -> None:
    state.screen.carriage_return()
    state.screen.index()


SEQUENCES: Final[dict[str, Sequence]] = {
    "@": lambda s, n: s.screen.insert_cells(_count(n)),
    "A": lambda s, n: s.screen.move_by(-_count(n), 0),
    "B": lambda s, n: s.screen.move_by(_count(n), 0),
    "C": lambda s, n: s.screen.move_by(0, _count(n)),
    "D": lambda s, n: s.screen.move_by(0, -_count(n)),
    "E": _next_line,
    "F": _previous_line,
    "G": _column,
    "H": _position,
    "I": lambda s, n: s.screen.tab(_count(n)),
    "J": _erase_display,
    "?J": _erase_display,
    "K": _erase_line,
    "?K": _erase_line,
    "L": lambda s, n: s.screen.insert_lines(_count(n)),
    "M": lambda s, n: s.screen.delete_lines(_count(n)),
    "P": lambda s, n: s.screen.delete_cells(_count(n)),
    "S": lambda s, n: s.screen.scroll_up(_count(n)),
    "T": lambda s, n: s.screen.scroll_down(_count(n)) if len(n) == 1 else None,
    "X": lambda s, n: s.screen.erase_cells(_count(n)),
    "Z": lambda s, n: s.screen.tab(-_count(n)),
    "`": _column,
    "a": lambda s, n: s.screen.move_by(0, _count(n)),
    "b": lambda s, n: s.screen.repeat(_count(n)),
    "d": _row,
    "e": lambda s, n: s.screen.move_rows(_count(n)),
    "f": _position,
    "g": _clear_tabs,
    "h": lambda s, n: _set_ansi(s, n, on=True),
    "l": lambda s, n: _set_ansi(s, n, on=False),
    "?h": lambda s, n: s.set_private(n, on=True),
    "?l": lambda s, n: s.set_private(n, on=False),
    "?s": _keep_modes,
    "?r": _bring_back_modes,
    "r": _margins,
    "s": lambda s, n: s.screen.save_cursor(),
    "u": lambda s, n: s.restore_cursor(),
    "?W": lambda s, n: s.screen.reset_tabs() if n[0] == 5 else None,
    "t": State.change_title_stack,
    " q": _cursor_shape,
    "!p": lambda s, n: s.soft_reset(),
    ">m": _modify_keys,
    ">u": lambda s, n: s.modes.push_kitty(n[0] & 31, alternate=s.screen.is_alternate),
    "<u": lambda s, n: s.modes.pop_kitty(_count(n), alternate=s.screen.is_alternate),
    "=u": _kitty_set,
}
"""CSI sequences by private prefix, intermediates and final character."""

_CSI: Final = re.compile(r"\x1b\[([<-?]?)([0-9;]*)([ -/]*[@-~])")
"""Only SGR knows colons, and where they mean nothing the whole sequence does."""


@lru_cache(maxsize=4096)
def meaning(sequence: str) -> tuple[Sequence, Numbers]:
    """Return what a CSI sequence does, and the numbers between its semicolons, 0 for none."""
    match = _CSI.fullmatch(sequence)
    do = SEQUENCES.get(match[1] + match[3]) if match else None
    if match is None or do is None:
        return _nothing, ()
    return do, tuple(min(int(n), _MAX_NUMBER) if n else 0 for n in match[2].split(";"))


def _nothing(state: State, numbers: Numbers) -> None:
    pass


ESCAPES: Final[dict[str, Callable[[State], None]]] = {
    "7": lambda s: s.screen.save_cursor(),
    "8": State.restore_cursor,
    "D": _index,
    "E": _line_below,
    "H": lambda s: s.screen.tabs.add(s.screen.column),
    "M": _reverse_index,
    "c": lambda s: s.reset(),
    "=": lambda s: s.modes.set(mode.KEYPAD, on=True),
    ">": lambda s: s.modes.set(mode.KEYPAD, on=False),
    "#8": State.fill,
}
"""Escape sequences by what follows the escape."""
