r"""What a program wrote to its terminal as lines of a log, without sequences and redraws. Pure.

A line is settled, and given out once, when its LF comes. Until then it is a row of cells in which
CR, BS, TAB and the sequences that act within a line do what they do on a terminal: a progress bar
leaves its last state only. Everything else is taken out. In particular:

- A row that the cursor went *up* to was given out already. What is written there is held, and given
  out once more in its last state: before the next line that is settled below, or by `flush`. So the
  redraws of a block of bars, however many, add at most the rows of the block to the log.
- What is painted after a move to an *absolute* row is no log: it is dropped until the cursor is
  restored or an LF comes. But a move to the first row, as for clearing the screen, drops what is
  unfinished and begins another line.
- The alternate screen is no log. The unfinished line goes on when it is left.

The width of the screen is not asked: lines do not wrap, and moves to the right stop at
`_MAX_NUMBER` or where the text ends. A line in which text was overwritten loses the blanks at its
end, since that is how simple bars erase; any other is as it was written. TAB gives spaces.
"""

import codecs
import re
import struct
from collections.abc import Callable
from typing import Final

from pty_mux.textrow import Row

MAX_LINE_BYTES: Final = 64 * 1024
"""A longer line is settled in pieces."""

_MAX_ROWS: Final = 100
"""How far above the last line rows can be rewritten; screens that bars are drawn on are lower."""

_CLEAN: Final = struct.Struct("=4q")
"""What there is to know where nothing is unsettled: bytes given out since, the row, and where a
cursor that is restored goes."""
_TO_ALTERNATE_SCREEN: Final = b"\x1b[?1049h"
_MAX_NUMBER: Final = 999
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {0x0A})
_C1: Final = re.compile(rb"\xc2[\x80-\x9f]")
_TOKEN: Final = re.compile(
    r"([^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[([\x00-\x17\x19\x1c-\x3f\x7f]{0,256})([@-~]?)"  # terminals do the controls inside
    r"|\x1b([ -/]{0,16})([0-~]?)"
    r"|([\x00-\x1f\x7f-\x9f])"
)
_TEXT, _CSI, _ESCAPE, _CONTROL = 1, 3, 5, 6
_STRING_ENDS: Final = {"]": re.compile(r"[\x07\x18\x1a\x1b]")} | dict.fromkeys(
    "PX^_", re.compile(r"[\x18\x1a\x1b]")
)
"""What ends a string, by what opened it; an escape begins the next sequence, be it ST."""

_ALTERNATE_SCREENS: Final = {"47", "1047", "1049"}
_SHORT_FORMS: Final = {"7": "s", "8": "u", "M": "A"}
"""Escape sequences, and the CSI sequences that do the same within a page."""


