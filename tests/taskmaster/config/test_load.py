"""A config file to a config, or to every one of its problems in its place."""

import os
import signal
from pathlib import Path

import pytest
import yaml

from taskmaster.config.errors import ConfigRejected
from taskmaster.config.hints import OTHERS_IDEAS, OTHERS_WORDS
from taskmaster.config.load import Loaded, default_settings, load
from taskmaster.config.model import (
    AutoRestart,
    LogFormat,
    LogLevel,
    Program,
    Ready,
    StderrChannel,
    StopStep,
    TerminalSize,
    Whom,
)
from taskmaster.config.schema import PROGRAM_KEYS
from tests.taskmaster.config import verdicts

ENVIRONMENT = {"HOME": "/home/ada", "PATH": "/usr/bin:/bin"}


def loaded(folder: Path, text: str, name: str = "c.yaml") -> Loaded:
    path = folder / name
    path.write_text(text)
    found = load(str(path), ENVIRONMENT)
    verdicts.agrees(text, [])
    return found


def program(folder: Path, body: str) -> Program:
    return loaded(folder, f"programs:\n  web: {{cmd: cat, {body}}}\n").config.programs["web"]


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigRejected) as caught:
        loaded(folder, text)
    found = [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]
    verdicts.agrees(text, found)
    return found


def warnings(folder: Path, text: str) -> list[str]:
    return [str(problem) for problem in loaded(folder, text).warnings]


# --- what is read ----------------------------------------------------------------------------


def test_a_program_of_one_key_has_the_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, "programs: {web: {cmd: cat}}").config

    assert config.programs["web"] == Program(name="web", command="cat")


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ("numprocs: 8", "numprocs", 8),
        ("priority: 5", "priority", 5),
        ("autostart: no", "autostart", False),
        ("autorestart: always", "autorestart", AutoRestart.ALWAYS),
        ("autorestart: true", "autorestart", AutoRestart.ALWAYS),
        ("autorestart: false", "autorestart", AutoRestart.NEVER),
        ("autorestart: Unexpected", "autorestart", AutoRestart.UNEXPECTED),
        ("exitcodes: 0", "exitcodes", frozenset({0})),
        ("exitcodes: [0, 2]", "exitcodes", frozenset({0, 2})),
        ("starttime: 1m", "starttime", 60),
        ("startretries: 0", "startretries", 0),
        ("stopsignal: SIGUSR1", "stopsignal", signal.SIGUSR1),
        ("stoptime: 0.5", "stoptime", 0.5),
        ("stdout: /log/out", "stdout", "/log/out"),
        ("stdout: ~/out", "stdout", "/home/ada/out"),
        ("stdout: discard", "stdout", None),
        ("stdout_maxbytes: 1MB", "stdout_maxbytes", 1 << 20),
        ("stdout_backups: 0", "stdout_backups", 0),
        ("stderr: /log/err", "stderr_channel", StderrChannel.PIPE),
        ("stderr: discard", "stderr_channel", StderrChannel.PIPE),
        ("logformat: text", "logformat", LogFormat.TEXT),
        ("logformat: text, timestamps: yes", "timestamps", True),
        ("stderr: /e, stderr_tty: yes", "stderr_channel", StderrChannel.SECOND_TERMINAL),
        (
            "env: {A: 042, B: yes, C: 1.10}",
            "environment",
            (("A", "042"), ("B", "yes"), ("C", "1.10")),
        ),
        ("workingdir: /tmp", "workingdir", "/tmp"),
        ("umask: 022", "umask", 0o022),
        ("umask: '077'", "umask", 0o077),
        ("user: www-data", "user", "www-data"),
        ("size: 132x50", "size", TerminalSize(50, 132)),
        ("scrollback: 64KiB", "scrollback", 65536),
        ("stopasgroup: true", "killasgroup", True),
        ("record: /r.cast", "record", "/r.cast"),
        ("ready: 'Done \\('", "ready", Ready("Done \\(", 60)),
        ("ready: {text: up, within: 2m}", "ready", Ready("up", 120)),
        (
            "stop: [{send: 'q'}, {wait: 2}, {signal: INT, to: foreground, wait: 3}, {kill: group}]",
            "stop",
            (
                StopStep(text="q"),
                StopStep(wait=2),
                StopStep(signal=2, whom=Whom.FOREGROUND, wait=3),
                StopStep(signal=9, whom=Whom.GROUP, wait=10),
            ),
        ),
        (
            'stop: [{send: "stop\\r"}]',
            "stop",
            (StopStep(text="stop\r", wait=10), StopStep(signal=9, wait=10)),
        ),
        ("stop: [{kill: process, wait: 3}]", "stop", (StopStep(signal=9, wait=3),)),
        ("x-mine: anything", "numprocs", 1),
    ],
)
def test_a_key_is_read(tmp_path: Path, body: str, field: str, value: object) -> None:
    assert getattr(program(tmp_path, body), field) == value


