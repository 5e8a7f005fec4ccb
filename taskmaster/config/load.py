"""Read a config and the files it includes: the one place that opens them."""

import glob
import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from taskmaster.config.advice import advise
from taskmaster.config.document import MAX_TEXT_BYTES, Node, Sequence, Text, parse
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.errors import ConfigRejected, Place, Problem, Severity
from taskmaster.config.hints import unknown_key_hint
from taskmaster.config.model import Config, Settings
from taskmaster.config.readers import MAX_SOCKET_PATH_BYTES, Bad, Surroundings, text_of
from taskmaster.config.schema import Entry, read_programs, read_settings

_SECTIONS: Final = ("taskmaster", "programs", "include")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that can be used, and what is doubtful about it."""

    config: Config
    warnings: tuple[Problem, ...]


def load(path: str, environment: Mapping[str, str]) -> Loaded:
    """Read and check the config at an absolute path.

    Raises:
        ConfigRejected: with every problem that could be found.
    """
    home = environment.get("HOME") or os.path.expanduser("~")
    constants = {f"ENV_{name}": value for name, value in environment.items()}
    constants |= {"here": os.path.dirname(path), "host_node_name": platform.node()}
    around = Surroundings(constants, home)
    root = _sections(_parse_file(path, around), _SECTIONS, around)
    defaults = default_settings(os.geteuid(), environment, home)
    settings = read_settings(root.get("taskmaster"), around, defaults)
    programs = read_programs(root.get("programs"), around)
    for included in _included(root.get("include"), path, around):
        around.constants["here"] = os.path.dirname(included)
        try:
            inner = _sections(_parse_file(included, around), ("programs",), around)
        except ConfigRejected as exc:
            around.problems.extend(exc.problems)
            continue
        for name, entry in read_programs(inner.get("programs"), around).items():
            if name in programs:
                first = programs[name].name.place
                message = f"the program {name!r} is here a second time"
                around.error(entry.name.place, f"programs.{name}", message, f"first in {first}")
            else:
                programs[name] = entry
    _check_paths(settings, programs, path, around)
    made = {os.path.dirname(settings.socket), os.path.dirname(settings.logfile)}
    around.problems += advise(programs, environment, made)
    if not programs and not around.errors:
        place = root["programs"].place if "programs" in root else Place(path)
        around.warn(place, "", "there is no program in it, so nothing will run")
    warnings = tuple(p for p in around.problems if p.severity is Severity.WARNING)
    if around.errors:
        raise ConfigRejected(around.errors, warnings)
    by_name = {name: entry.program for name, entry in programs.items()}
    config = Config(path=path, settings=settings, programs=MappingProxyType(by_name))
    return Loaded(config, warnings)


def default_settings(uid: int, environment: Mapping[str, str], home: str) -> Settings:
    """Return the settings of a config that names none (DESIGN, sections 3 and 4).

    The socket that the client would look for, also where its environment names one.
    """
    if uid == 0:
        socket, logs = "/run/taskmaster/taskmaster.sock", "/var/log"
    else:
        runtime = environment.get("XDG_RUNTIME_DIR")
        folder = f"{runtime}/taskmaster" if runtime else f"/tmp/taskmaster-{uid}"
        socket = f"{folder}/taskmaster.sock"
        logs = environment.get("XDG_STATE_HOME") or f"{home}/.local/state"
    if named := environment.get("TASKMASTER_SOCKET"):
        socket = os.path.abspath(named)
    return Settings(socket=socket, logfile=f"{logs}/taskmaster/taskmaster.log")


def _parse_file(path: str, around: Surroundings) -> Node:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigRejected((Problem(Place(path), "", "not a regular file"),))
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            message = f"longer than {MAX_TEXT_BYTES} bytes"
            raise ConfigRejected((Problem(Place(path), "", message),))
        return parse(data.decode("utf-8-sig"), path, around.problems)
    except OSError as exc:
        message = f"cannot be read: {(exc.strerror or str(exc)).lower()}"
        raise ConfigRejected((Problem(Place(path), "", message),)) from None
    except UnicodeDecodeError as exc:
        message = f"not UTF-8: byte {exc.start} is {data[exc.start]:#04x}"
        raise ConfigRejected((Problem(Place(path), "", message),)) from None


def _open_at_once(path: str, flags: int) -> int:
    """Open a file, also a FIFO into which nobody writes: a daemon that waits serves nobody."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _sections(node: Node, known: tuple[str, ...], around: Surroundings) -> dict[str, Node]:
    if isinstance(node, Text) and node.is_null:
        return {}
    if not isinstance(node, MappingNode):
        problem = Problem(node.place, "", "expected sections such as programs:, got something else")
        raise ConfigRejected((problem,))
    sections = {}
    for name, value in node.items:
        if name.text in known:
            sections[name.text] = value
        elif not name.text.startswith("x-"):
            hint = unknown_key_hint(name.text, known)
            hint = hint or f"known are {', '.join(known)}, and x-... for your own"
            around.error(name.place, name.text, "unknown section", hint)
    return sections


def _included(node: Node | None, path: str, around: Surroundings) -> list[str]:
    if node is None:
        return []
    items = node.items if isinstance(node, Sequence) else (node,)
    found: dict[str, None] = {}
    for item in items:
        try:
            text = text_of(item)
        except Bad:
            message = "expected a path or a pattern such as conf.d/*.yaml"
            around.error(item.place, "include", message)
            continue
        pattern = os.path.join(os.path.dirname(path), os.path.expanduser(text))
        matching = sorted(glob.glob(pattern))
        if not matching:
            around.warn(item.place, "include", f"no file matches {text!r}")
        found.update(dict.fromkeys(os.path.abspath(match) for match in matching))
    return list(found)


def _check_paths(
    settings: Settings, programs: Mapping[str, Entry], path: str, around: Surroundings
) -> None:
    if len(os.fsencode(settings.socket)) > MAX_SOCKET_PATH_BYTES:
        message = f"a socket's path has at most {MAX_SOCKET_PATH_BYTES} bytes: {settings.socket}"
        around.error(Place(path), "taskmaster.socket", message, "name another one with socket:")
    written: dict[str | None, str] = {}
    for name, entry in programs.items():
        for stream in ("stdout", "stderr"):
            written[getattr(entry.program, stream)] = f"the {stream} of {name}"
    for name, entry in programs.items():
        record = entry.program.record
        if record is not None and record in written:
            message = f"{record} is {written[record]} too, and a recording needs a file of its own"
            around.error(entry.place("record"), f"programs.{name}.record", message)
        written[record] = f"the recording of {name}"
        for stream in ("stdout", "stderr", "record"):
            if getattr(entry.program, stream) == settings.logfile.replace("%", "%%"):
                message = f"{settings.logfile} is the daemon's event log"
                key = f"programs.{name}.{stream}"
                around.error(entry.place(stream), key, message, "give it a file of its own")
