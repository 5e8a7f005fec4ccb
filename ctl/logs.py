"""The commands that print a log: its end, and with ``-f`` what is added to it."""

import json
import sys
from collections.abc import Sequence
from typing import Final

from ctl.connection import ConnectionLost
from ctl.context import EXIT_DONE, EXIT_FAILED, Context, Unusable
from ctl.modes import TerminalModes
from taskmaster.protocol import messages

DEFAULT_TAIL_BYTES: Final = 1600
"""supervisorctl's."""


def tail(context: Context, words: Sequence[str]) -> int:
    """Print the log of a process."""
    follow, limit, rest = _options(words)
    if not 1 <= len(rest) <= 2:
        raise Unusable("it needs the name of one process, and perhaps stdout or stderr")
    stream = rest[1] if len(rest) > 1 else "stdout"
    return _print_log(context, messages.Tail(rest[0], stream, limit, follow))


def maintail(context: Context, words: Sequence[str]) -> int:
    """Print the event log."""
    follow, limit, rest = _options(words)
    if rest:
        raise Unusable(f"it takes no words, got {rest[0]}")
    return _print_log(context, messages.MainTail(limit, follow))


def _options(words: Sequence[str]) -> tuple[bool, int, list[str]]:
    follow, limit, rest = False, DEFAULT_TAIL_BYTES, []
    for word in words:
        if word == "-f":
            follow = True
        elif word.startswith("-") and word[1:].isdecimal():
            limit = int(word[1:]) if len(word) < 12 else messages.MAX_TAIL_BYTES
            limit = min(limit, messages.MAX_TAIL_BYTES)
        elif word.startswith("-"):
            raise Unusable(f"unknown option {word}")
        else:
            rest.append(word)
    return follow, limit, rest


def _print_log(context: Context, request: messages.Tail | messages.MainTail) -> int:
    connection = context.connect()
    output = _Output(context)
    try:
        first = connection.request(request)
        if isinstance(first, messages.LogText):
            output.write(first.data)
        if request.follow:
            for told in connection.notifications(request.METHOD):
                if isinstance(told, messages.LogAppended):
                    if told.skipped_bytes:
                        context.complain(f"[{told.skipped_bytes} bytes were skipped]")
                    output.write(told.data)
    except KeyboardInterrupt:
        if not context.in_shell:
            raise
        print()
    except ConnectionLost:
        if not request.follow:
            raise
        context.complain("[the daemon has gone]")
        return EXIT_FAILED
    finally:
        connection.close()
        output.end()
    return EXIT_DONE


class _Output:
    """Where a log goes: bytes as they are, or a JSON document for each piece.

    What a program wrote to its terminal may set modes of ours, such as the alternate screen; at the
    end they are taken back, as after an attach.
    """

    def __init__(self, context: Context) -> None:
        self._as_json = context.as_json
        self._modes = TerminalModes()
        self._sets_modes = False

    def write(self, data: bytes) -> None:
        if self._as_json:
            print(json.dumps({"data": data.decode("utf-8", "replace")}), flush=True)
            return
        if b"\x1b" in data:
            self._sets_modes = sys.stdout.isatty()
        self._modes.feed(data)
        self._print(data)

    def end(self) -> None:
        if self._sets_modes:
            self._print(self._modes.restore())

    def _print(self, data: bytes) -> None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
