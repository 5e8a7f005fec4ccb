"""Each option of a program: the key that it becomes, or the note that says what to do instead."""

from pathlib import Path

import pytest

from taskmaster.config.load import load
from taskmaster.convert.conversion import Surroundings, convert
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.ini import read_ini

VARIABLES = {"HOME": "/root", "PATH": "/bin:/usr/bin", "WORKERS": "3", "ODD": "50%"}


def conversion(folder: Path, text: str) -> tuple[str, list[str]]:
    """Return what a file becomes, without the comments, and what is noted."""
    path, findings = folder / "s.conf", Findings()
    path.write_text(text)
    around = Surroundings("/start", "box", VARIABLES)
    config = convert(read_ini(str(path), VARIABLES, findings), around, findings)
    (folder / "c.yaml").write_text(config)
    load(str(folder / "c.yaml"), dict.fromkeys(findings.variables, "x") | VARIABLES)
    lines = [line for line in config.splitlines() if line and not line.startswith("#")]
    notes = [str(note).removeprefix(f"{path}:") for note in findings.notes]
    return "\n".join(lines).removeprefix("programs:\n"), notes


def program(folder: Path, options: str) -> tuple[list[str], list[str]]:
    """Return the keys of a program with those options beside its command, and the notes."""
    text, notes = conversion(folder, f"[supervisord]\n[program:a]\ncommand=cat\n{options}\n")
    first, command, *keys = text.splitlines()
    assert [first, command] == ["  a:", "    cmd: cat"]
    return [key.removeprefix("    ") for key in keys], notes


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("numprocs=1", "numprocs: 1"),
        ("priority=5", "priority: 5"),
        ("autostart=no", "autostart: false"),
        ("autorestart=true", "autorestart: always"),
        ("autorestart=false", "autorestart: never"),
        ("autorestart=unexpected", "autorestart: unexpected"),
        ("startsecs=0", "starttime: 0"),
        ("startretries=10", "startretries: 10"),
        ("exitcodes=0,2", "exitcodes: [0, 2]"),
        ("exitcodes=", "exitcodes: []"),
        ("stopsignal=SIGQUIT", "stopsignal: QUIT"),
        ("stopsignal=10", "stopsignal: USR1"),
        ("stopwaitsecs=60", "stoptime: 60"),
        ("stopasgroup=true", "stopasgroup: true"),
        ("killasgroup=true", "killasgroup: true"),
        ("user=nobody", "user: nobody"),
        ("umask=0077", "umask: 077"),
        ("directory=/srv", "workingdir: /srv"),
        ("directory=%(ENV_HOME)s/x", 'workingdir: "%(ENV_HOME)s/x"'),
        ("stdout_logfile=NONE", "stdout: discard"),
        ("redirect_stderr=true\nstdout_logfile=/tmp/a.log", "stdout: /tmp/a.log"),
        ("stdout_events_enabled=true", "stdout_events: true"),
        ("redirect_stderr=true\nstdout_logfile=syslog", "stdout: syslog"),
        ("redirect_stderr=true\nstdout_syslog=true", "stdout: syslog"),
        ("redirect_stderr=1\nstdout_syslog=1\nstdout_logfile=/a", "stdout: [/a, syslog]"),
        ("stderr_syslog=true", "stderr: syslog"),
        ("stderr_syslog=true\nstderr_logfile=off", "stderr: syslog"),
        ("stderr_logfile=NONE", "stderr: discard"),
        ("stderr_logfile=off", "stderr: discard"),
        ("stderr_logfile=/tmp/e.log", "stderr: /tmp/e.log"),
        ("numprocs=%(ENV_WORKERS)s\nprocess_name=a%(process_num)d", "numprocs: 3"),
    ],
)
def test_an_option_with_a_counterpart(tmp_path: Path, option: str, key: str) -> None:
    assert program(tmp_path, option)[0] == [key]


