"""`watch [NAME...]`: the table of states, drawn over in place until Ctrl-C."""

import contextlib
import signal
import sys
import termios
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ctl import display, render
from ctl.cells import cut
from ctl.connection import Connection, ConnectionLost, NoDaemon
from ctl.context import EXIT_DONE, Context, Unusable
from ctl.redraw import redraw
from ctl.statustable import percents, table
from ctl.words import names_in
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, ProcessStatus, RequestError

_SECONDS: Final = 1.0
_CLEAR: Final = "\x1b[H\x1b[2J"
_HIDE: Final = "\x1b[?25l"
_SHOW: Final = "\x1b[?25h"
_STATES: Final = ("FATAL", "UNKNOWN", "BACKOFF", "EXITED", "STOPPING", "STARTING", "STOPPED")
"""What people look for comes first where not all fit; RUNNING last."""


def watch(context: Context, words: Sequence[str]) -> int:
    """Show the states until Ctrl-C."""
    if context.as_json:
        raise Unusable("it is for people; `--json status` gives one document")
    source = _Source(context, names_in(words))
    source.ask()  # a name that stands for nothing, or no daemon, ends it before it begins
    with contextlib.suppress(KeyboardInterrupt):
        if display.can_redraw():
            _draw(source)
        else:
            _tell(source)
    return EXIT_DONE


class _Source:
    """Asks for the states again and again, also of a daemon that comes back."""

    def __init__(self, context: Context, names: tuple[str, ...]) -> None:
        self._context = context
        self._names = names
        self._usage = True
        self._connection: Connection | None = None

    def ask(self) -> list[ProcessStatus]:
        """Return the states.

        Raises:
            NoDaemon, ConnectionLost: it is not there.
            RequestError: a name stands for nothing.
        """
        if self._connection is None:
            self._connection = self._context.connect()
        try:
            found = self._connection.request(messages.Status(self._names, self._usage))
        except ConnectionLost:
            self._connection.close()
            self._connection = None
            raise
        except RequestError as exc:
            if not self._usage or exc.code is not ErrorCode.INVALID_PARAMS:
                raise
            self._usage = False  # an older daemon
            return self.ask()
        assert isinstance(found, list)
        return [one for one in found if isinstance(one, ProcessStatus)]


def _tell(source: _Source) -> None:
    """Without a terminal: every process once, and then those of which the state is another one."""
    known: dict[str, tuple[str, int | None]] = {}
    while True:
        changed = [s for s in source.ask() if known.get(s.name) != (s.state, s.pid)]
        if changed:
            print(render.status_table(changed), flush=True)
        known |= {status.name: (status.state, status.pid) for status in changed}
        time.sleep(_SECONDS)


def _draw(source: _Source) -> None:
    shown: list[str] = []
    size = display.size()
    before: list[ProcessStatus] = []
    asked_at = 0.0
    with _quiet_terminal():
        while True:
            trouble, asked_before, asked_at = "", asked_at, time.monotonic()
            try:
                now = source.ask()
            except (NoDaemon, ConnectionLost, RequestError) as exc:
                trouble = str(exc).splitlines()[0]
                now = before
            if display.size() != size:
                size, shown = display.size(), []
                _write(_CLEAR)
            used = percents({s.name: s for s in before}, now, asked_at - asked_before)
            lines = picture(now, *size, used, trouble, colour=display.wants_colour())
            _write(redraw(shown, lines))
            shown, before = lines, now
            _pause(_SECONDS)


def picture(
    processes: Sequence[ProcessStatus],
    columns: int,
    rows: int,
    used: dict[str, float],
    trouble: str,
    *,
    colour: bool,
) -> list[str]:
    """Return the lines that are shown: the table as far as it fits, and how many are how.

    Where not all fit, those that do not run come first.
    """
    room = max(1, rows - 3)
    width = columns - 1  # the last column would make some terminals wrap
    shown = list(processes)
    if len(shown) > room:
        shown.sort(key=lambda one: _importance(one.state))
        shown = shown[:room]
    lines = table(shown, width, colour=colour, percents=used)
    counts = Counter(process.state for process in processes)
    states = sorted(counts, key=_importance, reverse=True)
    foot = ", ".join(f"{counts[state]} {state}" for state in states) or "no process"
    hidden = len(processes) - len(shown)
    foot += f"; {hidden} not shown" if hidden else ""
    return [*lines, cut(f"{trouble or foot}; Ctrl-C ends", width)]


def _importance(state: str) -> int:
    return _STATES.index(state) if state in _STATES else len(_STATES)


@contextlib.contextmanager
def _quiet_terminal() -> Iterator[None]:
    """Neither cursor nor echo of what is typed; both come back, also after a SIGTERM."""
    try:
        saved = termios.tcgetattr(0)
    except termios.error:
        saved = None
    before = signal.signal(signal.SIGTERM, _leave)
    if hasattr(signal, "sigtimedwait"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
    try:
        if saved is not None:
            quiet = [*saved]
            quiet[3] = saved[3] & ~termios.ECHO
            termios.tcsetattr(0, termios.TCSADRAIN, quiet)
        _write(_HIDE)
        yield
    finally:
        _write(_SHOW)
        if saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
        signal.signal(signal.SIGTERM, before)
        if hasattr(signal, "sigtimedwait"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGWINCH})


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _pause(seconds: float) -> None:
    """Wait, but not once the window has another size."""
    if hasattr(signal, "sigtimedwait"):
        signal.sigtimedwait([signal.SIGWINCH], seconds)
    else:
        time.sleep(seconds)


def _write(text: str) -> None:
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
