"""The control shell: a line, a command, its outcome, also over restarts of the daemon."""

import os
import shlex
import sys
from collections.abc import Callable
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from ctl.commands import run
from ctl.completion import ShellCompleter
from ctl.connection import Connection, ConnectionLost, NoDaemon
from ctl.context import EXIT_UNUSABLE, Context
from taskmaster import __version__
from taskmaster.protocol.messages import RequestError, Status

_PROMPT: Final = "taskmaster> "
_LEAVING: Final = ("exit", "quit")
_OPERATORS: Final = (";", "&&", "||", "|", "&", ">", ">>", "<")
EXIT_NO_DAEMON: Final = 69


def interact(connect: Callable[[], Connection], *, as_json: bool) -> int:
    """Run the shell at a terminal until the user leaves; return the exit status."""
    context = Context(_Watch(connect).connect, as_json=as_json, in_shell=True)
    print(f"Taskmaster {__version__}: help lists the commands, Ctrl-D leaves")
    _run_line(context, "status")
    session: PromptSession[str] = PromptSession(
        history=_history(),
        completer=ShellCompleter(lambda: _names(connect)),
        complete_while_typing=False,
        enable_suspend=True,
    )
    interrupted = False
    while True:
        try:
            line = session.prompt(_PROMPT)
        except KeyboardInterrupt:
            if interrupted:
                print("Ctrl-D or exit leaves the shell; what runs goes on")
            interrupted = True
            continue
        except EOFError:
            return 0
        interrupted = False
        if line.strip() in _LEAVING:
            return 0
        _run_line(context, line)


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


def _names(connect: Callable[[], Connection]) -> list[str]:
    try:
        connection = connect()
    except NoDaemon:
        return []
    try:
        connection.socket.settimeout(0.5)
        answer = connection.request(Status())
        return [process.name for process in answer] if isinstance(answer, list) else []
    except (ConnectionLost, RequestError):
        return []
    finally:
        connection.close()


def _history() -> History:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    path = os.path.join(state, "taskmaster", "history")
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
