"""Alerts arrive where the config says, and delivering them holds up nobody."""

import hashlib
import hmac
import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Site, is_alive, kill_core, wait_for
from tests.integration.receivers import (
    PASSWORD,
    USER,
    Post,
    WebServer,
    mail_server,
    make_certificate,
)

# aiosmtpd does not know that with an ssl_context there is TLS from the first byte on.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


class AlertSite(Site):
    """A site whose config has alerts (YAML, indented by 2)."""

    alerts = ""

    def write(self, programs: str) -> None:
        super().write(programs)
        with open(self.config, "a") as file:
            file.write(f"alerts:\n{self.alerts}\n")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AlertSite]:
    it = AlertSite(tmp_path)
    yield it
    it.end()


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def once(program: str = "web") -> str:
    return (
        f"  {program}: {{cmd: [sh, -c, 'echo hello; echo last words; exit 3'], starttime: 0, "
        "autorestart: never, env: {COLUMNS: 80}}"
    )


@pytest.mark.parametrize("starttls", [True, False], ids=["starttls", "tls"])
def test_a_mail_tells_it_all(site: AlertSite, certificate: Path, *, starttls: bool) -> None:
    with mail_server(certificate, starttls=starttls) as (mails, port):
        (site.folder / "password").write_text(f"{PASSWORD}\n")
        security = "starttls" if starttls else "tls"
        login = f"user: {USER}, password_file: password, ca_file: {certificate}"
        site.alerts = (
            f"  ops: {{events: died, email: {{host: 127.0.0.1, port: {port}, {login}, "
            f"security: {security}, from: tm@example.org, to: [a@example.org, b@example.org]}}}}"
        )
        mails.refusals = 1

        site.start(once())

        wait_for(lambda: mails.letters, "a mail")
        letter, body = mails.letters[0], mails.body(0)
        assert "web:0: died unexpectedly: exit status 3" in str(letter["Subject"])
        assert mails.recipients == [["a@example.org", "b@example.org"]]
        assert "next: nothing: autorestart is never" in body
        assert "it had lived 0:00:00" in body
        lines, screen = body.split("--- last lines of web:0")[1].split("--- last screen of web:0")
        assert "hello\nlast words" in lines
        assert "hello\nlast words" in screen
        told = site.wait_event("alert: ops (email by 127.0.0.1:")
        assert "not delivered, to be tried again: the server said 451 come back later" in told
        shown = told + site.ctl("status").stdout + site.ctl("--json", "status").stdout
        assert PASSWORD not in shown


def test_a_wrong_password_is_told_and_not_shown(site: AlertSite, certificate: Path) -> None:
    with mail_server(certificate, starttls=True) as (mails, port):
        site.environment["MAIL_PASSWORD"] = "battery staple"
        login = f"user: {USER}, password_env: MAIL_PASSWORD, ca_file: {certificate}"
        mail = f"host: 127.0.0.1, port: {port}, {login}, from: tm@example.org, to: a@example.org"
        site.alerts = f"  ops: {{email: {{{mail}}}}}\n"
        site.alerts += (
            "  strangers: {email: {" + mail.replace(f", ca_file: {certificate}", "") + "}}"
        )
        site.start("  web: {cmd: sleep 1000}")

        tried = site.ctl("alert", "test")

        assert tried.returncode == 1
        ops, strangers = tried.stdout.splitlines()
        assert re.fullmatch(r"ops: ERROR \(email by 127.0.0.1:\d+: the server said 535 .*\)", ops)
        assert "its certificate is not accepted: self-signed certificate" in strangers
        assert "battery staple" not in tried.stdout + tried.stderr + site.events()
        assert not mails.letters


def test_a_post_is_signed_and_tells_it_all(site: AlertSite, web: WebServer) -> None:
    site.alerts = (
        f"  hook: {{events: [died, restarted], programs: w*, http: {{url: '{web.url}/in?key=abc', "
        "headers: {Authorization: Bearer hush}, secret: s3cret}}"
    )
    site.start(f"{once('web')}\n{once('other')}")

    wait_for(lambda: web.posts, "a post")
    post = web.posts[0]
    assert post.path == "/in?key=abc"
    assert post.headers["Authorization"] == "Bearer hush"
    expected = hmac.new(b"s3cret", post.body, hashlib.sha256).hexdigest()
    assert post.headers["X-Taskmaster-Signature"] == f"sha256={expected}"
    (event,) = post.json["events"]
    assert (event["process"], event["program"], event["kinds"]) == ("web:0", "web", ["died"])
    assert event["what"] == "died unexpectedly: exit status 3"
    assert event["last_lines"] == ["hello", "last words"]
    assert event["screen"] == ["hello", "last words"]
    assert event["pid"] > 0
    site.wait_state("other", "EXITED")
    assert site.ctl("alert", "test", "hook").stdout == f"hook: delivered ({web.url})\n"
    assert [event["process"] for event in web.events] == ["web:0", "example:0"]
    assert "s3cret" not in site.events()
    assert "abc" not in site.events()


