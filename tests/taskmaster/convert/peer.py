"""What supervisord makes of a file, and what we make of it, as values that can be compared."""

import os
import platform
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.datatypes import (
    Automatic,
    RestartUnconditionally,
    RestartWhenExitUnexpected,
    UnixStreamSocketConfig,
)
from supervisor.options import (
    EventListenerConfig,
    ServerOptions,
)

from taskmaster.config.expand import expand
from taskmaster.config.load import load
from taskmaster.config.model import (
    DEFAULT_BACKLOG,
    Address,
    AutoRestart,
    Config,
    Program,
    StderrChannel,
)
from taskmaster.convert.conversion import Surroundings, convert
from taskmaster.convert.findings import Findings
from taskmaster.convert.ini import read_ini
from taskmaster.keeper.identity import look_up
from taskmaster.programsockets import _ids


@dataclass(frozen=True, order=True)
class Run:
    """What one process is run with, as far as both sides know it."""

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    directory: str | None
    umask: int | None
    priority: int
    autostart: bool
    autorestart: str
    startsecs: float
    startretries: int
    exitcodes: tuple[int, ...]
    stopsignal: int
    stopwaitsecs: float
    stopasgroup: bool
    killasgroup: bool
    uid: int | None
    stdout: str
    stdout_limits: tuple[int, int] | None
    stderr: str
    stderr_limits: tuple[int, int] | None
    syslog: tuple[bool, bool] = (False, False)
    socket: tuple[str, object, int | None, int | None] | None = None


def theirs(path: Path) -> list[Run]:
    """Return every process of programs that supervisord would run.

    Raises:
        ValueError: it refuses the file.
    """
    options = ServerOptions()
    options.here = str(path.parent)
    options.configfile = str(path)
    section = options.read_config(str(path))
    return sorted(
        _their_run(process, getattr(group, "socket_config", None))
        for group in section.process_group_configs
        for process in group.process_configs
        if not isinstance(process, EventListenerConfig)
    )


def _their_run(process: Any, socket: Any) -> Run:
    words = {None: "memory", Automatic: "memory"}
    logs = {}
    for stream in ("stdout", "stderr"):
        log = getattr(process, f"{stream}_logfile")
        limits = tuple(
            getattr(process, f"{stream}_logfile_{what}") for what in ("maxbytes", "backups")
        )
        logs[stream] = (words[log], None) if log in words else (log, limits)
    places = {
        stream: (None if syslog and log is Automatic else log, syslog)
        for stream in ("stdout", "stderr")
        for log, syslog in [
            (getattr(process, f"{stream}_logfile"), getattr(process, f"{stream}_syslog"))
        ]
    }
    goes_along = places["stderr"] in ((Automatic, False), places["stdout"])
    stderr_syslog = process.stderr_syslog
    if process.redirect_stderr or goes_along:
        logs["stderr"], stderr_syslog = ("with stdout", None), False
    restarts = {
        False: "never",
        RestartUnconditionally: "always",
        RestartWhenExitUnexpected: "unexpected",
    }
    return Run(
        argv=tuple(shlex.split(process.command)),
        environment=tuple(sorted(process.environment.items())),
        directory=process.directory,
        umask=process.umask,
        priority=process.priority,
        autostart=process.autostart,
        autorestart=restarts[process.autorestart],
        startsecs=process.startsecs,
        startretries=process.startretries,
        exitcodes=tuple(sorted(process.exitcodes)),
        stopsignal=int(process.stopsignal),
        stopwaitsecs=process.stopwaitsecs,
        stopasgroup=process.stopasgroup,
        killasgroup=process.killasgroup,
        uid=process.uid,
        stdout=logs["stdout"][0],
        stdout_limits=logs["stdout"][1],
        stderr=logs["stderr"][0],
        stderr_limits=logs["stderr"][1],
        syslog=(process.stdout_syslog, stderr_syslog),
        socket=None if socket is None else _their_socket(socket),
    )


def _their_socket(socket: Any) -> tuple[str, object, int | None, int | None]:
    is_path = isinstance(socket, UnixStreamSocketConfig)
    owner, mode = (socket.owner, socket.mode) if is_path else (None, None)
    return str(socket.url), owner, mode, socket.backlog


def converted(path: Path, findings: Findings | None = None) -> str:
    """Return the config that a file becomes."""
    findings = findings or Findings()
    around = Surroundings(os.getcwd(), platform.node(), os.environ)
    return convert(read_ini(str(path), os.environ, findings), around, findings)


def ours(config: Config) -> list[Run]:
    """Return every process of a config."""
    return sorted(
        _our_run(config, name, number)
        for name, program in config.programs.items()
        for number in range(program.numprocs)
    )


def load_text(text: str, folder: Path) -> Config:
    """Return what the daemon reads of a config."""
    path = folder / "converted.yaml"
    path.write_text(text)
    return load(str(path), os.environ).config


def _our_run(config: Config, name: str, number: int) -> Run:
    program = config.programs[name]
    launch = expand(program, number)
    stderr = launch.stderr or "memory"
    if program.stderr_channel is StderrChannel.TERMINAL:
        stderr = "with stdout"
    kept = "memory" if launch.stdout is None else launch.stdout
    has_stdout, has_stderr = launch.stdout is not None, launch.stderr is not None
    return Run(
        argv=launch.argv,
        environment=tuple(sorted(launch.environment)),
        directory=launch.workingdir,
        umask=program.umask,
        priority=program.priority,
        autostart=program.autostart,
        autorestart={
            AutoRestart.ALWAYS: "always",
            AutoRestart.NEVER: "never",
            AutoRestart.UNEXPECTED: "unexpected",
        }[program.autorestart],
        startsecs=program.starttime,
        startretries=program.startretries,
        exitcodes=tuple(sorted(program.exitcodes)),
        stopsignal=program.stopsignal,
        stopwaitsecs=program.stoptime,
        stopasgroup=program.stopasgroup,
        killasgroup=program.killasgroup,
        uid=look_up(program.user).uid if program.user else None,
        stdout=kept,
        stdout_limits=(program.stdout_maxbytes, program.stdout_backups) if has_stdout else None,
        stderr=stderr,
        stderr_limits=(program.stderr_maxbytes, program.stderr_backups) if has_stderr else None,
        syslog=(program.stdout_syslog, program.stderr_syslog),
        socket=None if program.socket is None else _our_socket(program),
    )


def _our_socket(program: Program) -> tuple[str, object, int | None, int | None]:
    listen, rights = program.socket, program.socket_rights
    backlog = None if rights.backlog == DEFAULT_BACKLOG else rights.backlog
    if isinstance(listen, Address):
        return f"tcp://{listen}", None, None, backlog
    owner = rights.owner or (f"{program.user}:" if program.user else None)
    ids = _ids(owner) if owner else None
    is_ours = rights.owner is None and ids == (os.getuid(), os.getgid())
    return f"unix://{listen}", None if is_ours else ids, rights.mode, backlog
