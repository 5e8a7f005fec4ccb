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

from taskmaster.config.model import LogLevel, Whom
from taskmaster.supervisor import Entry

_POLL_SECONDS = 0.05
"""Where the system has no pidfd (macOS); this is the one place that polls, and it soon ends."""

_HOW: Final = "how it ended is not known: the keeper was gone"


async def stop_orphans(
    entries: Iterable[Entry],
    record: Callable[[LogLevel, str], None],
    type_text: Callable[[str, str], None],
) -> None:
    """Stop every process by the steps that its config says; the last one, a KILL, gets its group.

    Args:
        entries: the processes.
        record: writes into the event log.
        type_text: types into the terminal of a process.
    """
    await asyncio.gather(*(_stop(entry, record, type_text) for entry in entries))


async def _stop(
    entry: Entry,
    record: Callable[[LogLevel, str], None],
    type_text: Callable[[str, str], None],
) -> None:
    pid = entry.process.pid
    if pid is None:
        return
    *steps, _ = entry.program.stop_steps
    ended = asyncio.create_task(_gone(pid))
    for step in steps:
        if step.text:
            type_text(entry.name, step.text)
        if step.signal is not None:
            group = step.whom is not Whom.PROCESS
            if not _signal(pid, step.signal, group=group):
                # It is another user's, and we are not root. Its terminal goes with us, and who
                # leads a terminal's session hears a HUP of it (tty_ioctl(4)).
                text = f"cannot stop '{entry.name}' ({pid}), which runs as another user"
                record(LogLevel.ERROR, f"{text}; its terminal is hung up")
                ended.cancel()
                return
        await asyncio.wait([ended], timeout=step.wait)
        if ended.done():
            break
    else:
        record(LogLevel.WARNING, f"killing '{entry.name}' ({pid}) with SIGKILL")
        _signal(pid, signal.SIGKILL, group=True)
    await ended
    record(LogLevel.INFO, f"stopped: {entry.name} ({_HOW})")


def _signal(pid: int, number: int, *, group: bool) -> bool:
    """Send a signal; return whether we may: False where it belongs to another user."""
    with contextlib.suppress(ProcessLookupError):
        try:
            (os.killpg if group else os.kill)(pid, number)
        except PermissionError:
            return False
    return True


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