def test_a_server_that_fails_is_tried_again(site: AlertSite, web: WebServer) -> None:
    answers: Iterator[tuple[int, dict[str, str]]] = iter([(503, {}), (429, {}), (200, {})])
    web.answer = lambda post: next(answers)
    site.alerts = f"  hook: {{events: died, http: {{url: '{web.url}/'}}}}"

    site.start(once())

    wait_for(lambda: len(web.posts) == 3, "the third try")
    assert len({post.json["id"] for post in web.posts}) == 1
    told = site.wait_event("not delivered, to be tried again: it answered 503")
    assert "gave up" not in told


def test_what_will_never_be_taken_is_given_up_and_counted(site: AlertSite, web: WebServer) -> None:
    web.answer = lambda post: (404, {})
    site.alerts = f"  hook: {{events: died, http: {{url: '{web.url}/'}}}}"

    site.start(once())

    site.wait_event("gave up after 1 try, 1 event dropped: it answered 404 Not Found")
    assert len(web.posts) == 1


def test_redirects_are_followed_and_secrets_are_not_sent_along(
    site: AlertSite, web: WebServer
) -> None:
    with WebServer() as other:

        def answer(post: Post) -> tuple[int, dict[str, str]]:
            if post.path == "/first":
                return 307, {"Location": "/second"}
            return 302, {"Location": f"{other.url}/third"}

        web.answer = answer
        site.alerts = (
            f"  hook: {{http: {{url: '{web.url}/first', secret: s, headers: {{X-Key: hush}}}}}}"
        )
        site.start("  web: {cmd: sleep 1000}")

        assert site.ctl("alert", "test").returncode == 0

        assert [post.path for post in web.posts + other.posts] == ["/first", "/second", "/third"]
        second, third = web.posts[1], other.posts[0]
        assert second.headers["X-Key"] == "hush"
        assert {"X-Key", "X-Taskmaster-Signature"}.isdisjoint(third.headers)
        assert second.body == third.body

        web.answer = lambda post: (302, {"Location": "/again"})
        tried = site.ctl("alert", "test")
        assert "more than 3 redirects" in tried.stdout
        assert tried.returncode == 1


def test_https_is_verified_and_never_left(
    site: AlertSite, web: WebServer, certificate: Path
) -> None:
    with WebServer(certificate) as tls:
        tls.answer = lambda post: (
            (302, {"Location": f"{web.url}/"}) if post.path == "/down" else (200, {})
        )
        known = f"ca_file: {certificate}"
        site.alerts = (
            f"  good: {{http: {{url: '{tls.url}/', {known}}}}}\n"
            f"  down: {{http: {{url: '{tls.url}/down', {known}}}}}\n"
            f"  strange: {{http: {{url: '{tls.url}/'}}}}"
        )
        site.start("  web: {cmd: sleep 1000}")

        good, down, strange = site.ctl("alert", "test").stdout.splitlines()

        assert good == f"good: delivered ({tls.url})"
        assert "it redirects from https to http, which is not followed" in down
        assert "its certificate is not accepted" in strange
        assert not web.posts


def test_services_get_what_they_take(site: AlertSite, web: WebServer) -> None:
    site.alerts = "\n".join(
        f"  {name}: {{http: {{url: '{web.url}/{name}', template: {name}}}}}"
        for name in ("slack", "discord", "ntfy")
    )
    site.start("  web: {cmd: sleep 1000}")

    assert site.ctl("alert", "test").returncode == 0

    posts = {post.path: post for post in web.posts}
    ntfy = posts["/ntfy"]
    for text in (
        posts["/slack"].json["text"],
        posts["/discord"].json["content"],
        ntfy.headers["Title"] + ntfy.body.decode(),
    ):
        assert "example:0: this is a test: nothing happened" in text
        assert "the last line that it wrote" in text


LINE = re.compile(
    r"<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ taskmaster \d+ (\w+) - (.*)", re.DOTALL
)


