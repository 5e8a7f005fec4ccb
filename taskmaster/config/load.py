"""Read a config and the files it includes: the one place that opens them."""

import codecs
import glob
import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from taskmaster.config import sockets
from taskmaster.config.advice import advise
from taskmaster.config.alerting import doubts, read_alerts
from taskmaster.config.document import MAX_TEXT_BYTES, Node, Sequence, Text, parse
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.errors import ConfigRejected, Place, Problem, Severity
from taskmaster.config.exposure import Rights, exposed, with_password
from taskmaster.config.groups import read_groups
from taskmaster.config.hints import unknown_key_hint
from taskmaster.config.model import Config, Settings
from taskmaster.config.readers import MAX_SOCKET_PATH_BYTES, Bad, Surroundings, text_of
from taskmaster.config.schema import Entry, read_programs, read_settings
from taskmaster.config.sections import SECTIONS
from taskmaster.keeper.identity import Identity, look_up
from taskmaster.names import process_name

_INCLUDED_SECTIONS: Final = tuple(
    name for name, section in SECTIONS.items() if section.may_be_included
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that can be used, and what is doubtful about it."""

    config: Config
    warnings: tuple[Problem, ...]

    def with_socket(self, override: str | None) -> "Loaded":
        """Return it with another control socket, where the command line names one."""
        if override is None:
            return self
        settings = replace(self.config.settings, socket=override)
        return replace(self, config=replace(self.config, settings=settings))


def load(path: str, environment: Mapping[str, str], started_by: int | None = None) -> Loaded:
    """Read and check the config at an absolute path.

    Args:
        path: of the main file.
        environment: the daemon's.
        started_by: the uid of whoever started the daemon, where we are not that user any more.

    Raises:
        ConfigRejected: with every problem that could be found.
    """
    uid = os.geteuid() if started_by is None else started_by
    home = environment.get("HOME") or os.path.expanduser("~")
    constants = {f"ENV_{name}": value for name, value in environment.items()}
    constants |= {"here": os.path.dirname(path), "host_node_name": platform.node()}
    around = Surroundings(constants, home)
    root = _sections(_parse_file(path, around), tuple(SECTIONS), around)
    defaults = default_settings(uid, environment, home)
    settings = read_settings(root.get("taskmaster"), around, defaults)
    programs = read_programs(root.get("programs"), around)
    alerts = read_alerts(root.get("alerts"), around)
    files = [path, *_included(root.get("include"), path, around)]
    for included in files[1:]:
        around.constants["here"] = os.path.dirname(included)
        try:
            inner = _sections(_parse_file(included, around), _INCLUDED_SECTIONS, around)
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
    groups = read_groups(root.get("groups"), programs, around, warn=bool(settings.http))
    _check_paths(settings, programs, path, around)
    made = {os.path.dirname(settings.socket), os.path.dirname(settings.logfile)}
    core = _core(root.get("taskmaster"), settings, uid, around)
    rights = Rights(uid, core, any(entry.program.user for entry in programs.values()))
    around.problems += advise(programs, environment, made, rights)
    with_secrets = {e.name.place.file for e in programs.values() if e.program.environment}
    with_secrets |= {path} if alerts else set()
    around.problems += doubts(root.get("alerts"), alerts, _names(programs))
    around.problems += exposed(files, with_secrets, rights)
    if any(listener.password is not None for listener in settings.http):
        around.problems += with_password(path, rights)
    if not programs and not around.errors:
        place = root["programs"].place if "programs" in root else Place(path)
        around.warn(place, "", "there is no program in it, so nothing will run")
    warnings = tuple(p for p in around.problems if p.severity is Severity.WARNING)
    if around.errors:
        raise ConfigRejected(around.errors, warnings)
    by_name = {name: entry.program for name, entry in programs.items()}
    if core is not None:
        by_name = {
            name: replace(program, user=program.user or settings.user)
            for name, program in by_name.items()
        }
    config = Config(
        path=path,
        settings=settings,
        programs=MappingProxyType(by_name),
        groups=MappingProxyType(groups),
        alerts=MappingProxyType(alerts),
    )
    return Loaded(config, warnings)


def _names(programs: Mapping[str, Entry]) -> list[str]:
    return [
        process_name(name, index)
        for name, entry in programs.items()
        for index in range(entry.program.numprocs)
    ]


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
    named = environment.get("TASKMASTER_SOCKET")
    if named and "://" not in named:  # else it is another machine's
        socket = os.path.abspath(named)
    return Settings(socket=socket, logfile=f"{logs}/taskmaster/taskmaster.log")


def _core(node: Node | None, settings: Settings, uid: int, around: Surroundings) -> Identity | None:
    """Return whom the core becomes, or None where it stays who it is; problems are noted."""
    if settings.user is None:
        return None
    key = "taskmaster.user"
    items = node.items if isinstance(node, MappingNode) else ()
    place = next(value.place for name, value in items if name.text == "user")
    try:
        identity = look_up(settings.user)
    except KeyError:
        note = around.error if uid == 0 else around.warn
        note(place, key, f"no user {settings.user!r} on this machine")
        return None
    if uid not in (0, identity.uid):
        around.warn(place, key, "only a daemon started as root may change users")
    return identity if uid == 0 and identity.uid != 0 else None


def _parse_file(path: str, around: Surroundings) -> Node:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigRejected((Problem(Place(path), "", "not a regular file"),))
            data = file.read(MAX_TEXT_BYTES + 1)
        if len(data) > MAX_TEXT_BYTES:
            message = f"longer than {MAX_TEXT_BYTES} bytes"
            raise ConfigRejected((Problem(Place(path), "", message),))
        return parse(data.removeprefix(codecs.BOM_UTF8).decode(), path, around.problems)
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
        if refused := _refused(pattern):
            around.error(item.place, "include", f"{refused} cannot be looked into")
        elif not matching:
            around.warn(item.place, "include", f"no file matches {text!r}")
        found.update(dict.fromkeys(os.path.abspath(match) for match in matching))
    return list(found)


def _refused(pattern: str) -> str:
    """Return the folder on the way to the matches of a pattern that we may not read, or ''.

    What glob may not see it passes over; the programs in there would vanish without a word.
    """
    folder = os.path.dirname(pattern)
    while glob.has_magic(folder):
        folder = os.path.dirname(folder)
    try:
        if glob.has_magic(pattern):
            os.scandir(folder or ".").close()
        else:
            os.lstat(pattern)
    except PermissionError:
        return folder
    except OSError:
        pass
    return ""


def _check_paths(
    settings: Settings, programs: Mapping[str, Entry], path: str, around: Surroundings
) -> None:
    if len(os.fsencode(settings.socket)) > MAX_SOCKET_PATH_BYTES:
        message = f"a socket's path has at most {MAX_SOCKET_PATH_BYTES} bytes: {settings.socket}"
        around.error(Place(path), "taskmaster.socket", message, "name another one with socket:")
    around.problems += sockets.check(
        {name: (entry.place("socket"), entry.program) for name, entry in programs.items()}, settings
    )
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
