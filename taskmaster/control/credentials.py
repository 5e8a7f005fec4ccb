"""What access over TCP needs: the token, and the certificate with its key. Made where missing.

Python can use certificates and cannot make them; ``openssl`` makes one, once, on an elliptic curve
(P-256) and for a hundred years: clients do not check who signed it, they remember it.
"""

import contextlib
import os
import secrets
import ssl
import subprocess
from dataclasses import dataclass
from typing import Final

from taskmaster.config.model import Settings
from taskmaster.protocol.admission import (
    MAX_TOKEN_BYTES,
    Unfit,
    check_secret,
    fingerprint,
    token_of,
)

_OPENSSL_SECONDS: Final = 20.0
_DAYS: Final = "36500"
_MAX_CERTIFICATE_BYTES: Final = 1 << 20
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"

_REQUEST_CONFIG: Final = b"[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=taskmaster\n"
"""Instead of the system's openssl.cnf, which may be missing, or ask what nobody would answer."""


class CredentialsRefused(Exception):
    """Token or certificate cannot be used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a connection over TCP is met with.

    Attributes:
        token: what the client must know.
        context: for TLS, or None where nobody listens with it.
        fingerprint: SHA-256 of the certificate, empty where there is none.
        made: files that were made for it.
    """

    token: bytes
    context: ssl.SSLContext | None
    fingerprint: bytes
    made: tuple[str, ...]


def load_credentials(settings: Settings) -> Credentials:
    """Read the token and, where the settings ask for TLS, the certificate; make what is missing.

    Raises:
        CredentialsRefused: something cannot be read, made or used.
    """
    made: list[str] = []
    token = _token(settings.token_path, made)
    if not settings.listen:
        return Credentials(token, None, b"", tuple(made))
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None or key is None:
        certificate = key = settings.made_certificate
        if not os.path.exists(certificate):
            _make_private(certificate, _new_certificate())
            made.append(certificate)
        _check_made(certificate)
    context = _context(certificate, key)
    return Credentials(token, context, fingerprint(_der(certificate)), tuple(made))


def _token(path: str, made: list[str]) -> bytes:
    if not os.path.lexists(path):
        _make_private(path, secrets.token_hex(32).encode() + b"\n")
        made.append(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            data = file.read(MAX_TOKEN_BYTES + 2)
        return token_of(data, status.st_mode, status.st_uid, os.geteuid())
    except OSError as exc:
        raise _refused("token file", path, exc) from None
    except Unfit as exc:
        raise CredentialsRefused(f"token file {path}: {exc}") from None


def _check_made(path: str) -> None:
    """Refuse a certificate that somebody else has laid where ours is looked for."""
    try:
        status = os.stat(path)
        check_secret(status.st_mode, status.st_uid, os.geteuid())
    except OSError as exc:
        raise _refused("certificate", path, exc) from None
    except Unfit as exc:
        raise CredentialsRefused(f"certificate {path}: {exc}") from None


def _context(certificate: str, key: str) -> ssl.SSLContext:
    def no_password() -> str:
        raise CredentialsRefused(f"tls_key {key}: it is encrypted; store it without a password")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # nobody resumes: a connection is proved by its token each time
    try:
        context.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as exc:
        why = exc.reason or str(exc)
        text = f"certificate {certificate} with key {key}: {why.lower().replace('_', ' ')}"
        raise CredentialsRefused(text) from None
    except OSError as exc:  # it does not say which of both
        text = f"certificate {certificate} with key {key}: {(exc.strerror or str(exc)).lower()}"
        raise CredentialsRefused(text) from None
    return context


def _der(path: str) -> bytes:
    """Return the first certificate of a PEM file, which is the daemon's own, as DER."""
    try:
        with open(path, "rb") as file:
            text = file.read(_MAX_CERTIFICATE_BYTES)
    except OSError as exc:
        raise _refused("certificate", path, exc) from None
    _, _, rest = text.partition(_BEGIN)
    body, _, _ = rest.partition(_END)
    try:
        return ssl.PEM_cert_to_DER_cert((_BEGIN + body + _END).decode("ascii"))
    except ValueError as exc:
        raise CredentialsRefused(f"certificate {path}: {exc}") from None


def _new_certificate() -> bytes:
    """Return a key and a certificate that it signed itself, PEM."""
    key = _openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout"], b"")
    request = ["req", "-new", "-x509", "-config", "/dev/stdin", "-days", _DAYS]
    reading, writing = os.pipe()
    try:
        os.write(writing, key)  # a few hundred bytes: a pipe takes them at once
        os.close(writing)
        words = [*request, "-key", f"/dev/fd/{reading}"]
        return key + _openssl(words, _REQUEST_CONFIG, (reading,))
    finally:
        os.close(reading)


def _openssl(words: list[str], stdin: bytes, descriptors: tuple[int, ...] = ()) -> bytes:
    try:
        done = subprocess.run(
            ["openssl", *words],
            input=stdin,
            capture_output=True,
            timeout=_OPENSSL_SECONDS,
            pass_fds=descriptors,
            check=True,
        )
    except FileNotFoundError:
        text = "no certificate, and no program openssl to make one; "
        raise CredentialsRefused(
            text + "install openssl, or set tls_certificate and tls_key"
        ) from None
    except subprocess.SubprocessError as exc:
        said = getattr(exc, "stderr", None) or b""
        why = said.decode("utf-8", "replace").strip().splitlines()[-1:] or [str(exc)]
        raise CredentialsRefused(f"openssl could not make a certificate: {why[0]}") from None
    return done.stdout


def _make_private(path: str, data: bytes) -> None:
    """Make a file that is ours alone, whole or not at all; one that is there by now stays."""
    beside = f"{path}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        with open(os.open(beside, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        os.unlink(beside)
    except OSError as exc:
        raise _refused("cannot make", path, exc) from None


def _refused(what: str, path: str, exc: OSError) -> CredentialsRefused:
    return CredentialsRefused(f"{what} {path}: {(exc.strerror or str(exc)).lower()}")
