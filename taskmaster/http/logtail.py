"""``/logtail/NAME/stdout`` and ``/mainlogtail``: the end of a log, then what is appended to it.

What is said is whole UTF-8 always, for supervisorctl shows what it cannot read as Python would.
"""

import codecs
from collections.abc import Callable
from typing import Final

from taskmaster.control.follow import Following, Source
from taskmaster.control.logsources import log_source
from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.http.faults import Fault
from taskmaster.http.logtexts import read_text
from taskmaster.http.namespecs import Names
from taskmaster.http.parsing import Refused, Request
from taskmaster.http.routes import Say, Stream

_TYPE: Final = "text/plain;charset=utf-8"
_FIRST_BYTES: Final = 1024
_PIECE_BYTES: Final = 64 * 1024
PATH: Final = "/logtail/"


class LogTails:
    """Follows logs."""

    def __init__(self, driver: Driver, services: Services) -> None:
        self._driver = driver
        self._services = services

    async def main(self, request: Request) -> Stream:
        """Follow the event log."""
        file = self._services.event_file
        return Stream(_TYPE, lambda say: self._follow(say, file, lambda: None))

    async def process(self, request: Request) -> Stream:
        """Follow the log of a process.

        Raises:
            Refused: there is no such process, or it has no such log.
        """
        name, _, stream = request.path.removeprefix(PATH).partition("/")
        stream = stream or "stdout"
        try:
            ours = Names(self._driver.supervisor).find_one(name).name
        except Fault:
            raise Refused(404, f"there is no process {name[:100]!r}") from None
        source = log_source(self._driver, ours, stream) if stream in ("stdout", "stderr") else None
        if source is None:
            raise Refused(404, f"{name} has no log {stream[:100]!r}")

        def now() -> Source | None:
            known = ours in self._driver.supervisor.entries
            return log_source(self._driver, ours, stream) if known else None

        return Stream(_TYPE, lambda say: self._follow(say, source, now))

    async def _follow(self, say: Say, source: Source, now: Callable[[], Source | None]) -> None:
        following = Following(source)

        def moved() -> None:
            following.move(now())

        self._driver.logs.watch(moved)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            await say(_end_of(source).encode("utf-8"))
            while True:
                portion = await following.feed.take(_PIECE_BYTES)
                if portion.skipped_bytes:
                    await say(f"\n==> {portion.skipped_bytes} bytes left out <==\n".encode())
                await say(decoder.decode(portion.data).encode("utf-8"))
        finally:
            self._driver.logs.unwatch(moved)
            following.stop()


def _end_of(source: Source) -> str:
    try:
        return read_text(source, -_FIRST_BYTES, 0)
    except Fault:
        return ""  # there is no file yet
