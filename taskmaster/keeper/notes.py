"""What the keeper says itself, while no core is there to say it."""

import contextlib
import os
import time

from taskmaster.keeper.identity import Identity, acting_as

written_as: Identity | None = None
"""Whose the event log is, if not ours. It is opened with that user's rights: a link in a folder of
theirs must not have root write elsewhere."""


def complain(text: str) -> None:
    """Say something on standard error, which is a terminal only where the daemon is in front."""
    with contextlib.suppress(OSError):  # nobody reads it, and nothing else can be done with it
        os.write(2, f"taskmasterd: keeper: {text}\n".encode("utf-8", "replace"))


def write_line(path: str | None, text: str) -> None:
    """Write a line into the event log, in the words of `taskmaster.eventlog`."""
    complain(text)
    if path is None:
        return
    now = time.time()
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    line = f"{clock},{int(now * 1000) % 1000:03} ERRO {text}\n"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    # Nobody else is left who could be told; a ValueError is a path that no system call takes.
    with contextlib.suppress(OSError, ValueError), acting_as(written_as):
        descriptor = os.open(path, flags, 0o666)
        try:
            os.write(descriptor, line.encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
