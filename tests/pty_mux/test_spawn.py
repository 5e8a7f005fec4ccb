"""Real children on real terminals: what they find, and how a step that fails is told."""

import errno
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pty_mux.command import OWN_ENVIRONMENT, Command, SpawnFailed, Stage
from pty_mux.forked import read_status
from pty_mux.spawn import Child, spawn

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
"""The test runner has threads; the keeper, for which this is, has none."""


@pytest.fixture(params=["directly", "forked"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test with both ways to start a child: macOS forks where Linux needs not."""
    if request.param == "forked":
        monkeypatch.setattr("pty_mux.spawn.CAN_START_DIRECTLY", False)
    return str(request.param)


def failure_of(wanted: Command) -> SpawnFailed | None:
    """How the start of a command fails: at once, or told by the forked child."""
    try:
        child = spawn(wanted)
    except SpawnFailed as exc:
        return exc
    try:
        return read_status(child.status) if child.status is not None else None
    finally:
        put_away(child)


def put_away(child: Child) -> None:
    os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)
    for end in (*child.ends, child.status):
        if end is not None:
            os.close(end)


def command(*argv: str, **settings: Any) -> Command:
    return Command(argv=argv, **({"environment": {}, "overrides": {}} | settings))


@contextmanager
def child_of(wanted: Command) -> Iterator[Child]:
    child = spawn(wanted)
    try:
        yield child
    finally:
        put_away(child)


def output(wanted: Command) -> str:
    """Run it to its end and return what it wrote to its terminal."""
    with child_of(wanted) as child:
        assert child.status is None or read_status(child.status) is None
        return read_all(child.master)


def read_all(descriptor: int) -> str:
    data = b""
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError as exc:
            if exc.errno != errno.EIO:
                raise
            return data.decode().replace("\r\n", "\n")
        if not piece:
            return data.decode()
        data += piece


def python(code: str, **settings: Any) -> Command:
    return command(sys.executable, "-c", code, **settings)


def test_it_leads_a_session_with_its_terminal_in_control() -> None:
    code = "import os; print(os.getsid(0) == os.getpid() == os.tcgetpgrp(0), os.ttyname(0) != '')"
    code += "; print(open('/dev/tty').isatty())"

    assert output(python(code)) == "True True\nTrue\n"


def test_the_window_size_is_there_before_it_starts() -> None:
    assert output(command("stty", "size", rows=33, columns=99)) == "33 99\n"


def test_no_descriptor_of_ours_leaks() -> None:
    ours = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(ours, False)
    try:
        told = output(python("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"))
    finally:
        os.close(ours)

    assert told in ("[0, 1, 2, 3]\n", "[0, 1, 2]\n")  # 3 is the listing itself


@pytest.mark.parametrize("stderr", ["terminal", "pipe", "second terminal"])
def test_a_descriptor_can_be_its_standard_input(stderr: str) -> None:
    """It has its terminal all the same, which is the controlling one."""
    reader, writer = os.pipe()
    os.write(writer, b"given")
    code = "import os; print(os.read(0, 99), os.getsid(0) == os.getpid() == os.tcgetpgrp(1))"
    code += "; print(open('/dev/tty').isatty(), sorted(map(int, os.listdir('/proc/self/fd'))))"
    try:
        told = output(python(code, stdin=reader, stderr=stderr))
        assert os.get_inheritable(reader) is False
    finally:
        os.close(reader)
        os.close(writer)

    assert told in (f"b'given' True\nTrue {some}\n" for some in ([0, 1, 2, 3], [0, 1, 2]))


def test_signals_are_as_after_a_boot() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        status = output(command("cat", "/proc/self/status"))
    finally:
        signal.signal(signal.SIGINT, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    # glibc's posix_spawn has its own signals 32 and 33 ignored unless they are to be reset, which
    # Python cannot ask for: sigaddset(3) refuses them. Its threads set them up when they need them.
    own_of_glibc = 1 << 31 | 1 << 32
    assert int(fields["SigIgn"], 16) & ~own_of_glibc == 0
    assert int(fields["SigBlk"], 16) == 0


def test_the_environment_is_ours_with_additions_removals_and_overrides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(OWN_ENVIRONMENT, "KEPT", "1")
    monkeypatch.setitem(OWN_ENVIRONMENT, "REMOVED", "1")
    told = output(
        command(
            "env",
            environment={"ADDED": "2", "REMOVED": None, "WON": "no"},
            overrides={"WON": "yes"},
        )
    ).splitlines()

    assert {"KEPT=1", "ADDED=2", "WON=yes"} <= set(told)
    assert not any(line.startswith("REMOVED") for line in told)


def test_folder_umask_and_limit(tmp_path: Path) -> None:
    wanted = command("sh", "-c", "pwd; umask; ulimit -n", workingdir=str(tmp_path), umask=0o027,
                     open_files=123)  # fmt: skip

    assert output(wanted) == f"{tmp_path}\n0027\n123\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
def test_a_folder_to_come_back_to_needs_not_be_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was opened for reading, and its refusal was told as "no terminal could be opened"."""
    with tempfile.TemporaryDirectory() as closed:
        os.chmod(closed, 0o711)
        monkeypatch.chdir(closed)
        os.seteuid(65534)  # who may enter, and not read
        try:
            told = output(command("pwd", workingdir="/usr"))
            here = os.getcwd()
        finally:
            os.seteuid(0)
        monkeypatch.undo()

    assert (told, here) == ("/usr\n", closed)


def test_a_folder_that_cannot_be_left_is_the_folder_s_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "")

    wanted = command("cat", workingdir="/usr")
    with monkeypatch.context() as patched:
        patched.setattr("pty_mux.spawn.os.open", refused)
        patched.setattr("pty_mux.spawn.CAN_START_DIRECTLY", True)
        failure = failure_of(wanted)

    assert failure is not None
    assert (failure.stage, failure.errno, failure.subject) == (Stage.FOLDER, errno.EACCES, "/usr")


@pytest.mark.parametrize("user", ["nobody", "65534"])
def test_another_user_wholly(user: str) -> None:
    code = "import os; print(os.getresuid(), os.getresgid(), os.getgroups(), os.environ['HOME'], "
    code += "os.environ['USER'], os.environ['LOGNAME'], os.environ['SHELL'])"

    told = output(command("/usr/bin/env", "python3", "-c", code, user=user))

    nobody = (65534, 65534, 65534)
    assert told == f"{nobody} {nobody} [65534] /nonexistent nobody nobody /usr/sbin/nologin\n"


def test_what_the_config_says_of_home_wins_over_the_user() -> None:
    wanted = command("sh", "-c", "echo $HOME", user="nobody", overrides={"HOME": "/elsewhere"})

    assert output(wanted) == "/elsewhere\n"


def test_a_separate_stderr_is_a_pipe_or_a_terminal_of_its_own() -> None:
    script = "test -t 2 && echo terminal >&2 || echo pipe >&2; echo out"
    for kind, told in (("pipe", "pipe\n"), ("second terminal", "terminal\n")):
        with child_of(command("sh", "-c", script, stderr=kind)) as child:
            assert child.stderr is not None
            assert read_all(child.master) == "out\n"
            assert read_all(child.stderr) == told


@pytest.mark.parametrize(
    ("wanted", "stage", "number", "subject"),
    [
        (command("/no/such/program"), Stage.EXEC, errno.ENOENT, "/no/such/program"),
        (command("no-such-program"), Stage.EXEC, errno.ENOENT, "no-such-program"),
        (command("/etc/passwd"), Stage.EXEC, errno.EACCES, "/etc/passwd"),
        (command("/"), Stage.EXEC, errno.EACCES, "/"),
        (command("cat", workingdir="/no/such"), Stage.FOLDER, errno.ENOENT, "/no/such"),
        (command("cat", workingdir="/etc/passwd"), Stage.FOLDER, errno.ENOTDIR, "/etc/passwd"),
        (command("cat", user="no-such-user"), Stage.USER, errno.ENOENT, "no-such-user"),
        (command("cat", open_files=1 << 40), Stage.LIMITS, errno.EPERM, str(1 << 40)),
        (command("cat", "x" * (3 << 20)), Stage.EXEC, errno.E2BIG, "cat"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_step_that_fails_is_named(wanted: Command, stage: str, number: int, subject: str) -> None:
    failure = failure_of(wanted)

    assert failure is not None
    if stage == Stage.LIMITS and failure.errno == 0:  # a ValueError of Python's, on some systems
        assert failure.stage == stage
    else:
        assert (failure.stage, failure.errno, failure.subject) == (stage, number, subject)


def test_the_path_of_the_child_is_searched(tmp_path: Path) -> None:
    program = tmp_path / "hello"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    hidden = tmp_path / "first" / "hello"
    hidden.parent.mkdir()
    hidden.write_text("not executable")

    wanted = command("hello", overrides={"PATH": f"{hidden.parent}:{tmp_path}:/usr/bin:/bin"})

    assert output(wanted) == "hello\n"


def test_without_a_descriptor_left_nothing_is_left_behind() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = sorted(os.listdir("/proc/self/fd"))
    highest = max(int(number) for number in before)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
    taken = []
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    try:
        with pytest.raises(SpawnFailed) as caught:
            spawn(command("cat"))
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert (caught.value.stage, caught.value.errno) == (Stage.PTY, errno.EMFILE)
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_three_pipes_are_no_terminal() -> None:
    script = "test -t 0 || test -t 1 || test -t 2 && exit 1; read word; echo $word; echo e >&2"

    with child_of(command("sh", "-c", script, stderr="three pipes")) as child:
        assert child.status is None or read_status(child.status) is None
        assert child.stdin is not None
        assert child.stderr is not None
        os.write(child.stdin, b"told\n")

        assert read_all(child.master) == "told\n"
        assert read_all(child.stderr) == "e\n"
        assert os.getsid(child.pid) == child.pid


def test_a_child_with_pipes_has_no_descriptor_but_them() -> None:
    script = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])"

    with child_of(command(sys.executable, "-c", script, stderr="three pipes")) as child:
        assert child.status is None or read_status(child.status) is None
        assert read_all(child.master) == "[0, 1, 2]\n"
