"""The converter against supervisord's own reading of a file: what runs, and what is refused.

Users and folders are there in these files: supervisord refuses what is not on this machine.
"""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervisor.datatypes import (
    auto_restart,
    boolean,
    byte_size,
    dict_of_key_value_pairs,
    inet_address,
    integer,
    list_of_exitcodes,
    logging_level,
    octal_type,
    signal_number,
)
from supervisor.options import UnhosedConfigParser

from taskmaster.convert import values
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.ini import read_ini
from tests.taskmaster.convert.peer import converted, load_text, ours, theirs

SAMPLES = Path(__file__).parent / "samples"
NAMES = ("docker.conf", "django.conf", "laravel.conf", "tornado.conf")


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "etc"
    shutil.copytree(SAMPLES, folder)
    for name in ("log", "run"):
        (folder / name).mkdir()
    monkeypatch.setenv("BEAT_DIR", "/var/beat 100%")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_what_people_have_runs_as_under_supervisord(samples: Path, name: str) -> None:
    path = samples / name
    expected = theirs(path)
    if name == "laravel.conf":  # its [supervisord] umask is inherited there, and written here
        expected = [replace(r, umask=0o027 if r.umask is None else r.umask) for r in expected]

    got = ours(load_text(converted(path), samples))

    assert expected
    assert got == expected


def write(folder: Path, text: str) -> Path:
    path = folder / "s.conf"
    path.write_text(text)
    return path


def test_the_sample_of_supervisor_itself_converts(tmp_path: Path) -> None:
    sample = Path(values_of_supervisor("skel/sample.conf")).read_text()
    path = write(tmp_path, sample)

    assert theirs(path) == ours(load_text(converted(path), tmp_path)) == []


def values_of_supervisor(name: str) -> str:
    import supervisor

    return os.path.join(os.path.dirname(supervisor.__file__), name)


def test_every_option_of_the_sample_in_use(tmp_path: Path) -> None:
    """Its commented program, with a user, folders and a group that are there."""
    sample = Path(values_of_supervisor("skel/sample.conf")).read_text()
    lines: list[str] = []
    for line in sample.splitlines():
        begins = line.startswith((";[program", ";[group"))
        if begins or (lines and line.startswith(";") and line[1:2].isalpha()):
            lines.append(line[1:])
        elif lines and not line.startswith("; "):
            lines.append(line)
        if line.startswith("; The sample eventlistener"):
            break
    text = "\n".join(lines).replace("/a/path", f"{tmp_path}/log").replace("chrism", "root")
    path = write(tmp_path, f"[supervisord]\n{text}\n")
    findings = Findings()

    expected = theirs(path)

    assert [run.argv for run in expected] == [("/bin/cat",)]
    assert ours(load_text(converted(path, findings), tmp_path)) == expected
    told = {finding.what.split()[-1] for finding in findings.notes}
    assert told >= {"stdout_capture_maxbytes", "stderr_capture_maxbytes", "stderr_logfile"}


