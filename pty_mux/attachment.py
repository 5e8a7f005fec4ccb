"""One client's place in a session: what it has got of the terminal, and what comes next for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pty_mux.vt.answers import Outer
from pty_mux.vt.paint import Picture, picture
from pty_mux.winsize import Winsize

if TYPE_CHECKING:
    from pty_mux.session import Session

MAX_BEHIND_BYTES: Final = 512 * 1024
"""A client that has more than this still to get would look at the past: it is painted afresh."""


class Attachment:
    """One client's place in a session.

    Attributes:
        number: counts the clients of the session.
        who: what whoever attached it wants to know of it; not looked at here.
        read_only: it may not type and its window size does not count.
        winsize: the size of its terminal, 0x0 where unknown.
        last_active: grows with each attach, typing or resizing in the session (`winsize.choose`).
        notices: lines of ours that wait to be shown to it.
        ending: why the attachment is over, once it is.
        outer: what its terminal told of itself.
        wants_history: the lines above the screen are still to be painted for it.
    """

    def __init__(
        self, session: "Session", number: int, winsize: Winsize, who: object, *, read_only: bool
    ) -> None:
        self.number = number
        self.who = who
        self.read_only = read_only
        self.winsize = winsize
        self.last_active = 0
        self.notices: list[str] = []
        self.ending: str | None = None
        self.outer = Outer()
        self._session = session
        self._wake: Callable[[], None] = _nobody
        self._cursor = 0
        self._ready = b""
        self._unpainted = True
        self.wants_history = True
        self._shown: Picture | None = None
        self._shown_at = -1

    @property
    def sees_pictures(self) -> bool:
        """Whether its terminal has another size than the session."""
        own, theirs = self.winsize, self._session.winsize
        return own.is_known and (own.rows, own.columns) != (theirs.rows, theirs.columns)

    @property
    def needs_screen(self) -> bool:
        """Whether `take` will look at the model, which must have read everything before."""
        return not self._ready and (
            self._unpainted or self._is_too_far_behind or self.sees_pictures
        )

    @property
    def _is_too_far_behind(self) -> bool:
        ring = self._session.ring
        return self._cursor < ring.start or ring.end - self._cursor > MAX_BEHIND_BYTES

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have `wake` called whenever there may be something to take."""
        self._wake = wake

    def wake(self) -> None:
        """Tell whoever carries for this client that there is something to take."""
        self._wake()

    def repaint(self) -> None:
        """Have the screen painted anew with the next `take`."""
        self._unpainted = True
        self._shown = None

    def take(self, limit: int) -> bytes:
        """Return the next bytes for the client, at most `limit`; b"" if there are none now."""
        if not self._ready:
            self._ready = self._next()
        data, self._ready = self._ready[:limit], self._ready[limit:]
        if data or self.sees_pictures:
            return data
        data = self._session.ring.read(self._cursor, limit)
        self._cursor += len(data)
        return data

    def _next(self) -> bytes:
        session = self._session
        if self.sees_pictures:
            return self._next_picture(session)
        if not (self._unpainted or self._is_too_far_behind):
            return b""
        self._unpainted = False
        self._cursor = session.ring.end
        history, self.wants_history = self.wants_history, False
        return session.painted(with_history=history)

    def _next_picture(self, session: "Session") -> bytes:
        if self._shown is not None and self._shown_at == session.ring.end:
            return b""
        drawn = picture(session.screen, self.winsize.rows, self.winsize.columns)
        data = drawn.changes_from(self._shown)
        self._shown, self._shown_at = drawn, session.ring.end
        self._unpainted = True  # for when the sizes agree again
        return data


def _nobody() -> None:
    """Nobody waits for news yet."""
