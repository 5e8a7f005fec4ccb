"""One section that runs something, to programs of ours. Pure.

What both sides leave out means the same on both (``startsecs`` and ``starttime`` are 1, and so on),
so only what is written is written. Two things have no word of ours, and the programs that need them
become several, one for each process: numbers that do not begin at 0, and forms of ``process_num``
other than ``02d``.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from taskmaster.convert import values
from taskmaster.convert.expansions import Names, NeedsNumber, escaped, names_in
from taskmaster.convert.findings import Finding, Findings
from taskmaster.convert.ini import Section
from taskmaster.convert.section import Options
from taskmaster.convert.yamltext import Value

Programs = dict[str, dict[str, Value]]

_UNNAMEABLE: Final = frozenset("*?[],'\"\\$`")
_MAX_SECONDS: Final = 366 * 86400
_PER_PROCESS: Final = ("command", "directory", "environment", "stdout_logfile", "stderr_logfile")
_NONE: Final = ("none", "off")
_WITHOUT_FILE: Final = (None, "discard", "syslog")


@dataclass(frozen=True, slots=True)
class Shared:
    """What every program has from elsewhere.

    Attributes:
        here: the folder of the main file.
        folder: what relative paths are relative to.
        node: the name of the machine.
        variables: the environment in which the file is converted.
        environment: additions for every process, in our language.
        workingdir: where processes start that do not say it, or None; the same for `umask`.
        plain_text: escape sequences do not go into logs.
    """

    here: str
    folder: str
    node: str
    variables: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    workingdir: str | None = None
    umask: str | None = None
    plain_text: bool = False

    def names(self) -> Names:
        """Return what may be named anywhere."""
        kept: dict[str, str | int] = {"host_node_name": self.node}
        return Names(
            filled={"here": self.here},
            kept=kept | {f"ENV_{name}": value for name, value in self.variables.items()},
            texts={f"ENV_{name}": text for name, text in self.environment.items()},
            may_lack=True,
        )

    def path(self, text: str, options: Options, option: str) -> str:
        """Return a path of supervisord's, absolute where we can know it."""
        if text.startswith(("/", "%(", "~/")) or not text:
            return text
        if text.startswith("~"):
            options.note(option, "the home of another user is not looked up: write the path out")
            return text
        path = os.path.join(escaped(self.folder), text)
        options.note(option, f"it is {path} now: it was relative to where supervisord is started")
        return path


def name_of_section(section: Section, findings: Findings) -> str | None:
    """Return the name behind the colon, or None where it is none."""
    try:
        return values.name(section.name.partition(":")[2])
    except ValueError as exc:
        findings.errors.append(Finding(section.place, f"[{section.name}]", str(exc)))
        return None


def convert_program(
    section: Section, group: str, shared: Shared, taken: Collection[str], findings: Findings
) -> Programs:
    """Return what runs as that section does; mistakes and differences are noted.

    Args:
        section: of a program.
        group: to which it belongs, in the end its own.
        shared: what it has from elsewhere.
        taken: names of programs that are there.
        findings: where to note.
    """
    name = name_of_section(section, findings)
    if name is None:
        return {}
    ours = _our_name(name, taken)
    names = shared.names()
    names.filled["group_name"] = group
    names.kept["process_num"] = 0
    (names.kept if ours == name else names.filled)["program_name"] = name
    options = Options(section, names, findings)
    if ours != name:
        options.note("", f"it is called {ours} here, where {name} cannot be a name of its own")
    count = options.read("numprocs", values.integer, 1)
    first = options.read("numprocs_start", values.integer, 0)
    names.filled["numprocs"] = count
    _check_process_name(options, count)
    policy = _policy(options)
    numbers = any("process_num" in names_in(options.raw(o) or "") for o in _PER_PROCESS)
    launch = None if first != 0 and numbers else _common_launch(options, shared)
    if launch is None:
        names.filled["program_name"] = name
        several = {number: f"{ours}_{number}" for number in range(first, first + count)}
        if count == 1:
            several = {first: ours}
        several = {number: _our_name(one, taken) for number, one in several.items()}
        programs = _several(options, shared, policy, several)
    else:
        _note_process_name(options, ours, count)
        if first != 0:
            options.note("numprocs_start", "left out: processes are counted from 0 here")
        counted: dict[str, Value] = {"numprocs": count} if options.has("numprocs") else {}
        programs = {ours: {"cmd": launch.pop("cmd")} | counted | policy | launch}
    options.note_unknown()
    if count < 1:
        options.note("numprocs", "left out, with the program: it has no process")
        return {}
    return programs