def test_limits_of_logs_go_with_their_files(tmp_path: Path) -> None:
    limits = "logfile_maxbytes=1500KB\n{0}_logfile_backups=2\n"
    text = f"stdout_{limits.format('stdout')}stderr_{limits.format('stderr')}"

    assert program(tmp_path, text) == ([], [])
    keys, _ = program(tmp_path, f"{text}stdout_logfile=/tmp/o\nstderr_logfile=/tmp/e")
    assert keys == [
        "stdout: /tmp/o",
        "stderr: /tmp/e",
        "stdout_maxbytes: 1500KB",
        "stdout_backups: 2",
        "stderr_maxbytes: 1500KB",
        "stderr_backups: 2",
    ]


def test_no_rotation_is_kept(tmp_path: Path) -> None:
    text = "redirect_stderr=true\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0"

    assert program(tmp_path, text) == (["stdout: /dev/stdout", "stdout_maxbytes: 0"], [])


def test_both_streams_in_one_file_are_one_terminal(tmp_path: Path) -> None:
    keys, notes = program(tmp_path, "stdout_logfile=/tmp/o\nstderr_logfile=/tmp/o")

    assert (keys, notes) == (["stdout: /tmp/o"], [])


def test_environments_come_with_quotes_and_expansions(tmp_path: Path) -> None:
    keys, notes = program(
        tmp_path,
        """environment=A="x, y",B='it"s',C=%(ENV_WORKERS)s,D="%%(no)s",
  E="%(program_name)s-%(process_num)02d/%(host_node_name)s",F=/a.b:c+d,
  G="%(group_name)s %(numprocs)d",I="",H=null""",
    )

    assert keys == [
        "env:",
        "  A: x, y",
        '  B: "it\\"s"',
        '  C: "%(ENV_WORKERS)s"',
        '  D: "%%(no)s"',
        '  E: "%(program_name)s-%(process_num)02d/%(host_node_name)s"',
        '  F: "/a.b:c+d"',
        "  G: a 1",
        '  I: ""',
        '  H: "null"',
    ]
    assert notes == []


def test_what_the_file_sets_is_filled_in_where_it_is_named(tmp_path: Path) -> None:
    text, _ = conversion(
        tmp_path,
        """[supervisord]
environment=ROOT="/srv/%%(host_node_name)s",MODE=prod
[program:a]
environment=APP="%(ENV_ROOT)s/app",MODE=test
command=%(ENV_APP)s/run --mode %(ENV_MODE)s --home %(ENV_HOME)s
""",
    )

    assert text.splitlines()[1:] == [
        "    cmd: /srv/%(host_node_name)s/app/run --mode test --home %(ENV_HOME)s",
        "    env:",
        "      ROOT: /srv/%(host_node_name)s",
        "      MODE: test",
        "      APP: /srv/%(host_node_name)s/app",
    ]


def test_a_command_over_several_lines_is_one(tmp_path: Path) -> None:
    text, _ = conversion(
        tmp_path, "[supervisord]\n[program:a]\ncommand=cat -u ; all\n   -- x\n   y\n"
    )

    assert text == "  a:\n    cmd: cat -u -- x y"


def test_a_quoted_command_keeps_its_lines(tmp_path: Path) -> None:
    text, _ = conversion(tmp_path, "[supervisord]\n[program:a]\ncommand=sh -c 'a\n  b'\n")

    assert text == "  a:\n    cmd: \"sh -c 'a\\nb'\""


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("process_name=x", "process_name: left out: it is called a:0"),
        ("numprocs_start=1", "numprocs_start: left out: processes are counted from 0"),
        ("stdout_syslog=true", "stdout_syslog: what it writes to stderr goes into"),
        ("stdout_logfile=syslog", "stdout_logfile: what it writes to stderr goes into"),
        ("redirect_stderr=true\nstderr_syslog=true", "stderr_syslog: left out"),
        ("stdout_capture_maxbytes=1MB", "stdout_capture_maxbytes: left out"),
        ("stderr_capture_maxbytes=1MB", "stderr_capture_maxbytes: left out"),
        ("serverurl=unix:///tmp/s", "serverurl: left out"),
        ("colour=red", "colour: left out"),
        ("stdout_logfile=/tmp/o", "stdout_logfile: what it writes to stderr goes into"),
        ("priority=-5000", "priority: it is -1000 now"),
        ("startsecs=-1", "startsecs: it is 0 now"),
        ("user=%(ENV_WORKERS)s", "user: %(ENV_WORKERS)s was filled in: it is now '3'"),
        ("directory=here", "directory: it is /start/here now"),
        ("redirect_stderr=true\nstderr_logfile=/e", "stderr_logfile: left out"),
        ("stderr_logfile=~bob/e", "stderr_logfile: the home of another user"),
    ],
)
def test_what_is_otherwise_is_noted_with_its_line(tmp_path: Path, option: str, said: str) -> None:
    _, notes = program(tmp_path, option)

    line = 3 + len(option.splitlines())
    assert len(notes) == 1
    assert notes[0].startswith(f"{line}: [program:a] {said}")


