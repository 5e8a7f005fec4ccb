"""Orders at a terminal: a line for each process as soon as it is settled, and what is waited for.

The last line says how many are still awaited and is drawn over in place. Whoever interrupts leaves
the order to the daemon, which goes on with it.
"""

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import Final

from ctl import display, render
from ctl.cells import cut, harmless
from ctl.connection import Connection
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, Outcome, RequestError, Verdict

_NAMED: Final = 4
_ERASE: Final = "\r\x1b[K"
_PAINTS: Final = {Verdict.FAILED: "\x1b[31m", Verdict.NO_SUCH_NAME: "\x1b[31m"}


class Progress:
    """What is shown while an order is carried out."""

    def __init__(
        self, words: Sequence[str], verb: str, *, colour: bool, write: Callable[[str], object]
    ) -> None:
        """Show nothing yet.

        Args:
            words: the names as they were typed (`render.worth_telling`).
            verb: what is ordered, for people.
            colour: whether failures are red.
            write: takes what goes to the terminal.
        """
        self._words = words
        self._verb = verb
        self._colour = colour
        self._write = write
        self._told: set[str] = set()
        self._awaited: dict[str, None] = {}
        self._failed = 0
        self._has_foot = False

    def expect(self, names: Sequence[str]) -> None:
        """Know who is awaited, and say so."""
        self._awaited = dict.fromkeys(name for name in names if name not in self._told)
        self._show("")

    def settled(self, outcome: Outcome) -> None:
        """Show the outcome for one process, once."""
        if outcome.name in self._told:
            return
        self._told.add(outcome.name)
        self._awaited.pop(outcome.name, None)
        self._failed += outcome.verdict in _PAINTS
        text = ""
        if render.worth_telling([outcome], self._words):
            text = harmless(render.outcome_lines([outcome]))
            paint = _PAINTS.get(outcome.verdict, "")
            text = f"{paint}{text}\x1b[m\n" if self._colour and paint else f"{text}\n"
        self._show(text)

    def _show(self, text: str) -> None:
        """Write lines, and below them what is still awaited."""
        failed = f", {self._failed} failed" if self._failed else ""
        known = len(self._told) + len(self._awaited)
        awaited = ", ".join(list(self._awaited)[:_NAMED])
        foot = f"{self._verb}: {len(self._told)} of {known}{failed}; waiting for {awaited}"
        foot += ", ..." if len(self._awaited) > _NAMED else ""
        columns, _ = display.size()
        foot = cut(harmless(foot), columns - 1) if self._awaited else ""
        self._write(f"{_ERASE if self._has_foot else ''}{text}{foot}")
        self._has_foot = bool(foot)

    def done(self, outcomes: Sequence[Outcome]) -> None:
        """Show what was not told yet, and take the last line away."""
        for outcome in outcomes:
            self.settled(outcome)
        self.leave()

    def leave(self) -> None:
        """Take the last line away."""
        if self._has_foot:
            self._write(_ERASE)
            self._has_foot = False


def follow(
    connection: Connection,
    request: messages.Start | messages.Stop | messages.Restart,
    progress: Progress,
) -> list[Outcome]:
    """Give an order and show how it goes; return the outcomes.

    Raises:
        RequestError: the daemon says no.
        ConnectionLost: it is gone.
    """

    def hear(notification: messages.Notification) -> None:
        if isinstance(notification, messages.Settled):
            progress.settled(Outcome(*vars(notification).values()))

    with contextlib.suppress(RequestError):  # one of the names stands for nothing
        found = connection.request(messages.Status(request.names))
        assert isinstance(found, list)
        progress.expect([one.name for one in found if isinstance(one, messages.ProcessStatus)])
    live = type(request)(request.names, request.order, progress=True)
    try:
        outcomes = connection.request(live, hear)
    except RequestError as exc:
        if exc.code is not ErrorCode.INVALID_PARAMS:
            raise
        outcomes = connection.request(request)  # an older daemon, which has done nothing yet
    assert isinstance(outcomes, list)
    progress.done(outcomes)
    return outcomes


def on_terminal(words: Sequence[str], verb: str) -> Progress:
    """Return one that writes to standard output."""

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    return Progress(words, verb, colour=display.wants_colour(), write=write)
