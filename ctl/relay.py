"""``taskmasterctl relay``: standard input and output to the control socket, for an ssh far away."""

import os
import select
import socket
import sys
from collections.abc import Sequence
from typing import Final

from ctl.address import is_remote
from ctl.context import EXIT_DONE, Context, Unusable
from taskmaster.protocol.messages import encode_notification

_READ_BYTES: Final = 64 * 1024
_PIPE_BYTES: Final = 4096
"""So much a pipe takes without blocking when select(2) says that it takes anything (pipe(7))."""


def relay(context: Context, words: Sequence[str]) -> int:
    """Carry both ways until the daemon closes, or whoever reads has left."""
    if words:
        raise Unusable(f"it takes no words, got {words[0]}")
    connection = context.connect()
    if is_remote(connection.path):
        connection.close()
        raise Unusable("it carries to a socket of this machine")
    said = encode_notification(connection.hello) + b"\n" + connection.rest()
    connection.socket.setblocking(False)
    try:
        _carry(connection.socket, bytearray(said))
    except (ConnectionError, BrokenPipeError):
        pass  # either side has gone, and the other one learns it from our end
    finally:
        connection.close()
    return EXIT_DONE


def _carry(daemon: socket.socket, outwards: bytearray) -> None:
    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    inwards = bytearray()
    has_input = True
    while True:
        readers = [source] if has_input and not inwards else []
        readers += [daemon.fileno()] if not outwards else []
        writers = [sink] if outwards else []
        writers += [daemon.fileno()] if inwards else []
        readable, writable, _ = select.select(readers, writers, [])
        if sink in writable:
            del outwards[: os.write(sink, outwards[:_PIPE_BYTES])]
        if daemon.fileno() in writable:
            del inwards[: daemon.send(inwards)]
        if daemon.fileno() in readable:
            data = daemon.recv(_READ_BYTES)
            if not data:
                return
            outwards += data
        if source in readable:
            inwards += os.read(source, _READ_BYTES)
            if not inwards:
                has_input = False
                daemon.shutdown(socket.SHUT_WR)
