"""Start a core: a fresh interpreter, so that an upgrade means new code."""

import os
import signal
import socket
import time
from typing import Final

from taskmaster.keeper import wire
from taskmaster.keeper.channel import FEW, Channel

CHANNEL_OPTION: Final = "--keeper-channel"
"""How the core is told the descriptor of its end of the channel."""

READY_OPTION: Final = "--ready"
"""How the core is told the descriptor on which to report that it is ready, or -1."""


TO_END: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
"""Signals that end the daemon; blocked until the keeper handles them."""


class Core:
    """One core, from its start to its end.

    Attributes:
        pid: its process.
        channel: our end of the talk with it.
        began: the monotonic time of its start.
        is_on_duty: it was told to begin, so what happens is for it.
        watches_writing: the loop watches for room in the channel.
        status: its wait status, once it has ended.
        why: what it said itself of why it cannot begin.
    """

    def __init__(self, words: list[str], ready: int) -> None:
        """Start it; `ready` is the descriptor on which it reports that it is ready, or -1."""
        self.channel, self.pid = start_core([*words, READY_OPTION, str(ready)])
        self.began = time.monotonic()
        self.is_on_duty = self.watches_writing = False
        self.status: int | None = None
        self.why = ""

    def tell(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> bool:
        """Have something told; return whether that is so much by now that it should leave.

        Raises:
            OSError: there is no room for copies of the descriptors.
        """
        self.channel.enqueue(message, descriptors)
        return self.channel.waiting % FEW == 0

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.status is None:
            return "was not prepared in time"
        code = os.waitstatus_to_exitcode(self.status)
        how = f"was killed by signal {-code}" if code < 0 else f"exited with status {code}"
        return f"{how}: {self.why}" if self.why else how


def start_core(command: list[str]) -> tuple[Channel, int]:
    """Fork the core; return our end of the channel and its pid.

    Args:
        command: its words, to which the descriptor of the channel is added.

    Raises:
        OSError: there is no descriptor or no process left for it.
    """
    ours, its = socket.socketpair()
    try:
        pid = os.fork()
    except OSError:
        ours.close()
        its.close()
        raise
    if pid == 0:
        try:
            # A session of its own: ^C at a daemon in the foreground is for the keeper to pass on.
            os.setsid()
            its.set_inheritable(True)
            os.execv(command[0], [*command, CHANNEL_OPTION, str(its.fileno())])
        finally:
            os._exit(127)
    its.close()
    return Channel(ours), pid
