"""Sit at a process's terminal: carry keys and screen until the user leaves or the process ends.

One loop over the user's terminal, the daemon's socket and a wake-up pipe for signals. Nothing in it
blocks: what one side does not take waits in a bounded buffer, and then the other side is not read.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Mapping
from typing import Final

from ctl.connection import Connection, ConnectionLost, NoDaemon
from ctl.keys import ESCAPE_SECONDS, KeyFilter
from ctl.modes import TerminalModes
from ctl.probe import PATIENCE_SECONDS, QUESTIONS, AnswerFilter, Told, can_be_asked
from ctl.terminal import Guard, UserTerminal
from taskmaster.protocol.frames import (
    Frame,
    FrameDecoder,
    FrameType,
    ProtocolViolation,
    encode_frame,
    encode_report,
    encode_size,
)
from taskmaster.protocol.messages import Attach, Attached, RequestError

EXIT_UNUSABLE: Final = 2
EXIT_LOST: Final = 70
_READ_BYTES: Final = 64 * 1024
_MAX_UNSHOWN_BYTES: Final = 256 * 1024
_MAX_UNSENT_BYTES: Final = 16 * 1024 * 1024
"""What may wait for a process that does not read. The keyboard is read on meanwhile, for the detach
key's sake: it takes a larger paste into such a process to lock the user in."""
_NOT_RUNNING: Final = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")
_SIGNALS: Final = (
    signal.SIGWINCH,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGCONT,
)


class AttachRefused(Exception):
    """This terminal cannot be attached to that process."""


def attach(
    connection: Connection,
    request: Attach,
    environment: Mapping[str, str],
    *,
    key: int | None,
    key_name: str,
) -> int:
    """Attach the user's terminal to a process; return the exit status.

    Raises:
        RequestError: the daemon says no.
        ConnectionLost: it is gone before the attachment stood.
        NoTerminal: there is no terminal to attach.
        AttachRefused: it would be attached to itself.
    """
    terminal = UserTerminal()
    own = environment.get("TASKMASTER_PROCESS")
    if own == request.name and environment.get("TASKMASTER_SOCKET") == connection.path:
        raise AttachRefused(f"this is the terminal of {own}: it cannot be attached to itself")
    attached = _sit_down(connection, request, terminal)
    leave = f"{key_name} detaches" if key is not None else "no key detaches"
    mode = ", read only" if request.read_only else ""
    if attached.state not in _NOT_RUNNING:  # else only the last words follow, and why
        print(f"[attached to {attached.name}{mode}; {leave}]", flush=True)
    asks = not request.read_only and can_be_asked(environment.get("TERM", ""))
    relay = _Relay(connection, terminal, KeyFilter(key), request, asks=asks)
    status, words = relay.run(attached.name)
    print(f"\r\n[{words}]", flush=True)
    return status


def _sit_down(
    connection: Connection, request: Attach, terminal: UserTerminal, *, history: bool = True
) -> Attached:
    rows, columns, width, height = terminal.size()
    attached = connection.request(
        Attach(request.name, rows, columns, request.read_only, request.take, width, height, history)
    )
    if not isinstance(attached, Attached):
        raise ConnectionLost("the daemon answered something else than asked")
    return attached


