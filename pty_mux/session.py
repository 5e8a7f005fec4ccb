"""The attachable terminal of one process: its history, and who looks at it.

A session outlives its process: at a restart the new terminal takes the old one's place, the history
goes on and who is attached stays. It knows no descriptors; `pump` feeds it, and whoever carries
the bytes to a client takes them from its `Attachment`. Not a byte is copied per client: each keeps
a cursor in the one ring; one that falls behind loses what it missed and is told how much.

The model of the screen, which will paint instead of replaying, gets its place here: it is one more
cursor in the ring.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pty_mux.queries import strip_queries
from pty_mux.ring import Ring, shared_memory
from pty_mux.winsize import Winsize, choose

Follower = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """What an attachment gets next.

    Attributes:
        data: bytes as the process wrote them, cut anywhere.
        skipped_bytes: how many were lost before them because the reader was too slow.
    """

    data: bytes
    skipped_bytes: int = 0


class Attachment:
    """One client's place in a session.

    Attributes:
        read_only: it may not type and its window size does not count.
        winsize: the size of its terminal, 0x0 where unknown.
        last_active: grows with each attach, typing or resizing in the session (`winsize.choose`).
        notices: lines of ours that wait to be shown to it.
        ending: why the attachment is over, once it is.
    """

    def __init__(self, session: "Session", winsize: Winsize, *, read_only: bool) -> None:
        self.read_only = read_only
        self.winsize = winsize
        self.last_active = 0
        self.notices: list[str] = []
        self.ending: str | None = None
        self._session = session
        self._wake: Callable[[], None] = _nobody
        ring = session.ring
        self._replay = _from_a_line_start(ring)
        self._cursor = ring.end

    def on_news(self, wake: Callable[[], None]) -> None:
        """Have `wake` called whenever there may be something to take."""
        self._wake = wake

    def wake(self) -> None:
        """Tell whoever carries for this client that there is something to take."""
        self._wake()

    def take(self, limit: int) -> Piece | None:
        """Return the next bytes for the client, at most `limit`, or None if there are none now."""
        if self._replay:
            data, self._replay = self._replay[:limit], self._replay[limit:]
            return Piece(data)
        ring = self._session.ring
        skipped = max(0, ring.start - self._cursor)
        self._cursor += skipped
        if self._cursor == ring.end:
            return None
        data = ring.read(self._cursor, limit)
        self._cursor += len(data)
        return Piece(data, skipped)


class Session:
    """The terminal of one process, over all its lives.

    Attributes:
        ring: everything that was last written to it.
        winsize: the size that its terminal has, or will have when it starts.
    """

    def __init__(self, scrollback: int, winsize: Winsize) -> None:
        """Make a session that keeps `scrollback` bytes of history."""
        self.ring = Ring(shared_memory(scrollback))
        self.winsize = winsize
        self._attachments: list[Attachment] = []
        self._clock = 0
        self._apply_winsize: Callable[[Winsize], None] = _nobody_resizes
        self._followers: list[Follower] = []

    @property
    def attached(self) -> int:
        """How many clients are attached."""
        return len(self._attachments)

    def feed(self, data: bytes) -> None:
        """Take what the process wrote."""
        self.ring.append(data)
        for follower in self._followers:
            follower(data)
        for attachment in self._attachments:
            attachment.wake()

    def attach(self, winsize: Winsize, *, read_only: bool) -> Attachment:
        """Let a client in; it gets the history first."""
        attachment = Attachment(self, winsize, read_only=read_only)
        self._attachments.append(attachment)
        self._touch(attachment)
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Let a client go; the terminal keeps its size until somebody else sets it."""
        if attachment in self._attachments:
            self._attachments.remove(attachment)

    def typed(self, attachment: Attachment) -> None:
        """Note that a client typed: from now on its size counts."""
        self._touch(attachment)

    def resized(self, attachment: Attachment, winsize: Winsize) -> None:
        """Note that a client's window has another size; 0x0 is nobody's window and ignored."""
        if winsize.is_known:
            attachment.winsize = winsize
            self._touch(attachment)

    def notify(self, text: str) -> None:
        """Show everybody attached a line of ours."""
        for attachment in self._attachments:
            attachment.notices.append(text)
            attachment.wake()

    def end(self, text: str) -> None:
        """End every attachment, and tell why."""
        for attachment in self._attachments:
            attachment.ending = text
            attachment.wake()
        self._attachments.clear()

    def follow(self, follower: Follower) -> None:
        """Tell a follower everything that the process writes from now on."""
        self._followers.append(follower)

    def unfollow(self, follower: Follower) -> None:
        """Tell a follower nothing more."""
        self._followers.remove(follower)

    def on_resize(self, apply: Callable[[Winsize], None] | None) -> None:
        """Have `apply` called with each new size of the terminal; None: there is no terminal."""
        self._apply_winsize = apply or _nobody_resizes

    def set_default_winsize(self, winsize: Winsize) -> None:
        """Take the configured size, unless somebody is attached."""
        if not self._attachments:
            self._resize(winsize)

    def set_scrollback(self, scrollback: int) -> None:
        """Keep another amount of history; the newest of it stays."""
        if scrollback != self.ring.capacity:
            self.ring = self.ring.moved_to(shared_memory(scrollback))

    def _touch(self, attachment: Attachment) -> None:
        self._clock += 1
        attachment.last_active = self._clock
        self._resize(choose(self._attachments, self.winsize))

    def _resize(self, winsize: Winsize) -> None:
        if winsize != self.winsize:
            self.winsize = winsize
            self._apply_winsize(winsize)


def _from_a_line_start(ring: Ring) -> bytes:
    """Return the history from the first whole line on, with nothing in it that asks for an answer.

    Where the ring has overwritten its beginning, the first bytes may be the rest of an escape
    sequence or of a character; behind a newline neither can go on.
    """
    history = ring.tail(ring.capacity)
    if ring.start:
        history = history[history.find(b"\n") + 1 :]
    return strip_queries(history)


def _nobody() -> None:
    """Nobody waits for news yet."""


def _nobody_resizes(winsize: Winsize) -> None:
    """There is no terminal at the moment."""
