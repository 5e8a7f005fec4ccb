"""Clients over TLS, bare TCP and ssh: who gets in, who does not, and what they can do there."""

import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import DEADLINE_SECONDS, Site, free_port, wait_for
from tests.integration.seat import Seat

SSH = """#!/bin/sh
printf '%s\\n' "$*" >> {log}
while [ "$1" != -- ]; do shift; done
[ "$2" = nowhere ] && {{ echo "ssh: no route to nowhere" >&2; exit 255; }}
exec sh -c "$3"
"""


class RemoteSite(Site):
    """A site whose daemon listens: with TLS on one port, without on another."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tls, self.tcp = free_port(), free_port()
        self.keys = f"listen: 127.0.0.1:{self.tls}, listen_plain: localhost:{self.tcp}"
        self.named = str(self.socket)
        self.environment["TASKMASTER_TOKEN_FILE"] = str(folder / "taskmaster.token")
        self.pins = folder / "taskmaster" / "known_daemons"

    def write(self, programs: str) -> None:
        settings = f"socket: {self.socket}, logfile: ev.log, pidfile: p.pid"
        text = f"taskmaster: {{{settings}, {self.keys}}}\nprograms:\n{programs}\n"
        self.config.write_text(text)

    @property
    def client(self) -> list[str]:
        return [sys.executable, "-P", "-m", "ctl", "-s", self.named]

    def over(self, scheme: str) -> "RemoteSite":
        """Have the client take another way from now on."""
        port = self.tcp if scheme == "tcp" else self.tls
        self.named = f"{scheme}://127.0.0.1:{port}"
        if scheme == "unix":
            self.named = str(self.socket)
        if scheme == "ssh":
            script = self.folder / "ssh"
            script.write_text(SSH.format(log=self.folder / "ssh.log"))
            script.chmod(0o700)
            self.environment["TASKMASTER_SSH"] = str(script)
            self.environment["TASKMASTER_REMOTE"] = f"{sys.executable} -P -m ctl"
            self.named = f"ssh://me@far:2222{self.socket}"
        return self

    def say(self, data: bytes, *, tls: bool) -> bytes:
        """Say something to the port of TLS, perhaps inside TLS; return the answer."""
        connection = socket.create_connection(("127.0.0.1", self.tls), DEADLINE_SECONDS)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        answer = b""
        with connection:
            connection.sendall(data)
            try:
                while received := connection.recv(4096):
                    answer += received
            except OSError:
                pass
        return answer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[RemoteSite]:
    it = RemoteSite(tmp_path)
    yield it
    it.end()


BASH = "  a: {cmd: [bash, --norc, -i], stopsignal: HUP, env: {PS1: 'at> '}, starttime: 0}"
CAT = "  a: {cmd: cat, starttime: 0}"


@pytest.mark.parametrize("scheme", ["tls", "tcp", "ssh"])
def test_commands_and_attach_work_from_elsewhere(site: RemoteSite, scheme: str) -> None:
    site.start(BASH)
    core = int(Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()[0])
    site.over(scheme)

    assert site.status("a")["state"] == "RUNNING"
    assert site.ctl("restart", "a").stdout == "a:0: started\n"
    assert site.ctl("start", "b").returncode == 1
    assert site.ctl(stdin="status\npid\n").stdout.endswith(f"\n{site.pid}\n")
    seat = Seat([*site.client, "attach", "a"], site.environment)
    seat.read_until(rb"at>")
    seat.type(b"seq 30000 | md5sum; stty size\r")
    seat.read_until(rb"[0-9a-f]{32}  -\r\n24 80")
    seat.resize(30, 100)
    seat.type(b"stty size\r")
    seat.read_until(rb"30 100\r\n")
    seat.type(b"seq 100000\r")
    seat.read_until(rb"\r\n99999\r\n100000\r\n.*at>")
    os.kill(core, signal.SIGKILL)
    wait_for(lambda: site.events().count("attached: a:0") == 2, "the client to come back")
    seat.type(b"echo back $((3 + 4))\r")
    seat.read_until(rb"\rback 7\r\n")
    seat.type(b"\x1d")
    assert seat.wait() == 0
    assert seat.is_as_before
    seat.close()
    if scheme != "ssh":
        assert "command: attach a (127.0.0.1:" in site.events()
        assert Path(site.environment["TASKMASTER_TOKEN_FILE"]).read_text().strip() not in (
            site.events()
        )


def test_a_log_is_followed_over_tls(site: RemoteSite) -> None:
    site.start(CAT)
    site.over("tls")
    following = subprocess.Popen(
        [*site.client, "tail", "-f", "a"], stdout=subprocess.PIPE, env=site.environment
    )
    assert following.stdout is not None
    wait_for(lambda: site.ctl("send", "--enter", "a", "x").returncode == 0, "a way to type")
    assert following.stdout.readline()

    site.ctl("send", "--enter", "a", "mark")

    while b"mark" not in following.stdout.readline():
        assert following.poll() is None
    following.kill()
    following.wait()
    following.stdout.close()


def test_what_is_made_is_ours_alone_and_the_certificate_is_pinned(site: RemoteSite) -> None:
    site.start(CAT)
    site.over("tls")

    first, second = site.ctl("pid"), site.ctl("pid")

    for name in ("taskmaster.token", "taskmaster.pem"):
        assert (site.folder / name).stat().st_mode & 0o777 == 0o600
    assert first.stdout == second.stdout == f"{site.pid}\n"
    assert "is now in" in first.stderr
    assert second.stderr == ""
    assert site.pins.read_text().count(f"127.0.0.1:{site.tls} ") == 1
    assert f"certificate SHA-256 {site.pins.read_text().split()[1]}" in site.events()

    (site.folder / "taskmaster.pem").unlink()
    site.over("unix").ctl("reload")
    changed = site.over("tls").ctl("pid")

    assert changed.returncode == 69
    assert "has changed" in changed.stderr
    assert f"remove line 1 of {site.pins}" in changed.stderr


def test_strangers_are_refused_with_a_line_each(site: RemoteSite) -> None:
    site.start(CAT)
    other = site.folder / "other"
    other.write_text("0123456789abcdef")
    other.chmod(0o600)
    site.over("tls")

    right = site.environment["TASKMASTER_TOKEN_FILE"]
    site.environment["TASKMASTER_TOKEN_FILE"] = str(other)
    wrong = site.ctl("pid")
    assert (wrong.returncode, "refused: wrong token" in wrong.stderr) == (69, True)
    assert not site.pins.exists()
    assert site.say(b"GET / HTTP/1.0\r\n\r\n", tls=False).startswith(b"refused no TLS")
    assert site.say(b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}\n', tls=True) == (
        b"refused no greeting of taskmasterctl\n"
    )
    assert b"refused" not in site.say(b"\x16\x03\x01\x00\x05garbage", tls=False)
    site.say(b"x" * 100_000, tls=True)

    events = site.wait_event("no handshake of TLS")
    wait_for(lambda: site.events().count("refused 127.0.0.1:") == 5, "five lines")
    assert "wrong token" in events
    assert other.read_text() not in events
    site.environment["TASKMASTER_TOKEN_FILE"] = right
    assert site.ctl("pid").stdout == f"{site.pid}\n"


def test_who_knows_the_token_gets_in_through_a_crowd_of_those_who_do_not(site: RemoteSite) -> None:
    site.start(CAT)
    over = threading.Event()
    silent = [socket.create_connection(("127.0.0.1", site.tls)) for _ in range(150)]

    def guess() -> None:
        while not over.is_set():
            site.say(b"guess\n", tls=True)

    threads = [threading.Thread(target=guess) for _ in range(4)]
    for thread in threads:
        thread.start()

    answer = wait_for(lambda: site.over("tls").ctl("pid").stdout, "a place")

    over.set()
    for connection in silent:
        connection.close()
    for thread in threads:
        thread.join()
    assert answer == f"{site.pid}\n"
    assert site.events().count("refused 127.0.0.1:") <= 40
    assert "Traceback" not in site.events()


def test_a_token_file_that_others_can_read_is_refused_by_both(site: RemoteSite) -> None:
    site.start(CAT)
    token = site.folder / "taskmaster.token"
    token.chmod(0o640)

    assert "others may use it (mode 0640)" in site.over("tls").ctl("pid").stderr
    reload = site.over("unix").ctl("reload")

    assert reload.returncode == 1
    assert "others may use it (mode 0640)" in reload.stderr
    assert "token file" in site.over("tcp").ctl("pid").stderr
    del site.environment["TASKMASTER_TOKEN_FILE"]
    assert "it asks for a token" in site.ctl("pid").stderr
    site.end()
    started = site.daemon()
    assert started.returncode == 1
    assert "others may use it (mode 0640)" in started.stderr


def test_a_reload_opens_and_closes_ports_or_changes_nothing(site: RemoteSite) -> None:
    site.start(CAT)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    old, new = site.tls, free_port()

    site.keys = f"listen: ['127.0.0.1:{new}', '127.0.0.1:{taken.getsockname()[1]}']"
    site.write(CAT)
    refused = site.ctl("reload")
    assert "address already in use" in refused.stderr
    assert site.over("tls").ctl("pid").returncode == 0

    taken.close()
    site.keys = f"listen: 127.0.0.1:{new}"
    site.write(CAT)
    assert site.ctl("reload").returncode == 0
    assert "connection refused" in site.ctl("pid").stderr
    site.tls = new
    assert site.over("tls").ctl("pid").stdout == f"{site.pid}\n"
    assert old != new


def test_a_given_certificate_is_used_and_authorities_may_vouch_for_it(site: RemoteSite) -> None:
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=x", "-days", "9",
             "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    subprocess.run(words, cwd=site.folder, check=True, capture_output=True)
    site.keys += ", tls_certificate: c.pem, tls_key: k.pem"
    site.start(CAT)
    site.over("tls")

    site.environment["TASKMASTER_CA"] = str(site.folder / "c.pem")
    assert site.ctl("pid").returncode == 0
    assert not site.pins.exists()
    site.environment["TASKMASTER_CA"] = "system"
    assert "its certificate: self" in site.ctl("pid").stderr


def test_what_goes_wrong_with_ssh_is_told(site: RemoteSite) -> None:
    site.start(CAT)
    site.over("ssh")
    assert json.loads(site.ctl("--json", "pid", "a").stdout)[0]["name"] == "a:0"
    words = shlex.split((site.folder / "ssh.log").read_text().splitlines()[0])
    assert words[:5] == ["-T", "-p", "2222", "-l", "me"]

    site.named = f"ssh://far{site.folder}/none.sock"
    assert "ssh ended with status 69" in site.ctl("pid").stderr
    site.named = "ssh://nowhere"
    gone = site.ctl("pid")
    assert gone.returncode == 69
    assert gone.stderr.startswith("ssh: no route to nowhere\n")
