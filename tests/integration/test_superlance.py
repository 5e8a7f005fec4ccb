"""superlance's listeners as they are, which know of supervisord only."""

import socket
import sys
from pathlib import Path

from tests.integration.conftest import Site, wait_for
from tests.integration.supervisors import SCRIPTS, call
from tests.integration.test_listeners import start

_MEMORY = "held = bytearray(60 << 20)\nimport time\ntime.sleep(1000)\n"

_SITE = """
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if LIFE > 1 else 500)
        self.end_headers()

with open("lives", "a+") as lives:
    lives.write("x")
    lives.seek(0)
    LIFE = len(lives.read())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def script(site: Site, name: str, text: str) -> str:
    (site.folder / name).write_text(text)
    return f"{sys.executable} {site.folder / name}"


def command(name: str, words: str) -> str:
    """One of superlance's, with Python's warnings about its age left out."""
    return f"{sys.executable} -W ignore {SCRIPTS / name} {words}"


def fake_sendmail(site: Site) -> str:
    path = site.folder / "sendmail"
    path.write_text(f"#!/bin/sh\ncat >>{site.folder}/mail\n")
    path.chmod(0o755)
    return str(path)


def infos(folder: Path) -> dict[str, int]:
    """The pid of every process, by supervisord's name."""
    told = call(folder / "h.sock", "supervisor.getAllProcessInfo")
    return {one["name"]: one["pid"] for one in told}


def test_memmon_restarts_what_is_too_large(site: Site) -> None:
    mailer = fake_sendmail(site)
    memmon = command("memmon", f"-p big=50MB -p small=50MB -m me@example.org -s {mailer}")
    start(
        site,
        f"  big: {{cmd: {script(site, 'big.py', _MEMORY)}, starttime: 0}}\n"
        f"  small: {{cmd: sleep 1000}}\n  memmon: {{cmd: {memmon}, events: TICK_5}}",
    )
    before = wait_for(lambda: infos(site.folder)["big"] and infos(site.folder), "both")

    wait_for(lambda: infos(site.folder)["big"] not in (0, before["big"]), "a restart")
    mail = wait_for(lambda: site.text("mail"), "a mail")

    assert infos(site.folder)["small"] == before["small"]
    assert mail.startswith("To: me@example.org\nSubject: memmon")
    assert "process big:big restarted" in mail
    assert "Restarting big:big" in site.ctl("tail", "memmon", "stderr").stdout
    site.wait_state("memmon", "RUNNING")


def test_crashmail_tells_of_an_unexpected_exit_only(site: Site) -> None:
    crashmail = command("crashmail", f"-a -m me@example.org -s {fake_sendmail(site)}")
    ends = "autorestart: never, starttime: 0, autostart: false"
    start(
        site,
        f"  good: {{cmd: 'true', {ends}}}\n  bad: {{cmd: 'false', {ends}}}\n"
        f"  crashmail: {{cmd: {crashmail}, events: PROCESS_STATE_EXITED}}",
    )
    site.wait_state("crashmail", "RUNNING")
    for name in ("good", "bad"):
        site.ctl("start", name)

    mail = wait_for(lambda: site.text("mail"), "a mail")

    assert mail.startswith("To: me@example.org\nSubject:  bad crashed at ")
    assert "Process bad in group bad exited unexpectedly (pid " in mail
    assert "good" not in mail


def test_httpok_restarts_what_answers_500(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    httpok = command("httpok", f"-p web http://127.0.0.1:{port}/")
    start(
        site,
        f"  web: {{cmd: {script(site, 'web.py', _SITE)} {port}, workingdir: HERE}}\n"
        f"  httpok: {{cmd: {httpok}, events: TICK_5}}",
    )

    wait_for(lambda: len(site.text("lives")) > 1, "a restart")
    site.wait_state("web", "RUNNING")

    said = site.ctl("tail", "httpok", "stderr").stdout
    assert "web is in RUNNING state, restarting\n" in said
    wait_for(lambda: "web restarted\n" in site.ctl("tail", "httpok", "stderr").stdout, "its word")
    assert len(site.text("lives")) == 2
