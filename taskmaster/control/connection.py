"""One client's connection: requests read one after the other, each answered or refused in words.

What a request means is decided in `handlers` and by the `Services` of the daemon; here are carrying
and manners: a line too long, malformed or of an unknown method gets an error. A request that
follows a log or attaches takes its connection over for good.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from pty_mux.session import Session
from pty_mux.winsize import Winsize
from taskmaster.config.model import LogLevel
from taskmaster.control import handlers, ordering, portions, seats
from taskmaster.control.attach import carry
from taskmaster.control.feed import Feed, WholeLines
from taskmaster.control.follow import Following, Source
from taskmaster.control.listener import Peer
from taskmaster.control.logsources import log_source
from taskmaster.control.services import Services
from taskmaster.control.story import story
from taskmaster.driver import Driver
from taskmaster.measure import statuses
from taskmaster.protocol import messages
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES, ProtocolViolation
from taskmaster.protocol.messages import (
    ErrorCode,
    Outcome,
    RequestError,
    Result,
    UndecodableRequest,
)

_FOLLOW_BYTES: Final = 64 * 1024
_QUIET: Final = (
    messages.Status,
    messages.Pid,
    messages.Version,
    messages.Tail,
    messages.MainTail,
    messages.Subscribe,
    messages.Screen,
    messages.Wait,
    messages.Clients,
    messages.Metrics,
    messages.Available,
    messages.Groups,
    messages.Why,
)
"""Requests that change nothing: told in the event log at level debug only."""


class Connection:
    """One client.

    Attributes:
        is_silent: it has not asked for anything yet.
        awaits_end: it asked for the shutdown and is to hear that it is complete.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        peer: Peer,
        driver: Driver,
        services: Services,
    ) -> None:
        self.is_silent = True
        self.awaits_end = False
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._driver = driver
        self._services = services
        self._request_id: int | str | None = None
        self._ahead = b""

    def refuse(self, code: ErrorCode, text: str) -> None:
        """Answer before anything was asked."""
        self._writer.write(messages.encode_error(None, RequestError(code, text)) + b"\n")

    def hang_up(self) -> None:
        """End the connection without a word."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection once everything said has left."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            self._writer.close()
            async with asyncio.timeout(2.0):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Greet, then serve requests until the client leaves.

        Raises:
            ProtocolViolation: the client sent what is no message or no frame.
            ConnectionError: it is gone.
        """
        hello = messages.encode_notification(self._services.hello())
        self._writer.write(hello + b"\n")
        while True:
            try:
                line, self._ahead = self._ahead, b""
                if line != b"\n":
                    line += await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                text = f"a message of more than {MAX_MESSAGE_BYTES} bytes"
                self.refuse(ErrorCode.INVALID_REQUEST, text)
                raise ProtocolViolation(text) from None
            self.is_silent = False
            await self._answer(line)
            await self._writer.drain()
            if self.awaits_end:
                return

    async def _answer(self, line: bytes) -> None:
        try:
            self._request_id, request = messages.decode_request(line)
        except UndecodableRequest as exc:
            self._writer.write(messages.encode_error(exc.request_id, exc) + b"\n")
            return
        self._record(request)
        try:
            await self._dispatch(request)
        except RequestError as exc:
            self._writer.write(messages.encode_error(self._request_id, exc) + b"\n")

    def _record(self, request: messages.Request) -> None:
        words = [request.METHOD]
        words += [getattr(request, "signal", "")] if isinstance(request, messages.Signal) else []
        words += getattr(request, "names", ()) or [getattr(request, "name", "")]
        level = LogLevel.DEBUG if isinstance(request, _QUIET) else LogLevel.INFO
        command = " ".join(word for word in words if word)
        self._services.record(level, f"command: {command} ({self._peer})")

    def _reply(self, result: Result) -> None:
        self._writer.write(messages.encode_result(self._request_id, result) + b"\n")

    async def _dispatch(self, request: messages.Request) -> None:
        supervisor = self._driver.supervisor
        match request:
            case messages.Status():
                clocks = self._services.clocks()
                self._reply(await statuses(self._driver, request, clocks))
            case messages.Start() | messages.Stop() | messages.Restart():
                await self._order(request)
            case messages.Signal():
                self._reply(ordering.signal(self._driver, request, self._peer))
            case messages.Reload():
                handlers.refuse_while_shutting_down(supervisor)
                self._reply(self._services.reload())
            case messages.Reread():
                self._reply(self._services.reread())
            case (
                messages.Update()
                | messages.Add()
                | messages.Remove()
                | messages.Available()
                | messages.Groups()
            ):
                self._reply(portions.answer(request, supervisor, self._services))
            case messages.Upgrade():
                handlers.refuse_while_shutting_down(supervisor)
                await self._services.upgrade()
            case messages.Shutdown():
                self.awaits_end = True
                self._services.shut_down()
                await self._services.ended()
                self._reply(None)
            case messages.Tail():
                await self._tail(request)
            case messages.MainTail(limit_bytes, follow):
                file = self._services.event_file
                await self._show_log(_tail(file, limit_bytes), file if follow else None, None)
            case messages.Clear(names):
                self._reply(ordering.clear(self._driver, names))
            case messages.Pid(names):
                daemon = messages.ProcessPid("taskmaster", self._services.hello().pid)
                self._reply(handlers.pids(supervisor, names) if names else [daemon])
            case messages.Version():
                self._reply(self._services.hello())
            case messages.Why(name):
                entry = supervisor.entries[handlers.one_name(supervisor, name)]
                attached = seats.attached(self._driver, entry.name)
                self._reply(story(entry, self._services.clocks(), attached))
            case messages.Metrics():
                self._reply(messages.MetricsText(await self._services.metrics()))
            case messages.Subscribe():
                await self._subscribe()
            case messages.Attach():
                await self._attach(request)
            case messages.Screen():
                if request.unless:
                    changed = seats.until_changed(self._driver, request)
                    await self._while_client_stays(changed, silent=True)
                self._reply(await seats.show(self._driver, request))
            case messages.Send():
                await self._while_client_stays(seats.send(self._driver, request))
                self._reply(None)
            case messages.Wait():
                await self._while_client_stays(seats.wait(self._driver, request))
                self._reply(None)
            case messages.Record():
                wall = self._services.clocks().wall
                self._reply(seats.record(self._driver, request, wall))
            case messages.Clients():
                self._reply(seats.seats(self._driver, request))
            case messages.TryAlerts(names):
                await self._while_client_stays(self._test_alerts(names))
            case messages.Detach():
                self._reply(seats.put_out(self._driver, request, self._peer))

    async def _test_alerts(self, names: Sequence[str]) -> None:
        self._reply(await self._services.alerts.test(names))

    async def _order(self, request: messages.Start | messages.Stop | messages.Restart) -> None:
        def tell(one: Outcome) -> None:
            settled = messages.Settled(one.name, one.verdict, one.text)
            self._writer.write(messages.encode_notification(settled) + b"\n")

        order, outcomes = await ordering.carry_out(self._driver, request, self._peer, tell)
        self._reply(outcomes)
        await self._writer.drain()
        self._driver.answered(order)

    # --- logs ---------------------------------------------------------------------------------

    async def _tail(self, request: messages.Tail) -> None:
        name = handlers.one_name(self._driver.supervisor, request.name)
        if request.stream not in ("stdout", "stderr"):
            text = f"{request.stream}: ERROR (bad channel, expected stdout or stderr)"
            raise RequestError(ErrorCode.INVALID_PARAMS, text)
        source = log_source(self._driver, name, request.stream)
        if source is None:
            text = f"{name}: ERROR (no log file: its stderr goes with its stdout, or is discarded)"
            raise RequestError(ErrorCode.NO_LOG, text)

        def now() -> Source | None:
            known = name in self._driver.supervisor.entries
            return log_source(self._driver, name, request.stream) if known else None

        data = _tail(source, request.limit_bytes)
        both = isinstance(source, Session)
        await self._show_log(data, source if request.follow else None, now, both=both)

    async def _show_log(
        self,
        data: bytes,
        followed: Source | None,
        now: Callable[[], Source | None] | None,
        *,
        both: bool = False,
    ) -> None:
        """Reply with the end of a log, and tell what is appended; `now` says where it is by now."""
        if followed is None:
            self._reply(messages.LogText(data, both))
            return
        following = Following(followed)

        def moved() -> None:
            following.move(now() if now else None)

        self._driver.logs.watch(moved)
        try:
            self._reply(messages.LogText(data, both))

            async def pass_on() -> None:
                while True:
                    portion = await following.feed.take(_FOLLOW_BYTES)
                    await self._notify(messages.LogAppended(portion.data, portion.skipped_bytes))

            await self._until_client_leaves(pass_on())
        finally:
            self._driver.logs.unwatch(moved)
            following.stop()

    async def _subscribe(self) -> None:
        feed = Feed()

        def listener(line: str) -> None:
            feed.offer(line.encode("utf-8", "replace") + b"\n")

        async def pass_on() -> None:
            lines = WholeLines()
            while True:
                for line in lines.feed(await feed.take(_FOLLOW_BYTES)):
                    await self._notify(messages.EventLogged(line))

        self._services.listen(listener)
        try:
            self._reply(None)
            await self._until_client_leaves(pass_on())
        finally:
            self._services.unlisten(listener)

    async def _notify(self, notification: messages.Notification) -> None:
        self._writer.write(messages.encode_notification(notification) + b"\n")
        await self._writer.drain()

    async def _while_client_stays(self, serving: Awaitable[None], *, silent: bool = False) -> None:
        """Serve what may take for ever, but not longer than the client is there, or is `silent`."""
        working = asyncio.ensure_future(serving)
        leaving = asyncio.ensure_future(self._reader.read(1))
        try:
            await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                # It may also have asked for the next thing already, and that is no leaving.
                self._ahead = leaving.result()
                if not self._ahead and not working.done():
                    raise ConnectionAbortedError("it has gone while it waited")
            if working.done() or not silent:
                await working
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.gather(working, leaving, return_exceptions=True)

    async def _until_client_leaves(self, passing_on: Awaitable[None]) -> None:
        sending = asyncio.ensure_future(passing_on)
        leaving = asyncio.ensure_future(self._reader.read(1))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        raise ConnectionAbortedError("it has stopped following")

    # --- attach -------------------------------------------------------------------------------

    async def _attach(self, request: messages.Attach) -> None:
        supervisor = self._driver.supervisor
        name = handlers.one_name(supervisor, request.name)
        handlers.refuse_listener(supervisor, name)
        process = supervisor.entries[name].process
        session = self._driver.session(name)
        self._reply(messages.Attached(name, process.state.value, process.pid))
        pixels = (request.width_pixels, request.height_pixels)
        winsize = Winsize(request.rows, request.columns, *pixels)
        if request.take:
            seats.put_out(self._driver, messages.Detach(name), self._peer)
        seat = seats.Seat(self._peer, self._services.clocks().wall)
        attachment = session.attach(winsize, read_only=request.read_only, who=seat)
        attachment.wants_history = request.history
        if supervisor.is_final(name):
            session.detach(attachment)
            state = process.state.value
            why = f" ({process.reason})" if process.reason else ""
            attachment.ending = f"{name} is {state}{why}; `start {name}` starts it"
        self._services.record(LogLevel.INFO, f"attached: {name} ({self._peer})")
        try:
            await carry(
                self._reader, self._writer, session, attachment, lambda: self._driver.pump(name)
            )
        finally:
            self._services.record(LogLevel.INFO, f"detached: {name} ({self._peer})")
        raise ConnectionAbortedError("it has detached")


def _tail(source: Source, limit: int) -> bytes:
    limit = min(max(limit, 0), messages.MAX_TAIL_BYTES)
    if isinstance(source, Session):
        written = source.ring.tail(2 * limit).replace(b"\r\n", b"\n")
        return written[max(0, len(written) - limit) :]
    try:
        return source.tail(limit)
    except FileNotFoundError:
        return b""
    except OSError as exc:
        text = f"{source.path}: ERROR (cannot be read: {exc.strerror})"
        raise RequestError(ErrorCode.NO_LOG, text) from None
