"""What every command works with: the way to the daemon, to the user, and the exit statuses."""

import contextlib
import enum
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from ctl.connection import Connection, ConnectionLost
from taskmaster.protocol import messages

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_UNUSABLE: Final = 2
EXIT_NOT_RUNNING: Final = 3
EXIT_NO_SUCH_NAME: Final = 4


class Unusable(Exception):
    """The words cannot be used; the text says why."""


class Context(NamedTuple):
    """What a command works with.

    Attributes:
        connect: gives a fresh connection to the daemon; raises NoDaemon.
        as_json: print one JSON document instead of text.
        in_shell: the command was typed into the control shell.
        prefix: stands before each complaint; where there are many commands, which one it is.
    """

    connect: Callable[[], Connection]
    as_json: bool = False
    in_shell: bool = False
    prefix: str = ""

    def complain(self, text: str) -> None:
        """Say to the person what goes wrong."""
        print(f"{self.prefix}{text}", file=sys.stderr, flush=True)

    def fail(self, text: str) -> None:
        """Say why there is no result: to the person, or in the document that was asked for."""
        if self.as_json:
            print_json({"error": text})
        else:
            self.complain(text)


Run = Callable[[Context, Sequence[str]], int]
"""Performs a command with the words behind it; returns the exit status."""


class Names(enum.Enum):
    """Which names of processes stand behind a command."""

    NONE = "none"
    ONE = "one"
    MANY = "many"


class Command(NamedTuple):
    """One command.

    Attributes:
        usage: its words, as help shows them.
        summary: one line.
        run: performs it and returns the exit status.
        details: what else there is to know.
        names: which names complete behind it.
        options: what each option means, by the option as it is written, such as ``--text REGEX``.
    """

    usage: str
    summary: str
    run: Run
    details: str = ""
    names: Names = Names.NONE
    options: Mapping[str, str] = MappingProxyType({})


Asking = Callable[[Connection, messages.Request], messages.Result]

_MAX_LOST: Final = 5
"""A core that dies once more of the same request will do so again."""

_HARMLESS_TWICE: Final = (
    messages.Status,
    messages.Pid,
    messages.Version,
    messages.Reread,
    messages.Available,
    messages.Groups,
    messages.Screen,
    messages.Clients,
    messages.Why,
    messages.Start,
    messages.Stop,
    messages.Restart,
)
"""Requests that change nothing, and orders, which are recognised (`messages.Start`)."""


def ask(
    context: Context, request: messages.Request, asking: Asking = Connection.request
) -> messages.Result:
    """Ask one thing over a connection of its own; again, if a core died over it and may be asked.

    `asking` is how the request is put to a connection.

    Raises:
        RequestError: the daemon says no.
        NoDaemon, ConnectionLost: it is not there.
    """
    for _ in range(_MAX_LOST if isinstance(request, _HARMLESS_TWICE) else 0):
        with contextlib.suppress(ConnectionLost):
            return _ask_once(context, request, asking)
    return _ask_once(context, request, asking)


def _ask_once(context: Context, request: messages.Request, asking: Asking) -> messages.Result:
    connection = context.connect()
    try:
        return asking(connection, request)
    finally:
        connection.close()


def show(context: Context, result: messages.Result, text: str) -> None:
    """Print a result: as text, or as the JSON document that was asked for."""
    if context.as_json:
        print_json(messages.to_json(result))
    elif text:
        print(text, flush=True)


def print_json(document: object) -> None:
    """Print a document."""
    print(json.dumps(document, indent=2), flush=True)
