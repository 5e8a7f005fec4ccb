"""Requests about the terminals of processes: look at one, type into it, wait for it, who is there.

Each is a function from a request to its result; `connection` calls them. Attaching itself is in
`attach`.
"""

import asyncio
import pwd
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pty_mux.attachment import Attachment
from pty_mux.lookout import screen_text
from pty_mux.patterns import BadPattern, TookTooLong, compile_pattern, is_found
from pty_mux.session import Session
from pty_mux.vt import modes as mode
from pty_mux.vt.keys import UnknownKey, is_key, key_bytes
from pty_mux.vt.modes import Modes
from pty_mux.vt.paint import ansi_rows, text_rows
from pty_mux.vt.terminal import Terminal
from taskmaster.control import handlers
from taskmaster.control.listener import Peer
from taskmaster.driver import Driver
from taskmaster.process.state import State
from taskmaster.protocol.messages import (
    Clients,
    ClientSeat,
    Detach,
    ErrorCode,
    Outcome,
    Record,
    RequestError,
    Screen,
    ScreenShown,
    Send,
    Verdict,
    Wait,
)

_LOOK_SECONDS: Final = 0.02
"""A screen that changes all the time is not looked at more often than this."""

_MODE_WORDS: Final = {
    mode.CURSOR_KEYS: "application cursor keys",
    mode.KEYPAD: "application keypad",
    mode.BRACKETED_PASTE: "bracketed paste",
    mode.FOCUS: "focus events",
    mode.REVERSE_VIDEO: "reverse video",
    mode.SYNCHRONIZED: "synchronized output",
    9: "mouse 9",
    1000: "mouse 1000",
    1002: "mouse 1002",
    1003: "mouse 1003",
    1005: "mouse encoding 1005",
    1006: "mouse encoding 1006",
    1015: "mouse encoding 1015",
    1016: "mouse encoding 1016",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """What the daemon knows of an attached client: who it is, and since when (seconds, epoch)."""

    peer: Peer
    since: float


def attached(driver: Driver, name: str) -> int:
    """Return how many clients sit at the terminal of a process."""
    session = driver.sessions.get(name)
    return len(session.attachments) if session else 0


async def show(driver: Driver, request: Screen) -> ScreenShown:
    """Return what a terminal shows; that of a process that is down shows the last."""
    name = handlers.one_name(driver.supervisor, request.name)
    session = driver.session(name)
    await _catch_up(session)
    terminal = session.screen
    version = _version(session)
    if request.scrollback:
        session.load_history()
    screen, modes = terminal.screen, terminal.modes
    rows = ansi_rows if request.ansi else text_rows
    above = list(screen.history)[-request.scrollback :] if request.scrollback > 0 else []
    return ScreenShown(
        name=name,
        rows=screen.rows,
        columns=screen.columns,
        cursor_row=screen.row,
        cursor_column=screen.column,
        cursor_visible=modes.is_set(mode.CURSOR_VISIBLE),
        alternate=screen.is_alternate,
        title=modes.title,
        folder=modes.folder,
        modes=tuple(word for number, word in _MODE_WORDS.items() if modes.is_set(number)),
        scrollback=tuple(rows(screen, above)),
        lines=tuple(rows(screen, screen.lines)),
        version=version,
    )


async def until_changed(driver: Driver, request: Screen) -> None:
    """Return once a terminal shows, or may show, another thing than the client has seen."""
    name = handlers.one_name(driver.supervisor, request.name)
    session = driver.session(name)
    changed = asyncio.Event()

    def look(_: object = None) -> None:
        if _version(session) != request.unless or name not in driver.supervisor.entries:
            changed.set()

    session.follow(look)
    session.follow_size(look)
    driver.watch(look)
    try:
        look()
        await changed.wait()
    finally:
        session.unfollow(look)
        session.unfollow_size(look)
        driver.unwatch(look)


def _version(session: Session) -> str:
    return f"{session.ring.end}:{session.winsize.columns}x{session.winsize.rows}"


async def send(driver: Driver, request: Send) -> None:
    """Type into a terminal; return once it has taken everything or has room for it.

    Raises:
        RequestError: there is no process to type to.
    """
    name = handlers.one_name(driver.supervisor, request.name)
    handlers.refuse_listener(driver.supervisor, name)
    session = driver.session(name)
    await _catch_up(session)
    terminal = session.screen
    typed = [_typed(word, terminal, keys=request.keys) for word in request.words]
    data = b"".join(typed)
    if request.paste and terminal.modes.is_set(mode.BRACKETED_PASTE):
        # The end of a paste inside it would let the rest of the text be taken for keys.
        data = b"\x1b[200~" + data.replace(b"\x1b[201~", b"") + b"\x1b[201~"
    data += b"\r" if request.enter else b""
    pump = driver.pump(name)
    if pump is None or pump.is_closed or driver.supervisor.entries[name].process.pid is None:
        raise RequestError(ErrorCode.NOT_RUNNING, f"{name}: ERROR (not running)")
    pump.write(data)
    await pump.input_room()


def _typed(word: str, terminal: Terminal, *, keys: bool) -> bytes:
    if not (keys and is_key(word)):
        return word.encode("utf-8", "surrogateescape")
    modes, alternate = terminal.modes, terminal.screen.is_alternate
    try:
        return key_bytes(
            word,
            application_cursor=modes.is_set(mode.CURSOR_KEYS),
            application_keypad=modes.is_set(mode.KEYPAD),
            extended=_is_extended(modes, alternate=alternate),
        )
    except UnknownKey as exc:
        raise RequestError(ErrorCode.INVALID_PARAMS, str(exc)) from None


def _is_extended(modes: Modes, *, alternate: bool) -> bool:
    return bool(modes.kitty_flags(alternate=alternate) or modes.modify_other_keys)


async def wait(driver: Driver, request: Wait) -> None:
    """Return once everything that is asked for is so.

    Raises:
        RequestError: it was not so in time; or what is asked for is nothing that can be.
    """
    name = handlers.one_name(driver.supervisor, request.name)
    unknown = [state for state in request.states if state not in State.__members__]
    if unknown:
        text = f"no such state: {', '.join(unknown)}; there are {', '.join(State.__members__)}"
        raise RequestError(ErrorCode.INVALID_PARAMS, text)
    try:
        pattern = compile_pattern(request.text) if request.text else None
    except BadPattern as exc:
        text = f"not a regular expression: {request.text[:100]}: {exc}"
        raise RequestError(ErrorCode.INVALID_PARAMS, text) from None
    waiting = _Waiting(driver, name, request.states, pattern, request.idle)
    try:
        async with asyncio.timeout(request.timeout or None):
            await waiting.until_so()
    except TimeoutError:
        text = f"{name}: not in {request.timeout:g} s: {waiting.missing()}"
        raise RequestError(ErrorCode.TIMED_OUT, text) from None
    finally:
        waiting.close()


class _Waiting:
    """Looks again whenever the process wrote something or changed its state."""

    def __init__(
        self,
        driver: Driver,
        name: str,
        states: Sequence[str],
        pattern: re.Pattern[str] | None,
        idle: float,
    ) -> None:
        self._driver = driver
        self._name = name
        self._states = states
        self._pattern = pattern
        self._idle = idle
        self._session = driver.session(name)
        self._wrote_at = driver.now()
        self._news = asyncio.Event()
        self._session.follow(self._wrote)
        driver.watch(self._news.set)

    def close(self) -> None:
        self._session.unfollow(self._wrote)
        self._driver.unwatch(self._news.set)

    def _wrote(self, data: bytes) -> None:
        self._wrote_at = self._driver.now()
        self._news.set()

    async def until_so(self) -> None:
        while True:
            self._news.clear()
            await _catch_up(self._session)
            if not self.missing():
                return
            quiet_in = self._wrote_at + self._idle - self._driver.now() if self._idle else None
            try:
                async with asyncio.timeout(max(quiet_in, 0.0) if quiet_in is not None else None):
                    await self._news.wait()
                    await asyncio.sleep(_LOOK_SECONDS)
            except TimeoutError:
                pass  # it is idle by now, perhaps

    def missing(self) -> str:
        """Return what is not so yet, in words."""
        entry = self._driver.supervisor.entries.get(self._name)
        if entry is None:
            raise RequestError(ErrorCode.NO_SUCH_NAME, f"{self._name}: removed from the config")
        missing = []
        if self._states and entry.process.state.value not in self._states:
            missing.append(f"it is {entry.process.state.value}, not {' or '.join(self._states)}")
        if self._pattern is not None and not self._shows(self._pattern):
            missing.append(f"{self._pattern.pattern!r} is not on its screen")
        if self._idle and self._driver.now() < self._wrote_at + self._idle:
            missing.append("it goes on writing")
        return ", ".join(missing)

    def _shows(self, pattern: re.Pattern[str]) -> bool:
        try:
            return is_found(pattern, screen_text(self._session.screen))
        except TookTooLong:
            text = f"{self._name}: looking for {pattern.pattern!r} takes too long; simplify it"
            raise RequestError(ErrorCode.INVALID_PARAMS, text) from None


def record(driver: Driver, request: Record, wall: float) -> list[Outcome]:
    """Begin or end a recording.

    Raises:
        RequestError: there is nothing to record or to end, or the file cannot be had.
    """
    name = handlers.one_name(driver.supervisor, request.name)
    if not request.path:
        path = driver.recordings.end(name)
        if path is None:
            raise RequestError(ErrorCode.NOT_RUNNING, f"{name}: ERROR (it is not recorded)")
        return [Outcome(name, Verdict.DONE, f"recorded in {path}")]
    if driver.supervisor.entries[name].process.pid is None:
        raise RequestError(ErrorCode.NOT_RUNNING, f"{name}: ERROR (not running)")
    try:
        driver.recordings.begin(name, driver.session(name), request.path, wall)
    except OSError as exc:
        text = f"{name}: ERROR ({request.path}: {(exc.strerror or str(exc)).lower()})"
        raise RequestError(ErrorCode.INVALID_PARAMS, text) from None
    return [Outcome(name, Verdict.DONE, f"is recorded in {request.path} until it ends")]


def seats(driver: Driver, request: Clients) -> list[ClientSeat]:
    """Return who sits at a terminal."""
    session = driver.session(handlers.one_name(driver.supervisor, request.name))
    return [_seat(session, attachment) for attachment in session.attachments]


def put_out(driver: Driver, request: Detach, by: Peer) -> list[ClientSeat]:
    """Put clients out; return which.

    Raises:
        RequestError: there is no client of that number.
    """
    name = handlers.one_name(driver.supervisor, request.name)
    session = driver.session(name)
    chosen = [a for a in session.attachments if request.number in (0, a.number)]
    if request.number and not chosen:
        text = f"{name}: ERROR (no client {request.number}; clients {name} lists them)"
        raise RequestError(ErrorCode.NO_SUCH_NAME, text)
    gone = [_seat(session, attachment) for attachment in chosen]
    for attachment in chosen:
        session.put_out(attachment, f"detached from {name} by {_user(by)}")
    return gone


def _seat(session: Session, attachment: Attachment) -> ClientSeat:
    seat = attachment.who
    assert isinstance(seat, Seat)
    return ClientSeat(
        number=attachment.number,
        user=_user(seat.peer),
        pid=seat.peer.pid,
        rows=attachment.winsize.rows,
        columns=attachment.winsize.columns,
        since=seat.since,
        read_only=attachment.read_only,
        leads=attachment is session.leader,
    )


def _user(peer: Peer) -> str:
    if peer.address:
        return peer.address
    try:
        return pwd.getpwuid(peer.uid).pw_name
    except KeyError:
        return f"uid {peer.uid}"


async def _catch_up(session: Session) -> None:
    while not session.catch_up():  # noqa: ASYNC110 - it does work
        await asyncio.sleep(0)  # others first