def test_syslog_gets_a_line_for_each_event(site: AlertSite) -> None:
    path = site.folder / "log.sock"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as local,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket() as tcp,
    ):
        local.bind(str(path))
        for one in (udp, tcp):
            one.bind(("127.0.0.1", 0))
        tcp.listen()
        for one in (local, udp, tcp):
            one.settimeout(60)
        ports = udp.getsockname()[1], tcp.getsockname()[1]
        site.alerts = (
            f"  local: {{events: [died, fatal], syslog: {{address: {path}, facility: local3}}}}\n"
            f"  udp: {{events: [died, fatal], syslog: {{address: 'udp://127.0.0.1:{ports[0]}'}}}}\n"
            f"  tcp: {{events: [died, fatal], syslog: {{address: 'tcp://127.0.0.1:{ports[1]}'}}}}"
        )
        gives_up = "  bad: {cmd: [sh, -c, exit 4], startretries: 0}"

        site.start(f"{once()}\n{gives_up}")

        for one, facility in ((local, 19), (udp, 3)):
            found = [LINE.fullmatch(one.recv(4096).decode()) for _ in range(2)]
            died, fatal = sorted((m.groups() for m in found if m), key=lambda group: group[1])
            assert died[:2] == (str(facility * 8 + 4), "died")
            assert died[2].startswith("web:0: died unexpectedly: exit status 3; pid ")
            assert died[2].endswith("; last lines: hello | last words")
            assert fatal[:2] == (str(facility * 8 + 3), "fatal")
            assert "bad:0: gave up after 1 try: exit status 4" in fatal[2]
        received = b""
        while received.count(b"taskmaster") < 2:
            connection, _ = tcp.accept()
            connection.settimeout(60)
            with connection:
                while data := connection.recv(4096):
                    received += data
        length, _, rest = received.partition(b" ")
        assert LINE.fullmatch(rest[: int(length)].decode())


def test_a_command_gets_the_document_and_is_killed_when_it_hangs(site: AlertSite) -> None:
    hangs = "sleep 1000 & echo $! > child.pid; wait"
    site.alerts = (
        f"  run: {{events: died, command: [sh, -c, 'cat > {site.folder}/got.json']}}\n"
        "  fail: {events: died, retries: 0, command: [sh, -c, 'echo no way >&2; exit 7']}\n"
        f"  hang: {{events: died, retries: 0, timeout: 0.5, command: "
        f"[sh, -c, 'cd {site.folder}; {hangs}']}}\n"
        "  absent: {events: core, command: [no-such-program]}"
    )

    site.start(once())

    wait_for(lambda: site.text("got.json").endswith("\n"), "the document")
    assert json.loads(site.text("got.json"))["events"][0]["last_lines"] == ["hello", "last words"]
    site.wait_event("gave up after 1 try, 1 event dropped: exit status 7: no way")
    site.wait_event("gave up after 1 try, 1 event dropped: not done within 0.5 s")
    wait_for(lambda: not is_alive(int(site.text("child.pid"))), "what it started to end")
    tried = site.ctl("--json", "alert", "test", "absent", "nobody")
    assert tried.returncode == 1
    texts = [outcome["text"] for outcome in json.loads(tried.stdout)]
    assert "no-such-program: no such file or directory" in texts[0]
    assert "no such alert" in texts[1]


def test_who_flaps_becomes_a_digest(site: AlertSite, web: WebServer) -> None:
    """The first message comes at once; what comes in the pause behind it is one more."""
    site.alerts = f"  hook: {{pause: 1, http: {{url: '{web.url}/'}}}}"
    flaps = "cmd: [sh, -c, exit 3], starttime: 0, startretries: 100000"

    site.start(f"  web: {{{flaps}}}")

    wait_for(lambda: len(web.posts) >= 2, "a digest")
    first, digest = web.posts[0].json, web.posts[1].json
    assert sum(event["count"] for event in first["events"]) < 5
    counts = {tuple(event["kinds"]): event["count"] for event in digest["events"]}
    assert counts["died", "restarted"] > 10
    assert len(digest["events"]) < 10


def test_a_target_that_stalls_delays_no_restart(site: AlertSite, web: WebServer) -> None:
    web.answer = web.stall
    site.alerts = f"  hook: {{pause: 0, timeout: 1h, http: {{url: '{web.url}/'}}}}"
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    site.wait_state("web", "RUNNING")
    for number in range(3):
        os.kill(site.status("web")["pid"], signal.SIGKILL)
        wait_for(lambda: site.events().count("spawned") == number + 2, "another process")  # noqa: B023

    assert len(web.posts) == 1  # it is still at that
    assert "delivered" not in site.events()
    os.kill(site.pid, signal.SIGTERM)
    site.wait_event("taskmasterd has ended")
    told = site.wait_event("alert: hook")
    assert "the end came first, 3 events dropped" in told


