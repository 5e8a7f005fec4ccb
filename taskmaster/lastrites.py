"""End every process after the keeper has died: the core is not their parent, but knows their pids.

A pid of ours cannot have been used again unseen: pidfd_open(2) is asked for each at once, and where
it fails the process is gone already.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from typing import Final

from taskmaster.config.model import LogLevel
from taskmaster.supervisor import Entry

_POLL_SECONDS = 0.05
"""Where the system has no pidfd (macOS); this is the one place that polls, and it soon ends."""

_HOW: Final = "how it ended is not known: the keeper was gone"


async def stop_orphans(entries: Iterable[Entry], record: Callable[[LogLevel, str], None]) -> None:
    """Signal every process as its config says, wait its `stoptime`, and KILL what is left."""
    await asyncio.gather(*(_stop(entry, record) for entry in entries))


async def _stop(entry: Entry, record: Callable[[LogLevel, str], None]) -> None:
    pid = entry.process.pid
    if pid is None:
        return
    program = entry.program
    _signal(pid, program.stopsignal, group=program.stopasgroup)
    try:
        async with asyncio.timeout(program.stoptime):
            await _gone(pid)
    except TimeoutError:
        record(LogLevel.WARNING, f"killing '{entry.name}' ({pid}) with SIGKILL")
        _signal(pid, signal.SIGKILL, group=True)
        await _gone(pid)
    record(LogLevel.INFO, f"stopped: {entry.name} ({_HOW})")


def _signal(pid: int, number: int, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, number)


async def _gone(pid: int) -> None:
    if not hasattr(os, "pidfd_open"):
        while _exists(pid):  # noqa: ASYNC110 - nothing tells that somebody else's child is gone
            await asyncio.sleep(_POLL_SECONDS)
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
