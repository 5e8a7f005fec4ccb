"""The configuration as values: what the rest of the daemon reads, and all of it that it may see.

Everything here is frozen and compares by its fields; `diff` relies on that. A field of `Program`
says beside its type, in its metadata, what a change of it costs at a reload (`ReloadCost`).
YAML, positions and error messages are not here: see ``document``, ``schema`` and ``errors``.
"""

import enum
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from signal import SIGKILL
from types import MappingProxyType
from typing import Any, Final

from taskmaster.alerts.model import Alert

DEFAULT_LOG_MAXBYTES: Final = 50 * 1024 * 1024
"""Size in bytes at which a log file rotates; supervisord's ``*_logfile_maxbytes``."""

DEFAULT_LOG_BACKUPS: Final = 10
"""How many rotated files are kept; supervisord's ``*_logfile_backups``."""


DEFAULT_BACKLOG: Final = 4096
"""As many as the kernel lets wait for a socket, unless it is told otherwise (listen(2))."""


class AutoRestart(enum.Enum):
    """When a process that ended by itself while RUNNING is started again."""

    ALWAYS = "always"
    NEVER = "never"
    UNEXPECTED = "unexpected"


class StderrChannel(enum.Enum):
    """What the child's file descriptor 2 is (facts/attach.md, section 4, has the reasons)."""

    TERMINAL = "terminal"
    """The one terminal, together with standard output."""

    PIPE = "pipe"
    """A pipe: shells keep job control and pagers their keyboard."""

    SECOND_TERMINAL = "second terminal"
    """A second pty, for programs that colour or flush lines only on a terminal."""

    THREE_PIPES = "three pipes"
    """A pipe, and so are standard input and output: an event listener has no terminal."""


class LogFormat(enum.Enum):
    """What goes from a terminal into a log file."""

    RAW = "raw"
    """Every byte, but for the CR that the line discipline puts before an LF."""

    TEXT = "text"
    """Settled lines: no sequences, and of what was drawn over in a line the last state only."""


class Whom(enum.Enum):
    """Who gets a signal."""

    PROCESS = "process"
    """The process alone."""

    GROUP = "group"
    """Its process group: the process and what it started, but for a shell's jobs."""

    FOREGROUND = "foreground"
    """The foreground process group of its terminal, as Ctrl-C would: a shell's present job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """One thing that is done to a process so that it ends, and how long that may take.

    Attributes:
        text: typed into its terminal; empty where a signal is sent, or nothing is done.
        signal: the number of the signal, or None.
        whom: who gets the signal.
        wait: seconds until the next step.
    """

    text: str = ""
    signal: int | None = None
    whom: Whom = Whom.PROCESS
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Ready:
    """How a process shows that it is RUNNING.

    Attributes:
        text: a regular expression that is found on its screen then.
        within: seconds after which it counts as one that does not come up.
    """

    text: str
    within: float


class LogLevel(enum.IntEnum):
    """How much the event log tells; the numbers are those of Python's logging module."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40


class ReloadCost(enum.Enum):
    """What it takes for a changed field to become true (DESIGN, section 4, Reload)."""

    IN_PLACE = "in place"
    COUNT = "count"
    RESTART = "restart"


def _in_place(default: Any = ...) -> Any:  # noqa: ANN401 - dataclasses.field is typed so as well
    return _field(ReloadCost.IN_PLACE, default)


def _restart(default: Any = ...) -> Any:  # noqa: ANN401
    return _field(ReloadCost.RESTART, default)


def _count(default: Any = ...) -> Any:  # noqa: ANN401
    return _field(ReloadCost.COUNT, default)


def _field(cost: ReloadCost, default: Any) -> Any:  # noqa: ANN401
    metadata = {"reload": cost}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, order=True)