def test_a_command_is_a_text_or_words(tmp_path: Path) -> None:
    text = "programs: {a: {cmd: \"run 'two words'\"}, b: {cmd: [run, two words, 3]}}"
    programs = loaded(tmp_path, text).config.programs

    assert programs["a"].command == "run 'two words'"
    assert programs["b"].command == ("run", "two words", "3")


def test_relative_paths_are_of_the_config_s_folder(tmp_path: Path) -> None:
    web = program(tmp_path, "stdout: log/out, workingdir: work")

    assert (web.stdout, web.workingdir) == (f"{tmp_path}/log/out", f"{tmp_path}/work")


def test_the_daemon_s_own_section(tmp_path: Path) -> None:
    text = (
        "taskmaster: {socket: s.sock, logfile: ~/ev.log, loglevel: warning, "
        "logfile_maxbytes: 1MB, logfile_backups: 2, pidfile: /run/tm.pid}\n"
    )
    config = loaded(tmp_path, text).config.settings

    assert (config.socket, config.logfile) == (f"{tmp_path}/s.sock", "/home/ada/ev.log")
    assert (config.loglevel, config.logfile_maxbytes) == (LogLevel.WARNING, 1 << 20)
    assert (config.logfile_backups, config.pidfile) == (2, "/run/tm.pid")


def test_default_places() -> None:
    root = default_settings(0, {}, "/root")
    assert root.socket == "/run/taskmaster/taskmaster.sock"
    user = default_settings(1000, {"XDG_RUNTIME_DIR": "/run/user/1000"}, "/home/ada")
    assert user.socket == "/run/user/1000/taskmaster/taskmaster.sock"
    assert user.logfile == "/home/ada/.local/state/taskmaster/taskmaster.log"
    assert default_settings(7, {}, "/h").socket == "/tmp/taskmaster-7/taskmaster.sock"


def test_the_environment_names_a_socket_for_the_daemon_as_for_the_client(tmp_path: Path) -> None:
    """The client obeyed TASKMASTER_SOCKET and the daemon did not: they missed each other."""
    environment = ENVIRONMENT | {"TASKMASTER_SOCKET": "/run/mine.sock"}
    path = tmp_path / "c.yaml"

    path.write_text("programs: {a: {cmd: cat}}")
    assert load(str(path), environment).config.settings.socket == "/run/mine.sock"
    path.write_text("taskmaster: {socket: /run/named.sock}\nprograms: {a: {cmd: cat}}")
    assert load(str(path), environment).config.settings.socket == "/run/named.sock"


def test_includes_add_programs_and_know_their_own_folder(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "b.yaml").write_text("programs: {b: {cmd: cat, stdout: '%(here)s/b'}}")
    (tmp_path / "conf.d" / "a.yaml").write_text("programs: {a: {cmd: cat, stdout: a.log}}")

    programs = loaded(tmp_path, "include: conf.d/*.yaml\nprograms: {m: {cmd: cat}}").config.programs

    assert list(programs) == ["m", "a", "b"]
    assert programs["a"].stdout == f"{tmp_path}/conf.d/a.log"
    assert programs["b"].stdout == f"{tmp_path}/conf.d/b"