class TextLines:
    """Follows what one process writes, from its start to its end.

    Args:
        stamp: gives what stands before each line, with the blank after it; asked once a line.
    """

    def __init__(self, stamp: Callable[[], bytes] | None = None) -> None:
        self._stamp = stamp
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._string_end: re.Pattern[str] | None = None
        self._is_alternate = self._is_painting = False
        self._line = Row()
        self._others: dict[int, Row] = {}  # what is written above and below the cursor's row
        self._row = self._bottom = 0
        self._column = 0
        self._saved = (0, 0)
        self._settled: list[bytes] = []
        self._clean = (0, 0, 0)
        self._raw = b""
        self._given = 0

    @property
    def unsettled(self) -> bytes:
        """What `resume` of another object takes, to go on where this one is now."""
        return _CLEAN.pack(self._given, *self._clean) + self._raw

    def resume(self, unsettled: bytes) -> bytes:
        """Go on where another object was; return the lines that it had not given out, if any."""
        if len(unsettled) < _CLEAN.size:
            return b""
        given, row, saved_row, saved_column = _CLEAN.unpack_from(unsettled)
        self._row = self._bottom = row
        self._saved = (saved_row, saved_column)
        self._clean = (row, saved_row, saved_column)
        return self.feed(unsettled[_CLEAN.size :])[given:]

    @property
    def has_partial_line(self) -> bool:
        """Whether something is held back that `flush` would give."""
        return bool(self._line.cells or self._others)

    def feed(self, data: bytes) -> bytes:
        """Return the lines that are settled now; the data may be cut anywhere."""
        return b"".join(
            self._feed_and_note(data[start : start + MAX_LINE_BYTES])
            for start in range(0, len(data), MAX_LINE_BYTES)
        )

    def _feed_and_note(self, data: bytes) -> bytes:
        """Feed, and note what was fed since the last time when nothing was unsettled."""
        clean = self._feed(data)
        settled, self._settled = self._settled, []
        if clean is None:
            self._raw += data
            self._given += sum(map(len, settled))
        else:
            place, pieces, self._clean = clean
            self._raw = data[place:]
            self._given = sum(map(len, settled[pieces:]))
        if len(self._raw) > MAX_LINE_BYTES:
            # Too much to go through again: what then counts is that a picture is no log.
            self._raw, self._given = _TO_ALTERNATE_SCREEN if self._is_alternate else b"", 0
            self._clean = (self._bottom, *self._saved)
        return b"".join(settled)

    def flush(self) -> bytes:
        """Return the unfinished line and the rows rewritten: the process pauses or has ended.

        What comes next begins another line. A sequence or a character cut in half waits on.
        """
        self._settle()
        settled, self._settled = self._settled, []
        self._given += sum(map(len, settled))
        return b"".join(settled)

    def _feed(self, data: bytes) -> tuple[int, int, tuple[int, int, int]] | None:
        """Pass on the plain lines as they are; the slow way is for the rest.

        Return the last place in the data where nothing was unsettled, how many pieces were settled
        before it, and what there is to know of it; None: there is no such place.
        """
        start, clean = 0, None
        if not self._is_at_line_start:
            start = data.find(b"\n") + 1 or len(data)
            self._take(data[:start])
        if self._is_at_line_start:
            clean = self._clean_at(start)
        end = data.rfind(b"\n") + 1
        if end > start and self._is_at_line_start:
            lines = data[start:end].replace(b"\r\n", b"\n")
            if _is_plain(lines):
                self._row = self._bottom = self._bottom + lines.count(b"\n")
                if self._stamp is None:
                    self._settled.append(lines)
                else:
                    self._settled += [self._stamp() + line for line in lines.splitlines(True)]
                start = end
                clean = self._clean_at(start)
        self._take(data[start:])
        return self._clean_at(len(data)) if self._is_at_line_start else clean

    def _clean_at(self, place: int) -> tuple[int, int, tuple[int, int, int]]:
        return place, len(self._settled), (self._bottom, *self._saved)

    @property
    def _is_at_line_start(self) -> bool:
        return not (
            self.has_partial_line
            or self._column
            or self._row < self._bottom
            or self._held
            or self._string_end
            or self._is_alternate
            or self._is_painting
            or self._decoder.getstate()[0]
        )

    # --- cutting ------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        text, self._held = self._held + self._decoder.decode(data), ""
        position = 0
        while position < len(text):
            if self._string_end is not None:
                end = self._string_end.search(text, position)
                if end is None:
                    return
                self._string_end = None
                position = end.start() if end[0] == "\x1b" else end.end()
            position = self._run(text, position)

    def _run(self, text: str, position: int) -> int:
        """Do what the text says from a position on; return where a string begins, or its end."""
        for match in _TOKEN.finditer(text, position):
            kind = match.lastindex
            if kind == _TEXT:
                if not (self._is_alternate or self._is_painting):
                    self._write(match[1])
            elif kind == _CONTROL:
                self._control(match[6])
            elif match.end() == len(text) and not match[kind or 0]:
                self._held = match[0]
            elif kind == _CSI:
                parameters = match[2]
                if not parameters.isprintable():
                    for char in parameters:
                        self._control(char)
                    parameters = "".join(filter(str.isprintable, parameters))
                self._csi(parameters, match[3])
            elif not match[4]:
                if match[5] in _STRING_ENDS:
                    self._string_end = _STRING_ENDS[match[5]]
                    return match.end()
                self._escape(match[5])
        return len(text)

    # --- doing --------------------------------------------------------------------------------

    def _control(self, char: str) -> None:
        if self._is_alternate:
            return
        if char == "\n":
            self._line_feed()
        elif not self._is_painting:
            match char:
                case "\r":
                    self._column = 0
                case "\b":
                    self._go_to(self._column - 1)
                case "\t":
                    self._go_to((self._column // 8 + 1) * 8)

    def _escape(self, final: str) -> None:
        if final == "c":
            self._is_alternate = False
            self._home()
        elif final in _SHORT_FORMS:
            self._csi("", _SHORT_FORMS[final])

    def _csi(self, parameters: str, final: str) -> None:
        if parameters[:1] == "?" and final in ("h", "l"):
            if not _ALTERNATE_SCREENS.isdisjoint(parameters[1:].split(";")):
                self._is_alternate = final == "h"
            return
        numbers = parameters.split(";")
        if self._is_alternate or not all(not number or number.isdecimal() for number in numbers):
            return
        given = min(int(numbers[0] or 0), _MAX_NUMBER)
        if final in ("H", "f", "d"):
            self._is_painting = given > 1
            if not self._is_painting:
                self._home()
        elif final == "u":
            self._is_painting = False
            self._go_to_row(self._saved[0])
            self._go_to(self._saved[1])
        elif not self._is_painting:
            self._move(final, given or 1)
            self._edit(final, given)

    def _move(self, final: str, count: int) -> None:
        match final:
            case "A" | "F":
                self._go_to_row(self._row - count)
            case "B" | "E":
                self._go_to_row(self._row + count)
            case "C":
                self._go_to(self._column + count)
            case "D":
                self._go_to(self._column - count)
            case "G":
                self._go_to(count - 1)
            case "s":
                self._saved = (self._row, self._column)
        if final in ("E", "F"):
            self._column = 0

    def _edit(self, final: str, number: int) -> None:
        line, column = self._line, self._column
        match final, number:
            case "K" | "J", 0:
                line.erase(column, len(line.cells))
            case "K", 1:
                line.erase(0, column + 1)
            case "K" | "J", 2:
                line.erase(0, len(line.cells))
            case "X", _:
                line.erase(column, column + (number or 1))
            case "P", _:
                line.replace(column, column + (number or 1), [])
            case "@", _ if column < len(line.cells):
                self._make_room(number or 1)
                line.replace(column, column, [" "] * (number or 1))
        if final == "J" and number in (0, 2):
            self._others = {n: o for n, o in self._others.items() if n < self._row and not number}

    def _write(self, text: str) -> None:
        needed = len(text.encode()) + max(self._column - len(self._line.cells), 0)
        if self._line.size + needed > MAX_LINE_BYTES and len(text) > 1:
            # Find the one character that is too many: a cut elsewhere would show how we were fed.
            middle = len(text) // 2
            self._write(text[:middle])
            self._write(text[middle:])
            return
        self._make_room(needed)
        self._column = self._line.write(self._column, text)

    def _make_room(self, size: int) -> None:
        """Make room for that many bytes in the line: settle it if it is too long for them."""
        if self._line.size + size > MAX_LINE_BYTES:
            self._line.measure()
            if self._line.size > MAX_LINE_BYTES // 2:
                self._settle()
        self._line.size += size

    def _go_to(self, column: int) -> None:
        self._column = min(max(column, 0), max(len(self._line.cells), _MAX_NUMBER))

    def _go_to_row(self, row: int) -> None:
        """Go up to what was written before, or down again, at most to the last line."""
        row = min(max(row, self._bottom - _MAX_ROWS, 0), self._bottom)
        if row == self._row:
            return
        if self._line.cells:
            self._others[self._row] = self._line
            if sum(other.size for other in self._others.values()) > MAX_LINE_BYTES:
                self._settle()
        self._row, self._line = row, self._others.pop(row, Row())
        self._go_to(self._column)

    def _home(self) -> None:
        """Begin another line: nothing is left of those that were shown."""
        self._line, self._others = Row(), {}
        self._row, self._column = self._bottom, 0
        self._is_painting = False

    def _line_feed(self) -> None:
        if self._row < self._bottom:
            self._go_to_row(self._row + 1)
        else:
            self._settle(even_blank=True)
            self._row = self._bottom = self._bottom + 1
        self._column = 0
        self._is_painting = False

    def _settle(self, *, even_blank: bool = False) -> None:
        """Give out what is unfinished, from the top down; nothing for a row where nothing is."""
        rows = self._others | {self._row: self._line}
        for number in sorted(rows):
            text = rows[number].text
            if text or (even_blank and number == self._row):
                stamp = self._stamp() if self._stamp is not None else b""
                self._settled.append(b"%b%b\n" % (stamp, text.encode()))
        self._line, self._others, self._column = Row(), {}, 0


def _is_plain(lines: bytes) -> bool:
    """Whether there is nothing but UTF-8 text and LF."""
    if len(lines.translate(None, _CONTROLS)) != len(lines):
        return False
    if lines.isascii():
        return True
    try:
        lines.decode()
    except UnicodeDecodeError:
        return False
    return _C1.search(lines) is None