REFUSED = (
    "[program:a]\nprocess_name=x",
    "[program:a b]\ncommand=cat",
    "[program:a/b]\ncommand=cat",
    "[program:a]\ncommand=cat\nnumprocs=2",
    "[program:a]\ncommand=cat\nnumprocs=two",
    "[program:a]\ncommand=cat\npriority=1.5",
    "[program:a]\ncommand=cat\npriority=%(process_num)d",
    "[program:a]\ncommand=cat\nautostart=maybe",
    "[program:a]\ncommand=cat\nautorestart=sometimes",
    "[program:a]\ncommand=cat\nexitcodes=0,256",
    "[program:a]\ncommand=cat\nexitcodes=0;1",
    "[program:a]\ncommand=cat\nstartsecs=",
    "[program:a]\ncommand=cat\nstopsignal=SIGNOPE",
    "[program:a]\ncommand=cat\nstopsignal=4711",
    "[program:a]\ncommand=cat\nstopasgroup=true\nkillasgroup=false",
    "[program:a]\ncommand=cat\numask=9",
    "[program:a]\ncommand=cat\nstdout_logfile_maxbytes=1TB",
    "[program:a]\ncommand=cat\nstdout_capture_maxbytes=x",
    "[program:a]\ncommand=cat\nenvironment=A",
    "[program:a]\ncommand=cat\nenvironment=A=b,c",
    "[program:a]\ncommand=cat\nenvironment=A='b",
    "[program:a]\ncommand=date +%H",
    "[program:a]\ncommand=echo %(nope)s",
    "[program:a]\ncommand=echo %(program_name)d",
    "[program:a]\ncommand=echo %(ENV_NOT_SET_ANYWHERE",
    "[program:a]\ncommand=cat\nuser=%(ENV_NOT_SET_ANYWHERE)s",
    "[program:a]\ncommand=cat\ndirectory=%(here)",
    "[program:a]\ncommand=cat\nprocess_name=a:b",
    "[group:g]\nprograms=a",
    "[group:g]\nprograms=a\n[program:a]\ncommand=cat\n[fcgi-program:a]\ncommand=cat",
    "[group:g]\nprograms=\npriority=high",
    "[eventlistener:e]\ncommand=cat",
    "[eventlistener:e]\ncommand=cat\nevents=TICK_5\nbuffer_size=0",
    "[eventlistener:e]\ncommand=cat\nevents=TICK_5\nredirect_stderr=true",
    "[eventlistener:e]\nevents=TICK_5",
    "[fcgi-program:f]\ncommand=cat",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://a:1\nsocket_mode=0700",
    "[fcgi-program:f]\ncommand=cat\nsocket=unix:///tmp/s\nsocket_backlog=0",
    "[fcgi-program:f]\ncommand=cat\nsocket=unix:///tmp/s\nsocket_mode=rw",
    "[unix_http_server]\nchmod=0700",
    "[unix_http_server]\nfile=/tmp/s\nchmod=rw",
    "[unix_http_server]\nfile=/tmp/s\nusername=a",
    "[inet_http_server]\nusername=a\npassword=b",
    "[inet_http_server]\nport=70000",
    "[inet_http_server]\nport=localhost:",
    "[rpcinterface:x]\na=b",
    "[include]\nfile=x",
    "[include]\nfiles=%(nope)s",
    "minfds=many",
    "loglevel=loud",
    "logfile_maxbytes=x",
    "logfile_backups=x",
    "nodaemon=maybe",
    "silent=maybe",
    "umask=x",
    "environment=A",
    "environment=A='5%%'",
    "environment=A=%(host_node_name)s",
    "[program:a]\ncommand=cat\nstdout_logfile=/tmp/5%%",
    "environment=A=%(ENV_NOT_SET_ANYWHERE",
    "pidfile=%(nope)s",
    "no option at all",
    "[supervisord\n",
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_supervisord_refuses_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, f"[supervisord]\n{text}\n")
    with pytest.raises(ValueError):
        theirs(path)

    with pytest.raises(Refused) as refused:
        converted(path)

    places = [finding.place for finding in refused.value.findings]
    assert places
    assert all(p.file == str(path) and 2 <= p.line <= text.count("\n") + 2 for p in places)


