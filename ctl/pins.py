"""The certificates of daemons that were met before, as ssh keeps known_hosts.

A line a daemon: its address as the user writes it, and the SHA-256 fingerprint.
"""

import os
from collections.abc import Mapping

from taskmaster.protocol.admission import fingerprint


class CertificateChanged(Exception):
    """Another certificate than at the first time; the text says what to do."""


class Pins:
    """The file of known certificates."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Know where it is; nothing is read yet."""
        state = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        self.path = os.path.join(state, "taskmaster", "known_daemons")

    def check(self, daemon: str, certificate: bytes) -> bool:
        """Return whether the certificate (DER) of the daemon is known.

        Raises:
            CertificateChanged: another one is.
            OSError: the file cannot be read.
        """
        shown = fingerprint(certificate).hex()
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                lines = file.readlines()
        except FileNotFoundError:
            return False
        for number, line in enumerate(lines, 1):
            name, _, known = line.strip().partition(" ")
            if name == daemon and known != shown:
                raise CertificateChanged(
                    f"the certificate of {daemon} has changed: SHA-256 was {known}, is {shown}. "
                    "Somebody may be in between; nothing was sent. If the daemon has a new "
                    f"certificate, remove line {number} of {self.path}"
                )
            if name == daemon:
                return True
        return False

    def remember(self, daemon: str, certificate: bytes) -> None:
        """Add the certificate of a daemon that was not known.

        Raises:
            OSError: the file cannot be written.
        """
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, f"{daemon} {fingerprint(certificate).hex()}\n".encode())
        finally:
            os.close(descriptor)
