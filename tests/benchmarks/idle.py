"""What a daemon costs that has nothing to do: memory and wake-ups."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from tests.benchmarks.measure import pss_kilobytes, voluntary_switches
from tests.benchmarks.peers import Daemon, Program, supervisord, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row

_CHILDREN = 200
_MOST_RATIO = 2.0
_MOST_KILOBYTES_A_CHILD = 60.0
_SETTLE_SECONDS = 2.0
_SLEEPERS = 50
_WATCHED_SECONDS = 10.0
_WORDS = ("sleep", "1000000")
_STOPPED = Program("nothing", _WORDS, autostart=False)

_Peer = Callable[..., AbstractContextManager[Daemon]]


def memory(settings: Settings) -> list[Row]:
    """Compare a daemon without children, and what each child adds."""
    ours, each = _pss(taskmasterd, settings.folder, "taskmaster")
    theirs, their_each = _pss(supervisord, settings.folder, "supervisor")
    ratio = ours / theirs
    return [
        Row(
            "memory of an idle daemon, PSS",
            f"{ours / 1024:.1f} MiB",
            f"{theirs / 1024:.1f} MiB",
            f"{ratio:.2f}",
            f"at most {_MOST_RATIO:.0f}",
            ratio <= _MOST_RATIO,
        ),
        Row(
            "memory of it for each idle child, PSS",
            f"{each:.1f} kB",
            f"{their_each:.1f} kB",
            f"{each / their_each:.2f}" if their_each > 0 else "-",
            f"at most {_MOST_KILOBYTES_A_CHILD:.0f} kB",
            each <= _MOST_KILOBYTES_A_CHILD,
        ),
    ]


def _pss(peer: _Peer, folder: Path, name: str) -> tuple[float, float]:
    """Return what a daemon without children takes, and what each child adds, in kilobytes.

    A page that several processes share counts only in part in each. So the first is read while the
    other daemon is not there, and the second from two daemons in the same moment, for whom any
    other Python on the machine shares alike.
    """
    many = Program("many", _WORDS, _CHILDREN)
    with peer(folder / f"{name}0", _STOPPED) as empty:
        empty.wait_running(0)
        time.sleep(_SETTLE_SECONDS)
        alone = pss_kilobytes(empty.pids)
        with peer(folder / f"{name}1", many) as full:
            full.wait_running(_CHILDREN)
            time.sleep(_SETTLE_SECONDS)
            added = pss_kilobytes(full.pids) - pss_kilobytes(empty.pids)
    return alone, added / _CHILDREN


def wakeups(settings: Settings) -> list[Row]:
    """Count how often the daemons wake up in the same ten seconds."""
    program = Program("sleeper", _WORDS, _SLEEPERS)
    with ExitStack() as stack:
        ours = stack.enter_context(taskmasterd(settings.folder / "taskmaster", program))
        theirs = stack.enter_context(supervisord(settings.folder / "supervisor", program))
        for daemon in (ours, theirs):
            daemon.wait_running(_SLEEPERS)
        time.sleep(_SETTLE_SECONDS)
        before = [voluntary_switches(daemon.pids) for daemon in (ours, theirs)]
        time.sleep(_WATCHED_SECONDS)
        after = [voluntary_switches(daemon.pids) for daemon in (ours, theirs)]
    our_count, their_count = (late - early for early, late in zip(before, after, strict=True))
    return [
        Row(
            f"wake-ups in {_WATCHED_SECONDS:.0f} s, {_SLEEPERS} idle children",
            str(our_count),
            str(their_count),
            f"{our_count / their_count:.2f}" if their_count else "-",
            "0",
            our_count == 0,
        )
    ]
