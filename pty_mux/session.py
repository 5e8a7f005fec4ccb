"""The attachable terminal of one process: its history, its screen, and who looks at it.

A session outlives its process: at a restart the new terminal takes the old one's place, the history
goes on and who is attached stays. It knows no descriptors; `pump` feeds it, and whoever carries
the bytes to a client takes them from its `Attachment`.

A client whose terminal has the session's size gets the screen painted and then the bytes as the
process writes them; not a byte is copied for it, it has a cursor in the one ring. One that falls
behind loses what it missed and is painted afresh; so is everybody after a change of the size. A
client of any other size gets pictures: the part of the screen around the cursor, drawn anew when it
has changed. What the process asks its terminal is answered here, and no client sees it.

The model of the screen (`mirror`) is there once it is needed, and read up then.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from pty_mux.attachment import Attachment
from pty_mux.mirror import SLICE_BYTES, Checkpoint, Mirror
from pty_mux.queries import Query, QueryFilter
from pty_mux.ring import Ring, shared_ring
from pty_mux.vt.answers import Outer, answer
from pty_mux.vt.paint import fresh_start, paint
from pty_mux.vt.terminal import Terminal
from pty_mux.winsize import Winsize, choose

Follower = Callable[[bytes], None]
FLOOD_BYTES: Final = 2048
"""A read of more than this comes from a program that writes without pause: Linux gives 4 KiB of a
terminal at once, and less only where nothing more waits."""

_CHECKPOINT_PART: Final = 2
"""The part of the ring that may be written before the screen is saved as a whole."""

_BACKLOG_PART: Final = 4
"""The part of the ring that the model may be behind of a program that leaves it time."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """What the bytes in the ring alone do not tell of a session.

    Attributes:
        winsize: the size of the terminal.
        checkpoint: its screen at some offset; None: it is what all bytes make, at that one size.
    """

    winsize: Winsize
    checkpoint: Checkpoint | None = None


class Session:
    """The terminal of one process, over all its lives.

    Attributes:
        ring: everything that was last written to it, but for questions to the terminal.
        winsize: the size that its terminal has, or will have when it starts.
    """

    def __init__(self, scrollback: int, winsize: Winsize, ring: Ring | None = None) -> None:
        """Make a session that keeps `scrollback` bytes of history, or one over a ring that is."""
        self.ring = ring or shared_ring(scrollback)
        self.winsize = winsize
        self._mirror: Mirror | None = None
        self._queries = QueryFilter()
        self._attachments: list[Attachment] = []
        self._last_number = 0
        self._last_outer = Outer()
        self._clock = 0
        self._checkpoint: Checkpoint | None = None
        self._checkpoint_at = self.ring.capacity // _CHECKPOINT_PART
        self._on_state: Callable[[], None] = _nobody_saves
        self._apply_winsize: Callable[[Winsize], None] = _nobody_resizes
        self._type: Callable[[bytes], None] = _nobody_reads
        self._followers: list[Follower] = []
        self._size_followers: list[Callable[[Winsize], None]] = []

    @classmethod
    def restored(cls, ring: Ring, state: SessionState) -> "Session":
        """Return a session over the ring of another one, as that one was in this state."""
        session = cls(ring.capacity, state.winsize, ring)
        session._checkpoint = state.checkpoint
        if state.checkpoint is not None:
            session._checkpoint_at += state.checkpoint.offset
            session._mirror = Mirror.resumed(ring, state.winsize, state.checkpoint)
        return session

    @property
    def state(self) -> SessionState:
        """What is to be known beside the ring, so that `restored` gives the same session."""
        return SessionState(self.winsize, self._checkpoint)

    def on_state(self, watcher: Callable[[], None]) -> None:
        """Have a watcher called when `state` has changed, or when it is time for `checkpoint`."""
        self._on_state = watcher

    @property
    def needs_checkpoint(self) -> bool:
        """Whether so much was written since the last one that the ring will soon not tell all."""
        since = self._checkpoint.offset if self._checkpoint else 0
        return self.ring.end - since > self.ring.capacity // _CHECKPOINT_PART

    def checkpoint(self) -> None:
        """Have `state` say what the screen shows now; everything should be read by then."""
        self._model().catch_up(self.ring)
        self._take_checkpoint()

    def _take_checkpoint(self) -> None:
        self._checkpoint = self._model().checkpoint(self.ring)
        self._checkpoint_at = self._checkpoint.offset + self.ring.capacity // _CHECKPOINT_PART

    # --- what the process writes --------------------------------------------------------------

    @property
    def holds_back(self) -> bool:
        """Whether the beginning of a possible question waits for its rest (`flush`)."""
        return self._queries.holds_back

    def feed(self, data: bytes) -> None:
        """Take what the process wrote."""
        for part in self._queries.feed(data):
            if isinstance(part, Query):
                self._type(answer(part.text, self.screen, self._outer()))
            else:
                self._append(part)
        self._keep_up(len(data))
        if self.ring.end > self._checkpoint_at:
            self._checkpoint_at = sys.maxsize  # said once is enough
            self._on_state()
        self._wake_everybody()

    def _outer(self) -> Outer:
        """Return what is known of the terminal at which people sit, or last sat."""
        if (leader := self.leader) is not None:
            self._last_outer = leader.outer
        pixels = (self.winsize.width_pixels, self.winsize.height_pixels)
        speaks_kitty = leader is not None and leader.outer.speaks_kitty
        return replace(self._last_outer, pixels=pixels, speaks_kitty=speaks_kitty)

    def _keep_up(self, length: int) -> None:
        """Let the model read along with a program that leaves time for it.

        One that draws only what changed is never drawn whole again: if its backlog had to be
        skipped for want of room, what was drawn long ago would be lost for good.
        """
        ring = self.ring
        if length < FLOOD_BYTES and ring.end > ring.capacity // _BACKLOG_PART:
            mirror = self._model()
            if mirror.behind(ring) > ring.capacity // _BACKLOG_PART:
                mirror.catch_up(ring, SLICE_BYTES)

    def flush(self) -> None:
        """Pass on what is held back; its rest has not come in time."""
        if held := self._queries.flush():
            self._append(held)
            self._wake_everybody()

    def begin_life(self, text: str) -> None:
        """Have a new terminal from here on, under what the old one showed and a line of text."""
        self.flush()
        if self.ring.end:
            self._append(fresh_start(self.screen) + f"[{text}]\r\n".encode("utf-8", "replace"))
            self._repaint_everybody()

    def _append(self, data: bytes) -> None:
        ring, mirror = self.ring, self._mirror
        if mirror is None and ring.end + len(data) > ring.capacity:
            mirror = self._model()
        step = max(ring.capacity // 2, 1)
        for start in range(0, len(data), step):
            piece = data[start : start + step] if len(data) > step else data
            if mirror is not None:
                mirror.make_room(ring, len(piece))
            ring.append(piece)
        for follower in tuple(self._followers):
            follower(data)

    # --- what it shows ------------------------------------------------------------------------

    def catch_up(self, limit: int = SLICE_BYTES) -> bool:
        """Let the model read on, at most so much; return whether it has read everything."""
        return self._model().catch_up(self.ring, limit)

    @property
    def screen(self) -> Terminal:
        """The screen as it stands now, everything read."""
        mirror = self._model()
        mirror.catch_up(self.ring)
        return mirror.terminal

    def load_history(self) -> None:
        """Have the lines above the screen in the model too."""
        self._model().load_history(self.ring)

    def painted(self, *, with_history: bool) -> bytes:
        """Return what shows the screen on a terminal of its size, and its state of parsing."""
        terminal = self.screen
        if with_history:
            self.load_history()
        lines = len(terminal.screen.history) if with_history else None
        return paint(terminal, history=lines) + terminal.unfinished

    def _model(self) -> Mirror:
        if self._mirror is None:
            self._mirror = Mirror(self.ring, self.winsize)
        return self._mirror

    # --- who looks at it ----------------------------------------------------------------------

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Who is attached, in the order of coming."""
        return tuple(self._attachments)

    @property
    def leader(self) -> Attachment | None:
        """Whose size the terminal has, if anybody's."""
        writers = [item for item in self._attachments if not item.read_only]
        leader = max(writers, key=lambda item: item.last_active, default=None)
        return leader if leader is not None and leader.winsize.is_known else None

    def attach(
        self, winsize: Winsize, *, read_only: bool = False, who: object = None
    ) -> Attachment:
        """Let a client in; it gets the history first."""
        self._last_number += 1
        attachment = Attachment(self, self._last_number, _usable(winsize), who, read_only=read_only)
        self._attachments.append(attachment)
        self._touch(attachment)
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Let a client go; the terminal keeps its size until somebody else sets it."""
        if attachment in self._attachments:
            self._attachments.remove(attachment)

    def put_out(self, attachment: Attachment, text: str) -> None:
        """End the attachment of a client, and tell it why."""
        self.detach(attachment)
        attachment.ending = text
        attachment.wake()

    def typed(self, attachment: Attachment) -> None:
        """Note that a client typed: from now on its size counts."""
        self._touch(attachment)

    def resized(self, attachment: Attachment, winsize: Winsize) -> None:
        """Note that a client's window has another size; 0x0 is nobody's window and ignored."""
        if winsize.is_known and _usable(winsize) != attachment.winsize:
            attachment.winsize = _usable(winsize)
            attachment.repaint()
            self._touch(attachment)
            attachment.wake()

    def told_of(self, attachment: Attachment, outer: Outer) -> None:
        """Note what a client's terminal told; programs that ask are told so while it leads."""
        attachment.outer = outer
        self._outer()

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

    def follow_size(self, follower: Callable[[Winsize], None]) -> None:
        """Tell a follower every size that the terminal gets from now on."""
        self._size_followers.append(follower)

    def unfollow_size(self, follower: Callable[[Winsize], None]) -> None:
        """Tell it nothing more."""
        self._size_followers.remove(follower)

    def _wake_everybody(self) -> None:
        for attachment in self._attachments:
            attachment.wake()

    def _repaint_everybody(self) -> None:
        for attachment in self._attachments:
            attachment.repaint()
            attachment.wake()

    # --- its terminal -------------------------------------------------------------------------

    def on_terminal(
        self, resize: Callable[[Winsize], None], write: Callable[[bytes], None]
    ) -> None:
        """Have a terminal: `resize` is called with each new size, `write` with answers to it."""
        self._apply_winsize = resize
        self._type = write

    def set_default_winsize(self, winsize: Winsize) -> None:
        """Take the configured size, unless somebody is attached."""
        if not self._attachments:
            self._resize(winsize)

    def set_scrollback(self, scrollback: int) -> None:
        """Keep another amount of history; the newest of it stays."""
        if scrollback != self.ring.capacity:
            if self._mirror is not None:
                self._mirror.catch_up(self.ring)
            self.ring = self.ring.moved_to(shared_ring(scrollback))
            self._checkpoint_at = 0
            self._on_state()

    def _touch(self, attachment: Attachment) -> None:
        self._clock += 1
        attachment.last_active = self._clock
        self._resize(choose(self._attachments, self.winsize))

    def _resize(self, winsize: Winsize) -> None:
        if winsize == self.winsize:
            return
        if self.ring.end:
            # Also a model that is only made now must read what was written for the old size.
            self._model().resize(self.ring, winsize)
            self._take_checkpoint()
        self.winsize = winsize
        self._on_state()
        self._apply_winsize(winsize)
        for follower in tuple(self._size_followers):
            follower(winsize)
        self._repaint_everybody()


def _usable(winsize: Winsize) -> Winsize:
    return winsize.clamped() if winsize.is_known else winsize


def _nobody_resizes(winsize: Winsize) -> None:
    """There is no terminal at the moment."""


def _nobody_reads(data: bytes) -> None:
    """There is no terminal at the moment."""


def _nobody_saves() -> None:
    """Nobody keeps the state."""
