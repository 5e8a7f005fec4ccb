"""How a cell looks: colours, attributes, hyperlink; SGR (ECMA-48, 8.3.117) read and written.

Styles are interned: `StyleTable` gives each a character, so that the styles of a row are a string.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

DEFAULT_COLOUR: Final = -1
RGB: Final = 1 << 24
"""Added to 0xRRGGBB; below it are the 256 colours of the palette."""

BOLD: Final = 1
DIM: Final = 2
ITALIC: Final = 4
BLINK: Final = 8
INVERSE: Final = 16
INVISIBLE: Final = 32
STRIKE: Final = 64
OVERLINE: Final = 128

_SETS: Final = {1: BOLD, 2: DIM, 3: ITALIC, 5: BLINK, 6: BLINK, 7: INVERSE, 8: INVISIBLE}
_SETS_TOO: Final = _SETS | {9: STRIKE, 53: OVERLINE}
_CLEARS: Final = {22: BOLD | DIM, 23: ITALIC, 25: BLINK, 27: INVERSE, 28: INVISIBLE}
_CLEARS_TOO: Final = _CLEARS | {29: STRIKE, 55: OVERLINE}
_COLOURS: Final = (38, 48, 58)
_SINGLE_UNDERLINE: Final = 1
_DOUBLE_UNDERLINE: Final = 2
_MAX_UNDERLINE: Final = 5


class Style(NamedTuple):
    """How one cell looks.

    Attributes:
        foreground: `DEFAULT_COLOUR`, a number of the palette, or `RGB` + 0xRRGGBB; likewise
            `background` and `underline_colour`.
        attributes: `BOLD` and the like, added up.
        underline: 0 none, 1 single, 2 double, 3 curly, 4 dotted, 5 dashed.
        link: what stands behind ``OSC 8 ;``: parameters, a semicolon and the address; or ''.
    """

    foreground: int = DEFAULT_COLOUR
    background: int = DEFAULT_COLOUR
    underline_colour: int = DEFAULT_COLOUR
    attributes: int = 0
    underline: int = 0
    link: str = ""


PLAIN: Final = Style()
_PALETTE_SIZE: Final = 256
_MAX_BYTE: Final = 255
_MAX_DIGITS: Final = 9
"""More are leading zeros, or mean nothing here."""


def apply_sgr(style: Style, parameters: str) -> Style:
    """Return the style after ``CSI parameters m``; what is unknown is passed over."""
    fields = [field.split(":") for field in parameters.split(";")]
    position = 0
    while position < len(fields):
        field = fields[position]
        position += 1
        code = _number(field[0])
        if code == 0 and len(field) == 1:
            style = Style(link=style.link)
        elif code in _COLOURS:
            if len(field) > 1:
                colour = _colour([_number(part) for part in field[1:]], with_space=True)
            else:
                rest = [_number(part[0]) for part in fields[position : position + 4]]
                colour = _colour(rest, with_space=False)
                position += {2: 4, 5: 2}.get(rest[0] if rest else 0, 1)
            if colour is not None:
                style = _with_colour(style, code, colour)
        elif code == 4 and len(field) > 1:
            kind = _number(field[1])
            style = style._replace(underline=kind if kind <= _MAX_UNDERLINE else _SINGLE_UNDERLINE)
        elif len(field) == 1:  # what a subparameter may mean elsewhere is not known
            style = _simple(style, code)
    return style


def _with_colour(style: Style, code: int, colour: int) -> Style:
    match code:
        case 38:
            return style._replace(foreground=colour)
        case 48:
            return style._replace(background=colour)
        case _:
            return style._replace(underline_colour=colour)


def _simple(style: Style, code: int) -> Style:
    if code in _SETS_TOO:
        return style._replace(attributes=style.attributes | _SETS_TOO[code])
    if code in _CLEARS_TOO:
        return style._replace(attributes=style.attributes & ~_CLEARS_TOO[code])
    if 30 <= code <= 37:
        return style._replace(foreground=code - 30)
    if 40 <= code <= 47:
        return style._replace(background=code - 40)
    if 90 <= code <= 97:
        return style._replace(foreground=code - 82)
    if 100 <= code <= 107:
        return style._replace(background=code - 92)
    match code:
        case 4:
            return style._replace(underline=_SINGLE_UNDERLINE)
        case 21:
            return style._replace(underline=_DOUBLE_UNDERLINE)
        case 24:
            return style._replace(underline=0)
        case 39:
            return style._replace(foreground=DEFAULT_COLOUR)
        case 49:
            return style._replace(background=DEFAULT_COLOUR)
        case 59:
            return style._replace(underline_colour=DEFAULT_COLOUR)
    return style


def _number(text: str) -> int:
    return int(text[-_MAX_DIGITS:]) if text else 0


def _colour(parts: list[int], *, with_space: bool) -> int | None:
    """Return the colour that follows 38, 48 or 58, or None if it is none."""
    if len(parts) >= 2 and parts[0] == 5 and parts[1] < _PALETTE_SIZE:
        return parts[1]
    if parts and parts[0] == 2:
        # With colons a colour space may stand before the three values (ITU-T T.416).
        values = parts[2:5] if with_space and len(parts) > 4 else parts[1:4]
        if len(values) == 3 and all(value <= _MAX_BYTE for value in values):
            return RGB | values[0] << 16 | values[1] << 8 | values[2]
    return None


def sgr(style: Style) -> str:
    """Return the sequence that gives this style whatever was before, but for the hyperlink."""
    codes = ["0"]
    codes += [str(code) for code, bit in _SETS_TOO.items() if style.attributes & bit and code != 6]
    if style.underline:
        codes.append("4" if style.underline == _SINGLE_UNDERLINE else f"4:{style.underline}")
    codes += _colour_codes(style.foreground, 30, 90, "38")
    codes += _colour_codes(style.background, 40, 100, "48")
    if style.underline_colour >= RGB:
        red, green, blue = _bytes(style.underline_colour)
        codes.append(f"58:2::{red}:{green}:{blue}")
    elif style.underline_colour >= 0:
        codes.append(f"58:5:{style.underline_colour}")
    return f"\x1b[{';'.join(codes)}m"


def _colour_codes(colour: int, dark: int, bright: int, long: str) -> Iterable[str]:
    if colour < 0:
        return ()
    if colour < 8:
        return (str(dark + colour),)
    if colour < 16:
        return (str(bright + colour - 8),)
    if colour < RGB:
        return (f"{long};5;{colour}",)
    red, green, blue = _bytes(colour)
    return (f"{long};2;{red};{green};{blue}",)


def _bytes(colour: int) -> tuple[int, int, int]:
    return colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF


class StyleTable:
    """Styles by the character that stands for each in a row; U+0000 is `PLAIN`."""

    MAX_STYLES: Final = 0x8000
    """A program that paints in true colour makes new ones without end; `is_full` says so."""

    def __init__(self) -> None:
        self._weight = 0
        self._enough = self.MAX_STYLES
        self._styles: list[Style] = [PLAIN]
        self._marks: dict[Style, str] = {PLAIN: "\0"}
        self._after_sgr: dict[tuple[str, str], str] = {}

    def __getitem__(self, mark: str) -> Style:
        """Return the style that a character stands for."""
        return self._styles[ord(mark)]

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget the styles that nothing has any more (`keep`)."""
        return self._weight >= self._enough

    def mark(self, style: Style) -> str:
        """Return the character for a style."""
        found = self._marks.get(style)
        if found is None:
            found = self._marks[style] = chr(len(self._styles))
            self._styles.append(style)
            self._weight += 1 + len(style.link) // 64
        return found

    def erased(self, mark: str) -> str:
        """Return the character for erased cells: the style's background and nothing else (BCE)."""
        style = self._styles[ord(mark)]
        if style.background == DEFAULT_COLOUR:
            return "\0"
        return self.mark(Style(background=style.background))

    def after_sgr(self, mark: str, parameters: str) -> str:
        """Return what the style becomes by ``CSI parameters m``."""
        found = self._after_sgr.get((mark, parameters))
        if found is None:
            if len(self._after_sgr) >= 4096:
                self._after_sgr.clear()
            found = self.mark(apply_sgr(self[mark], parameters))
            self._after_sgr[mark, parameters] = found
        return found

    def keep(self, used: Iterable[str]) -> dict[int, str]:
        """Forget every style but these; return how the characters are to be translated."""
        kept = [PLAIN, *(self[mark] for mark in dict.fromkeys(used) if mark != "\0")]
        translation = {ord(self._marks[style]): chr(n) for n, style in enumerate(kept)}
        self._styles = kept
        self._marks = {style: chr(n) for n, style in enumerate(kept)}
        self._after_sgr.clear()
        # If most are in use, to look again soon would find nothing and cost much.
        self._weight = sum(1 + len(style.link) // 64 for style in kept)
        self._enough = max(self.MAX_STYLES, 2 * self._weight)
        return translation