@pytest.mark.parametrize("text", ["", "[program:a]\ncommand=cat\n", "a=b\n"])
def test_without_the_section_supervisord_it_is_none_of_its_files(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(Exception):  # noqa: B017 - of an option before all sections it is another
        theirs(path)

    with pytest.raises(Refused):
        converted(path)


# --- programs of any options --------------------------------------------------------------------

TRUTHS = ("true", "No", "1", "maybe")
NUMBERS = ("0", "1", "7", " 12 ", "1_0", "x", "%(ENV_SEVEN)s", "%(process_num)d")
TEXTS = (
    "x", "%(program_name)s", "%(process_num)02d", "%(process_num)x", "a%%b", "a%%%%b", "100%",
    "%(group_name)s-%(numprocs)d", "%(ENV_SEVEN)s", "%(ENV_A)s", "%(here)s", "%(host_node_name)s",
    "%(nope)s", "%(program_name)5s",
)  # fmt: skip
PATHS = ("NONE", "AUTO", "/tmp/log", *(f"/tmp/{text}" for text in TEXTS if "here" not in text))
OPTIONS = {
    "process_name": (*TEXTS, "p%(process_num)s"),
    "numprocs": ("1", "2", "3"),
    "numprocs_start": ("0", "5"),
    "priority": NUMBERS,
    "autostart": TRUTHS,
    "autorestart": (*TRUTHS, "unexpected"),
    "startsecs": NUMBERS,
    "startretries": NUMBERS,
    "exitcodes": ("", "0,2", "1, 3", "256", "a"),
    "stopsignal": ("TERM", "sigquit", "9", "NOPE"),
    "stopwaitsecs": NUMBERS,
    "stopasgroup": TRUTHS,
    "killasgroup": TRUTHS,
    "user": ("root", "0"),
    "redirect_stderr": TRUTHS,
    "stdout_logfile": (*PATHS, "syslog"),
    "stderr_logfile": (*PATHS, "syslog"),
    "stdout_syslog": TRUTHS,
    "stderr_syslog": TRUTHS,
    "stdout_logfile_maxbytes": ("0", "50MB", "3kb", "x"),
    "stderr_logfile_backups": NUMBERS[:6],
    "environment": (
        *(f'A="{text}",B="%(here)s"' for text in TEXTS if "here" not in text),
        "A",
        "A=b,c",
        "A=,",
    ),
    "directory": ("/tmp", *(f"/{text}" for text in TEXTS if "here" not in text)),
    "umask": ("022", "2", "9"),
}
commands = st.sampled_from(["cat", *(f"cat {text}" for text in TEXTS)])
names = st.lists(st.sampled_from(list(OPTIONS)), unique=True, max_size=4)
"""Few at a time, for most have values that are refused."""
programs = names.flatmap(
    lambda names: st.fixed_dictionaries(
        {"command": commands, **{name: st.sampled_from(OPTIONS[name]) for name in names}}
    )
)


@settings(deadline=None, max_examples=int(os.environ.get("TEST_CONVERSIONS", "150")))
@given(programs, st.sampled_from(["", *OPTIONS["environment"]]))
def test_any_options_give_the_same_processes_or_the_same_refusal(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, str], environment: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    lines = [f"{name}={value}" for name, value in options.items()]
    text = f"[supervisord]\nenvironment={environment}\n[program:web]\n" + "\n".join(lines)
    path = write(folder, text + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEVEN", "7")
        findings = Findings()
        try:
            config = converted(path, findings)
        except Refused:
            with pytest.raises(ValueError):
                theirs(path)
            return

        if not findings.variables:  # they may be there where the daemon will run
            assert ours(load_text(config, folder)) == theirs(path)


SOCKETS = {
    "socket": (
        "unix:///tmp/%(program_name)s.sock", "unix:///tmp/a%%b", "unix:///tmp/%(ENV_SEVEN)s",
        "unix://%(here)s/x", "unix://x", "tcp://127.0.0.1:9000", "tcp://127.0.0.1:x", "x",
        "unix:///tmp/%(process_num)d", "unix:///tmp/../x",
    ),
    "socket_owner": ("root", "root:daemon", "nobody", "nobodyatall", "a:b:c"),
    "socket_mode": ("0770", "700", "9"),
    "socket_backlog": ("1", "65535", "0", "x"),
}  # fmt: skip
some = ("numprocs", "numprocs_start", "process_name", "user", "stdout_syslog")
fcgi = st.lists(st.sampled_from([*some, *SOCKETS, "socket_mode"]), unique=True, max_size=4).flatmap(
    lambda names: st.fixed_dictionaries(
        {
            "command": st.just("cat"),
            "socket": st.sampled_from(SOCKETS["socket"]),
            **{name: st.sampled_from((OPTIONS | SOCKETS)[name]) for name in names},
        }
    )
)


@settings(deadline=None, max_examples=int(os.environ.get("TEST_CONVERSIONS", "150")))
@given(fcgi)
def test_any_socket_is_the_same_or_refused_alike(
    tmp_path_factory: pytest.TempPathFactory, options: dict[str, str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    lines = [f"{name}={value}" for name, value in options.items()]
    path = write(folder, "[supervisord]\n[fcgi-program:web]\n" + "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEVEN", "7")
        findings = Findings()
        try:
            config = converted(path, findings)
        except Refused:
            with pytest.raises(ValueError):
                theirs(path)
            return

        if findings.variables:  # they may be there where the daemon will run
            return
        try:
            expected = theirs(path)
        except ValueError as exc:  # users have to be on this machine there, and not to convert
            assert "socket_owner" in str(exc)  # noqa: PT017
            return
        assert ours(load_text(config, folder)) == expected


# --- single values -----------------------------------------------------------------------------

environments = st.lists(
    st.sampled_from(
        ["A", "B=", "=", ",", "'", '"', " ", "a.b/c", "x:y", "%", "é", "#", "\\", "\n"]
    ),
    max_size=12,
).map("".join) | st.text(max_size=20)


@settings(deadline=None)
@given(environments)
def test_environments_are_read_as_supervisor_reads_them(text: str) -> None:
    expected: object
    try:
        expected = dict_of_key_value_pairs(text)
    except ValueError:
        expected = None

    got: object
    try:
        found = values.environment(text.replace("%", "%%"))
        got = {k.replace("%%", "%"): v.replace("%%", "%") for k, v in found.items()}
    except ValueError:
        got = None

    assert got == expected


variables = st.dictionaries(
    st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True),
    st.text(max_size=10).filter(lambda text: not {*text} & {*"\"'"}),
    max_size=4,
)


@settings(deadline=None)
@given(variables)
def test_quoted_values_come_through_whole(wanted: dict[str, str]) -> None:
    text = ",".join(f'{name}="{value}"' for name, value in wanted.items())

    found = values.environment(text.replace("%", "%%"))

    assert {name: value.replace("%%", "%") for name, value in found.items()} == wanted
    assert dict_of_key_value_pairs(text) == wanted


def outcome(read: object, text: str) -> object:
    assert callable(read)
    try:
        return read(text)
    except (ValueError, AttributeError, TypeError):
        return "refused"


odd = st.text(st.sampled_from("0123456789kmgbKMGB+-_ .,eox"), max_size=6)


@given(odd)
def test_numbers_and_sizes_are_those_of_supervisor(text: str) -> None:
    assert outcome(values.integer, text) == outcome(integer, text)
    assert outcome(values.byte_size, text) == outcome(byte_size, text)
    assert outcome(values.exitcodes, text) == outcome(list_of_exitcodes, text)
    mask = outcome(octal_type, text)
    expected = f"{mask & 0o777:03o}" if isinstance(mask, int) else mask
    assert outcome(values.umask, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "TRUE",
        "false",
        "on",
        "off",
        "1",
        "0",
        "y",
        "n",
        "2",
        "unexpected",
        "Unexpected",
        "x",
    ],
)
def test_words_are_those_of_supervisor(text: str) -> None:
    assert outcome(values.boolean, text) == outcome(boolean, text)
    assert (outcome(values.autorestart, text) == "refused") == (
        outcome(auto_restart, text) == "refused"
    )


@pytest.mark.parametrize(
    "text", ["critical", "ERROR", "warn", "info", "debug", "trace", "blather", "warning", "loud"]
)
def test_levels_are_those_of_supervisor(text: str) -> None:
    assert (outcome(values.loglevel, text) == "refused") == (
        outcome(logging_level, text) == "refused"
    )


@pytest.mark.parametrize(
    "text", ["TERM", "sigterm", "15", "SIGHUP", "usr1", "9", "-1", "999", "NOPE", "SIG"]
)
def test_signals_are_those_of_supervisor(text: str) -> None:
    name = outcome(values.signal_name, text)
    number = getattr(signal, f"SIG{name}") if name != "refused" else name
    assert number == outcome(signal_number, text)


@pytest.mark.parametrize(
    "text", ["9001", ":9001", "*:9001", "127.0.0.1:1", "A.b:2", "a:", "x", "0", "65536", "a:b:3"]
)
def test_addresses_are_those_of_supervisor(text: str) -> None:
    expected = outcome(inet_address, text)
    if isinstance(expected, tuple):
        expected = f"{expected[0] or '0.0.0.0'}:{expected[1]}"
    assert outcome(values.http_address, text) == expected


# --- the syntax ------------------------------------------------------------------------------

pieces = st.sampled_from(
    ["[supervisord]", "[a:b]", "[a:b", "k=v", "K : w ; x", "k", "  more", "; c", "#c", "", "é=ü",
     "k=a;b #c", "k=a;b;c ;d #e", "\tx=1", "=", "[DEFAULT]", "k = 1\x0b2"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(pieces, max_size=10).map("\n".join))
def test_files_are_read_as_supervisor_reads_them(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    text = f"[supervisord]\n{text}\n"
    path = tmp_path_factory.getbasetemp() / "syntax.conf"
    path.write_text(text)
    parser = UnhosedConfigParser()
    try:
        parser.read_string(text)
        expected = {name: dict(parser.items(name)) for name in parser.sections()}
    except Exception:  # noqa: BLE001 - of whatever kind
        expected = {}

    try:
        ini = read_ini(str(path), {}, Findings())
        got = {
            name: {option: found.text for option, found in section.options.items()}
            for name, section in ini.sections.items()
        }
    except Refused:
        got = {}
        assert not expected

    assert got == expected
    if got:
        lines = text.split("\n")
        for section in ini.sections.values():
            for option, found in section.options.items():
                assert lines[found.place.line - 1].strip().lower().startswith(option)
