"""The control shell: a line, a command, its outcome, also over restarts of the daemon."""

import contextlib
import os
import shlex
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from ctl import display, quick
from ctl.cells import harmless
from ctl.commands import run
from ctl.completion import ShellCompleter
from ctl.connection import Connection, ConnectionLost, NoDaemon
from ctl.context import EXIT_UNUSABLE, Context
from ctl.observer import Observer
from taskmaster import __version__

_PROMPT: Final = "taskmaster> "
_LEAVING: Final = ("exit", "quit")
_OPERATORS: Final = (";", "&&", "||", "|", "&", ">", ">>", "<")
EXIT_NO_DAEMON: Final = 69
_MOST_KEPT: Final = 100
_STYLES: Final = {
    "RUNNING": "fg:ansigreen",
    "STARTING": "fg:ansiyellow",
    "STOPPING": "fg:ansiyellow",
    "BACKOFF": "fg:ansiyellow",
    "FATAL": "fg:ansired bold",
    "UNKNOWN": "fg:ansired bold",
    "EXITED": "fg:ansicyan",
}
"""As in the table (`statustable.COLOURS`)."""


def interact(connect: Callable[[], Connection], named: str, *, as_json: bool) -> int:
    """Run the shell at a terminal until the user leaves; return the exit status.

    Args:
        connect: gives a connection to the daemon.
        named: where that daemon is, as people name it.
        as_json: print documents instead of text.
    """
    context = Context(_Watch(connect).connect, as_json=as_json, in_shell=True)
    print(f"Taskmaster {__version__}: help lists the commands, Ctrl-D leaves")
    _run_line(context, "status")
    return _Shell(connect, named, context).run()


class _Shell:
    """The prompt, the line below it, and the news above it."""

    def __init__(self, connect: Callable[[], Connection], named: str, context: Context) -> None:
        self._context = context
        self._news = News()
        self._observer = Observer(connect, self._redraw, self._news.tell)
        self._named = harmless(named)
        # Over ssh each connection is a process that may ask for a password: only for commands.
        self._observes = not named.startswith("ssh:")
        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=ShellCompleter(
                lambda: quick.processes(connect), lambda: quick.groups(connect)
            ),
            complete_while_typing=False,
            enable_suspend=True,
            bottom_toolbar=self._toolbar,
            style=Style.from_dict({"bottom-toolbar": "noreverse"}),
        )

    def run(self) -> int:
        """Take lines until the user leaves; return the exit status."""
        if self._observes:
            self._observer.start()
        interrupted = False
        while True:
            try:
                line = self._prompt()
            except KeyboardInterrupt:
                if interrupted:
                    print("Ctrl-D or exit leaves the shell; what runs goes on")
                interrupted = True
                continue
            except EOFError:
                return 0
            interrupted = False
            words = line.split()
            if words[:1] in ([word] for word in _LEAVING):
                return 0
            if words[:1] == ["notify"]:
                self._notify(words[1:])
            else:
                _run_line(self._context, line)

    def _prompt(self) -> str:
        self._observer.want(wanted=True)
        try:
            with patch_stdout(raw=True), self._news.shown():
                return self._session.prompt(_PROMPT)
        finally:
            self._observer.want(wanted=False)

    def _notify(self, words: list[str]) -> None:
        if words not in (["on"], ["off"]):
            print("notify: it needs on or off", file=sys.stderr)
            return
        self._observer.tells = words == ["on"]

    def _redraw(self) -> None:
        self._session.app.invalidate()  # from any thread

    def _toolbar(self) -> StyleAndTextTuples:
        observer = self._observer
        if observer.trouble:
            return [("fg:ansired", f" {observer.trouble} ")]
        counts = Counter(process.state for process in observer.statuses)
        parts: StyleAndTextTuples = [("", " ")]
        for state in sorted(counts, key=lambda one: one != "RUNNING"):
            parts += [(_STYLES.get(state, ""), f"{counts[state]} {state}"), ("", "  ")]
        pid = f" (pid {observer.pid})" if observer.pid else ""
        return [*parts, ("fg:ansibrightblack", f"{self._named}{pid}")]


class News:
    """Lines that are told above the prompt; while a command has the screen they are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_shown = False
        self._kept: deque[str] = deque(maxlen=_MOST_KEPT)

    def tell(self, line: str) -> None:
        """Show a line now, or before the next prompt; from any thread."""
        with self._lock:
            if self._is_shown:
                print(_painted(line), flush=True)
            else:
                self._kept.append(line)

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """While this lasts, standard output is above the prompt."""
        with self._lock:
            while self._kept:
                print(_painted(self._kept.popleft()), flush=True)
            self._is_shown = True
        try:
            yield
        finally:
            with self._lock:
                self._is_shown = False


def _painted(line: str) -> str:
    return f"\x1b[33m{line}\x1b[m" if display.wants_colour() else line


class _Watch:
    """Connects, and tells the user when it is another daemon that answers than before."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._pid: int | None = None

    def connect(self) -> Connection:
        connection = self._connect()
        pid = connection.hello.pid
        if self._pid not in (None, pid):
            print(f"[the daemon was restarted; connected again: pid {pid}]")
        self._pid = pid
        return connection


def read_commands(connect: Callable[[], Connection], *, as_json: bool) -> int:
    """Run a command a line from standard input; return the last exit status that was not 0."""
    status = 0
    for number, line in enumerate(sys.stdin, 1):
        if line.strip() in _LEAVING:
            break
        context = Context(connect, as_json=as_json, prefix=f"line {number}: ")
        status = _run_line(context, line) or status
    return status


def _run_line(context: Context, line: str) -> int:
    try:
        words = shlex.split(line, comments=True)
    except ValueError as exc:
        context.fail(f"cannot read that line: {str(exc).lower()}")
        return EXIT_UNUSABLE
    if not words:
        return 0
    if operator := next((word for word in words if word in _OPERATORS or word.endswith(";")), ""):
        sign = ";" if operator.endswith(";") else operator
        context.fail(f"{sign} is not understood here: write one command a line")
        return EXIT_UNUSABLE
    try:
        return run(context, words)
    except NoDaemon as exc:
        context.fail(str(exc))
        return EXIT_NO_DAEMON
    except ConnectionLost as exc:
        context.fail(f"the daemon has gone ({exc}); the next command connects again")
        return EXIT_NO_DAEMON
    except KeyboardInterrupt:
        print(file=sys.stderr)
        context.complain("interrupted; what was ordered goes on in the daemon")
        return 130


def _history() -> History:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    path = os.path.join(state, "taskmaster", "history")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
