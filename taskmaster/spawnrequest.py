"""What the keeper is asked for, so that a process of the config starts. Pure."""

from collections.abc import Mapping
from typing import Final

from pty_mux.winsize import Winsize
from taskmaster.config.model import Config, Launch, Program, StderrChannel
from taskmaster.keeper import wire
from taskmaster.listeners.access import access
from taskmaster.supervisor import Entry

_OF_THE_STARTING_TERMINAL: Final = (
    "COLUMNS",
    "LINES",
    "TERMCAP",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "WINDOWID",
)
"""They describe the terminal in which the daemon was started; a child has another one."""

_FOR_THE_DAEMON_ONLY: Final = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
"""systemd's messages to the daemon (sd_notify(3), sd_listen_fds(3))."""


def spawn_request(
    entry: Entry,
    ticket: int,
    winsize: Winsize,
    socket_path: str,
    config: Config,
) -> wire.Spawn:
    """Return the request that starts a process.

    Args:
        entry: which, with what governs it.
        ticket: what keeper and core will call this life of it.
        winsize: the size of its terminal.
        socket_path: told to it, so that it finds the daemon that runs it.
        config: says in which group it is, and where it finds supervisord's XML-RPC.
    """
    program, launch = entry.program, entry.launch
    return wire.Spawn(
        ticket=ticket,
        argv=list(launch.argv),
        environment=_environment(entry, socket_path, config),
        overrides=dict(launch.environment),
        workingdir=launch.workingdir,
        umask=program.umask,
        user=program.user,
        rows=winsize.rows,
        columns=winsize.columns,
        stderr=program.stderr_channel.value,
        stdin=wire.TERMINAL if program.socket is None else wire.DESCRIPTOR,
    )


def terminals_of(program: Program) -> int:
    """Return how many descriptors a process of the program is read from and written to."""
    match program.stderr_channel:
        case StderrChannel.TERMINAL:
            return 1
        case StderrChannel.THREE_PIPES:
            return 3
        case _:
            return 2


def logs_of(launch: Launch) -> list[str]:
    """Return the paths of the log files that a process writes."""
    return [path for path in (launch.stdout, launch.stderr) if path is not None]


def shared_by(entry: Entry) -> list[str]:
    """Return what a process needs a descriptor of ours for, and others perhaps the same one."""
    socket = entry.program.socket
    return [*logs_of(entry.launch), *([] if socket is None else [f"socket {socket}"])]


def _environment(entry: Entry, socket_path: str, config: Config) -> Mapping[str, str | None]:
    return {
        **dict.fromkeys((*_OF_THE_STARTING_TERMINAL, *_FOR_THE_DAEMON_ONLY)),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TASKMASTER_PROCESS": entry.name,
        "TASKMASTER_PROGRAM": entry.program.name,
        "TASKMASTER_SOCKET": socket_path,
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_PROCESS_NAME": entry.short_name,
        "SUPERVISOR_GROUP_NAME": config.group_of(entry.program.name),
        **access(config.settings.http, trusted=bool(entry.program.events)),
    }
