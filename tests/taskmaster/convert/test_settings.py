"""The sections that run nothing: what of them has a counterpart, and what is said of the rest."""

from pathlib import Path

import pytest

from taskmaster.config.model import Address, HttpListener
from taskmaster.convert.findings import Refused
from tests.taskmaster.convert.peer import load_text
from tests.taskmaster.convert.test_programs import conversion


def settings(folder: Path, options: str) -> tuple[list[str], list[str]]:
    """Return the lines below ``taskmaster:`` and the notes."""
    text, notes = conversion(folder, f"[supervisord]\n{options}\n")
    lines = [line.strip() for line in text.splitlines()]
    assert lines[-1] == "programs: {}"
    return lines[1:-1], notes


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("logfile=/tmp/main.log", "logfile: /tmp/main.log"),
        ("logfile=~/main.log", 'logfile: "~/main.log"'),
        ("logfile=/dev/null", "logfile: /dev/null"),
        ("logfile_maxbytes=10MB", "logfile_maxbytes: 10MB"),
        ("logfile_maxbytes=0", "logfile_maxbytes: 0"),
        ("logfile_backups=3", "logfile_backups: 3"),
        ("loglevel=debug", "loglevel: debug"),
        ("loglevel=warn", "loglevel: warning"),
        ("pidfile=%(here)s/p.pid", "pidfile: {folder}/p.pid"),
        ("user=root", "user: root"),
    ],
)
def test_an_option_with_a_counterpart(tmp_path: Path, option: str, key: str) -> None:
    assert settings(tmp_path, option) == ([key.format(folder=tmp_path)], [])


@pytest.mark.parametrize(
    "option",
    ["nodaemon=true", "silent=true", "minfds=4096", "minprocs=500", "nocleanup=true",
     "childlogdir=/tmp", "identifier=mine", "logfile=syslog", "colour=red"],
)  # fmt: skip
def test_an_option_without_is_noted(tmp_path: Path, option: str) -> None:
    keys, notes = settings(tmp_path, option)

    assert keys == []
    assert len(notes) == 1
    assert notes[0].startswith(f"2: [supervisord] {option.partition('=')[0]}: left out: ")


def test_levels_that_we_have_not_are_the_nearest(tmp_path: Path) -> None:
    keys, notes = settings(tmp_path, "loglevel=blather")

    assert keys == ["loglevel: debug"]
    assert notes == ["2: [supervisord] loglevel: it is debug now, the nearest of our four"]


def test_what_every_process_inherits_is_written_to_each(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path,
        """[supervisord]
umask=027
directory=/tmp
strip_ansi=true
environment=A=1,B=2
[program:a]
command=cat
[program:b]
command=cat
umask=002
directory=/srv
environment=B=3
stdout_logfile=/tmp/b
redirect_stderr=true
""",
    )

    assert (
        text
        == """\
  a:
    cmd: cat
    env:
      A: 1
      B: 2
    workingdir: /tmp
    umask: 027
  b:
    cmd: cat
    stdout: /tmp/b
    logformat: text
    env:
      A: 1
      B: 3
    workingdir: /srv
    umask: 002"""
    )
    assert notes == []


SERVERS = """[unix_http_server]
file=%(here)s/s.sock ; theirs
chmod=0770
chown=root:daemon
username=me
password={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d
[inet_http_server]
port=*:9001
username=you
password=secret%%
[inet_http_server:v6]
port=[::1]:9002
"""


def test_servers_are_listeners(tmp_path: Path) -> None:
    keys, notes = settings(tmp_path, SERVERS)

    assert (
        "\n".join(keys)
        == f"""\
http:
- listen: {tmp_path}/s.sock
mode: 770
group: daemon
username: me
password: "{{SHA}}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"
- listen: "0.0.0.0:9001"
username: you
password: secret%
- listen: "[::1]:9002\""""
    )
    assert notes == [
        "5: [unix_http_server] chown: the socket belongs to who the daemon runs as,"
        " with the group daemon"
    ]
    text, _ = conversion(tmp_path, f"[supervisord]\n{SERVERS}")
    assert load_text(text, tmp_path).settings.http == (
        HttpListener(
            listen=f"{tmp_path}/s.sock",
            mode=0o770,
            group="daemon",
            username="me",
            password="{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d",
        ),
        HttpListener(listen=Address("0.0.0.0", 9001), username="you", password="secret%"),
        HttpListener(listen=Address("::1", 9002)),
    )