# --- what is refused -------------------------------------------------------------------------


def test_every_problem_at_once_each_in_its_place(tmp_path: Path) -> None:
    text = (
        "programs:\n  web:\n    cmd: cat\n    numprocs: two\n    startsecs: 3\n"
        "    cmd: again\n  bad name:\n    cmd: cat\nnonsense: 1\n"
    )

    assert [line.partition(": ")[0] for line in problems(tmp_path, text)] == [
        "c.yaml:6:5",
        "c.yaml:9:1",
        "c.yaml:4:15",
        "c.yaml:5:5",
        "c.yaml:7:3",
    ]


def test_a_problem_shows_its_line_with_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("programs:\n  web: {cmd: cat, numprocs: two}\n")

    with pytest.raises(ConfigRejected) as caught:
        load(str(path), ENVIRONMENT)

    assert caught.value.render().splitlines() == [
        f"{path}:2:29: programs.web.numprocs: expected a whole number from 1 to 10000, got 'two'",
        "      web: {cmd: cat, numprocs: two}",
        "                                ^",
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("numprocs: 0", "programs.web.numprocs: expected a whole number from 1"),
        ("numprocs: [1]", "got a list"),
        ("numprocs: ~", "got nothing"),
        ("autorestart: unexpcted", "(did you mean unexpected?)"),
        ("exitcodes: 256", "programs.web.exitcodes: "),
        ("exitcodes: [x]", "programs.web.exitcodes: "),
        ("stopsignal: NOPE", "the name or number of a signal"),
        ("umask: 999", "octal"),
        ("env: [A]", "programs.web.env: "),
        ("env: {'A=B': 1}", "programs.web.env"),
        (
            "stdout: '%(nope)s'",
            "programs.web.stdout: %(nope)s cannot be expanded (known are program_name, ",
        ),
        (
            "stdout: '%(ENV_NOPE)s'",
            "%(ENV_NOPE)s cannot be expanded (the daemon's environment has no such variable)",
        ),
        ("stdout: '%(here)'", "%(here) is no form (write %(here)s)"),
        ("stderr_tty: true", "it means nothing without stderr"),
        ("stopasgroup: true, killasgroup: false", "killasgroup cannot be false"),
        ("size: huge", "80x24"),
        ("scrollback: 1", "at least 4096"),
        ("scrollback: 2GiB", "at most 1024MiB"),
        (f"stopsignal: {'9' * 5000}", "the name or number of a signal"),
        (f"stdout_maxbytes: {'9' * 5000}", "a size in bytes"),
        (f"numprocs: {'9' * 5000}", "a whole number from 1"),
        (f"user: {'9' * 5000}", "the name or number of a user"),
        ("user: 4294967295", "the name or number of a user"),
        ("starttim: 3", "unknown key (did you mean starttime?)"),
        ("ready: '('", "expected a regular expression ("),
        ("ready: {txt: up}", "unknown key 'txt' (did you mean text?)"),
        ("ready: {within: 3}", "expected text:, a regular expression"),
        ("ready: 'x*'", "that an empty screen does not match"),
        ("ready: [up]", "expected text: and within:, got a list"),
        ("ready: up, starttime: 3", "ready says it all"),
        ("stop: TERM", "a list of steps such as {signal: TERM, wait: 10}"),
        ("stop: []", "a list of steps"),
        ("stop: [TERM]", "one of send:, signal:, kill: or wait:"),
        ("stop: [{}]", "expected send:, signal:, kill: or wait:"),
        ("stop: [{send: q, signal: 1}]", "one deed a step, send or signal"),
        ("stop: [{kill: everybody}]", "expected one of process, group, foreground"),
        ("stop: [{signal: TREM}]", "the name or number of a signal"),
        ("stop: [{wait: 1, to: group}]", "to: beside a signal only"),
        ("stop: [{kill: group}, {wait: 3}]", "nothing comes after a kill"),
        ("stop: [{wate: 3}]", "unknown key 'wate' (did you mean wait?)"),
        ("stop: [{kill: group}], stopsignal: INT", "stop says it all"),
        ("numprocs: 2, record: /r.cast", "cannot be recorded in one file"),
    ],
)
def test_a_bad_value_is_said(tmp_path: Path, body: str, words: str) -> None:
    (problem,) = problems(tmp_path, f"programs:\n  web: {{cmd: cat, {body}}}\n")

    assert problem.startswith("c.yaml:2:")
    assert words in problem


