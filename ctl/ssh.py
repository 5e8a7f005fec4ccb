"""Reach a daemon on another machine: ``ssh`` runs ``taskmasterctl relay`` there."""

import os
import socket
import subprocess
from typing import Final

from ctl.address import BadAddress, SshAddress, ssh_words

_LEAVING_SECONDS: Final = 2.0


class SshSocket(socket.socket):
    """The near end of an ssh that carries the protocol; to close it ends that ssh."""

    process: subprocess.Popen[bytes]

    def ending(self) -> str:
        """Return how the ssh that has closed the connection ended; it has told why itself."""
        try:
            status = self.process.wait(_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            return "ssh hangs"
        if status == 127:
            return (
                "over there is no taskmasterctl in the PATH; TASKMASTER_REMOTE says how to run it"
            )
        return f"ssh ended with status {status}"

    def close(self) -> None:
        """Hang up; what was sent is left to reach the daemon first."""
        super().close()
        try:
            self.process.wait(_LEAVING_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()


def open_stream(address: SshAddress) -> SshSocket:
    """Return the connection; errors of ssh, and its questions, go to the user's terminal.

    Raises:
        BadAddress: ssh cannot be run.
    """
    words = ssh_words(address, os.environ)
    ours, its = socket.socketpair()
    with its:
        try:
            process = subprocess.Popen(words, stdin=its.fileno(), stdout=its.fileno())
        except OSError as exc:
            ours.close()
            raise BadAddress(f"{words[0]}: {(exc.strerror or str(exc)).lower()}") from None
    stream = SshSocket(fileno=ours.detach())
    stream.process = process
    return stream