def test_a_server_with_nothing_to_say_is_one_line(tmp_path: Path) -> None:
    assert settings(tmp_path, "[inet_http_server]\nport=localhost:1") == (
        ['http: "localhost:1"'],
        [],
    )


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("inet_http_server]\nport=a.b:1", "port: left out: names are not looked up here"),
        ("inet_http_server]\nport=1\nusername=\npassword=x", "username: left out, with"),
        ("inet_http_server]\nport=1\nusername=a\npassword=", "password: left out, with"),
        ("inet_http_server]\nport=1\nusername=a\npassword={SHA}x", "password: left out, with"),
    ],
)
def test_a_server_that_cannot_be_kept_is_left_out(tmp_path: Path, server: str, said: str) -> None:
    keys, notes = settings(tmp_path, f"[{server}")

    assert keys == []
    assert len(notes) == 1
    assert f"[inet_http_server] {said}" in notes[0]


def test_a_password_is_shown_to_nobody(tmp_path: Path) -> None:
    keys, notes = settings(
        tmp_path, "[inet_http_server]\nport=127.0.0.1:1\nusername=a\npassword=%(ENV_WORKERS)s!"
    )

    assert keys[-1] == 'password: "3!"'
    assert notes == [
        "5: [inet_http_server] password: a variable was filled in: it stands in the config for good"
    ]
    with pytest.raises(Refused) as caught:
        settings(tmp_path, "[inet_http_server]\nport=1\nusername=a\npassword=hidden%")
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "section",
    [
        "[supervisorctl]\nserverurl=unix:///x\nprompt=mine",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory=a.b:c",
        "[ctlplugin:x]\nsupervisor.ctl_factory=a.b:c",
        "[programs:a]\ncommand=cat",
    ],
)
def test_a_section_without_counterpart_is_one_note(tmp_path: Path, section: str) -> None:
    keys, notes = settings(tmp_path, section)

    assert keys == []
    name = section.splitlines()[0]
    assert [note.startswith(f"2: {name}: left out: ") for note in notes] == [True]


def test_a_group_names_its_programs(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path,
        """[supervisord]
[group:g]
programs=a, b
priority=1
[program:a]
command=cat
[program:b]
command=cat %(process_num)d
process_name=%(process_num)d
numprocs=2
numprocs_start=5
[group:none]
programs=
""",
    )

    assert text.splitlines()[-2:] == ["groups:", "  g: [a, b_5, b_6]"]
    assert [note.partition(" left out")[0] for note in notes if "group" in note] == [
        "4: [group:g] priority:"
    ]


def test_a_group_that_is_called_as_a_program_is_left_out(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path,
        """[supervisord]
[group:a]
programs=a, b
[program:a]
command=cat
[program:b]
command=cat
""",
    )

    assert "groups:" not in text
    assert notes == ["2: [group:a]: left out: the program a is a group of its own; stop a b"]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("socket=unix:///tmp/php.sock", ['socket: "unix:///tmp/php.sock"']),
        ("socket=tcp://localhost:9000", ['socket: "tcp://localhost:9000"']),
        (
            "socket=unix://%(here)s/%(program_name)s.sock\nsocket_owner=root:daemon\n"
            "socket_mode=0770\nsocket_backlog=9",
            ["socket:", 'listen: "unix://{here}/%(program_name)s.sock"', 'owner: "root:daemon"',
             "mode: 770", "backlog: 9"],
        ),
    ],
)  # fmt: skip
def test_a_fastcgi_program_has_a_socket(tmp_path: Path, options: str, lines: list[str]) -> None:
    text, notes = conversion(
        tmp_path, f"[supervisord]\n[fcgi-program:php]\ncommand=cat\nnumprocs=1\n{options}\n"
    )

    assert [line.strip() for line in text.splitlines()] == [
        "php:", "cmd: cat", "numprocs: 1", *(line.format(here=tmp_path) for line in lines),
    ]  # fmt: skip
    assert notes == []


def test_a_socket_that_cannot_be_is_noted(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path,
        """[supervisord]
[fcgi-program:a]
command=cat %(process_num)x
process_name=%(process_num)d
numprocs=2
socket=unix:///tmp/a
[fcgi-program:b]
command=cat
socket=tcp://backend:1
""",
    )

    assert "socket" not in text
    assert [note.partition(";")[0] for note in notes if "socket" in note] == [
        "6: [fcgi-program:a] socket: left out: its processes are programs of their own here,"
        " which cannot share it",
        "9: [fcgi-program:b] socket: left out: names are not looked up here",
    ]
