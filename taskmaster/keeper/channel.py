"""The socket between keeper and core: messages both ways, descriptors beside them, never blocking.

Both ends use this one class. What cannot be sent at once waits in a queue; the owner watches the
socket for writing while `wants_write` says so. Descriptors cross by SCM_RIGHTS (unix(7)): they
arrive in the order in which they were sent, not later than the bytes of their message. Where the
receiving side has no room for all that left together the kernel drops the last of them, and each
message still gets its own or none: how many there were is announced (`wire.announce`).
"""

import array
import errno
import os
import socket
from collections import deque
from collections.abc import Iterator
from typing import Final

from taskmaster.keeper.wire import (
    MAX_DESCRIPTORS,
    Announced,
    Decoder,
    Message,
    WireViolation,
    announce,
    encode,
)

_READ_BYTES: Final = 256 * 1024
_LOST: Final = -1
"""In the queue of what arrived: here the kernel dropped descriptors."""

_PASSING: Final = (errno.ETOOMANYREFS, errno.ENOBUFS, errno.ENOMEM, errno.EMFILE)
"""Failures to send of which the other side is not the reason; unix(7) has the first: too many
descriptors are on their way, and the other side takes them off it by reading."""

FEW: Final = 8
"""Enough messages to be worth a system call, and a wake-up of the other side, of their own: with
one for each, a start of 200 processes took a tenth longer."""

_MAX_TOGETHER: Final = 64
"""How many messages leave in one system call; none has more than two descriptors."""


class ChannelClosed(Exception):
    """The other side is gone."""


class Channel:
    """One end of the talk. Owns its socket."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._decoder = Decoder()
        self._arrived: deque[int] = deque()
        self._received: deque[int] = deque()
        self._outgoing: deque[tuple[memoryview, list[int]]] = deque()

    def fileno(self) -> int:
        """The descriptor to watch."""
        return self._socket.fileno()

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._outgoing)

    @property
    def wants_write(self) -> bool:
        """Whether something waits until the socket can be written to; then call `flush`."""
        return bool(self._outgoing)

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message, now or when the socket takes it.

        The descriptors are duplicated at once: the caller may close its own.

        Raises:
            OSError: a descriptor cannot be duplicated (EMFILE).
            MessageTooLong: nothing was sent.
        """
        self.enqueue(message, descriptors)
        self.flush()

    def enqueue(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Add a message to those that wait, as `send` does; the next `flush` sends it.

        Messages that leave together cost one system call, and wake the other side once.

        Raises:
            OSError: a descriptor cannot be duplicated (EMFILE).
            MessageTooLong: nothing was added.
        """
        data = memoryview(encode(message, len(descriptors)))
        copies: list[int] = []
        try:
            copies.extend(os.dup(descriptor) for descriptor in descriptors)
        except OSError:
            _close(copies)
            raise
        self._outgoing.append((data, copies))

    def flush(self) -> None:
        """Send what waits, as far as the socket takes it. A peer that is gone loses it."""
        while self._outgoing:
            count = min(self.waiting, _MAX_TOGETHER)
            together = [self._outgoing[n] for n in range(count)]
            descriptors = [descriptor for _, own in together for descriptor in own]
            if descriptors:
                first = next(n for n, (_, own) in enumerate(together) if own)
                together.insert(first, (memoryview(announce(len(descriptors))), []))
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            try:
                sent = self._socket.sendmsg(
                    [data for data, _ in together], rights if descriptors else []
                )
            except BlockingIOError:
                return
            except OSError as exc:
                if exc.errno not in _PASSING:
                    self._discard_outgoing()
                return
            _close(descriptors)  # all of them have gone, with the first byte
            unsent: list[tuple[memoryview, list[int]]] = []
            for _ in range(count):
                self._outgoing.popleft()
            for data, _ in together:
                taken = min(sent, len(data))
                sent -= taken
                if taken < len(data):
                    unsent.append((data[taken:], []))
            self._outgoing.extendleft(reversed(unsent))

    def receive(self) -> Iterator[tuple[Message, list[int]]]:
        """Yield what has arrived, each message with its descriptors, which the caller then owns.

        A message that comes with fewer descriptors than it was sent with met our limit of open
        files (RLIMIT_NOFILE); the kernel dropped them.

        Raises:
            ChannelClosed: the other side is gone; everything it said has been yielded.
            WireViolation: it said something that is no message.
        """
        room = socket.CMSG_SPACE(MAX_DESCRIPTORS * array.array("i").itemsize)
        while True:
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(_READ_BYTES, room)
            except BlockingIOError:
                return
            except OSError as exc:
                raise ChannelClosed(str(exc)) from None
            if not data:
                raise ChannelClosed("end of the connection")
            for level, kind, payload in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    self._arrived.extend(_descriptors(payload))
            if flags & socket.MSG_CTRUNC:
                self._arrived.append(_LOST)
            for message, expected in self._decoder.feed(data):
                if isinstance(message, Announced):
                    if self._received:
                        raise WireViolation("descriptors that belong to no message")
                    self._take(message.descriptors)
                    continue
                own = [self._received.popleft() for _ in range(min(expected, len(self._received)))]
                if len(own) < expected:
                    _close(own)
                    own = []
                yield message, own
            if len(self._arrived) > 2 * MAX_DESCRIPTORS:
                raise WireViolation("descriptors that nobody announced")

    def _take(self, announced: int) -> None:
        """Have what was announced ready for its messages, or its beginning if the rest is lost."""
        while announced and self._arrived:
            descriptor = self._arrived.popleft()
            if descriptor == _LOST:
                return
            self._received.append(descriptor)
            announced -= 1

    def close(self) -> None:
        """Close the socket and every descriptor on its way."""
        self._discard_outgoing()
        _close([*self._received, *(own for own in self._arrived if own != _LOST)])
        self._received.clear()
        self._arrived.clear()
        self._socket.close()

    def _discard_outgoing(self) -> None:
        for _, descriptors in self._outgoing:
            _close(descriptors)
        self._outgoing.clear()


def _descriptors(payload: bytes) -> list[int]:
    numbers = array.array("i")
    numbers.frombytes(payload[: len(payload) - len(payload) % numbers.itemsize])
    for number in numbers:
        os.set_inheritable(number, False)
    return list(numbers)


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
