"""What is set in a terminal and what changes it: the operations that are more than cells.

`State` joins the cells (`screen`) and everything else (`modes`); the tables in `sequences` say
which sequence calls what.
"""

import re
from typing import Final

from pty_mux.vt import modes as mode
from pty_mux.vt.charsets import ASCII
from pty_mux.vt.modes import Modes
from pty_mux.vt.screen import SavedCursor, Screen

_MORE_THAN_MODES: Final = {mode.ORIGIN, mode.AUTOWRAP, 1048, *mode.ALTERNATE}
_COLOUR_NUMBER: Final = re.compile("[0-9]{1,3}")
_MAX_LINK_LENGTH: Final = 2083
"""The longest address that browsers agree on; VTE's limit for OSC 8 too."""


class State:
    """A terminal without its parser.

    Attributes:
        screen: its cells and its cursor.
        modes: everything else.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.screen = Screen(rows, columns)
        self.modes = Modes()

    def control(self, char: str) -> None:
        """Do what a control character means."""
        screen = self.screen
        match char:
            case "\r":
                screen.carriage_return()
            case "\b":
                screen.move_by(0, -1)
            case "\t":
                screen.tab(1)
            case "\n" | "\v" | "\f":
                if self.modes.newline:
                    screen.column = 0
                screen.pending_wrap = False
                screen.index()
            case "\x0e":
                screen.shifted = 1
            case "\x0f":
                screen.shifted = 0

    def command(self, text: str) -> None:
        """Do what an operating system command says: title, folder, link, colours (OSC)."""
        number, _, rest = text.partition(";")
        modes = self.modes
        match number:
            case "0" | "2":
                modes.title = _clean(rest)
            case "7":
                modes.folder = _clean(rest)
            case "8":
                self._link(rest)
            case "4":
                fields = rest.split(";")
                for index, colour in zip(fields[::2], fields[1::2], strict=False):
                    if _COLOUR_NUMBER.fullmatch(index) and int(index) < 256 and colour != "?":
                        modes.palette[int(index)] = _clean(colour)[:32]
            case "104":
                for index in rest.split(";") if rest else [*map(str, modes.palette)]:
                    modes.palette.pop(int(index) if _COLOUR_NUMBER.fullmatch(index) else -1, None)
            case "10" | "11" | "12" if rest != "?":
                # Several colours in one go count on: 10, 11, 12 (xterm's ctlseqs).
                for offset, colour in enumerate(rest.split(";")[:3]):
                    if colour != "?" and int(number) + offset <= 12:
                        modes.colours[int(number) + offset] = _clean(colour)[:32]
            case "110" | "111" | "112":
                modes.colours.pop(int(number) - 100, None)

    def _link(self, rest: str) -> None:
        parameters, _, address = rest.partition(";")
        link = f"{_clean(parameters)};{_clean(address)}" if address else ""
        if len(link) <= _MAX_LINK_LENGTH:
            styles = self.screen.styles
            style = styles[self.screen.pen]._replace(link=link)
            self.screen.pen = styles.mark(style)

    def set_private(self, numbers: tuple[int, ...], *, on: bool) -> None:
        """Set or reset DEC private modes (DECSET, DECRST)."""
        for number in numbers:
            if number in _MORE_THAN_MODES:
                self._act(number, on=on)
            self.modes.set(number, on=on)

    def _act(self, number: int, *, on: bool) -> None:
        screen = self.screen
        match number:
            case mode.ORIGIN:
                screen.origin = on
                screen.move(0, 0)
            case mode.AUTOWRAP:
                screen.autowrap = on
            case 1048:
                (screen.save_cursor if on else self.restore_cursor)()
            case 47 | 1047 | 1049:
                self._show_alternate(number, on=on)

    def _show_alternate(self, number: int, *, on: bool) -> None:
        screen = self.screen
        if on:
            if number == 1049:
                screen.save_cursor()
            screen.show(alternate=True)
            if number == 1049:
                screen.erase_rows(0, screen.rows, "\0")
            self.modes.alternate_by = number
            return
        if number == 1047 and screen.is_alternate:
            screen.erase_rows(0, screen.rows)
        screen.show(alternate=False)
        if number == 1049:
            self.restore_cursor()
        self.modes.alternate_by = 0
        for other in mode.ALTERNATE:
            self.modes.set(other, on=False)

    def restore_cursor(self) -> None:
        """Bring back the saved cursor, and origin mode with it (DECRC)."""
        self.screen.restore_cursor()
        self.modes.set(mode.ORIGIN, on=self.screen.origin)

    def fill(self) -> None:
        """Fill the screen with the letter E (DECALN)."""
        self.screen.fill("E")
        self.modes.set(mode.ORIGIN, on=False)

    def soft_reset(self) -> None:
        """DECSTR, as xterm does it."""
        screen = self.screen
        for number in (mode.ORIGIN, mode.CURSOR_KEYS, mode.KEYPAD):
            self.modes.set(number, on=False)
        for number in (mode.AUTOWRAP, mode.CURSOR_VISIBLE):
            self.modes.set(number, on=True)
        screen.autowrap, screen.origin, screen.insert = True, False, False
        screen.top, screen.bottom = 0, screen.rows - 1
        screen.pen = "\0"
        screen.charsets, screen.shifted = [ASCII, ASCII], 0
        screen.saved[screen.is_alternate] = SavedCursor()

    def reset(self) -> None:
        """Be as when switched on, but for the lines above the screen and the title (RIS)."""
        screen = self.screen
        screen.show(alternate=False)
        screen.reset_state()
        screen.erase_rows(0, screen.rows)
        screen.other[:] = screen.lines[:0]
        screen.other.extend(line.copy() for line in screen.lines)
        screen.saved = [SavedCursor(), SavedCursor()]
        self.modes = Modes(title=self.modes.title, folder=self.modes.folder)

    def change_title_stack(self, numbers: tuple[int, ...]) -> None:
        """Keep the title, or bring back the last one kept (XTWINOPS 22 and 23)."""
        modes = self.modes
        if numbers[0] == 22:
            modes.titles.append(modes.title)
            del modes.titles[: -mode.MAX_TITLES]
        elif numbers[0] == 23 and modes.titles:
            modes.title = modes.titles.pop()


def _clean(text: str) -> str:
    """Return text of a program without anything that could be a control when it is shown again."""
    return "".join(filter(str.isprintable, text))[: mode.MAX_TITLE_LENGTH]
