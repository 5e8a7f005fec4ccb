"""Nodes to the model, every problem collected: what keys there are, what each accepts. Pure.

`PROGRAM_KEYS` and `SETTING_KEYS` are the one definition of the keys. Paths may be relative to the
folder of the file in which they stand; ``~`` has been looked up by the caller (`Surroundings`).
"""

import difflib
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from taskmaster.config import values
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.errors import Place, Problem, Severity
from taskmaster.config.expand import BadTemplate, fill_constants
from taskmaster.config.model import AutoRestart, LogLevel, Program, Settings, StderrChannel

MAX_NUMPROCS: Final = 10_000
DISCARD: Final = "discard"

OTHERS_WORDS: Final[Mapping[str, str]] = {
    "command": "cmd",
    "exec": "cmd",
    "startsecs": "starttime",
    "start_period": "starttime",
    "directory": "workingdir",
    "working_dir": "workingdir",
    "cwd": "workingdir",
    "environment": "env",
    "stopwaitsecs": "stoptime",
    "stop_grace_period": "stoptime",
    "stop_signal": "stopsignal",
    "stdout_logfile": "stdout",
    "stderr_logfile": "stderr",
    "stdout_logfile_maxbytes": "stdout_maxbytes",
    "stderr_logfile_maxbytes": "stderr_maxbytes",
    "stdout_logfile_backups": "stdout_backups",
    "stderr_logfile_backups": "stderr_backups",
    "restart": "autorestart",
    "replicas": "numprocs",
    "instances": "numprocs",
    "max_restarts": "startretries",
}
"""Words of supervisord, compose and pm2 for what has another name here."""

OTHERS_IDEAS: Final[Mapping[str, str]] = {
    "redirect_stderr": "leave stderr out and it goes with stdout, on one terminal",
    "process_name": "processes are called program:index",
    "numprocs_start": "the index counts from 0",
    "depends_on": "a lower priority starts earlier and stops later",
}


