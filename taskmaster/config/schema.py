"""Which keys there are, how each is read, and nodes to the model with them. Pure.

`PROGRAM_KEYS` and `SETTING_KEYS` are the one definition of the keys; every problem is collected,
each in its place. How a single value is read is in ``readers``. The JSON Schema and the reference
are made of these too (``jsonschema``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskmaster.config import (
    forms,
    httplistening,
    lifecycle,
    listeners,
    listening,
    readers,
    sockets,
)
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Text
from taskmaster.config.errors import Place
from taskmaster.config.hints import meant_key
from taskmaster.config.keys import Key, Keys, read_keys
from taskmaster.config.model import LogFormat, Program, Settings, StderrChannel
from taskmaster.config.readers import Surroundings

MAX_NUMPROCS: Final = 10_000
MAX_SCROLLBACK_BYTES: Final = 1 << 30
"""The ring is memory, of each process, kept by the daemon."""

_UNNAMEABLE: Final = " :/*?[],'\"\\$`"
"""Not in the name of a program: commands, patterns and shells read them otherwise, and `cmd` may
hold the name."""

PROGRAM_NAME: Final = r"""(?!-|all$)[^\x00-\x1f :/*?\[\],'"\\$`]+"""
"""The same, for editors: `wrong_name` says why."""

PROGRAM_KEYS: Final[Keys] = {
    "cmd": Key(readers.command, "what to run; no shell in between", example="sleep 1000"),
    "numprocs": Key(readers.count(1, MAX_NUMPROCS), "how many processes", 1),
    "priority": Key(readers.count(-1000, 100_000), "lower starts earlier and stops later", 999),
    "autostart": Key(readers.BOOLEAN, "start with the daemon", True),
    "autorestart": Key(
        readers.autorestart, "start it again always, never, or after unexpected exits", "unexpected"
    ),
    "exitcodes": Key(readers.exitcodes, "which exit statuses are expected", 0, [0, 2]),
    "starttime": Key(readers.SECONDS, "seconds up before it counts as RUNNING", 1),
    "ready": Key(
        lifecycle.ready,
        "a regular expression on its screen that makes it RUNNING",
        example="listening on port",
    ),
    "startretries": Key(readers.count(0, 1_000_000), "retries before giving up", 3),
    "stopsignal": Key(readers.SIGNAL, "the signal that stops it", "TERM"),
    "stoptime": Key(readers.SECONDS, "seconds between that signal and KILL", 10),
    "stopasgroup": Key(readers.BOOLEAN, "send stopsignal to the process group", False),
    "killasgroup": Key(
        readers.BOOLEAN, "send KILL to the process group; left out: as stopasgroup", False
    ),
    "stop": Key(
        lifecycle.stop,
        "steps that stop it: keys, signals, waits",
        example=[{"send": "quit\r", "wait": 30}, {"signal": "TERM"}],
    ),
    "stdout": Key(
        readers.target,
        "log file of the terminal, syslog, both, or discard; left out: kept in memory only",
        example="log/web.log",
    ),
    "stdout_maxbytes": Key(readers.byte_size(), "size at which it rotates, 0 never", "50MB"),
    "stdout_backups": Key(readers.count(0, 10_000), "how many rotated files are kept", 10),
    "stderr": Key(
        readers.target,
        "the same for a standard error of its own; left out: with stdout",
        example="log/web.err",
    ),
    "stderr_maxbytes": Key(readers.byte_size(), "size at which it rotates, 0 never", "50MB"),
    "stderr_backups": Key(readers.count(0, 10_000), "how many rotated files are kept", 10),
    "logformat": Key(
        readers.one_of(LogFormat), "raw, or text without sequences and redraws", "raw"
    ),
    "timestamps": Key(readers.BOOLEAN, "the time before each line of a log of text", False),
    "stderr_tty": Key(readers.BOOLEAN, "a second terminal for stderr, instead of a pipe", False),
    "env": Key(readers.environment, "environment variables, as written", example={"PORT": 8080}),
    "workingdir": Key(
        readers.path, "the folder to start in; left out: the daemon's", example="/srv/web"
    ),
    "umask": Key(readers.UMASK, "octal, as written; left out: the daemon's", example="022"),
    "user": Key(readers.user, "who it runs as; needs a daemon started as root", example="www-data"),
    "size": Key(
        readers.TERMINAL_SIZE, "of the terminal while nobody is attached", "80x24", "132x40"
    ),
    "scrollback": Key(
        readers.byte_size(4096, MAX_SCROLLBACK_BYTES), "how much output is kept in memory", "1MiB"
    ),
    "record": Key(
        readers.path, "asciicast file of its terminal, anew at each start", example="web.cast"
    ),
    "socket": Key(
        sockets.socket,
        "FastCGI: a socket that is each one's standard input",
        example="run/web.sock",
    ),
    "events": Key(
        listeners.events, "it is an event listener, on pipes, for these", example=["PROCESS_STATE"]
    ),
    "buffer_size": Key(readers.count(1, 100_000), "how many events wait for a listener", 10),
    "stdout_events": Key(readers.BOOLEAN, "what it writes is an event", False),
    "stderr_events": Key(readers.BOOLEAN, "what it writes to its own stderr is an event", False),
}

SETTING_KEYS: Final[Keys] = {
    "socket": Key(readers.socket_path, "control socket", example="run/taskmaster.sock"),
    "logfile": Key(readers.setting_path, "event log", example="log/taskmaster.log"),
    "loglevel": Key(readers.loglevel, "how much the event log tells", "info"),
    "logfile_maxbytes": Key(readers.byte_size(), "size at which it rotates, 0 never", "50MB"),
    "logfile_backups": Key(readers.count(0, 10_000), "how many rotated files are kept", 10),
    "pidfile": Key(
        readers.setting_path, "where the daemon's pid is written", example="run/taskmaster.pid"
    ),
    "user": Key(
        readers.user,
        "who the core and the programs run as; needs a start as root",
        example="taskmaster",
    ),
    "listen": Key(listening.addresses, "where clients are served over TLS", example="0.0.0.0:9001"),
    "listen_plain": Key(
        listening.loopback,
        "loopback addresses served over TCP without TLS",
        example="127.0.0.1:9002",
    ),
    "tls_certificate": Key(
        readers.setting_path, "PEM file; left out: one is made", example="tls/cert.pem"
    ),
    "tls_key": Key(
        readers.setting_path, "the private key that belongs to it", example="tls/key.pem"
    ),
    "token_file": Key(
        readers.setting_path,
        "what clients over TCP must know; left out: one is made beside the event log",
        example="taskmaster.token",
    ),
    "http": Key(
        httplistening.listeners,
        "where supervisord's XML-RPC, probes and metrics are served",
        example="127.0.0.1:9003",
    ),
    "syslog": Key(readers.setting_path, "the socket of syslogd", "/dev/log"),
}

_INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": ("stopsignal", "stoptime", "stopasgroup", "killasgroup"),
    "ready": ("starttime",),
}
"""A key, and the keys in the place of which it stands."""

PROGRAM_RULES: Final = (
    *(forms.instead(key, others) for key, others in _INSTEAD.items()),
    *(forms.beside_true(key, "stderr") for key in ("stderr_tty", "stderr_events")),
    forms.beside_true("timestamps", "logformat"),
    forms.beside("buffer_size", "events"),
    forms.instead("events", listeners.MEANINGLESS),
    *(forms.never_true(key, beside="events") for key in listeners.TOLD),
    forms.needs("cmd"),
)
SETTING_RULES: Final = (
    forms.beside("tls_certificate", "tls_key"),
    forms.beside("tls_key", "tls_certificate"),
)

_PER_PROCESS: Final = re.compile(r"%\(process_(num|name)\)")

FIELDS: Final[Mapping[str, str]] = {"cmd": "command", "env": "environment"}
"""What the field of a `Program` is called, where it is not as its key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A program as it was read.

    Attributes:
        name: with its place.
        places: of the value of each key.
        program: what could be read of it; it counts only where nothing was wrong anywhere.
    """

    name: Text
    places: Mapping[str, Place]
    program: Program

    def place(self, key: str) -> Place:
        """Return where the value of a key stands; where it is not given, the program's name."""
        return self.places.get(key, self.name.place)


def read_settings(node: Node | None, around: Surroundings, defaults: Settings) -> Settings:
    """Return the section ``taskmaster:``; problems gather in `around`."""
    if node is None or (isinstance(node, Text) and node.is_null):
        return defaults
    found = read_keys(node, "taskmaster", SETTING_KEYS, around)
    given: dict[str, Any] = {key: getattr(defaults, key) for key in SETTING_KEYS}
    settings = Settings(**(given | found))
    if isinstance(node, MappingNode):
        places = {name.text: value.place for name, value in node.items}
        listening.check(settings, places, around)
        httplistening.check(settings, places, around)
    return settings


def read_programs(node: Node | None, around: Surroundings) -> dict[str, Entry]:
    """Return the programs of one file by name; problems gather in `around`."""
    programs: dict[str, Entry] = {}
    if node is None or (isinstance(node, Text) and node.is_null):
        return programs
    if not isinstance(node, MappingNode):
        message = f"expected programs by name, got {readers.shown(node)}"
        around.error(node.place, "programs", message)
        return programs
    for name, body in node.items:
        if name.text.startswith("x-"):
            continue
        key = f"programs.{name.text}"
        wrong = wrong_name(name.text)
        if wrong:
            around.error(name.place, key, wrong)
        program = _read_program(name, body, key, around)
        if wrong:
            continue
        pairs = body.items if isinstance(body, MappingNode) else ()
        places = {key.text: value.place for key, value in pairs}
        programs[name.text] = Entry(name, places, program)
    return programs


def wrong_name(name: str) -> str:
    """Return why a program cannot have this name, or ''."""
    if not name or name == "all":
        return "a program cannot be called that: it stands for every program"
    bad = sorted({char for char in name if char in _UNNAMEABLE or not char.isprintable()})
    if bad:
        return f"the name of a program cannot hold {', '.join(map(repr, bad))}"
    return "the name of a program cannot begin with -" if name.startswith("-") else ""


def _read_program(name: Text, body: Node, key: str, around: Surroundings) -> Program:
    found = read_keys(body, key, PROGRAM_KEYS, around)
    given = {k.text: k for k, _ in body.items} if isinstance(body, MappingNode) else {}
    if isinstance(body, MappingNode) and "cmd" not in given:
        meant = [k for k in given if k not in PROGRAM_KEYS and not k.startswith("x-")]
        if not any(meant_key(k, PROGRAM_KEYS) == "cmd" for k in meant):
            around.error(name.place, key, "it needs a cmd, the command to run")
    _check_pairs(given, found, key, around)
    listeners.check(given, found, key, around)
    tty = found.pop("stderr_tty", False)
    if "stderr" in found:
        channel = StderrChannel.SECOND_TERMINAL if tty else StderrChannel.PIPE
        found["stderr_channel"] = channel
    listeners.complete(found)
    for stream in ("stdout", "stderr"):
        if stream in found:
            found[stream], found[f"{stream}_syslog"] = found[stream]
    if "socket" in found:
        template, found["socket_rights"] = found["socket"]
        found["socket"] = sockets.of_program(template, name.text)
    found.setdefault("cmd", ())
    found.setdefault("killasgroup", found.get("stopasgroup", False))
    return Program(name=name.text, **{FIELDS.get(k, k): v for k, v in found.items()})


def _check_pairs(
    given: Mapping[str, Text], found: Mapping[str, Any], key: str, around: Surroundings
) -> None:
    if found.get("stopasgroup") and found.get("killasgroup") is False:
        message = "killasgroup cannot be false where stopasgroup is true"
        around.error(given["killasgroup"].place, f"{key}.killasgroup", message)
    if found.get("timestamps") and found.get("logformat") is not LogFormat.TEXT:
        message = "only a log of settled lines has a place for them"
        around.error(given["timestamps"].place, f"{key}.timestamps", message, "add logformat: text")
    for instead, others in _INSTEAD.items():
        for name in others:
            if instead in given and name in given:
                message = f"{instead} says it all, and this nothing beside it"
                around.error(given[name].place, f"{key}.{name}", message, "leave one of them out")
    several = found.get("numprocs", 1) > 1
    if several and not _PER_PROCESS.search(found.get("record", "%(process_num)d")):
        message = "its processes cannot be recorded in one file"
        hint = "put %(process_num)d into the name"
        around.error(given["record"].place, f"{key}.record", message, hint)
    if "stderr" not in given:
        for name in ("stderr_tty", "stderr_maxbytes", "stderr_backups"):
            if found.get(name):
                message = "it means nothing without stderr, which goes with stdout here"
                around.error(given[name].place, f"{key}.{name}", message, "add stderr: PATH")
