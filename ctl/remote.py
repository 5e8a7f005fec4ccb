"""Connect to a daemon over TCP: TLS, its certificate, and the proof of the token.

Loaded only for such a daemon: importing `ssl` takes as long as a whole one-shot command.
"""

import os
import secrets
import socket
import ssl
import sys
from typing import Final

from ctl.address import TcpAddress
from ctl.pins import CertificateChanged, Pins
from taskmaster.protocol.admission import (
    MAX_LINE_BYTES,
    MAX_TOKEN_BYTES,
    NONCE_BYTES,
    TOKEN_VARIABLE,
    Meeting,
    NotAdmitted,
    Unfit,
    fingerprint,
    greeting,
    read_challenge,
    token_of,
)

SECONDS: Final = 15.0
"""For each step until the welcome: longer than a core is away, or keeps a refusal back."""

CA_VARIABLE: Final = "TASKMASTER_CA"


class Refused(Exception):
    """No connection to this daemon; the text says why and what to do."""


class _TlsSocket(ssl.SSLSocket):
    """A TLS connection that says "not now" as other sockets do.

    A record has 16 KiB at most and OpenSSL reads one at a time: who reads with a larger buffer
    leaves nothing that select(2) does not see.
    """

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def send(self, data: "bytes | bytearray", flags: int = 0) -> int:  # type: ignore[override]
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None


def open_stream(address: TcpAddress) -> socket.socket:
    """Return a connection behind the daemon's welcome: what comes next is its greeting.

    Raises:
        Refused: there is none, or none that is to be trusted.
    """
    token = _token(address)
    try:
        connection = socket.create_connection((address.host, address.port), SECONDS)
    except OSError as exc:
        raise Refused(f"{(exc.strerror or str(exc)).lower()}") from None
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        certificate = b""
        if address.tls:
            connection, certificate = _wrap(connection, address)
        is_known = not certificate or _is_known(address, certificate)
        _prove(connection, token, certificate)
        if not is_known:
            _remember(address, certificate)
        connection.settimeout(None)
        return connection
    except BaseException as exc:
        connection.close()
        if isinstance(exc, NotAdmitted | CertificateChanged):
            raise Refused(str(exc)) from None
        if isinstance(exc, ssl.SSLCertVerificationError):
            raise Refused(f"its certificate: {exc.verify_message.lower()}") from None
        if isinstance(exc, ssl.SSLError):
            text = (exc.reason or str(exc)).lower().replace("_", " ")
            raise Refused(f"no TLS with what listens there: {text}") from None
        if isinstance(exc, OSError):
            raise Refused((exc.strerror or str(exc)).lower()) from None
        raise


def _token(address: TcpAddress) -> bytes:
    path = os.environ.get(TOKEN_VARIABLE)
    if not path:
        raise Refused(
            f"it asks for a token: name a copy of the daemon's token file with --token-file "
            f"or {TOKEN_VARIABLE}"
        )
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            return token_of(
                file.read(MAX_TOKEN_BYTES + 2), status.st_mode, status.st_uid, os.geteuid()
            )
    except OSError as exc:
        raise Refused(f"token file {path}: {(exc.strerror or str(exc)).lower()}") from None
    except Unfit as exc:
        raise Refused(f"token file {path}: {exc}") from None


def _wrap(connection: socket.socket, address: TcpAddress) -> tuple[socket.socket, bytes]:
    authorities = os.environ.get(CA_VARIABLE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if authorities:
        _trust(context, authorities)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it is pinned, and proves that it knows the token
    context.sslsocket_class = _TlsSocket
    wrapped = context.wrap_socket(connection, server_hostname=address.host)
    return wrapped, wrapped.getpeercert(binary_form=True) or b""


def _trust(context: ssl.SSLContext, authorities: str) -> None:
    try:
        if authorities == "system":
            context.load_default_certs()
        else:
            context.load_verify_locations(authorities)
    except OSError as exc:
        raise Refused(f"--ca {authorities}: {(exc.strerror or str(exc)).lower()}") from None


def _is_known(address: TcpAddress, certificate: bytes) -> bool:
    """Whether nothing is left to be remembered: it is pinned, or others vouch for it."""
    if os.environ.get(CA_VARIABLE):
        return True
    pins = Pins(os.environ)
    try:
        return pins.check(str(address), certificate)
    except OSError as exc:
        raise Refused(f"{pins.path}: {(exc.strerror or str(exc)).lower()}") from None


def _remember(address: TcpAddress, certificate: bytes) -> None:
    pins = Pins(os.environ)
    shown = fingerprint(certificate).hex()
    try:
        pins.remember(str(address), certificate)
        text = f"{address} knows the token; its certificate, SHA-256 {shown}, is now in {pins.path}"
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        text = f"the certificate of {address} is not remembered: {pins.path}: {why}"
    print(text, file=sys.stderr, flush=True)


def _prove(connection: socket.socket, token: bytes, certificate: bytes) -> None:
    ours = secrets.token_bytes(NONCE_BYTES)
    connection.sendall(greeting(ours))
    theirs = read_challenge(_line(connection))
    meeting = Meeting(token, fingerprint(certificate) if certificate else b"", ours, theirs)
    connection.sendall(meeting.proof())
    meeting.check_welcome(_line(connection))


def _line(connection: socket.socket) -> bytes:
    """Read a line, and not a byte further."""
    line = b""
    while not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
        byte = connection.recv(1)
        if not byte:
            raise NotAdmitted("it has closed the connection before a word; try again in a while")
        line += byte
    return line
