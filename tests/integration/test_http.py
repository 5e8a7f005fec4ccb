"""HTTP in a running daemon: who may do what, what is refused, and what outlives what."""

import base64
import os
import re
import signal
import socket
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.conftest import Site, core_of, free_port, kill_core, wait_for
from tests.integration.supervisors import (
    Supervisorctl,
    call,
    http_to,
    outcome,
    post,
    read_until,
)

S = "supervisor."


def write(site: Site, listeners: str, programs: str) -> None:
    settings = f"socket: {site.socket}, logfile: ev.log, pidfile: p.pid, http: [{listeners}]"
    site.config.write_text(f"taskmaster: {{{settings}}}\nprograms:\n{programs}\n")


def start(site: Site, listeners: str, programs: str) -> None:
    write(site, listeners, programs)
    done = site.daemon()
    assert done.returncode == 0, done.stderr


def get(path: Path, target: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http_to(path)
    try:
        connection.request(method, target, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def exchange(path: Path, data: bytes) -> bytes:
    """What comes back for some bytes until the daemon closes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(path))
        client.sendall(data)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


PROGRAMS = """
  cat: {cmd: cat, starttime: 0}
  red: {cmd: "sh -c 'printf \\"\\\\033[31mred\\\\210\\\\n\\"; exec sleep 1000'", starttime: 0}
  logged: {cmd: "sh -c 'echo one; exec cat'", stdout: logged.out, starttime: 0}
"""


@pytest.fixture
def up(site: Site) -> Path:
    """The socket of a daemon with a program that shows and some that repeat what they are told."""
    start(site, f"{site.folder}/h.sock", PROGRAMS)
    return site.folder / "h.sock"


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The same, for tests that leave everything as it is."""
    site = Site(tmp_path_factory.mktemp("steady"))
    try:
        start(site, f"{site.folder}/h.sock", PROGRAMS)
        yield site.folder / "h.sock"
    finally:
        site.end()


def info(path: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = call(path, S + "getProcessInfo", name)
    return found


# --- terminals and logs ------------------------------------------------------------------------


def test_what_a_terminal_shows_is_valid_xml(steady: Path) -> None:
    text = wait_for(lambda: call(steady, S + "readProcessStdoutLog", "red", 0, 0), "its output")

    assert text == "\u241b[31mred\ufffd\n"
    assert call(steady, S + "tailProcessStdoutLog", "red", 0, 100)[0] == text


def test_stdin_is_typed_into_the_terminal(up: Path) -> None:
    wait_for(lambda: info(up, "cat")["pid"], "cat")
    assert call(up, S + "sendProcessStdin", "cat", "hällo\n") is True

    def twice() -> bool:
        text: str = call(up, S + "readProcessStdoutLog", "cat:0", 0, 0)
        return text == "hällo\nhällo\n"  # the terminal's echo, and what cat says

    wait_for(twice, "the echo")


def test_logs_are_followed_by_supervisorctl(up: Path, site: Site) -> None:
    client = Supervisorctl(site.folder, f"unix://{up}")
    follower, main = client.begin("tail", "-f", "logged"), client.begin("maintail", "-f")
    read_until(follower, "one\n")

    call(up, S + "sendProcessStdin", "logged", "more\n")
    read_until(follower, "more\n")
    site.ctl("stop", "cat")
    read_until(main, "stopped: cat:0 (terminated by SIGTERM)")
    for running in (follower, main):
        running.send_signal(signal.SIGINT)
        outcome(running)


def test_fg_of_supervisorctl_types_and_shows(up: Path, site: Site) -> None:
    running = Supervisorctl(site.folder, f"unix://{up}").begin("fg", "cat")
    read_until(running, "Press Ctrl-C to exit <==\n")
    assert running.stdin is not None

    os.write(running.stdin.fileno(), b"to the front\n")
    read_until(running, "to the front\nto the front\n")
    running.send_signal(signal.SIGINT)

    read_until(running, "Exiting foreground\n")
    running.kill()  # its thread keeps it, also where it talks to supervisord
    outcome(running)


def test_logs_can_be_emptied(up: Path, site: Site) -> None:
    wait_for(lambda: site.text("logged.out"), "its output")

    results = call(up, S + "clearAllProcessLogs")

    assert {one["status"] for one in results} == {80}
    assert site.text("logged.out") == ""
    assert call(up, S + "clearLog") is True
    assert "spawned" not in site.events()


# --- several at once ---------------------------------------------------------------------------


def test_who_waits_holds_up_nobody_and_the_order_outlives_the_client(up: Path, site: Site) -> None:
    write(
        site, f"{site.folder}/h.sock", "  late: {cmd: sleep 1000, starttime: 1, autostart: false}"
    )
    site.ctl("reload")
    waiting = http_to(up)
    body = xmlrpc.client.dumps(("late",), S + "startProcess")
    waiting.request("POST", "/RPC2", body)

    wait_for(lambda: info(up, "late")["statename"] == "STARTING", "the start")
    assert waiting.sock is not None
    waiting.close()

    wait_for(lambda: info(up, "late")["statename"] == "RUNNING", "its end")


def test_restart_applies_the_config_and_starts_anew(up: Path, site: Site) -> None:
    before = wait_for(lambda: info(up, "cat")["pid"], "cat")
    write(site, f"{site.folder}/h.sock", "  cat: {cmd: cat, starttime: 0}\n  new: {cmd: cat}")

    assert call(up, S + "restart") is True

    wait_for(lambda: info(up, "cat")["pid"] not in (0, before), "another process")
    assert info(up, "new")["group"] == "new"
    write(site, f"{site.folder}/h.sock", "  cat: {}")
    with pytest.raises(xmlrpc.client.Fault, match=r"CANT_REREAD: .*it needs a cmd"):
        call(up, S + "restart")


# --- who may do what ---------------------------------------------------------------------------

_SHA = "{SHA}5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"  # of: password


def basic(word: str) -> str:
    return "Basic " + base64.b64encode(word.encode()).decode()


def test_a_password_is_asked_for(site: Site) -> None:
    locked = f"{{listen: {site.folder}/h.sock, username: me, password: '{_SHA}'}}"
    start(site, locked, "  cat: {cmd: cat, starttime: 0}")
    path = site.folder / "h.sock"
    body = xmlrpc.client.dumps((), S + "getPID").encode()

    assert post(path, body)[0] == 401
    assert post(path, body, Authorization=basic("me:wrong"))[0] == 401
    assert post(path, body, Authorization=basic("you:password"))[0] == 401
    assert post(path, body, Authorization="Basic %%%")[0] == 401
    assert get(path, "/healthz")[0] == 401
    assert post(path, body, Authorization=basic("me:password"))[0] == 200
    options = ("-u", "me", "-p", "password")
    assert Supervisorctl(site.folder, f"unix://{path}", *options).run("pid").status == 0
    assert "refused HTTP uid" in site.events()
    assert _SHA not in site.events()


def test_a_read_only_listener_changes_nothing(site: Site) -> None:
    both = f"{{listen: {site.folder}/ro.sock, read_only: true, mode: 0777}}, {site.folder}/h.sock"
    start(site, both, "  cat: {cmd: cat, starttime: 0}")
    read_only = site.folder / "ro.sock"
    wait_for(lambda: info(read_only, "cat")["statename"] == "RUNNING", "cat")

    for words in (("stopProcess", "cat"), ("shutdown",), ("sendProcessStdin", "cat", "x")):
        with pytest.raises(xmlrpc.client.Fault, match="FAILED: this listener is read-only"):
            call(read_only, S + words[0], *words[1:])
    several = call(read_only, "system.multicall", [{"methodName": S + "shutdown", "params": []}])

    assert several[0]["faultCode"] == 30
    assert info(read_only, "cat")["statename"] == "RUNNING"
    assert [oct(path.stat().st_mode & 0o777) for path in (read_only, site.folder / "h.sock")] == [
        "0o777",
        "0o700",
    ]


def test_web_pages_may_not_ask(steady: Path) -> None:
    body = xmlrpc.client.dumps((), S + "shutdown").encode()

    assert post(steady, body, Origin="https://example.org")[0] == 403


# --- health ------------------------------------------------------------------------------------


def test_health_and_readiness(site: Site) -> None:
    programs = "  up: {cmd: cat, starttime: 0}\n  off: {cmd: cat, autostart: false}\n"
    start(site, f"{site.folder}/h.sock", f"{programs}  down: {{cmd: 'false', startretries: 0}}")
    path = site.folder / "h.sock"
    wait_for(lambda: info(path, "down")["statename"] == "FATAL", "it to give up")

    assert get(path, "/healthz") == (200, "ok\n")
    assert get(path, "/readyz") == (503, "down:0 FATAL\n")
    assert get(path, "/readyz", "HEAD") == (503, "")
    write(site, f"{site.folder}/h.sock", programs)
    site.ctl("reload")
    wait_for(lambda: get(path, "/readyz") == (200, "ok\n"), "all to be up")


def test_what_is_measured_is_served_to_prometheus(site: Site) -> None:
    path = site.folder / "h.sock"
    start(site, str(path), "  web: {cmd: sleep 1000, starttime: 0}")
    site.wait_state("web:0", "RUNNING")

    status, served = get(path, "/metrics")

    assert status == 200
    families = {family.name for family in text_string_to_metric_families(served)}
    printed = text_string_to_metric_families(site.ctl("metrics").stdout)
    assert families == {family.name for family in printed}


# --- what is no request ------------------------------------------------------------------------

_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    "<methodCall><methodName>&b;</methodName></methodCall>"
)
_DEEP = (
    "<methodCall><methodName>system.listMethods</methodName><params><param>"
    + "<value><array><data>" * 5000
    + "</data></array></value>" * 5000
    + "</param></params></methodCall>"
)


@pytest.mark.parametrize(
    "body",
    ["", "no xml", "<methodCall>", "<a/>", "<methodCall/>", _BOMB, _DEEP,
     "<methodCall>&x;</methodCall>",
     "<methodCall><methodName>x</methodName><params><param><value><int>one</int></value></param>"
     "</params></methodCall>"],
    ids=["empty", "text", "torn", "other", "nothing", "bomb", "deep", "entity", "number"],
)  # fmt: skip
def test_what_is_no_call_is_refused(steady: Path, body: str) -> None:
    status, text = post(steady, body.encode())

    assert status == 400
    assert text.startswith(b"no XML-RPC call: ")
    assert info(steady, "cat")["group"] == "cat"


def test_a_hundred_megabytes_are_refused_and_not_read(steady: Path) -> None:
    head = b"POST /RPC2 HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n"

    answer = exchange(steady, head + b"x" * 1000)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"at most 1048576 bytes" in answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 20000, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"POST /RPC2 HTTP/1.1\r\n\r\n", 411),
        (b"POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"GET /nothing HTTP/1.0\r\n\r\n", 404),
        (b"GET /RPC2 HTTP/1.0\r\n\r\n", 405),
        (b"GET /logtail/nosuch HTTP/1.0\r\n\r\n", 404),
        (b"GET /logtail/cat/stderr HTTP/1.0\r\n\r\n", 404),
    ],
)
def test_bad_requests_are_answered_in_plain_words(steady: Path, data: bytes, status: int) -> None:
    answer = exchange(steady, data)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("getProcessInfo", 5), 2),
        (("getProcessInfo", [1]), 2),
        (("readLog", "x", 0), 2),
        (("startProcess", "cat", "yes"), 2),
        (("sendProcessStdin", "cat", 5), 2),
        (("signalProcess", "cat", "9" * 5000), 11),
    ],
)
def test_values_of_other_types_are_faults(steady: Path, words: tuple[Any, ...], fault: int) -> None:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(steady, S + words[0], *words[1:])

    assert caught.value.faultCode == fault