@dataclass(slots=True)
class Surroundings:
    """What reading depends on besides the text; and where the problems gather.

    Attributes:
        constants: for ``%(NAME)s``; `here` is set anew for each file.
        home: of the user, for ``~``.
    """

    constants: dict[str, str]
    home: str
    problems: list[Problem] = field(default_factory=list)

    def error(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.problems.append(Problem(place, key, message, hint))

    def warn(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note what is doubtful."""
        self.problems.append(Problem(place, key, message, hint, Severity.WARNING))


class _Bad(Exception):
    """A value that is not what is expected; where, and what was expected."""

    def __init__(self, node: Node, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.node = node
        self.expected = expected
        self.hint = hint


Reader = Callable[[Node, Surroundings], Any]
"""A node to a value, or `_Bad`."""


def _scalar(convert: Callable[[str], Any]) -> Reader:
    def read(node: Node, around: Surroundings) -> Any:  # noqa: ANN401
        text = _text(node)
        try:
            return convert(text)
        except values.BadValue as exc:
            raise _Bad(node, str(exc)) from None

    return read


def _text(node: Node) -> str:
    if not isinstance(node, Text) or node.is_null:
        raise _Bad(node, "a value")
    if "\0" in node.text:
        raise _Bad(node, "a text without NUL characters")
    return node.text


def _one_of(kind: Any) -> Reader:  # noqa: ANN401
    words = [str(member.value) for member in kind]

    def convert(node: Node, around: Surroundings) -> Any:  # noqa: ANN401
        text = _text(node)
        for member in kind:
            if text.lower() == member.value:
                return member
        raise _Bad(node, f"one of {', '.join(words)}", _did_you_mean(text, words))

    return convert


def _autorestart(node: Node, around: Surroundings) -> AutoRestart:
    text = _text(node).lower()
    if text in ("true", "yes", "on"):
        return AutoRestart.ALWAYS
    if text in ("false", "no", "off"):
        return AutoRestart.NEVER
    result: AutoRestart = _one_of(AutoRestart)(node, around)
    return result


def _loglevel(node: Node, around: Surroundings) -> LogLevel:
    names = {level.name.lower(): level for level in LogLevel}
    text = _text(node).lower()
    if text not in names:
        raise _Bad(node, f"one of {', '.join(names)}", _did_you_mean(text, list(names)))
    return names[text]


def _exitcodes(node: Node, around: Surroundings) -> frozenset[int]:
    items = node.items if isinstance(node, Sequence) else (node,)
    codes = set()
    for item in items:
        try:
            codes.add(values.whole(_text(item), 0, 255))
        except values.BadValue as exc:
            raise _Bad(item, f"{exc}, or a list of them") from None
    return frozenset(codes)


def _template(node: Node, around: Surroundings) -> str:
    try:
        return fill_constants(_text(node), around.constants)
    except BadTemplate as exc:
        raise _Bad(node, str(exc)) from None


def _command(node: Node, around: Surroundings) -> str | tuple[str, ...]:
    if isinstance(node, Sequence):
        words = tuple(_template(item, around) for item in node.items)
        if not words or not words[0]:
            raise _Bad(node, "at least the name of a program")
        return words
    text = _template(node, around)
    try:
        if not shlex.split(text):
            raise _Bad(node, "at least the name of a program")
    except ValueError as exc:
        raise _Bad(node, f"a command with its quotes closed ({str(exc).lower()})") from None
    return text


def _path(node: Node, around: Surroundings) -> str:
    path = _template(node, around)
    if not path:
        raise _Bad(node, "a path")
    if path == "~" or path.startswith("~/"):
        path = around.home + path[1:]
    return os.path.normpath(os.path.join(around.constants["here"].replace("%", "%%"), path))


def _target(node: Node, around: Surroundings) -> str:
    """Return a path, or `DISCARD`."""
    return DISCARD if _text(node) == DISCARD else _path(node, around)


def _environment(node: Node, around: Surroundings) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, MappingNode):
        hint = "write NAME: value, not a list" if isinstance(node, Sequence) else ""
        raise _Bad(node, "names and values", hint)
    pairs = []
    for name, value in node.items:
        if not name.text or "=" in name.text or "\0" in name.text:
            raise _Bad(name, "the name of a variable, without =")
        empty = isinstance(value, Text) and value.is_null and value.text == ""
        pairs.append((name.text, "" if empty else _template(_as_text(value), around)))
    return tuple(pairs)


def _as_text(node: Node) -> Node:
    """Return a scalar as plain text: ``~`` and ``null`` are values of a variable like any other."""
    return Text(node.place, node.text, is_null=False) if isinstance(node, Text) else node


def _user(node: Node, around: Surroundings) -> str:
    text = _text(node)
    if not text or any(char.isspace() or char == ":" for char in text):
        raise _Bad(node, "the name or number of a user")
    return text


def _count(least: int, most: int | None = None) -> Reader:
    return _scalar(lambda text: values.whole(text, least, most))


@dataclass(frozen=True, slots=True)
class Key:
    """One key: how it is read, and what it is for, in a line."""

    read: Reader
    meaning: str


_BYTES = _scalar(values.byte_size)
_RING_BYTES = _scalar(lambda text: values.byte_size(text, 4096))
_SECONDS = _scalar(values.seconds)
_BOOLEAN = _scalar(values.boolean)

PROGRAM_KEYS: Final[Mapping[str, Key]] = {
    "cmd": Key(_command, "what to run; no shell in between"),
    "numprocs": Key(_count(1, MAX_NUMPROCS), "how many processes"),
    "priority": Key(_count(-1000, 100_000), "lower starts earlier and stops later"),
    "autostart": Key(_BOOLEAN, "start with the daemon"),
    "autorestart": Key(_autorestart, "always, never, or on unexpected exits"),
    "exitcodes": Key(_exitcodes, "which exit statuses are expected"),
    "starttime": Key(_SECONDS, "seconds up before it counts as RUNNING"),
    "startretries": Key(_count(0, 1_000_000), "retries before giving up"),
    "stopsignal": Key(_scalar(values.signal_number), "the signal that stops it"),
    "stoptime": Key(_SECONDS, "seconds between that signal and KILL"),
    "stopasgroup": Key(_BOOLEAN, "send stopsignal to the process group"),
    "killasgroup": Key(_BOOLEAN, "send KILL to the process group"),
    "stdout": Key(_target, "log file of the terminal, or discard"),
    "stdout_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "stdout_backups": Key(_count(0, 10_000), "how many rotated files are kept"),
    "stderr": Key(_target, "log file of a standard error of its own, or discard"),
    "stderr_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "stderr_backups": Key(_count(0, 10_000), "how many rotated files are kept"),
    "stderr_tty": Key(_BOOLEAN, "a second terminal for it, instead of a pipe"),
    "env": Key(_environment, "environment variables"),
    "workingdir": Key(_path, "the folder to start in"),
    "umask": Key(_scalar(values.umask), "octal, as written"),
    "user": Key(_user, "who it runs as; needs a daemon started as root"),
    "size": Key(_scalar(values.terminal_size), "of the terminal while nobody is attached"),
    "scrollback": Key(_RING_BYTES, "how much output is kept in memory"),
}

SETTING_KEYS: Final[Mapping[str, Key]] = {
    "socket": Key(_path, "control socket"),
    "logfile": Key(_path, "event log"),
    "loglevel": Key(_loglevel, "debug, info, warning or error"),
    "logfile_maxbytes": Key(_BYTES, "size at which it rotates, 0 never"),
    "logfile_backups": Key(_count(0, 10_000), "how many rotated files are kept"),
    "pidfile": Key(_path, "where the daemon's pid is written"),
}

_FIELDS: Final[Mapping[str, str]] = {"cmd": "command", "env": "environment"}


def read_settings(node: Node | None, around: Surroundings, defaults: Settings) -> Settings:
    """Return the section ``taskmaster:``; problems gather in `around`."""
    if node is None or (isinstance(node, Text) and node.is_null):
        return defaults
    found = _read_keys(node, "taskmaster", SETTING_KEYS, around)
    for key in ("socket", "logfile", "pidfile"):
        if key in found:
            found[key] = found[key].replace("%%", "%")
    given: dict[str, Any] = {key: getattr(defaults, key) for key in SETTING_KEYS}
    return Settings(**(given | found))


def read_programs(node: Node | None, around: Surroundings) -> dict[str, tuple[Text, Program]]:
    """Return the programs of one file by name, with the place of each; problems gather."""
    programs: dict[str, tuple[Text, Program]] = {}
    if node is None or (isinstance(node, Text) and node.is_null):
        return programs
    if not isinstance(node, MappingNode):
        around.error(node.place, "programs", f"expected programs by name, got {_shown(node)}")
        return programs
    for name, body in node.items:
        if name.text.startswith("x-"):
            continue
        key = f"programs.{name.text}"
        if wrong := _wrong_name(name.text):
            around.error(name.place, key, wrong)
            continue
        program = _read_program(name, body, key, around)
        if program is not None:
            programs[name.text] = (name, program)
    return programs


def _wrong_name(name: str) -> str:
    if not name or name == "all":
        return "a program cannot be called that: it stands for every program"
    bad = sorted({char for char in name if char in " :/*?[]," or not char.isprintable()})
    if bad:
        return f"the name of a program cannot hold {', '.join(map(repr, bad))}"
    return "the name of a program cannot begin with -" if name.startswith("-") else ""


def _read_program(name: Text, body: Node, key: str, around: Surroundings) -> Program | None:
    before = len(around.problems)
    found = _read_keys(body, key, PROGRAM_KEYS, around)
    given = {k.text: k for k, _ in body.items} if isinstance(body, MappingNode) else {}
    if isinstance(body, MappingNode) and "cmd" not in given:
        hints = [k for k in given if OTHERS_WORDS.get(k) == "cmd"]
        if not hints:
            around.error(name.place, key, "it needs a cmd, the command to run")
    _check_pairs(given, found, key, around)
    if any(p.severity is Severity.ERROR for p in around.problems[before:]):
        return None
    tty = found.pop("stderr_tty", False)
    if "stderr" in found:
        channel = StderrChannel.SECOND_TERMINAL if tty else StderrChannel.PIPE
        found["stderr_channel"] = channel
    for stream in ("stdout", "stderr"):
        if found.get(stream) == DISCARD:
            found[stream] = None
    found.setdefault("killasgroup", found.get("stopasgroup", False))
    return Program(name=name.text, **{_FIELDS.get(k, k): v for k, v in found.items()})


def _check_pairs(
    given: Mapping[str, Text], found: Mapping[str, Any], key: str, around: Surroundings
) -> None:
    if found.get("stopasgroup") and found.get("killasgroup") is False:
        message = "killasgroup cannot be false where stopasgroup is true"
        around.error(given["killasgroup"].place, f"{key}.killasgroup", message)
    if "stderr" not in given:
        for name in ("stderr_tty", "stderr_maxbytes", "stderr_backups"):
            if found.get(name):
                message = "it means nothing without stderr, which goes with stdout here"
                around.error(given[name].place, f"{key}.{name}", message, "add stderr: PATH")


def _read_keys(
    node: Node, path: str, keys: Mapping[str, Key], around: Surroundings
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not isinstance(node, MappingNode):
        around.error(node.place, path, f"expected keys and values, got {_shown(node)}")
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
        except _Bad as exc:
            message = f"expected {exc.expected}, got {_shown(exc.node)}"
            around.error(exc.node.place, where, message, exc.hint)
    return found


def unknown_key_hint(key: str, known: Mapping[str, Any]) -> str:
    """Return what was perhaps meant by a key that does not exist, or ''."""
    if (ours := OTHERS_WORDS.get(key)) in known:
        return f"here it is called {ours}"
    if key in OTHERS_IDEAS:
        return OTHERS_IDEAS[key]
    return _did_you_mean(key, list(known))


def _did_you_mean(text: str, words: list[str]) -> str:
    near = difflib.get_close_matches(text.lower(), words, 1)
    return f"did you mean {near[0]}?" if near else ""


def _shown(node: Node) -> str:
    match node:
        case Text(is_null=True):
            return "nothing"
        case Text(text=text):
            return repr(text if len(text) <= 60 else text[:57] + "...")
        case Sequence():
            return "a list"
        case _:
            return "keys and values"
