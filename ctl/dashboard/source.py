"""What the daemon tells the dashboard: threads that wait for it, each over a connection of its own.

The threads know nothing of what is shown. What they hear they give to `tell`, which must be safe to
be called from any thread. When the daemon goes they say so and look for it again.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from ctl import loglines, why
from ctl.connection import Connection, ConnectionLost, NoDaemon
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ProcessStatus, RequestError, ScreenShown

_STATUS_SECONDS: Final = 1.0
"""CPU and memory are sampled as often as `top` does it by default, or oftener."""

_AT_MOST_EVERY_SECONDS: Final = 0.1
"""Nothing is asked for more often, however often it changes."""

_AGAIN_SECONDS: Final = 1.0
_LOG_BYTES: Final = 64 * 1024
_MAX_LOG_LINES: Final = 2000
_WORD: Final = re.compile(r"[^\s'\",()]+")


@dataclass(frozen=True, slots=True)
class All:
    """The statuses of all processes, with what they use, at a monotonic time in seconds."""

    statuses: Sequence[ProcessStatus]
    at: float


@dataclass(frozen=True, slots=True)
class Some:
    """The statuses of some processes."""

    statuses: Sequence[ProcessStatus]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a terminal shows by now."""

    screen: ScreenShown


@dataclass(frozen=True, slots=True)
class Logged:
    """The end of the log that is followed."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Explained:
    """The story of a process, as `why` tells it."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Happened:
    """Lines of the event log."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Lost:
    """The daemon does not answer; why."""

    why: str


News: TypeAlias = All | Some | Shown | Logged | Explained | Happened | Lost
Tell: TypeAlias = Callable[[News], None]


class Worker(Protocol):
    """Something that goes on in a thread until it is closed."""

    def close(self) -> None:
        """End it; what it still says is nobody's."""


class _Thread:
    """Runs over and over what follows the daemon, until it is closed.

    Attributes:
        closed: set once nobody listens any more.
    """

    def __init__(self, connect: Callable[[], Connection], tell: Tell) -> None:
        self.closed = threading.Event()
        self._connect = connect
        self._tell = tell
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End it; what it still says is nobody's."""
        self.closed.set()
        if (connection := self._connection) is not None:
            connection.shut()

    def _run(self) -> None:
        while not self.closed.is_set():
            try:
                self._connection = self._connect()
                self._follow(self._connection)
            except (NoDaemon, ConnectionLost) as exc:
                if not self.closed.is_set():
                    self._tell(Lost(str(exc)))
            except RequestError as exc:
                if not self.closed.is_set():
                    self._refused(exc)
            finally:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
            self.closed.wait(_AGAIN_SECONDS)

    def _follow(self, connection: Connection) -> None:
        raise NotImplementedError

    def _refused(self, refusal: RequestError) -> None:
        """Take that there is nothing to be told at the moment."""


class Statuses(_Thread):
    """Asks for all statuses once a second, and at once for who is said to have changed."""

    def __init__(self, connect: Callable[[], Connection], tell: Tell) -> None:
        super().__init__(connect, tell)
        self._changed: set[str] = set()
        self._changing = threading.Lock()
        self._names: frozenset[str] = frozenset()
        self._news = threading.Event()

    def changed(self, lines: Sequence[str]) -> None:
        """Hear lines of the event log: the processes that they name have changed."""
        words = {word.rstrip(":.") for line in lines for word in _WORD.findall(line)}
        if named := words & self._names:
            with self._changing:
                self._changed |= named
            self._news.set()

    def hurry(self) -> None:
        """Ask for everything now."""
        self._names = frozenset()
        self._news.set()

    def close(self) -> None:
        """End it, also while it waits for the next time to ask."""
        super().close()
        self._news.set()

    def _follow(self, connection: Connection) -> None:
        while not self.closed.is_set():
            self._ask_all(connection)
            until = time.monotonic() + _STATUS_SECONDS
            while (left := until - time.monotonic()) > 0 and self._news.wait(left):
                self._news.clear()
                if self.closed.is_set() or not self._names:
                    break
                self._ask_changed(connection)
                self.closed.wait(_AT_MOST_EVERY_SECONDS)

    def _ask_all(self, connection: Connection) -> None:
        found = connection.request(messages.Status(usage=True))
        assert isinstance(found, list)
        self._names = frozenset(status.name for status in found)
        self._tell(All(found, time.monotonic()))

    def _ask_changed(self, connection: Connection) -> None:
        with self._changing:
            names, self._changed = self._changed, set()
        with contextlib.suppress(RequestError):  # one has left the config; soon all are asked for
            found = connection.request(messages.Status(tuple(names)))
            assert isinstance(found, list)
            self._tell(Some(found))