@pytest.mark.parametrize(
    "option",
    ["serverurl=AUTO", "stdout_logfile=AUTO", "stderr_logfile=auto", "stdout_syslog=false",
     "stdout_capture_maxbytes=0", "stderr_events_enabled=off", "process_name=%(program_name)s"],
)  # fmt: skip
def test_what_changes_nothing_is_not_worth_a_note(tmp_path: Path, option: str) -> None:
    assert program(tmp_path, option) == ([], [])


def test_numbers_of_their_own_make_programs_of_their_own(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path,
        """[supervisord]
[program:web]
command=serve %(process_num)d %(program_name)s %%
process_name=%(program_name)s_%(process_num)d
numprocs=2
numprocs_start=8000
[program:web_8000]
command=cat
""",
    )

    assert [line for line in text.splitlines() if not line.startswith("    ")] == [
        "  web_8000:",
        "  web_8001:",
        "  web_8000_:",
    ]
    assert text.count("cmd: serve 8000 web %%") == text.count("cmd: serve 8001 web %%") == 1
    assert notes[0].startswith("6: [program:web] numprocs_start: it is 2 programs here")


def test_a_form_that_we_have_not_is_filled_in(tmp_path: Path) -> None:
    text, _ = conversion(
        tmp_path, "[supervisord]\n[program:a]\ncommand=x %(process_num)+d %(ENV_WORKERS)5s|\n"
    )

    assert text == '  a:\n    cmd: "x +0 %(ENV_WORKERS)5s|"'


def test_without_processes_there_is_no_program(tmp_path: Path) -> None:
    text, notes = conversion(tmp_path, "[supervisord]\n[program:a]\ncommand=cat\nnumprocs=0\n")

    assert text == "programs: {}"
    assert notes == ["4: [program:a] numprocs: left out, with the program: it has no process"]


def test_a_name_that_means_something_here_is_another_one(tmp_path: Path) -> None:
    text, notes = conversion(
        tmp_path, "[supervisord]\n[program:all]\ncommand=echo %(program_name)s\n"
    )

    assert text == "  _all:\n    cmd: echo all"
    assert notes[0].startswith("2: [program:all]: it is called _all here")


def test_a_variable_that_is_not_set_yet_is_asked_for(tmp_path: Path) -> None:
    path, findings = tmp_path / "s.conf", Findings()
    path.write_text("[supervisord]\n[program:a]\ncommand=x %(ENV_NOT_YET)s\n")

    text = convert(read_ini(str(path), {}, findings), Surroundings("/", "box", {}), findings)

    assert "cmd: x %(ENV_NOT_YET)s\n" in text
    assert [(n, str(p)) for n, p in findings.variables.items()] == [("NOT_YET", f"{path}:3")]


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        conversion(
            tmp_path,
            "[supervisord]\nminfds=x\n[program:a]\npriority=y\n[program:b]\ncommand=%(z)s\n",
        )

    told = [str(finding).partition(".conf:")[2] for finding in refused.value.findings]
    assert [text.partition(": ")[0] for text in told] == ["2", "3", "4", "6"]
