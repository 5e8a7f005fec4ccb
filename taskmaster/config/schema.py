"""Which keys there are, how each is read, and nodes to the model with them. Pure.

`PROGRAM_KEYS` and `SETTING_KEYS` are the one definition of the keys; every problem is collected,
each in its place. How a single value is read is in ``readers``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskmaster.config import (
    httplistening,
    lifecycle,
    listeners,
    listening,
    readers,
    sockets,
    values,
)
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Text
from taskmaster.config.errors import Place
from taskmaster.config.hints import meant_key, unknown_key_hint
from taskmaster.config.model import LogFormat, Program, Settings, StderrChannel
from taskmaster.config.readers import Bad, Reader, Surroundings

MAX_NUMPROCS: Final = 10_000
MAX_SCROLLBACK_BYTES: Final = 1 << 30
"""The ring is memory, of each process, kept by the daemon."""

_UNNAMEABLE: Final = " :/*?[],'\"\\$`"
"""Not in the name of a program: commands, patterns and shells read them otherwise, and `cmd` may
hold the name."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: how it is read, and what it is for, in a line."""

    read: Reader
    meaning: str


_BYTES = readers.scalar(values.byte_size)
_RING_BYTES = readers.scalar(lambda text: values.byte_size(text, 4096, MAX_SCROLLBACK_BYTES))
_SECONDS = readers.scalar(values.seconds)
_BOOLEAN = readers.scalar(values.boolean)

PROGRAM_KEYS: Final[Mapping[str, Key]] = {
    "cmd": Key(readers.command, "what to run; no shell in between"),
    "numprocs": Key(readers.count(1, MAX_NUMPROCS), "how many processes"),
    "priority": Key(readers.count(-1000, 100_000), "lower starts earlier and stops later"),
    "autostart": Key(_BOOLEAN, "start with the daemon"),
    "autorestart": Key(readers.autorestart, "always, never, or on unexpected exits"),
    "exitcodes": Key(readers.exitcodes, "which exit statuses are expected"),
    "starttime": Key(_SECONDS, "seconds up before it counts as RUNNING"),
    "ready": Key(lifecycle.ready, "a text on its screen that makes it RUNNING"),
    "startretries": Key(readers.count(0, 1_000_000), "retries before giving up"),
    "stopsignal": Key(readers.scalar(values.signal_number), "the signal that stops it"),
    "stoptime": Key(_SECONDS, "seconds between that signal and KILL"),
    "stopasgroup": Key(_BOOLEAN, "send stopsignal to the process group"),
    "killasgroup": Key(_BOOLEAN, "send KILL to the process group"),
    "stop": Key(lifecycle.stop, "steps that stop it: keys, signals, waits"),
    "stdout": Key(readers.target, "log file of the terminal, syslog, both, or discard"),
    "stdout_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "stdout_backups": Key(readers.count(0, 10_000), "how many rotated files are kept"),
    "stderr": Key(readers.target, "the same for a standard error of its own"),
    "stderr_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "stderr_backups": Key(readers.count(0, 10_000), "how many rotated files are kept"),
    "logformat": Key(readers.one_of(LogFormat), "raw, or text without sequences and redraws"),
    "timestamps": Key(_BOOLEAN, "the time before each line of a log of text"),
    "stderr_tty": Key(_BOOLEAN, "a second terminal for it, instead of a pipe"),
    "env": Key(readers.environment, "environment variables"),
    "workingdir": Key(readers.path, "the folder to start in"),
    "umask": Key(readers.scalar(values.umask), "octal, as written"),
    "user": Key(readers.user, "who it runs as; needs a daemon started as root"),
    "size": Key(readers.scalar(values.terminal_size), "of the terminal while nobody is attached"),
    "scrollback": Key(_RING_BYTES, "how much output is kept in memory"),
    "record": Key(readers.path, "asciicast file of its terminal, anew at each start"),
    "socket": Key(sockets.socket, "FastCGI: a socket that is each one's standard input"),
    "events": Key(listeners.events, "it is an event listener, on pipes, for these"),
    "buffer_size": Key(readers.count(1, 100_000), "how many events wait for a listener"),
    "stdout_events": Key(_BOOLEAN, "what it writes is an event"),
    "stderr_events": Key(_BOOLEAN, "what it writes to its own stderr is an event"),
}

SETTING_KEYS: Final[Mapping[str, Key]] = {
    "socket": Key(readers.socket_path, "control socket"),
    "logfile": Key(readers.setting_path, "event log"),
    "loglevel": Key(readers.loglevel, "debug, info, warning or error"),
    "logfile_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "logfile_backups": Key(readers.count(0, 10_000), "how many rotated files are kept"),
    "pidfile": Key(readers.setting_path, "where the daemon's pid is written"),
    "user": Key(readers.user, "who the core and the programs run as; needs a start as root"),
    "listen": Key(listening.addresses, "where clients are served over TLS"),
    "listen_plain": Key(listening.loopback, "loopback addresses served over TCP without TLS"),
    "tls_certificate": Key(readers.setting_path, "PEM file; left out: one is made"),
    "tls_key": Key(readers.setting_path, "the private key that belongs to it"),
    "token_file": Key(readers.setting_path, "what clients over TCP must know"),
    "http": Key(httplistening.listeners, "where supervisord's XML-RPC is served"),
    "syslog": Key(readers.setting_path, "the socket of syslogd"),
}

_INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": ("stopsignal", "stoptime", "stopasgroup", "killasgroup"),
    "ready": ("starttime",),
}
"""A key, and the keys in the place of which it stands."""

_PER_PROCESS: Final = re.compile(r"%\(process_(num|name)\)")

_FIELDS: Final[Mapping[str, str]] = {"cmd": "command", "env": "environment"}


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
    return Program(name=name.text, **{_FIELDS.get(k, k): v for k, v in found.items()})


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


def read_keys(
    node: Node, path: str, keys: Mapping[str, Key], around: Surroundings
) -> dict[str, Any]:
    """Return the value of each key that could be read; problems gather in `around`."""
    found: dict[str, Any] = {}
    if not isinstance(node, MappingNode):
        around.error(node.place, path, f"expected keys and values, got {readers.shown(node)}")
        return found
    for name, value in node.items:
        if name.text.startswith("x-"):
            continue
        key = keys.get(name.text)
        where = f"{path}.{name.text}"
        if key is None:
            around.error(name.place, where, "unknown key", unknown_key_hint(name.text, keys))
            continue
        try:
            found[name.text] = key.read(value, around)
        except Bad as exc:
            for fault in exc.faults:
                around.error(fault.place, where, fault.message, fault.hint)
    return found
