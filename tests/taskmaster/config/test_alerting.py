"""The section ``alerts:``: what it means, and where it says what is wrong."""

from pathlib import Path

import pytest

from taskmaster.alerts.model import Alert, Command, Email, Http, Kind, Security, Syslog, Transport
from taskmaster.config.errors import ConfigRejected
from taskmaster.config.load import Loaded, load
from taskmaster.state import from_plain, to_plain
from tests.taskmaster.config import verdicts


def text_of(alerts: str) -> str:
    return f"programs: {{web: {{cmd: sleep 1, numprocs: 2}}}}\nalerts:\n{alerts}\n"


def read(folder: Path, alerts: str) -> Loaded:
    path = folder / "c.yaml"
    path.write_text(text_of(alerts))
    found = load(str(path), {"HOME": "/home/ada", "PATH": "/usr/bin:/bin", "PASS": "hush"})
    verdicts.agrees(text_of(alerts), [])
    return found


def problems(folder: Path, alerts: str) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        read(folder, alerts)
    found = [str(problem).removeprefix(f"{folder}/c.yaml:") for problem in caught.value.problems]
    verdicts.agrees(text_of(alerts), found)
    return found


MAIL = "host: mail.example.org, from: a@b.c, to: d@e.f"


def test_every_kind_of_target(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("x\n")
    alerts = read(
        tmp_path,
        f"  m: {{events: [fatal, died], programs: ['web:*'], email: {{{MAIL}, user: u, "
        "password_file: pw}, pause: 5m, retries: 2, timeout: 3}\n"
        "  h: {http: {url: 'https://x.org:84/a?b=%(ENV_PASS)s', headers: {X-A: '%(ENV_PASS)s'}}}\n"
        "  s: {syslog: }\n"
        "  t: {syslog: {address: 'tcp://[::1]:6514', facility: local7}}\n"
        "  c: {command: [notify, '50%']}\n"
        "  x-own: 1\n",
    ).config.alerts

    mail, http, local, tcp, command = alerts.values()
    assert (mail.events, mail.programs) == ((Kind.DIED, Kind.FATAL), ("web:*",))
    assert (mail.pause, mail.retries, mail.timeout) == (300, 2, 3)
    assert isinstance(mail.target, Email)
    assert (mail.target.port, mail.target.security) == (587, Security.STARTTLS)
    assert mail.target.password_file == str(tmp_path / "pw")
    assert isinstance(http.target, Http)
    assert http.target.url == "https://x.org:84/a?b=hush"
    assert http.target.headers == (("X-A", "hush"),)
    assert (http.events, http.pause) == (tuple(Kind), 10)
    assert isinstance(local.target, Syslog)
    assert (local.target.address, local.pause) == ("/dev/log", 0)
    assert isinstance(tcp.target, Syslog)
    assert (tcp.target.transport, tcp.target.address, tcp.target.port) == (
        Transport.TCP,
        "::1",
        6514,
    )
    assert command.target == Command(words=("notify", "50%"))
    assert "hush" not in repr(alerts)
    assert "hush" not in str(http.target)


def test_the_next_core_reads_what_this_one_saved(tmp_path: Path) -> None:
    alerts = dict(
        read(
            tmp_path,
            f"  m: {{email: {{{MAIL}}}}}\n  h: {{http: {{url: 'http://x/', template: ntfy}}}}\n"
            "  s: {syslog: {address: 'udp://h', facility: user}}\n  c: {command: [a, b]}",
        ).config.alerts
    )

    assert from_plain(dict[str, Alert], to_plain(alerts)) == alerts


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        (
            "  a: {event: died, command: [x]}",
            "3:7: alerts.a.event: unknown key (did you mean event",
        ),
        ("  a: {events: [dyed], command: [x]}", "got 'dyed' (did you mean died?)"),
        ("  a: {events: crashed, command: [x]}", "3:15: alerts.a.events: expected one of died, "),
        ("  a: {events: [], command: [x]}", "at least one of"),
        ("  a: {command: [x], syslog: }", "3:21: alerts.a: it needs one target"),
        ("  a: {events: died}", "and has none"),
        ("  a: {command: x}", "3:16: alerts.a.command: expected a list of words"),
        ("  a: {command: []}", "at least the name of a program"),
        ("  a: {command: [x], timeout: 0}", "a time from 0.1 s to a day"),
        ("  a b: {command: [x]}", "3:3: alerts.a b: the name of an alert is of letters"),
        ("  - x", "expected alerts by name, got a list"),
        ("  a: {email: {host: h}}", "alerts.a.email: it needs from:"),
        (f"  a: {{email: {{{MAIL}, user: u}}}}", "a user needs a password_file or a password_env"),
        (f"  a: {{email: {{{MAIL}, password_env: PASS}}}}", "means nothing without a user"),
        (f"  a: {{email: {{{MAIL}, user: u, password_env: NO}}}}", "environment has no NO"),
        (
            f"  a: {{email: {{{MAIL}, user: u, password_env: PASS, security: none}}}}",
            "without TLS anybody on the way could read the password",
        ),
        ("  a: {email: {host: h, from: a, to: [b@c, d e]}}", "got 'd e'"),
        (f"  a: {{email: {{{MAIL}, securty: tls}}}}", "did you mean security?"),
        ("  a: {http: {url: 'http://u:p@h/'}}", "put them into headers"),
        ("  a: {http: {url: 'http://h:99999/'}}", "begins with http:// or https://"),
        ("  a: {http: {url: 'http://h/', template: json5}}", "did you mean json?"),
        ("  a: {http: {url: 'http://h/', headers: {'a b': c}}}", "the name of a header"),
        ('  a: {http: {url: "http://h/", headers: {a: "b\\nc: d"}}}', "not of printable"),
        ("  a: {http: {url: 'http://h/', secret: a, secret_file: b}}", "leave one of them out"),
        ("  a: {syslog: {address: 'udp://h:0'}}", "a path such as /dev/log"),
        ("  a: {syslog: {facility: deamon}}", "did you mean daemon?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, alerts: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(tmp_path, alerts))


def test_no_secret_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "programs: {web: {cmd: sleep 1}}\nalerts:\n"
        "  a: {http: {url: 'ttp://hush/', secret: hush, secrt: hush, template: no}, even: x}\n"
        f"  b: {{email: {{{MAIL}, password: hush}}}}\n"
        "  c: {http: {url: 'http://h/', secret: [hush], headers: [hush]}}\n"
    )

    with pytest.raises(ConfigRejected) as caught:
        load(str(path), {})

    assert len(caught.value.problems) == 7
    assert "hush" not in caught.value.render()


def test_what_is_doubtful_is_a_warning(tmp_path: Path) -> None:
    loaded = read(
        tmp_path,
        f"  a: {{programs: [web, db], email: {{{MAIL}, user: u, password_file: none}}}}",
    )

    texts = [warning.message for warning in loaded.warnings]
    assert "db is no program" in texts
    assert f"{tmp_path}/none cannot be read" in texts
