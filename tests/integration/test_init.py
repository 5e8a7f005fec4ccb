"""`taskmasterctl init`: the command, and what it made of a file running as real processes."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import DEADLINE_SECONDS, Site, wait_for

SAMPLES = Path(__file__).parents[1] / "taskmaster/convert/samples"

THEIRS = """\
[supervisord]
logfile=%(here)s/ev.log
pidfile=%(here)s/p.pid
nodaemon=true
environment=GREETING="hello, you"
[unix_http_server]
file=%(here)s/their.sock
[include]
files=conf.d/*.conf
[program:steady]
command=sh -c 'echo "$GREETING from $NAME at port $PORT"; echo oops >&2; exec sleep 1000'
process_name=%(program_name)s_%(process_num)02d
numprocs=2
numprocs_start=7
environment=NAME="%(program_name)s",PORT="80%(process_num)02d"
stdout_logfile=%(here)s/steady-%(process_num)d.log
stderr_logfile=%(here)s/steady-%(process_num)d.err
startsecs=0
[program:once]
command=sh -c 'exit 3'
autorestart=unexpected
exitcodes=3
startsecs=0
"""

INCLUDED = """\
[program:waits]
command=cat
autostart=false
directory=%(here)s
"""


def init(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "ctl", "init", *words],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def check(config: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "taskmaster", "-t", str(config)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def wait_text(site: Site, name: str, text: str) -> None:
    wait_for(lambda: site.text(name) == text, f"{name} to hold {text!r}")


def test_what_ran_under_supervisord_runs(site: Site) -> None:
    (site.folder / "conf.d").mkdir()
    (site.folder / "supervisord.conf").write_text(THEIRS)
    (site.folder / "conf.d/w.conf").write_text(INCLUDED)

    done = init(site.folder, "--from", "supervisord.conf", "-o", "c.yaml")
    assert done.returncode == 0, done.stderr
    started = site.daemon("-s", str(site.socket))
    assert started.returncode == 0, started.stderr

    for number in (7, 8):
        site.wait_state(f"steady_{number}", "RUNNING")
        said = f"hello, you from steady at port 800{number}\n"
        wait_text(site, f"steady-{number}.log", said)
        wait_text(site, f"steady-{number}.err", "oops\n")
    assert site.wait_state("once", "EXITED")["exit_status"] == 3
    assert site.status("waits")["state"] == "STOPPED"
    assert site.ctl("start", "waits").returncode == 0
    pid = site.wait_state("waits", "RUNNING")["pid"]
    assert os.readlink(f"/proc/{pid}/cwd") == str(site.folder / "conf.d")


@pytest.mark.parametrize("name", ["docker.conf", "django.conf", "laravel.conf", "tornado.conf"])
def test_what_people_have_becomes_a_good_config(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "etc"
    shutil.copytree(SAMPLES, folder)
    (folder / "log").mkdir()

    done = init(folder, f"--from={name}", "-o", "c.yaml", BEAT_DIR="/tmp")

    assert done.returncode == 0, done.stderr
    assert check(folder / "c.yaml", BEAT_DIR="/tmp").returncode == 0
    text = (folder / "c.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=")
    assert "\n# Converted by taskmasterctl" in text
    assert f"#   {folder / name}\n" in text


def test_it_goes_to_standard_output_and_the_rest_to_standard_error(tmp_path: Path) -> None:
    source = tmp_path / "s.conf"
    source.write_text(
        "[supervisord]\nnodaemon=true\n[program:a]\ncommand=cat %(ENV_NOT_SET_HERE)s\n"
    )

    done = init(tmp_path, "--from", "s.conf")

    assert done.returncode == 0
    (tmp_path / "c.yaml").write_text(done.stdout)
    assert check(tmp_path / "c.yaml", NOT_SET_HERE="1").returncode == 0
    assert done.stderr.splitlines() == [
        f"{source}:2: [supervisord] nodaemon: left out: start it with taskmasterd -n",
        f"{source}:4: the daemon needs the variable NOT_SET_HERE, which is not set here",
        "the converted config: good, 1 program, 1 process, 1 note above",
    ]


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "s.conf").write_text("[supervisord]\n[program:a]\ncommand=cat\n")
    (tmp_path / "c.yaml").write_text("mine")

    done = init(tmp_path, "--from", "s.conf", "-o", "c.yaml")

    assert (done.returncode, (tmp_path / "c.yaml").read_text()) == (1, "mine")
    assert done.stderr.startswith("c.yaml: it is there already")


def test_the_file_is_for_whom_the_other_one_was(tmp_path: Path) -> None:
    (tmp_path / "s.conf").write_text("[supervisord]\n[program:a]\ncommand=cat\n")
    (tmp_path / "s.conf").chmod(0o600)

    assert init(tmp_path, "--from", "s.conf", "-o", "c.yaml").returncode == 0
    assert stat.S_IMODE((tmp_path / "c.yaml").stat().st_mode) == 0o600


def test_what_supervisord_refuses_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "s.conf").write_text("[supervisord]\n[program:a]\nnumprocs=two\n")

    done = init(tmp_path, "--from", "s.conf", "-o", "c.yaml")

    assert done.returncode == 1
    assert not (tmp_path / "c.yaml").exists()
    assert done.stderr.splitlines() == [
        f"{tmp_path}/s.conf:2: [program:a]: it needs a command",
        f"{tmp_path}/s.conf:3: [program:a] numprocs: expected a whole number, got 'two'",
        "s.conf: supervisord would refuse it; nothing was written",
    ]


def test_what_we_refuse_is_written_and_told(tmp_path: Path) -> None:
    (tmp_path / "s.conf").write_text('[supervisord]\n[program:a]\ncommand=echo "open\n')

    done = init(tmp_path, "--from", "s.conf", "-o", "c.yaml")

    assert done.returncode == 1
    assert "c.yaml:7:10: programs.a.cmd: expected a command with its quotes closed" in done.stderr
    assert done.stderr.endswith("c.yaml: 1 problem; put it right by hand\n")
    assert (tmp_path / "c.yaml").exists()


@pytest.mark.parametrize("words", [("--from",), ("--from=",), ("x",), ("--from", "a", "-o")])
def test_words_that_mean_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = init(tmp_path, *words)

    assert done.returncode == 2
    assert done.stderr.endswith("usage: init [--from FILE] [-o FILE]\n")


# --- a first config, and those of foreman and compose -----------------------------------------


def test_a_first_config_runs_at_once(site: Site) -> None:
    """As the next step says: no words behind taskmasterd, and everything is RUNNING."""
    done = init(site.folder, "-o", "taskmaster.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert "taskmaster.yaml: good, 2 programs, 2 processes\n" in done.stderr
    assert "next: taskmasterd starts it" in done.stderr

    started = in_folder(site, "taskmaster")

    assert started.returncode == 0, started.stderr
    try:
        wait_for(lambda: site.status("shell:0")["state"] == "RUNNING", "the shell")
        assert site.status("clock:0")["state"] == "RUNNING"
    finally:
        site.ctl("shutdown")


def in_folder(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", *words],
        cwd=site.folder,
        env=site.environment | {"TASKMASTER_SOCKET": str(site.socket)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def test_its_first_line_shows_editors_a_schema_that_is_there(tmp_path: Path) -> None:
    assert init(tmp_path).returncode == 0

    first = (tmp_path / "taskmaster.yaml").read_text().partition("\n")[0]

    path = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((tmp_path / path).read_text())["title"] == "The config of Taskmaster"


def test_a_first_config_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "taskmaster.yaml").write_text("mine")

    done = init(tmp_path)

    told = "taskmaster.yaml: it is there already, and left as it is; name another file with -o\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert (tmp_path / "taskmaster.yaml").read_text() == "mine"


def test_a_procfile_runs(site: Site) -> None:
    (site.folder / "Procfile").write_text(
        'web: echo "port $PORT, $GREETING"; exec sleep 1000\nother: sleep 1000\n'
    )
    (site.folder / ".env").write_text('GREETING="hello, you"\n')
    (site.folder / ".env").chmod(0o600)

    done = init(site.folder, "--from", "Procfile", "-o", "taskmaster.yml")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((site.folder / "taskmaster.yml").stat().st_mode) == 0o600
    assert in_folder(site, "taskmaster").returncode == 0

    try:
        wait_for(lambda: "port 5000, hello, you" in site.ctl("screen", "web").stdout, "its output")
        assert site.status("other:0")["pid"]
    finally:
        site.ctl("shutdown")


def test_a_compose_file_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text("services:\n  a: {command: cat, env_file: no.env}\n")

    done = init(tmp_path, "--from", "stack.yaml", "-o", "c.yaml")

    assert done.returncode == 0
    assert check(tmp_path / "c.yaml").returncode == 0
    assert f"{tmp_path}/stack.yaml:2: env_file: left out: {tmp_path}/no.env is not there" in (
        done.stderr
    )


def test_what_belongs_to_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a picture of nothing\n")

    done = init(tmp_path, "--from", "x")

    assert (done.returncode, done.stdout) == (1, "")
    assert "neither a config of supervisord's, nor a Procfile, nor a compose file" in done.stderr


def test_without_a_config_taskmasterd_says_what_to_do(site: Site) -> None:
    done = in_folder(site, "taskmaster")

    assert done.returncode == 2
    assert done.stderr.startswith("taskmasterd: there is no taskmaster.yaml in this folder\n")
    assert "taskmasterctl init" in done.stderr


def test_both_print_the_schema(site: Site) -> None:
    ours, theirs = in_folder(site, "taskmaster", "--schema"), in_folder(site, "ctl", "schema")

    assert (ours.returncode, theirs.returncode) == (0, 0)
    assert ours.stdout == theirs.stdout
    assert json.loads(ours.stdout)["title"] == "The config of Taskmaster"
