"""The sections that run nothing: what of them has a counterpart, and what is said of the rest."""

from pathlib import Path

import pytest

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


def test_servers_are_comments_for_now(tmp_path: Path) -> None:
    keys, notes = settings(
        tmp_path,
        """[unix_http_server]
file=%(here)s/s.sock ; theirs
chmod=0770
chown=root:root
[inet_http_server]
port=*:9001
username=me
password=secret%
""",
    )

    assert keys == [
        f"# http: {tmp_path}/s.sock   # [unix_http_server]",
        "# http: 0.0.0.0:9001   # [inet_http_server]",
    ]
    assert [note.partition(":")[0] for note in notes] == ["2", "4", "5", "6", "8", "9"]
    assert "secret" not in "".join((*keys, *notes))


@pytest.mark.parametrize(
    "section",
    [
        "[supervisorctl]\nserverurl=unix:///x\nprompt=mine",
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory=a.b:c",
        "[ctlplugin:x]\nsupervisor.ctl_factory=a.b:c",
        "[fcgi-program:php]\ncommand=php-cgi\nsocket=unix:///tmp/php.sock\nsocket_mode=0700",
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