class _Relay:
    def __init__(
        self,
        connection: Connection,
        terminal: UserTerminal,
        keys: KeyFilter,
        request: Attach,
        *,
        asks: bool,
    ) -> None:
        self._connection = connection
        self._socket = connection.socket
        self._terminal = terminal
        self._keys = keys
        self._request = request
        self._read_only = request.read_only
        self._answers = AnswerFilter(asked=asks)
        self._asked_at = 0.0
        self._modes = TerminalModes()
        self._decoder = FrameDecoder()
        self._to_daemon = bytearray()
        self._to_user = bytearray(QUESTIONS if asks else b"")
        self._guard: Guard | None = None
        self._outcome: tuple[int, str] | None = None
        self._ended: tuple[int, str] | None = None

    def run(self, name: str) -> tuple[int, str]:
        """Carry until it is over; return the exit status and what to tell."""
        self._name = name
        wakeup, writer = os.pipe()
        for end in (wakeup, writer):
            os.set_blocking(end, False)
        self._socket.setblocking(False)
        handlers = {number: signal.signal(number, _handled_by_wakeup) for number in _SIGNALS}
        previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            with self._terminal.raw(self._modes.restore) as guard:
                self._guard = guard
                self._send_size()  # it may have changed before its signal had a handler
                self._asked_at = time.monotonic()
                self._from_daemon(self._connection.rest())
                while self._outcome is None:
                    self._turn(wakeup)
                self._await_answers()
        finally:
            signal.set_wakeup_fd(previous)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(wakeup)
            os.close(writer)
        return self._outcome

    def _turn(self, wakeup: int) -> None:
        tty = self._terminal.descriptor
        readers = [wakeup]
        if len(self._to_daemon) < _MAX_UNSENT_BYTES:
            readers.append(tty)
        if len(self._to_user) < _MAX_UNSHOWN_BYTES and self._ended is None:
            readers.append(self._socket.fileno())
        writers = [tty] if self._to_user else []
        writers += [self._socket.fileno()] if self._to_daemon else []
        holds_back = self._keys.holds_back or self._answers.holds_back
        timeout = ESCAPE_SECONDS if holds_back else None
        ready, writable, _ = select.select(readers, writers, [], timeout)
        if tty in writable:
            self._write_user()
        if self._socket.fileno() in writable:
            self._write_daemon()
        if wakeup in ready:
            self._on_signals(os.read(wakeup, 512))
        if self._socket.fileno() in ready:
            self._read_daemon()
        if tty in ready:
            self._read_user()
        elif holds_back and not ready:
            self._typed(self._answers.flush())
            self._type(self._keys.flush())
        if self._ended is not None and not self._to_user:
            self._outcome = self._ended

    def _read_user(self) -> None:
        try:
            data = os.read(self._terminal.descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._outcome = (128 + signal.SIGHUP, f"the terminal is gone; left {self._name}")
            return
        waited = self._answers.waits
        self._typed(self._answers.feed(data))
        if waited and (told := self._answers.told) is not None:
            self._report(told)

    def _report(self, told: Told) -> None:
        report = encode_report(told.foreground, told.background, speaks_kitty=told.speaks_kitty)
        self._to_daemon += encode_frame(FrameType.REPORT, report)

    def _typed(self, data: bytes) -> None:
        typed = self._keys.feed(data, time.monotonic())
        self._type(typed.data)
        if typed.detach:
            self._flush_to_daemon()
            self._outcome = (0, f"detached from {self._name}")

    def _await_answers(self) -> None:
        """Take what the terminal has still to answer, lest whoever has it next take it for keys."""
        until = self._asked_at + PATIENCE_SECONDS
        tty = self._terminal.descriptor
        with contextlib.suppress(OSError):
            while self._answers.waits and (left := until - time.monotonic()) > 0:
                if select.select([tty], [], [], left)[0]:
                    data = os.read(tty, _READ_BYTES)
                    if not data:
                        return
                    self._answers.feed(data)

    def _type(self, data: bytes) -> None:
        if not self._read_only:
            for start in range(0, len(data), _READ_BYTES):
                chunk = data[start : start + _READ_BYTES]
                self._to_daemon += encode_frame(FrameType.INPUT, chunk)

    def _flush_to_daemon(self) -> None:
        """Send the keys typed before the detach key, as far as the daemon takes them now."""
        with contextlib.suppress(OSError):
            self._write_daemon()

    def _read_daemon(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._from_daemon(data)
        elif self._ended is None and not self._sit_down_again():
            self._ended = (EXIT_LOST, "the connection to the daemon is lost")

    def _sit_down_again(self) -> bool:
        """Attach to the next core, if there is one: the keeper holds the socket meanwhile.

        What was typed and not yet sent is dropped: the middle of a frame may be in it.
        """
        self._to_daemon.clear()
        self._decoder = FrameDecoder()
        request = self._request
        try:
            connection = self._connection.again()
            _sit_down(connection, request, self._terminal, history=False)
        except (NoDaemon, ConnectionLost, RequestError):
            return False
        self._connection.close()
        self._connection, self._socket = connection, connection.socket
        self._socket.setblocking(False)
        if (told := self._answers.told) is not None:
            self._report(told)
        self._from_daemon(connection.rest())
        return True

    def _from_daemon(self, data: bytes) -> None:
        try:
            for frame in self._decoder.feed(data):
                self._take(frame)
        except ProtocolViolation as exc:
            self._ended = (EXIT_LOST, f"the daemon sent what is no frame: {exc}")

    def _take(self, frame: Frame) -> None:
        match frame.type:
            case FrameType.OUTPUT:
                self._to_user += frame.payload
                if self._modes.feed(frame.payload) and self._guard is not None:
                    self._guard.update(self._modes.restore())
            case FrameType.NOTICE:
                text = frame.payload.decode("utf-8", "replace")
                self._to_user += f"\x1b[0m\r\n[{text}]\r\n".encode()
            case FrameType.END:
                self._ended = (0, frame.payload.decode("utf-8", "replace"))
            case _:
                raise ProtocolViolation(f"a {frame.type.name} frame")

    def _write_user(self) -> None:
        try:
            written = os.write(self._terminal.descriptor, self._to_user[:_READ_BYTES])
            del self._to_user[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._outcome = (128 + signal.SIGHUP, f"the terminal is gone; left {self._name}")

    def _write_daemon(self) -> None:
        try:
            sent = self._socket.send(self._to_daemon)
            del self._to_daemon[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._to_daemon.clear()  # its end is read next

    def _on_signals(self, numbers: bytes) -> None:
        for number in dict.fromkeys(numbers):
            match number:
                case signal.SIGWINCH:
                    self._send_size()
                case signal.SIGTSTP:
                    self._suspend()
                case signal.SIGCONT:
                    self._resume()
                case _:
                    name = signal.Signals(number).name
                    self._outcome = (128 + number, f"{name}; left {self._name}")

    def _send_size(self) -> None:
        size = self._terminal.size()
        if size.rows and size.columns:
            self._to_daemon += encode_frame(FrameType.SIZE, encode_size(*size))

    def _suspend(self) -> None:
        self._await_answers()
        self._terminal.leave(self._modes.restore())
        os.kill(os.getpid(), signal.SIGSTOP)
        self._resume()

    def _resume(self) -> None:
        self._terminal.enter()
        os.set_blocking(self._terminal.descriptor, False)
        self._send_size()


def _handled_by_wakeup(number: int, frame: object) -> None:
    """Do nothing: the wake-up pipe has the number by now."""
