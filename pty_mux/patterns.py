"""Regular expressions that somebody wrote: compiled and looked for within bounds of time.

One such as ``(x+x+)+y`` can try ways to match for years, and everybody else would wait. Python's
`re` looks for signals every 4096 steps, and a handler that raises ends it: so a timer that counts
the processor's time, whatever else the machine does, cuts it off. In the main thread only, as all
signal handlers of Python.
"""

import contextlib
import re
import signal
from collections.abc import Iterator
from typing import Final, NoReturn

MAX_LENGTH: Final = 1000
"""Of an expression, in characters."""

SECONDS: Final = 0.05
"""The processor's time that is spent at once."""

_MAX_PIECE: Final = 16 * 1024
"""Characters looked through at once. One of the steps between which `re` looks for signals may go
through all of them: with 500,000 some 2 s passed before it was cut off, with these some 0.1 s."""


class BadPattern(Exception):
    """It is no regular expression that can be used; the text says why."""


class TookTooLong(Exception):
    """It was cut off: it may match or not."""


class Patience:
    """How much time is left, for several looks together."""

    def __init__(self) -> None:
        self._left = SECONDS

    @contextlib.contextmanager
    def limited(self) -> Iterator[None]:
        """Raise `TookTooLong` inside once no time is left; later nothing is raised."""
        if self._left <= 0:
            raise TookTooLong
        # The last signal may come when the timer is just off: its handler goes after that.
        before = signal.signal(signal.SIGVTALRM, _cut_off)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, self._left)
            try:
                yield
            finally:
                self._left, _ = signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        finally:
            signal.signal(signal.SIGVTALRM, before)


def _cut_off(number: int, frame: object) -> NoReturn:
    raise TookTooLong


def compile_pattern(text: str) -> re.Pattern[str]:
    """Return an expression for which ``^`` and ``$`` are the ends of lines.

    Raises:
        BadPattern: it is none, or longer than `MAX_LENGTH`, or too slow to compile.
    """
    if len(text) > MAX_LENGTH:
        raise BadPattern(f"longer than {MAX_LENGTH} characters")
    try:
        with Patience().limited():
            return re.compile(text, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as exc:
        raise BadPattern(str(exc)) from None
    except TookTooLong:
        raise BadPattern("it takes too long to compile") from None


def is_found(pattern: re.Pattern[str], text: str, patience: Patience | None = None) -> bool:
    """Return whether an expression matches somewhere in a text.

    Without a `patience` that other looks share it has one of its own.

    A text of more than 16 Ki characters is looked through in pieces of whole lines; a match that
    goes over from one to the next is not found.

    Raises:
        TookTooLong: it was cut off.
    """
    with (patience or Patience()).limited():
        return any(pattern.search(piece) is not None for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > _MAX_PIECE:
        end = text.rfind("\n", start, start + _MAX_PIECE) + 1 or start + _MAX_PIECE
        yield text[start:end]
        start = end
    yield text[start:]
