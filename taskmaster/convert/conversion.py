"""The whole of a file of supervisord's to the whole of a config of ours. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from taskmaster.convert import values
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.heading import heading
from taskmaster.convert.ini import Ini, Section
from taskmaster.convert.listeners import convert_listener
from taskmaster.convert.programs import Programs, Shared, convert_program, name_of_section
from taskmaster.convert.section import Options
from taskmaster.convert.servers import FCGI_OPTIONS, convert_fcgi, convert_server
from taskmaster.convert.settings import convert_supervisord, note_other
from taskmaster.convert.yamltext import Value, block

_LISTENER_OPTIONS = ("events", "buffer_size", "result_handler")


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
    servers: list[dict[str, Value]] = []
    for section in ini.sections.values():
        kind, colon, _ = section.name.partition(":")
        if kind in ("program", "fcgi-program") and colon:
            name = section.name.partition(":")[2]
            convert_it = convert_program if kind == "program" else _convert_fcgi
            ours = convert_it(section, groups.get(name, name), shared, programs.keys(), findings)
            made[name] = list(ours)
            programs |= ours
        elif kind == "eventlistener" and colon:
            programs |= convert_listener(section, shared, programs.keys(), findings)
        elif section.name.startswith(("unix_http_server", "inet_http_server")):
            server = convert_server(section, shared, findings)
            servers += [server] if server else []
        elif kind not in ("supervisord", "include", "group"):
            note_other(section, shared, findings)
    if findings.errors:
        raise Refused(*sorted(findings.errors, key=lambda finding: finding.place))
    named = {
        group: [name for member in names for name in made.get(member, ())]
        for group, names in members.items()
        if group not in programs
    }
    if servers:
        settings["http"] = servers if len(servers) > 1 else _short(servers[0])
    return _text(ini, settings, programs, named, findings)


def _short(server: dict[str, Value]) -> Value:
    return server if len(server) > 1 else server["listen"]


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
        if ini.sections.keys() & {f"program:{name}", f"fcgi-program:{name}"}:
            text = f"left out: the program {name} is a group of its own; stop {' '.join(members)}"
            options.note("", text.rstrip())
        found[name or ""] = members
        options.note("priority", "left out: each program has a priority of its own")
        options.note_unknown()
    return found


def _convert_fcgi(
    section: Section, group: str, shared: Shared, taken: Collection[str], findings: Findings
) -> Programs:
    """Return a FastCGI program: as any other one, with a socket."""
    programs = convert_program(_without(FCGI_OPTIONS, section), group, shared, taken, findings)
    name = next(iter(programs), section.name.partition(":")[2])
    socket = convert_fcgi(section, shared, name, findings)
    if socket is not None and len(programs) > 1:
        text = "left out: its processes are programs of their own here, which cannot share it"
        Options(section, shared.names(), findings).note("socket", text)
    elif socket is not None and programs:
        programs[name]["socket"] = socket
    return programs


def _without(own: Collection[str], section: Section) -> Section:
    rest = {name: option for name, option in section.options.items() if name not in own}
    return Section(section.name, section.place, rest)


def _text(
    ini: Ini,
    settings: Mapping[str, Value],
    programs: Programs,
    groups: Mapping[str, list[str]],
    findings: Findings,
) -> str:
    text = heading("supervisord", ini.files, findings)
    if settings:
        text += "taskmaster:\n" + block(settings, 2) + "\n"
    if not programs:
        return text + "programs: {}\n"
    body = "\n".join(block({name: program}, 2) for name, program in programs.items())
    text += f"programs:\n{body}"
    filled: dict[str, Value] = {name: list(names) for name, names in groups.items() if names}
    return text + (f"\ngroups:\n{block(filled, 2)}" if filled else "")