class TerminalSize:
    """The size of a terminal in cells, as the config has it (``80x24`` is columns x rows)."""

    rows: int = 24
    columns: int = 80


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where TCP clients are awaited; `host` is an IP address as text, normalized."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRights:
    """Who may connect to the socket of a program, and how many may wait for that.

    Attributes:
        owner: ``user`` or ``user:group``; None for the program's user.
        mode: of the path. Both mean nothing where there is none.
        backlog: see listen(2).
    """

    owner: str | None = None
    mode: int = 0o700
    backlog: int = DEFAULT_BACKLOG


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One entry of ``programs:``; names and defaults of the fields as in DESIGN, section 4.

    Text that may hold ``%(process_num)d`` and the like is kept as written; `expand.expand` gives
    what one process gets. Times are seconds, sizes bytes.

    Attributes:
        command: what to run: a text that is split as a shell splits words, or the words themselves.
        environment: additions to the daemon's environment, in the order of the file.
        stdout: path of the log file of the terminal, or None (the ring still keeps the output).
        stderr: path of the log file of a separate standard error, or None. Meaningful only where
            `stderr_channel` is not TERMINAL.
        stdout_syslog: whether its lines go to syslog, besides or instead; `stderr_syslog` likewise.
        umask: for the child, or None for the daemon's.
        user: a user's name or number, or None for the daemon's; where `Settings.user` counts, that.
        ready: what stands in for `starttime`, or None.
        stop: the steps that stand in for `stopsignal`, `stoptime` and the two about groups; empty
            where these count. See `stop_steps`.
        killasgroup: never false where `stopasgroup` is true.
        record: path of the recording of the terminal, or None.
        socket: an address or a path where one socket listens that is the standard input of each
            process (FastCGI); None: the terminal is. `socket_rights` says who may connect.
        events: what an event listener subscribed to, of `listeners.kinds.KNOWN`; empty where the
            program is none. It goes with THREE_PIPES as `stderr_channel`.
        buffer_size: how many events wait for it.
        stdout_events: what is written to the terminal is an event; the same for `stderr_events`.
    """

    name: str = _restart()
    command: str | tuple[str, ...] = _restart()
    numprocs: int = _count(1)
    priority: int = _in_place(999)
    autostart: bool = _in_place(True)
    autorestart: AutoRestart = _in_place(AutoRestart.UNEXPECTED)
    exitcodes: frozenset[int] = _in_place(frozenset({0}))
    starttime: float = _in_place(1.0)
    ready: Ready | None = _in_place(None)
    startretries: int = _in_place(3)
    stopsignal: int = _in_place(15)
    stoptime: float = _in_place(10.0)
    stopasgroup: bool = _in_place(False)
    killasgroup: bool = _in_place(False)
    stop: tuple[StopStep, ...] = _in_place(())
    stdout: str | None = _in_place(None)
    stdout_syslog: bool = _in_place(False)
    stdout_maxbytes: int = _in_place(DEFAULT_LOG_MAXBYTES)
    stdout_backups: int = _in_place(DEFAULT_LOG_BACKUPS)
    stderr_channel: StderrChannel = _restart(StderrChannel.TERMINAL)
    stderr: str | None = _in_place(None)
    stderr_syslog: bool = _in_place(False)
    stderr_maxbytes: int = _in_place(DEFAULT_LOG_MAXBYTES)
    stderr_backups: int = _in_place(DEFAULT_LOG_BACKUPS)
    logformat: LogFormat = _in_place(LogFormat.RAW)
    timestamps: bool = _in_place(False)
    environment: tuple[tuple[str, str], ...] = _restart(())
    workingdir: str | None = _restart(None)
    umask: int | None = _restart(None)
    user: str | None = _restart(None)
    size: TerminalSize = _in_place(TerminalSize())
    scrollback: int = _in_place(1024 * 1024)
    record: str | None = _in_place(None)
    socket: Address | str | None = _restart(None)
    socket_rights: SocketRights = _in_place(SocketRights())
    events: tuple[str, ...] = _in_place(())
    buffer_size: int = _in_place(10)
    stdout_events: bool = _in_place(False)
    stderr_events: bool = _in_place(False)

    def short_name(self, index: int) -> str:
        """Return what a process is called inside a group, by supervisord's users and in logs."""
        return self.name if self.numprocs == 1 else f"{self.name}_{index}"

    @property
    def stop_steps(self) -> tuple[StopStep, ...]:
        """How a process of it is stopped, step by step; the last one is always a KILL."""
        if self.stop:
            return self.stop
        asked, killed = (
            Whom.GROUP if as_group else Whom.PROCESS
            for as_group in (self.stopasgroup, self.killasgroup)
        )
        return (
            StopStep(signal=self.stopsignal, whom=asked, wait=self.stoptime),
            StopStep(signal=SIGKILL, whom=killed, wait=self.stoptime),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpListener:
    """One place where HTTP is served.

    Attributes:
        listen: an address, or the path of a UNIX socket.
        mode: of that socket; `group` the name of its group, or None for the daemon's.
        read_only: whether what changes something is refused.
        username: asked of every client, with the password; None where neither is asked.
        password: itself, or ``{SHA}`` and its SHA-1 in hexadecimal digits, as supervisord has it.
    """

    listen: Address | str
    mode: int = 0o700
    group: str | None = None
    read_only: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"http://{self.listen}" if isinstance(self.listen, Address) else self.listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The section ``taskmaster:``. Paths are absolute, ``~`` and defaults already filled in.

    Attributes:
        user: who the core runs as, where the daemon is started as root; None for who started it.
        listen: where clients are served over TLS.
        listen_plain: where they are served over bare TCP; loopback only.
        tls_certificate: PEM file, or None for one that is made; `tls_key` goes with it.
        token_file: None for one beside the event log, which is made; see `token_path`.
        http: where HTTP is served: supervisord's XML-RPC and what else has a path there.
        syslog: the socket of syslogd, for what processes write.
    """

    socket: str
    logfile: str
    loglevel: LogLevel = LogLevel.INFO
    logfile_maxbytes: int = DEFAULT_LOG_MAXBYTES
    logfile_backups: int = DEFAULT_LOG_BACKUPS
    pidfile: str | None = None
    user: str | None = None
    listen: tuple[Address, ...] = ()
    listen_plain: tuple[Address, ...] = ()
    tls_certificate: str | None = None
    tls_key: str | None = None
    token_file: str | None = None
    http: tuple[HttpListener, ...] = ()
    syslog: str = "/dev/log"

    @property
    def token_path(self) -> str:
        """The file with the token that TCP clients must know."""
        return self.token_file or os.path.join(os.path.dirname(self.logfile), "taskmaster.token")

    @property
    def made_certificate(self) -> str:
        """The PEM file, certificate and key, that is made where the config names none."""
        return os.path.join(os.path.dirname(self.logfile), "taskmaster.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole configuration that passed every check.

    Attributes:
        path: the main file, absolute.
        settings: the daemon's own section.
        programs: by name, in the order of the file(s).
        groups: programs that have a name together, by that name.
        alerts: by name.
        homes: of the programs in groups, the group of each (`group_of`).
    """

    path: str
    settings: Settings
    programs: Mapping[str, Program] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    alerts: Mapping[str, Alert] = field(default_factory=lambda: MappingProxyType({}))
    homes: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        homes: dict[str, str] = {}
        for group, members in self.groups.items():
            for program in members:
                homes.setdefault(program, group)
        object.__setattr__(self, "homes", MappingProxyType(homes))

    def group_of(self, program: str) -> str:
        """Return the group of a program as supervisord's users know it.

        It is the first group of the file that names it; one that no group names is a group of its
        own. Ours may be in several, theirs is in one.
        """
        return self.homes.get(program, program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What one process of a program is started with: a `Program` with its ``%(...)`` filled in.

    Attributes:
        argv: never empty.
        environment: the program's own additions only.
        stdout: absolute path or None; the same for `stderr` and `record`.
        workingdir: absolute path or None.
    """

    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    workingdir: str | None
    stdout: str | None
    stderr: str | None
    record: str | None
