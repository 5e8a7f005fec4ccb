"""Who is looked out for while it starts, because a text on its screen makes it RUNNING."""

from collections.abc import Callable
from dataclasses import dataclass

from pty_mux.lookout import Lookout
from pty_mux.patterns import TookTooLong
from pty_mux.session import Session
from taskmaster.config.model import Ready


@dataclass(frozen=True, slots=True)
class _Watch:
    session: Session
    feed: Callable[[bytes], None]
    lookout: Lookout


class Readiness:
    """The look-outs, by the name of the process; each ends once it has seen its text."""

    def __init__(self, on_ready: Callable[[str], None], on_trouble: Callable[[str], None]) -> None:
        """Look out for nobody yet.

        Args:
            on_ready: called once for each, from within what the process wrote.
            on_trouble: told of a look-out that had to end.
        """
        self._on_ready = on_ready
        self._on_trouble = on_trouble
        self._watches: dict[str, _Watch] = {}

    def watch(self, name: str, session: Session, ready: Ready, shown: bytes = b"") -> None:
        """Look out for a text in what a process writes from now on; an older look-out ends.

        Args:
            name: of the process.
            session: its terminal.
            ready: what to look for.
            shown: what it had written before.
        """
        self.end(name)
        lookout = Lookout(ready.text, session.winsize)

        def feed(data: bytes) -> None:
            try:
                is_ready = lookout.feed(data)
            except TookTooLong:
                # One that is too slow now would be with all that comes: it would slow everything.
                self.end(name)
                self._on_trouble(
                    f"{name}: looking for {ready.text!r} takes too long and was given up; "
                    "a regular expression without repetitions of repetitions is faster"
                )
                return
            if is_ready:
                self.end(name)
                self._on_ready(name)

        self._watches[name] = _Watch(session, feed, lookout)
        session.follow(feed)
        session.follow_size(lookout.resize)
        if shown:
            feed(shown)

    def end(self, name: str) -> None:
        """Look out for it no more."""
        watch = self._watches.pop(name, None)
        if watch is not None:
            watch.session.unfollow(watch.feed)
            watch.session.unfollow_size(watch.lookout.resize)
