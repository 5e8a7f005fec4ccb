"""What a terminal answers when a program asks it something. Pure.

The same whether nobody is attached or five are: the model answers, once, and attached terminals
never see the question (facts/attach.md, 3.6). Answers hold only values that are ours or numbers, so
no output of a program can make its terminal type a command; the title is never told.

Colours that the program has not set are those of the terminal at which somebody sits, or last sat.
The kitty keyboard query is answered only while such a terminal speaks that protocol: silence is its
"no". Not answered at all: checksums of the screen.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pty_mux.vt import modes as mode
from pty_mux.vt.style import sgr
from pty_mux.vt.terminal import Terminal

NAME: Final = "taskmaster"
_DEFAULT_COLOURS: Final = {10: (0xD0D0,) * 3, 11: (0,) * 3, 12: (0xD0D0,) * 3}
"""Light on dark, where neither the program nor anybody else has said otherwise."""

_CAPABILITIES: Final = {"TN": "xterm-256color", "Co": "256", "colors": "256", "RGB": "8/8/8"}
_DIM_COLOURS: Final = "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5"
_BRIGHT_COLOURS: Final = "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
_BASE_COLOURS: Final = f"{_DIM_COLOURS} {_BRIGHT_COLOURS}".split()
"""xterm's first 16."""

_CUBE: Final = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True, slots=True)
class Outer:
    """What is known of the terminal that shows the model to people.

    Attributes:
        colours: by their OSC number, as X writes them (``rgb:ffff/ffff/ffff``).
        speaks_kitty: its keyboard can speak the kitty keyboard protocol.
        pixels: width and height of the window, 0 where unknown.
    """

    colours: Mapping[int, str] = field(default_factory=dict)
    speaks_kitty: bool = False
    pixels: tuple[int, int] = (0, 0)


def answer(query: bytes, terminal: Terminal, outer: Outer | None = None) -> bytes:
    """Return what the program gets to read, b"" where a terminal would say nothing.

    Args:
        query: one question, as `pty_mux.queries` finds them.
        terminal: the model, fed with everything before the question.
        outer: what is known of the terminal at which somebody sits.
    """
    text = query.decode("latin-1")
    known = outer or Outer()
    for pattern, reply in _REPLIES:
        if match := pattern.fullmatch(text):
            return reply(match, terminal, known).encode("ascii", "replace")
    return b""


_Reply = Callable[[re.Match[str], Terminal, Outer], str]