@pytest.mark.parametrize("word", OTHERS_WORDS)
def test_the_words_of_others_are_translated(tmp_path: Path, word: str) -> None:
    told = problems(tmp_path, f"programs: {{web: {{cmd: cat, {word}: 1}}}}")

    assert f"here it is called {OTHERS_WORDS[word]}" in told[0]
    assert OTHERS_WORDS[word] in PROGRAM_KEYS


@pytest.mark.parametrize("word", OTHERS_IDEAS)
def test_the_ideas_of_others_are_explained(tmp_path: Path, word: str) -> None:
    assert OTHERS_IDEAS[word] in problems(tmp_path, f"programs: {{w: {{cmd: cat, {word}: 1}}}}")[0]


@pytest.mark.parametrize(
    "name",
    ["all", "a:b", "a/b", "'*'", "-a", "'a b'", "''", "'a[1]'", "it's", 'a"b', "a\\b", "$a", "a`b"],
)
def test_a_name_that_commands_could_not_take(tmp_path: Path, name: str) -> None:
    assert "program" in problems(tmp_path, f"programs: {{{name}: {{cmd: cat}}}}")[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("programs: {web: {numprocs: 2}}", "it needs a cmd"),
        ("programs: {web: {cmd: []}}", "programs.web.cmd"),
        ("programs: {web: {cmd: ''}}", "programs.web.cmd"),
        ('programs: {web: {cmd: "it\'s"}}', "programs.web.cmd"),
        ("programs: {web: cat}", "expected keys and values, got 'cat'"),
        ("programs: [web]", "expected programs by name, got a list"),
        ("[]", "expected sections"),
        ("program: {}", "unknown section (did you mean programs?)"),
        ("taskmaster: {sokcet: x}", "did you mean socket?"),
        ("taskmaster: {loglevel: loud}", "taskmaster.loglevel"),
        (f"taskmaster: {{socket: /{'x' * 200}}}", "at most 103 bytes"),
        ("taskmaster: {logfile: /l}\nprograms: {w: {cmd: cat, stdout: /l}}", "event log"),
        ("include: {a: b}", "expected a path or a pattern"),
        ("programs: {w: {cmd: cat, stdout: /l, record: /l}}", "/l is the stdout of w too"),
        (
            "programs: {v: {cmd: cat, record: /l}, w: {cmd: cat, record: /l}}",
            "/l is the recording of v too",
        ),
    ],
)
def test_a_bad_config_is_said(tmp_path: Path, text: str, words: str) -> None:
    assert words in "\n".join(problems(tmp_path, text))


def test_a_program_named_twice_over_files(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("programs: {web: {cmd: cat}}\ntaskmaster: {}")

    told = problems(tmp_path, "include: more.yaml\nprograms: {web: {cmd: cat}}")

    assert any("web' is here a second time" in line for line in told)
    assert any(line.startswith("more.yaml:2:1: taskmaster: unknown section") for line in told)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigRejected, match="no such file"):
        load(str(tmp_path / "missing.yaml"), ENVIRONMENT)
    with pytest.raises(ConfigRejected, match="is a directory"):
        load(str(tmp_path), ENVIRONMENT)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(ConfigRejected, match="not UTF-8: byte 3 is 0xe9"):
        load(str(tmp_path / "latin.yaml"), ENVIRONMENT)