class Events(_Thread):
    """Follows the event log, from its last lines on."""

    def _follow(self, connection: Connection) -> None:
        before = connection.request(messages.MainTail(_LOG_BYTES))
        assert isinstance(before, messages.LogText)
        self._tell(Happened(before.data.decode("utf-8", "replace").splitlines()))
        connection.request(messages.Subscribe())
        for told in connection.notifications(messages.Subscribe.METHOD):
            if isinstance(told, messages.EventLogged):
                self._tell(Happened([told.line]))


class Screens(_Thread):
    """Looks at the terminal of one process at a time, and again whenever it has changed."""

    def __init__(self, connect: Callable[[], Connection], tell: Tell, name: str) -> None:
        super().__init__(connect, tell)
        self._name = name
        self._asked = 0
        self._sending = threading.Lock()

    def look_at(self, name: str) -> None:
        """Look at another one from now on."""
        self._name = name
        with contextlib.suppress(ConnectionLost), self._sending:
            if (connection := self._connection) is not None:
                self._ask(connection, "")

    def _ask(self, connection: Connection, unless: str) -> None:
        self._asked += 1
        request = messages.Screen(self._name, ansi=True, unless=unless)
        connection.ask(request, self._asked)

    def _follow(self, connection: Connection) -> None:
        with self._sending:
            self._ask(connection, "")
        while not self.closed.is_set():
            answer = connection.answer(messages.Screen.METHOD)
            with self._sending:
                is_last = answer.request_id == self._asked
            if not is_last:
                continue  # it is of the one that was looked at before
            if answer.error is not None:
                raise answer.error
            assert isinstance(answer.result, ScreenShown)
            self._tell(Shown(answer.result))
            self.closed.wait(_AT_MOST_EVERY_SECONDS)
            with self._sending:
                if answer.request_id == self._asked:
                    self._ask(connection, answer.result.version)


class Log(_Thread):
    """Follows the log of one process."""

    def __init__(self, connect: Callable[[], Connection], tell: Tell, name: str) -> None:
        super().__init__(connect, tell)
        self._name = name

    def _refused(self, refusal: RequestError) -> None:
        self._tell(Logged(self._name, [refusal.message]))

    def _follow(self, connection: Connection) -> None:
        request = messages.Tail(self._name, limit_bytes=_LOG_BYTES, follow=True)
        first = connection.request(request)
        assert isinstance(first, messages.LogText)
        data = first.data
        self._tell(Logged(self._name, readable_lines(data)))
        added = 0
        for told in connection.notifications(messages.Tail.METHOD):
            if isinstance(told, messages.LogAppended):
                data = (data + told.data)[-_LOG_BYTES:]
                added += len(told.data)
            if added >= _LOG_BYTES or connection.is_idle():
                added = 0
                self._tell(Logged(self._name, readable_lines(data)))
                # In a flood the daemon passes over what is not read in time.
                self.closed.wait(_AT_MOST_EVERY_SECONDS)


class Details(_Thread):
    """Asks for the story of one process, once a second."""

    def __init__(self, connect: Callable[[], Connection], tell: Tell, name: str) -> None:
        super().__init__(connect, tell)
        self._name = name

    def _refused(self, refusal: RequestError) -> None:
        self._tell(Explained(self._name, [refusal.message]))

    def _follow(self, connection: Connection) -> None:
        while not self.closed.is_set():
            known = why.known_of(connection, self._name)
            self._tell(Explained(self._name, why.story_lines(connection, known)))
            self.closed.wait(_STATUS_SECONDS)


def readable_lines(data: bytes) -> list[str]:
    """Return the lines of a log as they can be shown: without what moves the cursor."""
    lines = data.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    return [loglines.shown(line, colour=False) for line in lines[-_MAX_LOG_LINES:]]
