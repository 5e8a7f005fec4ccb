"""PyPI's supervisord beside a daemon of ours on the same programs, and clients for both."""

import contextlib
import http.client
import os
import re
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.conftest import DEADLINE_SECONDS, Site, is_alive, wait_for

SCRIPTS = Path(sysconfig.get_path("scripts"))


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=DEADLINE_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE_SECONDS)
        self.sock.connect(self.path)


def http_to(path: Path) -> http.client.HTTPConnection:
    """A connection for plain HTTP to a UNIX socket."""
    return _UnixConnection(str(path))


def post(path: Path, body: bytes, **headers: str) -> tuple[int, bytes]:
    """The status and the body of the answer to a POST to /RPC2."""
    connection = http_to(path)
    try:
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml", **headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class HttpFailed(Exception):
    """An answer that is no answer to a call; its argument is the status."""


def call(path: Path, method: str, *parameters: Any) -> Any:
    """Make a call with Python's own XML-RPC.

    Raises:
        xmlrpc.client.Fault: it failed.
        HttpFailed: there is no answer to it.
    """
    status, body = post(path, xmlrpc.client.dumps(parameters, method).encode())
    if status != 200:
        raise HttpFailed(status)
    return xmlrpc.client.loads(body)[0][0]


@dataclass(frozen=True)
class Ran:
    """What supervisorctl said and how it ended."""

    status: int
    text: str


class Supervisorctl:
    """supervisorctl as it is, against some server."""

    def __init__(self, folder: Path, url: str, *options: str) -> None:
        self.folder = folder
        self.config = folder / "ctl.conf"
        self.config.write_text("[supervisorctl]\n")
        self.words = [str(SCRIPTS / "supervisorctl"), "-c", str(self.config), "-s", url, *options]

    def begin(self, *words: str) -> "subprocess.Popen[bytes]":
        more = {"HOME": str(self.folder), "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            ["env", "--default-signal=INT", *self.words, *words],  # tests may run without one
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | more,
        )

    def run(self, *words: str) -> Ran:
        return outcome(self.begin(*words))


def outcome(running: "subprocess.Popen[bytes]") -> Ran:
    with running:
        text, _ = running.communicate(timeout=DEADLINE_SECONDS)
    return Ran(running.returncode, text.decode())


def read_until(running: "subprocess.Popen[bytes]", wanted: str) -> str:
    """What a client prints up to some text, which it must print."""
    assert running.stdout is not None
    text = b""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not text.endswith(wanted.encode()):
        left = deadline - time.monotonic()
        assert left > 0, f"waited for {wanted!r}: {text!r}"
        if select.select([running.stdout], [], [], left)[0]:
            piece = os.read(running.stdout.fileno(), 1)
            assert piece, f"it ended before {wanted!r}: {text!r}"
            text += piece
    return text.decode().removesuffix(wanted)


class Shells:
    """supervisorctl's own shell on both daemons: one start of it for many commands."""

    PROMPT = "supervisor> "

    def __init__(self, pair: "Pair") -> None:
        self._shells = [client.begin() for client in pair.clients()]
        for shell in self._shells:
            read_until(shell, self.PROMPT)

    def say(self, line: str) -> tuple[str, str]:
        """What each prints at a command: ours and theirs."""
        for shell in self._shells:
            assert shell.stdin is not None
            os.write(shell.stdin.fileno(), f"{line}\n".encode())
        ours, theirs = [read_until(shell, self.PROMPT) for shell in self._shells]
        return ours, theirs

    def end(self) -> None:
        for shell in self._shells:
            outcome(shell)


class Supervisord:
    """A supervisord in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "sv.sock"
        self.config = folder / "supervisord.conf"
        self.process: subprocess.Popen[bytes] | None = None
        self._waking = threading.Event()
        self._waker = threading.Thread(target=self._wake, daemon=True)

    def _wake(self) -> None:
        """Knock now and then: it looks at what it waits for only when something happens, or each
        second."""
        while not self._waking.wait(0.03):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as knocking:
                knocking.connect(str(self.socket))

    def write(self, programs: str) -> None:
        self.config.write_text(
            f"[supervisord]\nlogfile={self.folder}/ev.log\npidfile={self.folder}/p.pid\n"
            f"childlogdir={self.folder}\n"
            f"[unix_http_server]\nfile={self.socket}\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory ="
            " supervisor.rpcinterface:make_main_rpcinterface\n"
            f"{programs}"
        )

    def start(self, programs: str) -> None:
        self.write(programs)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SCRIPTS / "supervisord"), "-n", "-c",
             str(self.config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )  # fmt: skip
        wait_for(self.socket.exists, "supervisord")
        self._waker.start()

    def end(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE_SECONDS)
        self._waking.set()


@dataclass
class Pair:
    """Both daemons."""

    ours: Site
    theirs: Supervisord

    @property
    def our_socket(self) -> Path:
        return self.ours.folder / "h.sock"

    def end(self) -> None:
        self.theirs.end()
        self.ours.end()
        assert not self.ours.pidfile.exists() or not is_alive(self.ours.pid)

    def clients(self) -> tuple["Supervisorctl", "Supervisorctl"]:
        return (
            Supervisorctl(self.ours.folder, f"unix://{self.our_socket}"),
            Supervisorctl(self.theirs.folder, f"unix://{self.theirs.socket}"),
        )

    def run(self, *words: str) -> tuple[Ran, Ran]:
        """Run a command of supervisorctl against both at once."""
        ours, theirs = [client.begin(*words) for client in self.clients()]
        return outcome(ours), outcome(theirs)


_SAME: Sequence[tuple[str, str]] = (
    (r"pid \d+", "pid N"),
    (r"^[1-9]\d*$", "N"),
    (r"uptime \d+:\d\d:\d\d", "uptime T"),
    (r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "WHEN"),
)


def normalised(text: str) -> list[str]:
    """The lines of an output, with pids and times made the same, in alphabetical order."""
    for pattern, instead in _SAME:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return sorted(text.splitlines())
