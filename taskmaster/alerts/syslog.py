"""Deliver the events of one message to a syslog server, each as a line of its own (RFC 5424).

Over a datagram socket such as /dev/log, over UDP (RFC 5426), or over TCP with the length before
each (RFC 6587, 3.4.1). It blocks, and has a thread for it (`threads`). What was sent before a try
failed is not sent again by the next one.
"""

import contextlib
import os
import socket

from taskmaster.alerts.failures import DeliveryFailed, why
from taskmaster.alerts.formats import syslog_line
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Syslog, Transport


class Delivery:
    """The events of one message on their way to a syslog server."""

    def __init__(self, target: Syslog, message: Message, timeout: float) -> None:
        """Prepare; `timeout` is for each thing that the server is waited for."""
        self._target = target
        self._timeout = timeout
        self._message = message
        self._sent = 0
        self._socket: socket.socket | None = None

    def deliver(self) -> str:
        """Deliver; return "".

        Raises:
            DeliveryFailed: the server could not be reached.
        """
        try:
            with self._connected() as connection:
                self._socket = connection
                for entry in self._message.entries[self._sent :]:
                    line = syslog_line(self._message, entry, self._target.facility, os.getpid())
                    if self._target.transport is Transport.TCP:
                        connection.sendall(b"%d %b" % (len(line), line))
                    else:
                        connection.send(line)
                    self._sent += 1
        except (OSError, UnicodeError) as exc:  # UnicodeError: of a host that can be no name
            raise DeliveryFailed(why(exc)) from None
        return ""

    def stop(self) -> None:
        """End a try that takes too long; called from another thread."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _connected(self) -> socket.socket:
        target = self._target
        if target.transport is Transport.TCP:
            return socket.create_connection((target.address, target.port), self._timeout)
        if target.transport is Transport.UNIX:
            return self._datagram(socket.AF_UNIX, target.address)
        kind = socket.SOCK_DGRAM
        found = socket.getaddrinfo(target.address, target.port, type=kind)
        family, _, _, _, address = found[0]
        return self._datagram(family, address)

    def _datagram(self, family: socket.AddressFamily, address: object) -> socket.socket:
        connection = socket.socket(family, socket.SOCK_DGRAM)
        try:
            connection.settimeout(self._timeout)
            connection.connect(address)  # type: ignore[arg-type]
        except BaseException:
            connection.close()
            raise
        return connection
