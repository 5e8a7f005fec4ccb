"""Start a core: a fresh interpreter, so that an upgrade means new code."""

import os
import socket
from typing import Final

from taskmaster.keeper.channel import Channel

CHANNEL_OPTION: Final = "--keeper-channel"
"""How the core is told the descriptor of its end of the channel."""

READY_OPTION: Final = "--ready"
"""How the core is told the descriptor on which to report that it is ready, or -1."""


def start_core(command: list[str]) -> tuple[Channel, int]:
    """Fork the core; return our end of the channel and its pid.

    Args:
        command: its words, to which the descriptor of the channel is added.
    """
    ours, its = socket.socketpair()
    pid = os.fork()
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
