"""`logs [-f] [NAME...]`: the output of several processes, each line with the name before it."""

import contextlib
import selectors
import sys
import time
from collections.abc import Sequence
from typing import Final

from ctl import display
from ctl.cells import harmless, left
from ctl.connection import Connection, ConnectionLost, NoDaemon
from ctl.context import EXIT_DONE, Context, Unusable
from ctl.loglines import Lines, shown
from ctl.words import Words
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError

_STREAMS: Final = ("stdout", "stderr")
_LINES: Final = 10
_BYTES_A_LINE: Final = 400
"""More than lines have as a rule: so much of a log is asked for, for each line that is wanted."""

_MOST_FOLLOWED: Final = 100
"""Each takes a connection, and the daemon has a limited number of them."""

_AGAIN_SECONDS: Final = 0.5
_PAINTS: Final = tuple(f"\x1b[{number}m" for number in (36, 33, 32, 35, 34, 96, 93, 92, 95, 94))


def logs(context: Context, words: Sequence[str]) -> int:
    """Show the logs of processes together."""
    if context.as_json:
        raise Unusable("it is for people; `--json tail -f NAME` gives documents")
    options, count, follow = Words(_spelt_out(words)), _LINES, False
    while (option := options.option()) is not None:
        if option == "--follow":
            follow = True
        elif option == "--lines":
            count = int(options.number(option))
        else:
            raise Unusable(f"unknown option {option}")
    connection = context.connect()
    try:
        found = connection.request(messages.Status(tuple(options.rest)))
        assert isinstance(found, list)
        names = [one.name for one in found if isinstance(one, messages.ProcessStatus)]
        if follow and len(names) > _MOST_FOLLOWED:
            text = f"it follows {_MOST_FOLLOWED} processes at most, and these are {len(names)}"
            raise Unusable(f"{text}; name fewer")
        printer = _Printer(names)
        if not follow:
            for name in names:
                for stream in _STREAMS:
                    lines = Lines()
                    last, both = _last_lines(connection, name, stream, count, lines)
                    printer.show(name, [*last, *lines.rest()])
                    if both:
                        break
    finally:
        connection.close()
    if follow:
        try:
            _Followed(context, names, printer).run(count)
        except KeyboardInterrupt:
            print()
    return EXIT_DONE


def _spelt_out(words: Sequence[str]) -> list[str]:
    return [{"-f": "--follow", "-n": "--lines"}.get(word, word) for word in words]


def _last_lines(
    connection: Connection,
    name: str,
    stream: str,
    count: int,
    lines: Lines,
    *,
    follow: bool = False,
) -> tuple[list[bytes], bool]:
    """Return the last whole lines of a log, and whether those of standard error are among them.

    `lines` has what is there of a line without an end.

    Raises:
        RequestError: there is no such process; without `follow` a log that is not there is empty.
    """
    limit = min(count * _BYTES_A_LINE, messages.MAX_TAIL_BYTES)
    try:
        text = connection.request(messages.Tail(name, stream, limit, follow=follow))
    except RequestError as exc:
        if exc.code is ErrorCode.NO_LOG and not follow:
            return [], False
        raise
    assert isinstance(text, messages.LogText)
    found = lines.feed(text.data)
    if len(text.data) >= limit and len(found) > 1:
        del found[0]  # its beginning is cut off
    return found[-count:] if count else [], text.both


class _Printer:
    """Writes lines with the name of the process before each, in a colour of its own."""

    def __init__(self, names: Sequence[str]) -> None:
        self._colour = display.wants_colour()
        width = max((len(harmless(name)) for name in names), default=0)
        self._prefixes = {}
        for number, name in enumerate(names):
            prefix = f"{left(harmless(name), width)} |"
            paint = _PAINTS[number % len(_PAINTS)]
            self._prefixes[name] = f"{paint}{prefix}\x1b[m " if self._colour else f"{prefix} "

    def show(self, name: str, lines: Sequence[bytes]) -> None:
        """Write lines of a process."""
        prefix = self._prefixes[name]
        text = "".join(f"{prefix}{shown(line, colour=self._colour)}\n" for line in lines)
        sys.stdout.write(text)
        sys.stdout.flush()

    def say(self, name: str, text: str) -> None:
        """Write what is not of the process itself."""
        sys.stdout.write(f"{self._prefixes[name]}[{text}]\n")
        sys.stdout.flush()


class _Followed:
    """What is added to several logs, a connection each; also over a restart of the daemon."""

    def __init__(self, context: Context, names: Sequence[str], printer: _Printer) -> None:
        self._context = context
        self._names = names
        self._printer = printer
        self._selector = selectors.DefaultSelector()

    def run(self, count: int) -> None:
        """Show so many of the last lines and what is added, until Ctrl-C."""
        self._open(count)
        while True:
            if not self._selector.get_map():
                self._context.complain("[the daemon has gone; waiting for it]")
                self._wait_for_daemon()
            for key, _ in self._selector.select():
                name, connection, lines = key.data
                try:
                    self._take(name, connection, lines)
                except ConnectionLost:
                    self._selector.unregister(connection.socket)
                    connection.close()
                    self._printer.show(name, lines.rest())

    def _take(self, name: str, connection: Connection, lines: Lines) -> None:
        for told in connection.arrived(messages.Tail.METHOD):
            if isinstance(told, messages.LogAppended):
                if told.skipped_bytes:
                    self._printer.show(name, lines.rest())
                    self._printer.say(name, f"{told.skipped_bytes} bytes were skipped")
                self._printer.show(name, lines.feed(told.data))

    def _open(self, count: int) -> None:
        for name in self._names:
            for stream in _STREAMS:
                connection, lines = self._context.connect(), Lines()
                try:
                    last, both = _last_lines(connection, name, stream, count, lines, follow=True)
                except RequestError:
                    connection.close()  # no such log, or a reload took the process away
                    continue
                self._printer.show(name, last)
                followed = (name, connection, lines)
                self._selector.register(connection.socket, selectors.EVENT_READ, followed)
                if both:
                    break

    def _wait_for_daemon(self) -> None:
        while not self._selector.get_map():
            time.sleep(_AGAIN_SECONDS)
            with contextlib.suppress(NoDaemon, ConnectionLost):
                self._open(0)
        self._context.complain("[it is back; what was written meanwhile is in its logs]")
