"""The loop of accept(2) over one listening socket, which pauses where there is no room.

It is our own: asyncio's, where there is no descriptor left, is called again and again by a socket
that stays readable, and prints a traceback each time.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Final

from taskmaster.config.model import LogLevel

_PAUSE_SECONDS: Final = 0.5
"""After a failure to accept: nothing else tells when there is a descriptor again."""


class Acceptor:
    """Takes connections off a listening socket as long as there is room for them."""

    def __init__(
        self,
        listening: socket.socket,
        has_room: Callable[[], bool],
        take: Callable[[socket.socket], None],
        record: Callable[[LogLevel, str], None],
    ) -> None:
        """Take over nothing; `start` begins.

        Args:
            listening: non-blocking; it stays the caller's.
            has_room: whether one more may be accepted; after a no, `resume` must be called.
            take: gets each connection, with its descriptor.
            record: writes into the event log.
        """
        self._listening = listening
        self._has_room = has_room
        self._take = take
        self._record = record
        self._loop = asyncio.get_running_loop()
        self._pausing: asyncio.TimerHandle | None = None
        self._is_stopped = True
        self._cannot_accept = False

    def start(self) -> None:
        """Begin to accept."""
        self._is_stopped = False
        self.resume()

    def stop(self) -> None:
        """Accept nobody any more."""
        self._is_stopped = True
        self._loop.remove_reader(self._listening)
        if self._pausing is not None:
            self._pausing.cancel()

    def resume(self) -> None:
        """Go on: there may be room again."""
        if self._pausing is None and not self._is_stopped:
            self._loop.add_reader(self._listening, self._on_connections)

    def _on_connections(self) -> None:
        while self._has_room():
            try:
                accepted, _ = self._listening.accept()
            except BlockingIOError:
                self._cannot_accept = False
                return
            except ConnectionAbortedError:
                continue
            except OSError as exc:
                self._pause(exc)
                return
            self._take(accepted)
        self._loop.remove_reader(self._listening)

    def _pause(self, exc: OSError) -> None:
        """Accept nobody for a moment; say so once, until it works again."""
        if not self._cannot_accept:
            self._cannot_accept = True
            text = f"clients cannot connect: {os.strerror(exc.errno or 0).lower()}"
            self._record(LogLevel.ERROR, text)
        self._loop.remove_reader(self._listening)
        self._pausing = self._loop.call_later(_PAUSE_SECONDS, self._after_pause)

    def _after_pause(self) -> None:
        self._pausing = None
        self.resume()
