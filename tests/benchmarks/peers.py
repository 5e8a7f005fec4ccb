"""The two daemons, each in a folder of its own and in the foreground, so that its pid is ours."""

import os
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ctl.connection import Connection, NoDaemon
from tests.benchmarks.measure import children
from tests.benchmarks.processes import DEADLINE_SECONDS, end, wait_for

_SCRIPTS = Path(sysconfig.get_path("scripts"))
_TASKMASTERD = _SCRIPTS / "taskmasterd"
_TASKMASTERCTL = _SCRIPTS / "taskmasterctl"
_SUPERVISORD = _SCRIPTS / "supervisord"
_SUPERVISORCTL = _SCRIPTS / "supervisorctl"


class NotInstalled(Exception):
    """Something is needed that this machine does not have; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program as both daemons are told it; up as soon as it is started.

    Attributes:
        words: its command; no word holds a space or a quote.
        processes: how many of it.
        autostart: whether it is started along with the daemon.
        restarts: whether it is started again whenever it ends.
        options: further lines of Taskmaster's config, such as ``stdout: out.log``.
    """

    name: str
    words: Sequence[str]
    processes: int = 1
    autostart: bool = True
    restarts: bool = False
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that runs and answers.

    Attributes:
        pids: its processes, without those that it supervises.
        client: the words of its client's command line, to which a command is added.
        events: its own log.
        socket: its control socket.
    """

    pids: tuple[int, ...]
    client: tuple[str, ...]
    events: Path
    socket: Path

    def ctl(self, *words: str) -> str:
        """Run its client; return what that printed.

        Raises:
            subprocess.CalledProcessError: it failed; 3 only says that not all processes are up.
        """
        done = subprocess.run(
            [*self.client, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )
        if done.returncode not in (0, 3):
            raise subprocess.CalledProcessError(
                done.returncode, done.args, done.stdout, done.stderr
            )
        return done.stdout

    def running(self) -> int:
        """Return how many of its processes are RUNNING."""
        return sum(" RUNNING " in line for line in self.ctl("status").splitlines())

    def wait_running(self, count: int) -> None:
        """Wait until so many of its processes are RUNNING."""
        wait_for(lambda: self.running() == count, f"{count} processes to run")

    def connect(self) -> Connection:
        """Return a new control connection (Taskmaster's only)."""
        return Connection(str(self.socket))


def missing() -> list[str]:
    """Return the commands that are needed and not installed."""
    needed = (_TASKMASTERD, _TASKMASTERCTL, _SUPERVISORD, _SUPERVISORCTL)
    return [path.name for path in needed if not path.exists()]


def needed(command: str) -> str:
    """Return the path of a command that pip does not install.

    Raises:
        NotInstalled: it is not there.
    """
    path = shutil.which(command)
    if path is None:
        raise NotInstalled(f"not installed: {command}; apt-get install {command}")
    return path


@contextmanager
def taskmasterd(
    folder: Path,
    *programs: Program,
    source: Path | None = None,
    http: Path | None = None,
    alerts: Sequence[str] = (),
) -> Iterator[Daemon]:
    """Run Taskmaster with these programs.

    Args:
        folder: for its files; it is made.
        programs: its programs.
        source: where the packages of another version lie that is to run instead of this one.
        http: the path of a socket on which it serves HTTP too.
        alerts: lines of the section ``alerts:``.
    """
    folder.mkdir()
    control, events = folder / "s.sock", folder / "events.log"
    served = f", http: {http}" if http is not None else ""
    lines = [f"taskmaster: {{socket: {control}, logfile: {events}{served}}}", "programs:"]
    for program in programs:
        lines += [
            f"  {program.name}:",
            f"    cmd: {' '.join(program.words)}",
            f"    numprocs: {program.processes}",
            f"    autostart: {'true' if program.autostart else 'false'}",
            f"    autorestart: {'always' if program.restarts else 'never'}",
            "    starttime: 0",
            *(f"    {option}" for option in program.options),
        ]
    config = folder / "config.yaml"
    if alerts:
        lines += ["alerts:", *(f"  {line}" for line in alerts)]
    config.write_text("\n".join([*lines, ""]))
    with _running([str(_TASKMASTERD), "-n", str(config)], folder, source) as process:

        def answers() -> bool:
            _check(process, "taskmasterd", folder)
            try:
                Connection(str(control)).close()
            except NoDaemon:
                return False
            return True

        wait_for(answers, "taskmasterd to answer")
        core = next(pid for pid in children(process.pid) if _is_core(pid))
        client = (str(_TASKMASTERCTL), "-s", str(control))
        yield Daemon((process.pid, core), client, events, control)


@contextmanager
def supervisord(folder: Path, *programs: Program) -> Iterator[Daemon]:
    """Run supervisord with these programs, their output kept nowhere: its least cost."""
    folder.mkdir()
    control, events = folder / "s.sock", folder / "events.log"
    lines = [
        "[unix_http_server]",
        f"file={control}",
        "[supervisord]",
        f"logfile={events}",
        f"pidfile={folder / 'p.pid'}",
        f"childlogdir={folder}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "[supervisorctl]",
        f"serverurl=unix://{control}",
    ]
    for program in programs:
        lines += [
            f"[program:{program.name}]",
            f"command={' '.join(program.words)}",
            f"numprocs={program.processes}",
            "process_name=%(program_name)s_%(process_num)d",
            f"autostart={'true' if program.autostart else 'false'}",
            f"autorestart={'true' if program.restarts else 'false'}",
            "startsecs=0",
            "redirect_stderr=true",
            "stdout_logfile=NONE",
        ]
    config = folder / "supervisord.conf"
    config.write_text("\n".join([*lines, ""]))
    with _running([str(_SUPERVISORD), "-n", "-s", "-c", str(config)], folder) as process:

        def answers() -> bool:
            _check(process, "supervisord", folder)
            with socket.socket(socket.AF_UNIX) as attempt:
                return attempt.connect_ex(str(control)) == 0

        wait_for(answers, "supervisord to answer")
        client = (str(_SUPERVISORCTL), "-c", str(config))
        yield Daemon((process.pid,), client, events, control)


@contextmanager
def _running(
    words: Sequence[str], folder: Path, source: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    if source is not None:
        environment["PYTHONPATH"] = str(source)
    environment.pop("TASKMASTER_SOCKET", None)
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            start_new_session=True,  # a ^C is for the benchmark, which ends its daemons in order
        )
    try:
        yield process
    finally:
        end(process)


def _check(process: subprocess.Popen[bytes], name: str, folder: Path) -> None:
    if process.poll() is not None:
        text = (folder / "stderr").read_text()
        raise RuntimeError(f"{name} ended with status {process.returncode}:\n{text}")


def _is_core(pid: int) -> bool:
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"taskmaster.core" in words or b"taskmaster.daemon" in words  # as it was before upgrades
