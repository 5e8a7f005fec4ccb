"""The whole of a file of supervisord's to the whole of a config of ours. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from taskmaster.convert import values
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.heading import heading, printable
from taskmaster.convert.ini import Ini, Section
from taskmaster.convert.listeners import convert_listener
from taskmaster.convert.programs import Programs, Shared, convert_program, name_of_section
from taskmaster.convert.section import Options
from taskmaster.convert.settings import (
    check_fcgi,
    convert_server,
    convert_supervisord,
    note_other,
)
from taskmaster.convert.yamltext import Value, block

_FCGI_OPTIONS = ("socket", "socket_backlog", "socket_owner", "socket_mode")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a conversion depends on besides the file.

    Attributes:
        folder: in which it takes place; for relative paths.
        node: the name of the machine.
        variables: the environment.
    """

    folder: str
    node: str
    variables: Mapping[str, str]


def convert(ini: Ini, around: Surroundings, findings: Findings) -> str:
    """Return the config as YAML; what is otherwise there is noted.

    Raises:
        Refused: supervisord would refuse it, for each of the reasons.
    """
    shared = Shared(ini.here, around.folder, around.node, around.variables)
    settings, shared = convert_supervisord(ini.sections["supervisord"], shared, findings)
    members = _groups(ini, shared, findings)
    groups = {member: group for group in reversed(members) for member in members[group]}
    made: dict[str, list[str]] = {}
    programs: Programs = {}
    servers: list[str] = []
    for section in ini.sections.values():
        kind, colon, _ = section.name.partition(":")
        if kind == "program" and colon:
            name = section.name.partition(":")[2]
            ours = convert_program(
                section, groups.get(name, name), shared, programs.keys(), findings
            )
            made[name] = list(ours)
            programs |= ours
        elif kind == "eventlistener" and colon:
            programs |= convert_listener(section, shared, programs.keys(), findings)
        elif kind == "fcgi-program" and colon:
            _check_fcgi(section, shared, findings)
        elif section.name.startswith(("unix_http_server", "inet_http_server")):
            address = convert_server(section, shared, findings)
            servers.append(f"  # http: {address}   # [{section.name}]\n")
        elif kind not in ("supervisord", "include", "group"):
            note_other(section, shared, findings)
    if findings.errors:
        raise Refused(*sorted(findings.errors, key=lambda finding: finding.place))
    named = {
        group: [name for member in names for name in made.get(member, ())]
        for group, names in members.items()
        if group not in programs
    }
    return _text(ini, settings, servers, programs, named, findings)


def _groups(ini: Ini, shared: Shared, findings: Findings) -> dict[str, list[str]]:
    """Return the programs of each group."""
    found: dict[str, list[str]] = {}
    for section in ini.sections.values():
        if not section.name.startswith("group:"):
            continue
        name = name_of_section(section, findings)
        options = Options(section, shared.names(), findings)
        options.read("priority", values.integer, 999)
        members = options.read("programs", values.words, list[str]())
        for member in members:
            kinds = [k for k in ("program", "fcgi-program") if f"{k}:{member}" in ini.sections]
            if not kinds:
                options.refuse("programs", f"there is no program {member}")
            elif len(kinds) > 1:
                options.refuse("programs", f"{member} is a program and an fcgi-program too")
        if f"program:{name}" in ini.sections:
            text = f"left out: the program {name} is a group of its own; stop {' '.join(members)}"
            options.note("", text.rstrip())
        found[name or ""] = members
        options.note("priority", "left out: each program has a priority of its own")
        options.note_unknown()
    return found


def _check_fcgi(section: Section, shared: Shared, findings: Findings) -> None:
    """Have refused what is wrong with a section that we have nothing for."""
    rest = {name: option for name, option in section.options.items() if name not in _FCGI_OPTIONS}
    silent = Findings(errors=findings.errors)
    bare = Section(section.name, section.place, rest)
    convert_program(bare, section.name.partition(":")[2], shared, (), silent)
    check_fcgi(section, shared, findings)


def _text(
    ini: Ini,
    settings: Mapping[str, Value],
    servers: list[str],
    programs: Programs,
    groups: Mapping[str, list[str]],
    findings: Findings,
) -> str:
    text = heading("supervisord", ini.files, findings)
    if settings or servers:
        text += "taskmaster:\n" + block(settings, 2) + "".join(map(_printable_line, servers)) + "\n"
    if not programs:
        return text + "programs: {}\n"
    body = "\n".join(block({name: program}, 2) for name, program in programs.items())
    text += f"programs:\n{body}"
    filled: dict[str, Value] = {name: list(names) for name, names in groups.items() if names}
    return text + (f"\ngroups:\n{block(filled, 2)}" if filled else "")


def _printable_line(line: str) -> str:
    return printable(line.rstrip("\n")) + "\n"