def _status(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    screen = terminal.screen
    row = max(screen.row - (screen.top if screen.origin else 0), 0) + 1
    match match[1], match[2]:
        case "", "5":
            return "\x1b[0n"
        case "", "6":
            return f"\x1b[{row};{screen.column + 1}R"
        case "?", "6":
            return f"\x1b[?{row};{screen.column + 1};1R"
        case "?", "15":
            return "\x1b[?13n"  # no printer
        case "?", "25":
            return "\x1b[?21n"  # user-defined keys are locked
        case "?", "26":
            return "\x1b[?27;1;0;0n"  # a North American keyboard
        case "?", "996":
            is_light = sum(_dynamic_colour(11, terminal, outer)) > 3 * 0x8000
            return f"\x1b[?997;{1 + is_light}n"
    return ""


def _private_mode(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    number = int(match[1])
    if number in mode.ALTERNATE:
        state = 1 if terminal.screen.is_alternate else 2
    elif number in mode.KNOWN:
        state = 1 if terminal.modes.is_set(number) else 2
    else:
        state = {3: 4, 1048: 2}.get(number, 0)
    return f"\x1b[?{number};{state}$y"


def _ansi_mode(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    states = {4: terminal.screen.insert, 20: terminal.modes.newline}
    number = int(match[1])
    state = {True: 1, False: 2, None: 0}[states.get(number)]
    return f"\x1b[{number};{state}$y"


def _setting(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    """DECRQSS."""
    screen = terminal.screen
    settings = {
        "m": sgr(screen.styles[screen.pen])[2:],
        "r": f"{screen.top + 1};{screen.bottom + 1}r",
        " q": f"{terminal.modes.cursor_shape or 1} q",
        '"p': '62;1"p',
    }
    told = settings.get(match[1])
    return f"\x1bP1$r{told}\x1b\\" if told else "\x1bP0$r\x1b\\"


def _capability(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    """XTGETTCAP: names and values in hexadecimal."""
    replies = []
    for written in match[1].split(";"):
        try:
            value = _CAPABILITIES.get(bytes.fromhex(written).decode("ascii"))
        except ValueError:
            value = None
        known = f"1+r{written}={value.encode().hex().upper()}" if value else f"0+r{written}"
        replies.append(f"\x1bP{known}\x1b\\")
    return "".join(replies) if re.fullmatch(r"[0-9A-Fa-f;]*", match[1]) else "\x1bP0+r\x1b\\"


def _window(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    screen = terminal.screen
    width, height = outer.pixels
    match int(match[1]):
        case 11:
            return "\x1b[1t"
        case 13:
            return "\x1b[3;0;0t"
        case 14 if width and height:
            return f"\x1b[4;{height};{width}t"
        case 16 if width and height:
            return f"\x1b[6;{height // screen.rows};{width // screen.columns}t"
        case 15 if width and height:
            return f"\x1b[5;{height};{width}t"
        case 18:
            return f"\x1b[8;{screen.rows};{screen.columns}t"
        case 19:
            return f"\x1b[9;{screen.rows};{screen.columns}t"
        case 20:
            return "\x1b]L\x1b\\"
        case 21:
            return "\x1b]l\x1b\\"
    return ""


def _colours(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    """OSC 10, 11 and 12: several questions in one go count on."""
    first, end = int(match[1]), match[3]
    asked = enumerate(match[2].split(";"), first)
    return "".join(
        f"\x1b]{number};{_rgb(_dynamic_colour(number, terminal, outer))}{end}"
        for number, text in asked
        if text == "?" and number in _DEFAULT_COLOURS
    )


def _palette(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    """OSC 4: pairs of a number and a question mark."""
    fields, end = match[1].split(";"), match[2]
    return "".join(
        f"\x1b]4;{int(index)};{_rgb(_palette_colour(int(index), terminal))}{end}"
        for index, text in zip(fields[::2], fields[1::2], strict=False)
        if text == "?" and re.fullmatch("[0-9]{1,3}", index) and int(index) < 256
    )


_Colour = Sequence[int]
"""Red, green and blue, of 16 bits each."""


def _dynamic_colour(number: int, terminal: Terminal, outer: Outer) -> _Colour:
    said = (terminal.modes.colours.get(number, ""), outer.colours.get(number, ""))
    return next(filter(None, map(_parsed, said)), _DEFAULT_COLOURS[number])


def _palette_colour(index: int, terminal: Terminal) -> _Colour:
    return _parsed(terminal.modes.palette.get(index, "")) or _first_colour(index)


def _rgb(colour: _Colour) -> str:
    return "rgb:" + "/".join(f"{value:04x}" for value in colour)


def _parsed(text: str) -> _Colour | None:
    """Return the colour that a program has set; names are not known (X's XParseColor has them)."""
    if match := re.fullmatch("#([0-9A-Fa-f]{3,12})", text):
        digits, remainder = divmod(len(match[1]), 3)
        parts = [match[1][n * digits : (n + 1) * digits] for n in range(3)] if not remainder else []
    elif match := _RGB.fullmatch(text):
        parts = list(match.groups())
    else:
        parts = []
    return [int(part, 16) * 0xFFFF // (16 ** len(part) - 1) for part in parts] or None


_RGB: Final = re.compile("rgb:" + "/".join(["([0-9A-Fa-f]{1,4})"] * 3))


def _first_colour(index: int) -> _Colour:
    """Return what a colour of the palette is before a program has set it: xterm's."""
    if index < 16:
        values = list(bytes.fromhex(_BASE_COLOURS[index]))
    elif index < 232:
        cube = index - 16
        values = [_CUBE[cube // 36], _CUBE[cube // 6 % 6], _CUBE[cube % 6]]
    else:
        values = [8 + 10 * (index - 232)] * 3
    return [value * 0x0101 for value in values]


def _say(text: str) -> _Reply:
    return lambda match, terminal, outer: text


def _modify_keys(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    return f"\x1b[>4;{terminal.modes.modify_other_keys}m"


def _kitty(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    flags = terminal.modes.kitty_flags(alternate=terminal.screen.is_alternate)
    return f"\x1b[?{flags}u" if outer.speaks_kitty else ""


def _parameters(match: re.Match[str], terminal: Terminal, outer: Outer) -> str:
    return f"\x1b[{3 if match[1] == '1' else 2};1;1;128;128;1;0x"


_REPLIES: Final[tuple[tuple[re.Pattern[str], _Reply], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), reply)
    for pattern, reply in (
        (r"\x1b\[0?c|\x1bZ", _say("\x1b[?62;22c")),  # a VT220 with colours
        (r"\x1b\[>0?c", _say("\x1b[>1;100;0c")),
        (r"\x1b\[=0?c", _say("\x1bP!|00000000\x1b\\")),
        (r"\x1b\[(\??)([0-9]{1,4})n", _status),
        (r"\x1b\[\?([0-9]{1,5})\$p", _private_mode),
        (r"\x1b\[([0-9]{1,5})\$p", _ansi_mode),
        (r"\x1b\[>0?q", _say(f"\x1bP>|{NAME}\x1b\\")),
        (r"\x1bP\$q(.*?)(?:\x1b\\|\x07)", _setting),
        (r"\x1bP\+q(.*?)(?:\x1b\\|\x07)", _capability),
        (r"\x1b\[([0-9]{2})(?:;[0-9;]*)?t", _window),
        (r"\x1b\](1[0-2]);([^\x1b\x07]*)(\x1b\\|\x07)", _colours),
        (r"\x1b\]4;([^\x1b\x07]*)(\x1b\\|\x07)", _palette),
        (r"\x1b\]52;[a-z0-9]*;\?(?:\x1b\\|\x07)", _say("\x1b]52;c;\x1b\\")),
        (r"\x1b\[\?4m", _modify_keys),
        (r"\x1b\[\?u", _kitty),
        (r"\x1b\[([01]?)x", _parameters),
    )
)