def test_every_fault_of_a_list_or_map_is_told(tmp_path: Path) -> None:
    text = (
        "programs:\n"
        "  a: {cmd: cat, exitcodes: [0, 300, x]}\n"
        "  b: {cmd: cat, env: {A=B: 1, C: [1], D: ok}}\n"
        "  c: {cmd: [cat, [a], '%(no)s', b]}\n"
        "  'd e': {cmd: cat, numprocs: two}\n"
    )

    told = problems(tmp_path, text)

    assert [line.partition(" ")[0] for line in told] == [
        f"c.yaml:{place}:"
        for place in ("2:32", "2:37", "3:23", "3:34", "4:18", "4:23", "5:3", "5:31")
    ]
    assert "got '300'" in told[0]
    assert "got 'x'" in told[1]
    assert "without =, got 'A=B'" in told[2]
    assert "programs.b.env: expected a value, got a list" in told[3]


def test_with_errors_the_warnings_are_shown_too(tmp_path: Path) -> None:
    """Who had mended the errors found the doubts only then, at the next try."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "include: conf.d/*.yaml\n"
        "programs:\n"
        "  a: {cmd: cat, numprocs: two, user: nobodyatall, stdout: /no/such/log}\n"
        "  b: {numprocs: 1, workingdir: /no/such}\n"
    )

    with pytest.raises(ConfigRejected) as caught:
        load(str(path), ENVIRONMENT)

    assert [problem.key for problem in caught.value.problems] == [
        "programs.a.numprocs",
        "programs.b",
    ]
    assert [problem.key for problem in caught.value.warnings] == [
        "include",
        "programs.a.user",
        "programs.a.stdout",
        "programs.b.workingdir",
    ]
    shown = caught.value.render()
    assert "warning: include: no file matches 'conf.d/*.yaml'" in shown
    assert shown.index("no user 'nobodyatall'") < shown.index("expected a whole number")


@pytest.mark.parametrize("word", ["cmdd", "command", "exec", "cdm"])
def test_a_misspelt_command_is_told_once(tmp_path: Path, word: str) -> None:
    (problem,) = problems(tmp_path, f"programs: {{web: {{{word}: cat}}}}")

    assert "unknown key" in problem
    assert "cmd" in problem


def test_a_text_that_only_resembles_yaml_is_explained(tmp_path: Path) -> None:
    ini = "; a comment\n[supervisord]\nlogfile=/l\n\n[program:web]\ncommand=serve 'it' --now\n"

    (problem,) = problems(tmp_path, ini)

    assert problem == (
        "c.yaml: this is an INI file, as supervisord's; Taskmaster's config is YAML, such as\n"
        "    programs:\n"
        "      web: {cmd: 'serve ''it'' --now'}"
    )
    example = problem.partition("\n")[2]
    assert loaded(tmp_path, example).config.programs["web"].command == "serve 'it' --now"


# --- what is doubtful ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("cmd: nosuchprogram", "no program 'nosuchprogram' in the PATH (PATH is /usr/bin:/bin)"),
        (
            "cmd: cd /tmp; ./x",
            "cd is a word of a shell, and no shell reads it "
            "(write workingdir: FOLDER, or sh -c 'cd /tmp; ./x')",
        ),
        ("cmd: cat a; cat b", "a; is passed on as a word (no shell reads it; write sh -c"),
        (
            "cmd: FOO=bar sleep 5",
            "FOO=bar is taken for the name of a program: no shell reads it "
            "(write env: {FOO: bar}, or sh -c 'FOO=bar sleep 5')",
        ),
        (
            "cmd: ~/bin/x -v",
            "the ~ of ~/bin/x stands for itself: no shell reads it (write %(ENV_HOME)s/bin/x, or",
        ),
        ("cmd: cat ~/x", "~/x is passed on as a word"),
        ("cmd: cat, stdout: /tmp", "/tmp is a folder (nothing will be logged)"),
        ("cmd: /no/such", "/no/such is not there"),
        ("cmd: /etc/passwd", "/etc/passwd is not a program that may be executed"),
        ("cmd: cat a && cat b", "&& is passed on as a word (no shell reads it; write sh -c"),
        ("cmd: echo $HOME", "$HOME is passed on as a word"),
        ("cmd: cat, user: nobodyatall", "no user 'nobodyatall'"),
        ("cmd: cat, workingdir: /no/such", "there is no folder /no/such"),
        ("cmd: cat, stdout: /no/such/log", "there is no folder /no/such (nothing will be logged)"),
        ("cmd: bash, stderr: /tmp/e, stderr_tty: true", "loses its keyboard or its job control"),
    ],
)
def test_doubts_are_told_and_stop_nothing(tmp_path: Path, body: str, words: str) -> None:
    (warning,) = warnings(tmp_path, f"programs: {{web: {{{body}}}}}")

    assert words in warning


def test_a_doubt_is_shown_where_its_value_stands(tmp_path: Path) -> None:
    text = "programs:\n  broken:\n    autostart: false\n    cmd: nosuchprogram --help\n"

    (warning,) = loaded(tmp_path, text).warnings

    assert warning.render().splitlines() == [
        f"{tmp_path}/c.yaml:4:10: warning: programs.broken.cmd: "
        f"no program 'nosuchprogram' in the PATH (PATH is {ENVIRONMENT['PATH']})",
        "        cmd: nosuchprogram --help",
        "             ^",
    ]


def test_a_long_path_is_not_shown(tmp_path: Path) -> None:
    (warning,) = warnings(
        tmp_path, f"programs: {{a: {{cmd: nosuchprogram, env: {{PATH: /{'x' * 80}}}}}}}"
    )

    assert warning.endswith("no program 'nosuchprogram' in the PATH")


@pytest.mark.parametrize("command", ["sh -c 'cd /tmp; ./x'", "find . -exec cat {} \\;", "cat a~"])
def test_what_a_program_is_meant_to_get_is_no_doubt(tmp_path: Path, command: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"programs": {"a": {"cmd": command}}}))

    assert load(str(path), ENVIRONMENT).warnings == ()


def test_a_shared_log_with_two_limits(tmp_path: Path) -> None:
    first = "a: {cmd: cat, stdout: /tmp/l}"
    text = f"programs: {{{first}, b: {{cmd: cat, stdout: /tmp/l, stdout_backups: 1}}}}"

    assert "/tmp/l has other limits in a" in warnings(tmp_path, text)[0]


def test_a_folder_that_the_daemon_makes_is_no_doubt(tmp_path: Path) -> None:
    text = "taskmaster: {socket: run/s, logfile: l}\nprograms: {a: {cmd: cat, stdout: run/a}}"

    assert warnings(tmp_path, text) == []


@pytest.mark.parametrize(
    "text", ["", "programs:", "programs: {}", "programs: {x-base: {}}", "taskmaster: {}"]
)
def test_nothing_to_run(tmp_path: Path, text: str) -> None:
    (warning,) = warnings(tmp_path, text)

    assert "nothing will run" in warning


@pytest.mark.parametrize("included", [False, True])
def test_a_config_that_is_no_file_does_not_hold_the_daemon(tmp_path: Path, included: bool) -> None:
    """A FIFO into which nobody wrote stopped everything at a reload, for ever."""
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    (tmp_path / "c.yaml").write_text("include: fifo.yaml\nprograms: {web: {cmd: cat}}\n")
    path = tmp_path / "c.yaml" if included else fifo

    with pytest.raises(ConfigRejected) as caught:
        load(str(path), ENVIRONMENT)

    assert [str(problem) for problem in caught.value.problems] == [f"{fifo}: not a regular file"]
