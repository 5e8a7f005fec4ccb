"""What a follower of a log listens to: a file or a terminal, and after a reload perhaps another."""

from typing import TypeAlias

from pty_mux.lineends import LineEnds
from pty_mux.logfile import LogFile
from pty_mux.session import Session
from taskmaster.control.feed import Feed

Source: TypeAlias = LogFile | Session


class Following:
    """A feed of what is appended to one source at a time.

    Attributes:
        feed: what was appended, with the line ends of a log file also where a terminal is followed.
    """

    def __init__(self, source: Source) -> None:
        self.feed = Feed()
        self._source = source
        self._line_ends = LineEnds()
        source.follow(self._offer)

    def move(self, source: Source | None) -> None:
        """Follow another source from now on; where there is none at present, stay."""
        if source is not None and source is not self._source:
            self._source.unfollow(self._offer)
            self._line_ends = LineEnds()
            self._source = source
            source.follow(self._offer)

    def stop(self) -> None:
        """Follow nothing more."""
        self._source.unfollow(self._offer)

    def _offer(self, data: bytes) -> None:
        if isinstance(self._source, Session):
            data = self._line_ends.feed(data)
        if data:
            self.feed.offer(data)