def test_servers_that_never_answer_are_told_and_left(site: AlertSite) -> None:
    """The kernel accepts for a server that does not."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        rest = "events: died, timeout: 0.3, retries: 1"
        mail = f"host: 127.0.0.1, port: {port}, from: a@example.org, to: b@example.org"
        site.alerts = (
            f"  starttls: {{{rest}, email: {{{mail}}}}}\n"
            f"  tls: {{{rest}, email: {{{mail}, security: tls}}}}\n"
            f"  web: {{{rest}, http: {{url: 'http://127.0.0.1:{port}/'}}}}\n"
            f"  https: {{{rest}, http: {{url: 'https://127.0.0.1:{port}/'}}}}"
        )

        site.start(once())

        wait_for(lambda: site.events().count("gave up after 2 tries, 1 event dropped") == 4, "all")
        reasons = re.findall(r"dropped: (.*)", site.events())
        assert set(reasons) <= {"no answer in time", "not done within 0.3 s"}


def test_what_waits_at_the_end_is_delivered_also_after_an_upgrade(
    site: AlertSite, web: WebServer
) -> None:
    site.alerts = f"  hook: {{events: died, pause: 1h, http: {{url: '{web.url}/'}}}}"
    site.start(once("one"))
    wait_for(lambda: web.posts, "the first")
    site.write(f"{once('one')}\n{once('two')}")
    site.ctl("reload")
    site.wait_state("two", "EXITED")
    assert len(web.posts) == 1

    assert site.ctl("upgrade").returncode == 0

    wait_for(lambda: len(web.posts) == 2, "what the core before had to tell")
    site.write(f"{once('one')}\n{once('three')}")
    site.ctl("reload")
    site.wait_state("three", "EXITED")
    assert len(web.posts) == 2
    site.ctl("shutdown")
    assert [event["process"] for event in web.events] == ["one:0", "two:0", "three:0"]


def test_what_happens_to_the_daemon_is_told(site: AlertSite, web: WebServer) -> None:
    site.alerts = (
        "  hook: {events: [config, core, log], programs: nothing*, pause: 0, "
        f"http: {{url: '{web.url}/'}}}}"
    )
    site.start("  web: {cmd: sleep 1000}")
    kill_core(site)
    site.wait_event("takes over 1 process")
    wait_for(lambda: len(web.posts) == 1, "the core")
    site.write("  web: {cmd: sleep 1000, numprocs: two}")
    site.ctl("reload")
    wait_for(lambda: len(web.posts) == 2, "the config")

    core, config = web.events

    assert core["kinds"] == ["core"]
    assert "the core was killed by signal 9" in core["what"]
    assert config["kinds"] == ["config"]
    assert "programs.web.numprocs: expected a whole number" in config["screen"][0]


def test_a_log_that_cannot_be_written_is_told(site: AlertSite, web: WebServer) -> None:
    site.alerts = f"  hook: {{events: log, programs: web, http: {{url: '{web.url}/'}}}}"
    (site.folder / "blocked").mkdir()

    site.start("  web: {cmd: cat, stdout: blocked}\n  other: {cmd: cat, stdout: gone/x}")

    wait_for(lambda: web.posts, "a post")
    (event,) = web.posts[0].json["events"]
    assert event["process"] == "web:0"
    assert "is a directory" in event["what"]


def test_a_reload_changes_alerts_in_place(site: AlertSite, web: WebServer) -> None:
    site.alerts = f"  a: {{http: {{url: '{web.url}/old'}}}}\n  b: {{command: ['true']}}"
    site.start("  web: {cmd: sleep 1000}")
    pid = site.status("web")["pid"]
    site.alerts = f"  a: {{http: {{url: '{web.url}/new'}}}}\n  c: {{command: ['true']}}"
    site.write("  web: {cmd: sleep 1000}")

    report = site.ctl("reload").stdout

    assert report.splitlines() == ["alerts.a: updated", "alerts.b: removed", "alerts.c: added"]
    assert site.ctl("alert", "test").returncode == 0
    assert [post.path for post in web.posts] == ["/new"]
    assert site.status("web")["pid"] == pid
    kill_core(site)
    wait_for(lambda: len(web.posts) == 2, "the next core, which knows them too")


def test_without_alerts_there_is_nothing_to_try(site: AlertSite) -> None:
    site.start("  web: {cmd: sleep 1000}")

    tried = site.ctl("alert", "test")

    assert (tried.returncode, tried.stdout) == (1, "")
    assert "the config has no alerts" in tried.stderr
    assert site.ctl("alert").returncode == 2
    assert site.ctl("alert", "show").returncode == 2
