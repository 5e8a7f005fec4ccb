"""How a client over TCP shows that it knows the token, and the daemon that it does, too.

Before the first message (`messages`) four lines are exchanged, the client's first:

| who | line | |
| --- | --- | --- |
| client | ``taskmaster 1 NONCE`` | 32 random bytes; numbers are hexadecimal |
| daemon | ``challenge NONCE`` | 32 random bytes of its own |
| client | ``proof HMAC`` | that it knows the token |
| daemon | ``welcome HMAC`` | that it does as well; or ``refused WHY`` at any time, and the end |

Each HMAC (SHA-256, RFC 2104; the token is the key) covers whose it is, both nonces and the SHA-256
fingerprint of the daemon's certificate. So the token itself never travels: whoever sits in between
at first contact, with a certificate of their own, learns nothing they could use, and is found out
by the missing welcome. The client proves first: who knows no token gets nothing to guess at.
No I/O, no randomness in here.
"""

import hashlib
import hmac
import re
import stat
from typing import Final

TOKEN_VARIABLE: Final = "TASKMASTER_TOKEN_FILE"
NONCE_BYTES: Final = 32

MAX_LINE_BYTES: Final = 512
"""The longest line of the exchange, with its newline."""

MIN_TOKEN_BYTES: Final = 16
MAX_TOKEN_BYTES: Final = 4096

_CLIENT: Final = b"client"
_DAEMON: Final = b"daemon"
_GREETING: Final = re.compile(rb"taskmaster 1 ([0-9a-f]{64})\n")
_CHALLENGE: Final = re.compile(rb"challenge ([0-9a-f]{64})\n")
_PROOF: Final = re.compile(rb"proof ([0-9a-f]{64})\n")
_WELCOME: Final = re.compile(rb"welcome ([0-9a-f]{64})\n")
_REFUSED: Final = re.compile(rb"refused ([^\n]*)\n")


class NotAdmitted(Exception):
    """The other side does not follow, or is not who it should be; the text says why."""


class Unfit(Exception):
    """A file with a secret must not be used; the text says why and what to do."""


class Meeting:
    """One exchange, from either side's view: both nonces and what is proved over them."""

    def __init__(self, token: bytes, certificate: bytes, client: bytes, daemon: bytes) -> None:
        """Take what both sides know.

        Args:
            token: the shared secret.
            certificate: SHA-256 fingerprint of the daemon's, empty where there is no TLS.
            client: its nonce.
            daemon: its nonce.
        """
        self._token = token
        self._covered = certificate + client + daemon

    def proof(self) -> bytes:
        """Return the client's line."""
        return b"proof " + self._mac(_CLIENT) + b"\n"

    def welcome(self) -> bytes:
        """Return the daemon's line for who has proved it."""
        return b"welcome " + self._mac(_DAEMON) + b"\n"

    def check_proof(self, line: bytes) -> None:
        """Return if the client knows the token.

        Raises:
            NotAdmitted: it does not.
        """
        if not hmac.compare_digest(_read(_PROOF, line, "no proof of a token"), self._mac(_CLIENT)):
            raise NotAdmitted("wrong token")

    def check_welcome(self, line: bytes) -> None:
        """Return if the daemon knows the token.

        Raises:
            NotAdmitted: it does not, or it refuses us.
        """
        if not hmac.compare_digest(_read_answer(_WELCOME, line), self._mac(_DAEMON)):
            raise NotAdmitted("it does not know the token: it is not the daemon you mean")

    def _mac(self, who: bytes) -> bytes:
        return hmac.digest(self._token, who + self._covered, "sha256").hex().encode()


def greeting(nonce: bytes) -> bytes:
    """Return the client's first line."""
    return b"taskmaster 1 " + nonce.hex().encode() + b"\n"


def challenge(nonce: bytes) -> bytes:
    """Return the daemon's answer to it."""
    return b"challenge " + nonce.hex().encode() + b"\n"


def refused(why: str) -> bytes:
    """Return the daemon's last line for somebody who does not get in."""
    return f"refused {why}\n".encode("utf-8", "replace")


def read_greeting(line: bytes) -> bytes:
    """Return the client's nonce.

    Raises:
        NotAdmitted: it is something else.
    """
    return bytes.fromhex(_read(_GREETING, line, "no greeting of taskmasterctl").decode())


def read_challenge(line: bytes) -> bytes:
    """Return the daemon's nonce.

    Raises:
        NotAdmitted: it is something else, or a refusal.
    """
    return bytes.fromhex(_read_answer(_CHALLENGE, line).decode())


def fingerprint(certificate: bytes) -> bytes:
    """Return the SHA-256 fingerprint of a certificate (DER)."""
    return hashlib.sha256(certificate).digest()


def token_of(data: bytes, status_mode: int, owner: int, uid: int) -> bytes:
    """Return the token that a file holds.

    Args:
        data: what is in it.
        status_mode: its st_mode; likewise `owner`, its st_uid.
        owner: whose it is.
        uid: who reads it.

    Raises:
        Unfit: others could read it or have written it, or it holds no token.
    """
    check_secret(status_mode, owner, uid)
    token = data.strip()
    if not MIN_TOKEN_BYTES <= len(token) <= MAX_TOKEN_BYTES:
        wanted = f"{MIN_TOKEN_BYTES} to {MAX_TOKEN_BYTES} bytes"
        raise Unfit(f"it holds {len(token)} bytes, and a token has {wanted}")
    return token


def check_secret(status_mode: int, owner: int, uid: int) -> None:
    """Return if a file with a secret is the reader's alone, or root's.

    Raises:
        Unfit: it is not.
    """
    if not stat.S_ISREG(status_mode):
        raise Unfit("it is not a regular file")
    if status_mode & 0o077:
        raise Unfit(f"others may use it (mode {status_mode & 0o777:04o}); chmod 600 it")
    if owner not in (0, uid):
        raise Unfit(f"it belongs to another user (uid {owner})")


def _read(form: re.Pattern[bytes], line: bytes, otherwise: str) -> bytes:
    match = form.fullmatch(line)
    if match is None:
        raise NotAdmitted(otherwise)
    return match[1]


def _read_answer(form: re.Pattern[bytes], line: bytes) -> bytes:
    if said := _REFUSED.fullmatch(line):
        text = said[1].decode("utf-8", "replace")
        printable = "".join(char if char.isprintable() else "?" for char in text)
        raise NotAdmitted(f"refused: {printable}")
    return _read(form, line, "it is no daemon of Taskmaster's that answers")
