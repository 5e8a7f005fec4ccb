"""Run a command with the message as a JSON document on its standard input.

It is the core's child, runs as the core's user, in a process group of its own, and is killed with
that group when its time is over. It blocks, and has a thread for it (`threads`). Files rather than
pipes carry what goes in and what it complains of: nobody has to read along, and what it leaves
behind in the background holds up nothing.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from typing import IO, Final

from taskmaster.alerts.failures import DeliveryFailed, why
from taskmaster.alerts.formats import document
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Command
from taskmaster.process.words import describe_code

_SHOWN_BYTES: Final = 500


class Delivery:
    """One run of a command."""

    def __init__(self, target: Command, message: Message, timeout: float) -> None:
        """Prepare; whoever waits for it stops it after `timeout`."""
        self._words = target.words
        self._message = message
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def deliver(self) -> str:
        """Run it to its end; return "".

        Raises:
            DeliveryFailed: it cannot be run, or fails.
        """
        try:
            with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
                stdin.write(document(self._message))
                stdin.seek(0)
                process = self._process = subprocess.Popen(
                    self._words,
                    stdin=stdin,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    start_new_session=True,
                )
                if self._is_stopped:
                    self.stop()
                if (status := process.wait()) != 0:
                    raise DeliveryFailed(f"{describe_code(status)}{_complaint(stderr)}")
        except OSError as exc:
            raise DeliveryFailed(f"{self._words[0]}: {why(exc)}") from None
        return ""

    def stop(self) -> None:
        """Kill it and what it has started; called from another thread too."""
        self._is_stopped = True
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _complaint(stderr: IO[bytes]) -> str:
    """Return the last line of what it complained of, with a colon before it, or ""."""
    end = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, end - _SHOWN_BYTES))
    lines = stderr.read().decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last}" if last else ""