def test_many_idle_connections_make_room(steady: Path) -> None:
    idle = [http_to(steady) for _ in range(150)]
    for connection in idle:
        connection.connect()

    assert info(steady, "cat")["group"] == "cat"

    for connection in idle:
        connection.close()


# --- reload and the core's death ---------------------------------------------------------------


def test_the_listener_outlives_the_core(up: Path, site: Site) -> None:
    wait_for(lambda: info(up, "cat")["statename"] == "RUNNING", "cat")
    before = info(up, "cat")
    killed = kill_core(site)
    wait_for(lambda: core_of(site) not in (0, killed), "another core")

    after = info(up, "cat")

    assert (after["pid"], after["statename"]) == (before["pid"], "RUNNING")


def test_a_reload_opens_and_closes_listeners(up: Path, site: Site) -> None:
    port = free_port()
    programs = "  cat: {cmd: cat, starttime: 0}"
    write(site, f"127.0.0.1:{port}", programs)

    assert site.ctl("reload").returncode == 0

    assert not up.exists()
    client = Supervisorctl(site.folder, f"http://127.0.0.1:{port}")
    assert re.match(r"cat +RUNNING +pid \d+", client.run("status", "cat").text)
    write(site, f"127.0.0.1:{port}, {site.folder}/nowhere/h.sock", programs)
    refused = site.ctl("reload")
    assert "nowhere/h.sock: no such file or directory" in refused.stderr
    assert client.run("pid").status == 0


def test_an_address_that_is_taken_is_told_at_the_start(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        write(site, f"127.0.0.1:{port}", "  cat: {cmd: cat}")

        done = site.daemon()

    assert done.returncode == 1
    assert f"http: 127.0.0.1:{port}: address already in use" in done.stderr
