r"""The face of the model: feed it what a program writes, and look at what a terminal would show.

`feed` decodes UTF-8 (a `codecs` decoder: U+FFFD for each maximal part that is none), then cuts the
text by one regular expression into runs of text, controls and sequences; printable runs first,
since they are nearly everything. What the expression does not match is odd (a control inside a
sequence, a string without end, the beginning of something at the end of the data) and goes through
`_odd`, the slow way. What each sequence does is in the tables of `sequences`.

Unknown sequences are consumed whole. Nothing raises, whatever is fed, and nothing grows without
bound: strings are capped at `MAX_STRING_LENGTH`, history, styles and clusters have their limits.
C1 controls in their 8-bit form are ignored, as in tmux and libghostty: they are UTF-8's bytes.
"""

import codecs
import re
from typing import Final

from pty_mux.vt.charsets import ASCII
from pty_mux.vt.modes import Modes
from pty_mux.vt.screen import Screen
from pty_mux.vt.sequences import ESCAPES, meaning
from pty_mux.vt.state import State

MAX_STRING_LENGTH: Final = 64 * 1024
_MAX_SEQUENCE_LENGTH: Final = 512
"""More than the expression below matches, so that what is longer is passed over, cut or not."""

_TEXT_AND_SGR: Final = r"(?:[^\x00-\x1f\x7f-\x9f]++|\x1b\[[0-9:;]{0,256}+m)++"
_TOKEN: Final = re.compile(
    rf"({_TEXT_AND_SGR})"
    r"|(\r?\n)"
    r"|(\x1b\[[<-?]?[0-9:;]{0,256}[ -/]{0,4}[@-~])"
    r"|([\x00-\x1a\x1c-\x1f])"
    rf"|\x1b\]([^\x07\x18\x1a\x1b]{{0,{MAX_STRING_LENGTH}}})(?:\x07|(?=\x1b))"
    r"|\x1b([ -/]{1,4}[0-~]|[0-OQ-WYZ\\`-~])"
    r"|(\x1b[PX^_][^\x18\x1a\x1b]*(?=\x1b))"
    r"|(\x1b)"
    r"|[\x7f-\x9f]+"
)
_TEXT, _NEWLINE, _CSI, _CONTROL, _OSC, _ESCAPE, _STRING, _ODD = range(1, 9)
_STRINGS: Final = ("]", "P", "X", "^", "_")
_END_OF_STRING: Final = re.compile(r"[\x18\x1a]|(?=\x1b)")
_END_OF_OSC: Final = re.compile(r"[\x07\x18\x1a]|(?=\x1b)")


class Terminal:
    """What a terminal of a size shows after what it was fed."""

    def __init__(self, rows: int, columns: int) -> None:
        self._state = State(rows, columns)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._skipped: re.Pattern[str] | None = None

    @property
    def screen(self) -> Screen:
        """Its cells and its cursor."""
        return self._state.screen

    @property
    def modes(self) -> Modes:
        """Everything else."""
        return self._state.modes

    @property
    def is_ground(self) -> bool:
        """Whether nothing is half done: no sequence, no string, no character."""
        return not (self._held or self._skipped or self._decoder.getstate()[0])

    def feed(self, data: bytes) -> None:
        """Take what the program wrote, cut anywhere."""
        text = self._decoder.decode(data)
        if self._held:
            text, self._held = self._held + text, ""
        position = self._skip_string(text) if self._skipped else 0
        if self.screen.styles.is_full:
            self.screen.forget_unused_styles()
        while position < len(text):
            position = self._run(text, position)

    def resize(self, rows: int, columns: int) -> None:
        """Take another size, in cells."""
        self.screen.resize(rows, columns)

    @property
    def unfinished(self) -> bytes:
        """What another terminal must be given to be in the middle of the same sequence."""
        begun = self._held
        if self._skipped:  # a command that nobody knows, or an APC: they swallow as well
            begun = "\x1b]9999;" if self._skipped is _END_OF_OSC else "\x1b_"
        return begun.encode() + self._decoder.getstate()[0]

    # --- cutting ------------------------------------------------------------------------------

    def _run(self, text: str, position: int) -> int:
        """Do what the text says from a position on; return where it got odd, or its length."""
        state = self._state
        screen = state.screen
        for match in _TOKEN.finditer(text, position):
            kind = match.lastindex
            if kind == _TEXT:
                run = match[1]
                if "\x1b" in run:
                    screen.write_coloured(run)
                else:
                    screen.write(run)
            elif kind == _NEWLINE:
                if match[2] == "\r\n" or self.modes.newline:
                    screen.column = 0
                screen.pending_wrap = False
                screen.index()
            elif kind == _CSI:
                do, numbers = meaning(match[0])
                do(state, numbers)
            elif kind == _CONTROL:
                state.control(match[_CONTROL])
            elif kind == _OSC:
                state.command(match[_OSC])
            elif kind == _ESCAPE:
                self._escape(match[_ESCAPE])
            elif kind == _ODD:
                return self._odd(text, match.start())
        return len(text)

    def _odd(self, text: str, start: int) -> int:
        """Take a sequence that is not as it should be, or not yet whole; return where to go on.

        Controls inside are done at once, as if they stood before it; CAN and SUB break it off, an
        escape begins anew (the state diagram of Paul Williams for DEC's terminals). One that is
        malformed is passed over.
        """
        taken = "\x1b"
        for position in range(start + 1, len(text)):
            char = text[position]
            if char in "\x18\x1a":
                return position + 1
            if char == "\x1b" or char > "\x7f":
                return position
            if char < " ":
                self._state.control(char)
            elif char != "\x7f":
                if len(taken) < _MAX_SEQUENCE_LENGTH:
                    taken += char
                if taken[1] in _STRINGS:
                    return self._odd_string(text, position)
                if char >= ("@" if taken[1] == "[" else "0") and taken != "\x1b[":
                    self._whole(taken)
                    return position + 1
        self._held = taken
        return len(text)

    def _whole(self, sequence: str) -> None:
        """Do a sequence if it is well formed."""
        match = _TOKEN.fullmatch(sequence)
        if match is None:
            return
        if match.lastindex == _TEXT:
            self.screen.write_coloured(sequence)
        elif match.lastindex == _CSI:
            do, numbers = meaning(sequence)
            do(self._state, numbers)
        elif match.lastindex == _ESCAPE:
            self._escape(match[_ESCAPE])

    def _odd_string(self, text: str, start: int) -> int:
        """Take a string that was broken off or has no end yet, from its introducer on."""
        is_command = text[start] == "]"
        pattern = _END_OF_OSC if is_command else _END_OF_STRING
        end = pattern.search(text, start)
        length = (end.start() if end else len(text)) - start - 1
        if end is None:
            if length <= MAX_STRING_LENGTH:
                self._held = "\x1b" + text[start:]
            else:
                self._skipped = pattern
            return len(text)
        if is_command and end[0] in ("", "\x07") and length <= MAX_STRING_LENGTH:
            self._state.command(text[start + 1 : end.start()])
        return end.end()

    def _skip_string(self, text: str) -> int:
        """Pass over the rest of a string that was too long; return where it ends."""
        end = self._skipped.search(text) if self._skipped else None
        if end is None:
            return len(text)
        self._skipped = None
        return end.end()

    def _escape(self, sequence: str) -> None:
        if sequence[0] in "()":
            self.screen.charsets[sequence[0] == ")"] = sequence[1:] or ASCII
        elif (do := ESCAPES.get(sequence)) is not None:
            do(self._state)