def _common_launch(options: Options, shared: Shared) -> dict[str, Value] | None:
    """Return what all processes share but for their numbers, or None where these must be put in."""
    try:
        return _launch(options, shared)
    except NeedsNumber:
        return None


def _several(
    options: Options, shared: Shared, policy: dict[str, Value], ours: Mapping[int, str]
) -> Programs:
    """Return a program for each number, under these names."""
    option = "numprocs_start" if options.has("numprocs_start") else "numprocs"
    if len(ours) > 1:
        first, *_, last = ours.values()
        text = f"it is {len(ours)} programs here, each with its number put in: {first} to {last}"
        options.note(option, text)
    names = options.names
    programs: Programs = {}
    for number, name in ours.items():
        filled = {**names.filled, "process_num": number}
        kept = {n: v for n, v in names.kept.items() if n not in ("process_num", "program_name")}
        options.names = replace(names, filled=filled, kept=kept, texts=shared.names().texts)
        launch = _launch(options, shared)
        programs[name] = {"cmd": launch.pop("cmd")} | policy | launch
    options.names = names
    return programs


def _our_name(name: str, taken: Collection[str]) -> str:
    clean = "".join("_" if char in _UNNAMEABLE or not char.isprintable() else char for char in name)
    clean = f"_{clean}" if clean.startswith("-") or clean in ("", "all") else clean
    while clean in taken:
        clean += "_"
    return clean


def _check_process_name(options: Options, count: int) -> None:
    written = options.raw("process_name") or "%(program_name)s"
    try:
        values.name(written)
    except ValueError as exc:
        options.refuse("process_name", str(exc))
    if count > 1 and "%(process_num)" not in written:
        options.refuse("process_name", "it needs %(process_num)d in it where numprocs is above 1")


def _note_process_name(options: Options, ours: str, count: int) -> None:
    if options.raw("process_name") not in (None, "%(program_name)s"):
        last = f" to {ours}:{count - 1}" if count > 1 else ""
        options.note("process_name", f"left out: it is called {ours}:0{last}")


def _policy(options: Options) -> dict[str, Value]:
    found: dict[str, Value] = {}
    _whole(options, found, "priority", "priority", -1000, 100_000)
    if options.has("autostart"):
        found["autostart"] = options.read("autostart", values.boolean, True)
    if options.has("autorestart"):
        found["autorestart"] = options.read("autorestart", values.autorestart, "unexpected")
    if options.has("exitcodes"):
        found["exitcodes"] = options.read("exitcodes", values.exitcodes, [0])
    _whole(options, found, "startsecs", "starttime", 0, _MAX_SECONDS)
    _whole(options, found, "startretries", "startretries", 0, 1_000_000)
    if options.has("stopsignal"):
        found["stopsignal"] = options.read("stopsignal", values.signal_name, "TERM")
    _whole(options, found, "stopwaitsecs", "stoptime", 0, _MAX_SECONDS)
    as_group = options.read("stopasgroup", values.boolean, False)
    killed = options.read("killasgroup", values.boolean, as_group)
    if as_group and not killed:
        options.refuse("killasgroup", "it cannot be false where stopasgroup is true")
    found |= {"stopasgroup": as_group} if options.has("stopasgroup") else {}
    found |= {"killasgroup": killed} if options.has("killasgroup") else {}
    user = options.read("user", str, "")
    found |= {"user": user} if user else {}
    return found


def _whole(
    options: Options, found: dict[str, Value], option: str, key: str, least: int, most: int
) -> None:
    if not options.has(option):
        return
    number = options.read(option, values.integer, least)
    nearest = min(max(number, least), most)
    if nearest != number:
        options.note(option, f"it is {nearest} now: here it is from {least} to {most}")
    found[key] = nearest


def _launch(options: Options, shared: Shared) -> dict[str, Value]:
    """Return what may differ from process to process.

    Raises:
        NeedsNumber: a form of `process_num` that we have not.
    """
    environment = read_environment(options, options.raw("environment"))
    options.names.texts |= {f"ENV_{name}": text for name, text in environment.items()}
    options.twice("process_name")  # only to have refused what cannot be expanded
    found: dict[str, Value] = {"cmd": _command(options)}
    _logs(options, shared, found)
    if shared.environment or environment:
        found["env"] = {**shared.environment, **environment}
    directory = options.text("directory")
    if directory:
        directory = shared.path(directory, options, "directory")
    if workingdir := directory or shared.workingdir:
        found["workingdir"] = workingdir
    umask = options.read("umask", values.umask, shared.umask)
    if umask is not None:
        found["umask"] = umask
    if (options.read("serverurl", str.strip, "AUTO")).upper() != "AUTO":
        options.note("serverurl", "left out: set SUPERVISOR_SERVER_URL in env, if it needs one")
    return found


