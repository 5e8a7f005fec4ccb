"""What goes on in the daemon while the user types: the states, and who dies or gives up.

A thread of its own has two connections, one on which every line of the event log is told and one
on which it asks for the states after each of them, and now and then. So typing never waits for the
daemon, and a daemon that is away is a line at the bottom and no more.
"""

import re
import select
import threading
import time
from collections.abc import Callable
from typing import Final

from ctl.cells import harmless
from ctl.connection import Connection, ConnectionLost, NoDaemon
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ProcessStatus, RequestError

_AGAIN_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 5.0
_SOON_SECONDS: Final = 0.2
"""After an event, in which others mostly follow."""

_MOST_LOAD: Final = 20.0
"""Asking and reading takes no more than this part of the time, with thousands of processes."""

_ANSWER_SECONDS: Final = 10.0
_QUIET_SECONDS: Final = 10.0
"""The same is not told again within so long: a process that dies each second would fill screens."""

_NEWS: Final = re.compile(
    r"^\S+ (?P<time>\d\d:\d\d:\d\d)\S* \w+ "
    r"(?P<what>(?P<key>(?:exited|spawnerr|gave up|not ready): \S+).*)",
    re.DOTALL,
)
_EXPECTED: Final = "; expected)"


class Observer:
    """Watches a daemon from a thread.

    Attributes:
        statuses: as they were when it was looked last.
        trouble: why there is no daemon, or "".
        pid: of the daemon, 0: not known yet.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        changed: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        """Prepare; `start` begins.

        Args:
            connect: gives a connection, or raises `NoDaemon`.
            changed: called, in the thread, when one of the attributes is another.
            tell: given a line of news, in the thread.
        """
        self.statuses: list[ProcessStatus] = []
        self.trouble = ""
        self.pid = 0
        self.tells = True
        self._connect = connect
        self._changed = changed
        self._tell = tell
        self._told: dict[str, float] = {}
        self._is_wanted = threading.Event()
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._is_wanted.set()
        self._thread.start()

    def want(self, *, wanted: bool) -> None:
        """Say whether anybody sees the states; if not, they are not asked for."""
        (self._is_wanted.set if wanted else self._is_wanted.clear)()

    def _run(self) -> None:
        while True:
            try:
                self._watch()
            except (NoDaemon, ConnectionLost, RequestError, OSError) as exc:
                self.trouble = str(exc).splitlines()[0] if str(exc) else "no daemon"
                self.statuses = []
                self._changed()
            time.sleep(_AGAIN_SECONDS)
            self._is_wanted.wait()

    def _watch(self) -> None:
        events, asked = self._connect(), self._connect()
        try:
            for connection in (events, asked):
                connection.socket.settimeout(_ANSWER_SECONDS)
            events.request(messages.Subscribe())
            events.socket.settimeout(None)
            self.trouble, self.pid = "", events.hello.pid
            look_at = 0.0
            while True:
                wait = look_at - time.monotonic()
                if wait <= 0:
                    self._is_wanted.wait()
                    look_at = self._look(asked)
                elif select.select([events.socket], [], [], wait)[0]:
                    for told in events.arrived(messages.Subscribe.METHOD):
                        if isinstance(told, messages.EventLogged):
                            self._hear(told.line)
                    look_at = min(look_at, time.monotonic() + _SOON_SECONDS)
        finally:
            events.close()
            asked.close()

    def _look(self, connection: Connection) -> float:
        """Look at the states; return when to look again."""
        began = time.monotonic()
        found = connection.request(messages.Status())
        assert isinstance(found, list)
        self.statuses = [one for one in found if isinstance(one, ProcessStatus)]
        self._changed()
        now = time.monotonic()
        return now + max(_LOOK_SECONDS, (now - began) * _MOST_LOAD)

    def _hear(self, line: str) -> None:
        if self.tells and (found := news(line)) is not None:
            key, text = found
            now = time.monotonic()
            if now - self._told.get(key, -_QUIET_SECONDS) < _QUIET_SECONDS:
                return
            self._told = {k: at for k, at in self._told.items() if now - at < _QUIET_SECONDS}
            self._told[key] = now
            self._tell(text)


def news(line: str) -> tuple[str, str] | None:
    """Return what a line of the event log tells of a process that died or gave up, or None.

    It is a pair: what makes two lines the same news, and the text to show.
    """
    found = _NEWS.match(line)
    if found is None or _EXPECTED in found["what"]:
        return None
    return found["key"], f"[{found['time']} {harmless(found['what'])}]"
