"""What differs between the daemon's environment and that of a process it starts. Pure."""

from collections.abc import Mapping
from typing import Final

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


def child_environment(entry: Entry, socket: str) -> Mapping[str, str | None]:
    """Return the variables that are set for a process, None for those that it does not get.

    What its program's `env` says counts more (`Launch.environment`).

    Args:
        entry: the process.
        socket: the control socket, so that it finds the daemon that runs it.
    """
    return {
        **dict.fromkeys((*_OF_THE_STARTING_TERMINAL, *_FOR_THE_DAEMON_ONLY)),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TASKMASTER_PROCESS": entry.name,
        "TASKMASTER_PROGRAM": entry.program.name,
        "TASKMASTER_SOCKET": socket,
    }