def read_environment(options: Options, text: str | None) -> dict[str, str]:
    """Return the variables of the environment of a section in our language.

    Raises:
        NeedsNumber: a form of `process_num` that we have not.
    """
    if text is None:
        return {}
    options.translate("environment", text)  # what cannot be expanded is told of the whole
    try:
        pairs = values.environment(text)
    except ValueError as exc:
        options.refuse("environment", str(exc))
        return {}
    found = {}
    for name, value in pairs.items():
        ours = options.translate("environment", name).replace("%%", "%")
        if not ours or "=" in ours:
            options.note("environment", f"left out: {ours!r} cannot be the name of a variable")
        else:
            found[ours] = options.translate("environment", value)
    return found


def _command(options: Options) -> str:
    if not options.has("command"):
        options.refuse("", "it needs a command")
        return ""
    text = options.text("command") or ""
    if not any(char in text for char in "'\"\\"):
        text = " ".join(text.split())  # lines that go on
    return text


def _logs(options: Options, shared: Shared, found: dict[str, Value]) -> None:
    redirects = options.read("redirect_stderr", values.boolean, False)
    stdout, stderr = (_log(options, shared, stream) for stream in ("stdout", "stderr"))
    if redirects and stderr not in (None, "discard"):
        option = "stderr_logfile" if options.has("stderr_logfile") else "stderr_syslog"
        options.note(option, "left out: redirect_stderr sends it into stdout's")
    if stdout is not None:
        found["stdout"] = stdout
    if stderr is not None and not redirects and stderr != stdout:
        found["stderr"] = stderr
    is_file = stdout not in (None, "discard")
    if is_file and stderr is None and not redirects and not _listens(options):
        there = ("stderr_logfile", "stdout_logfile", "stdout_syslog")
        option = next(option for option in there if options.has(option))
        text = "what it writes to stderr goes into stdout's log; stderr: PATH gives it its own"
        options.note(option, text)
    for stream in ("stdout", "stderr"):
        size = options.read(f"{stream}_logfile_maxbytes", values.byte_size, None)
        backups = options.read(f"{stream}_logfile_backups", values.integer, None)
        if found.get(stream) not in _WITHOUT_FILE:
            found |= {f"{stream}_maxbytes": size_text(size)} if size is not None else {}
            found |= {f"{stream}_backups": max(backups, 0)} if backups is not None else {}
        _others(options, stream)
        _events(options, stream, found, goes_with_stdout=redirects)
    if shared.plain_text and {"stdout", "stderr"} & found.keys():
        found["logformat"] = "text"


def _log(options: Options, shared: Shared, stream: str) -> "Value | None":
    """Return our word for a log: a path, discard, syslog, a path and that, or None for memory."""
    option = f"{stream}_logfile"
    once = options.twice(option)
    text = None if once is None else options.translate(option, once)
    to_syslog = options.read(f"{stream}_syslog", values.boolean, False)
    word = None if text is None else text.lower()
    if to_syslog and word in (None, "auto", *_NONE):
        return "syslog"
    if text is None or word == "auto":
        return None
    if word in _NONE:
        return "discard"
    if word == "syslog":
        return "syslog"
    path = shared.path(text, options, option)
    return [path, "syslog"] if to_syslog else path


def _others(options: Options, stream: str) -> None:
    if options.read(f"{stream}_capture_maxbytes", values.byte_size, 0) > 0:
        options.note(f"{stream}_capture_maxbytes", "left out: there is no capture mode")


def _events(
    options: Options, stream: str, found: dict[str, Value], *, goes_with_stdout: bool
) -> None:
    if not options.read(f"{stream}_events_enabled", values.boolean, False):
        return
    if _listens(options):
        text = "left out: an event listener is not told of what it writes itself"
        options.note(f"{stream}_events_enabled", text)
    elif stream == "stdout":
        found["stdout_events"] = True
    elif not goes_with_stdout:
        found.setdefault("stderr", "discard")  # a stderr of its own; the terminal shows it
        found["stderr_events"] = True


def _listens(options: Options) -> bool:
    return options.kind == "eventlistener"


def size_text(size: int) -> Value:
    """Return a size as a person would write it."""
    for suffix, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size > 0 and size % factor == 0:
            return f"{size // factor}{suffix}"
    return max(size, 0)
