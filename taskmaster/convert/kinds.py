"""What kind of file is to be converted, and the conversion of each kind: reads what it needs."""

import enum
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from taskmaster.config.document import Node, parse
from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.convert.compose import convert_compose, is_compose
from taskmaster.convert.conversion import Surroundings, convert
from taskmaster.convert.dotenv import read_text, read_variables, read_variables_beside
from taskmaster.convert.findings import Finding, Findings, Place, Refused
from taskmaster.convert.heading import heading
from taskmaster.convert.ini import read_ini
from taskmaster.convert.interpolation import Variables
from taskmaster.convert.procfile import convert_procfile, is_procfile


class Kind(enum.Enum):
    """Whose file it is."""

    SUPERVISORD = "supervisord"
    FOREMAN = "foreman"
    COMPOSE = "docker compose"


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be converted.

    Attributes:
        path: absolute.
        folder: of the config that comes out of it.
    """

    path: str
    folder: str


def kind_of(path: str) -> Kind:
    """Return whose file it is, by its name where that says so, else by what is in it.

    Raises:
        Refused: it cannot be read, or is of no kind that we know.
    """
    name = os.path.basename(path).lower()
    if name.startswith("procfile"):
        return Kind.FOREMAN
    if name.endswith((".conf", ".ini")):
        return Kind.SUPERVISORD
    text = read_text(path)
    if re.search(r"^\[[^\]]+\]", text, re.MULTILINE):
        return Kind.SUPERVISORD
    try:
        if is_compose(parse(text, path, [])):
            return Kind.COMPOSE
    except ConfigRejected:
        if name.endswith((".yaml", ".yml")):
            return Kind.COMPOSE  # whose reader says what is wrong with it
    if is_procfile(text):
        return Kind.FOREMAN
    message = "neither a config of supervisord's, nor a Procfile, nor a compose file with services:"
    raise Refused(Finding(Place(path), "", message))


def converted(kind: Kind, source: Source, findings: Findings) -> str:
    """Return the config; what is otherwise there is noted.

    Raises:
        Refused: the file is not as whoever it belongs to would have it.
    """
    return _CONVERSIONS[kind](source, os.environ, findings)


def _supervisord(source: Source, environment: Mapping[str, str], findings: Findings) -> str:
    ini = read_ini(source.path, environment, findings)
    return convert(ini, Surroundings(os.getcwd(), platform.node(), environment), findings)


def _procfile(source: Source, environment: Mapping[str, str], findings: Findings) -> str:
    variables = read_variables_beside(source.path, findings)
    here = os.path.dirname(source.path)
    folder = "." if source.folder == here else here
    text = convert_procfile(read_text(source.path), source.path, variables, folder, findings)
    return heading("foreman", (source.path, *findings.sources), findings) + text


def _compose(source: Source, environment: Mapping[str, str], findings: Findings) -> str:
    here = os.path.dirname(source.path)

    def read(name: str, place: Place) -> Mapping[str, str]:
        path = os.path.join(here, os.path.expanduser(name))
        if os.path.exists(path):
            return read_variables(path, findings)
        findings.notes.append(Finding(place, "env_file", f"left out: {path} is not there"))
        return {}

    variables = Variables(environment, read_variables_beside(source.path, findings))
    text = convert_compose(_document(source.path), variables, read, findings)
    return heading("docker compose", (source.path, *findings.sources), findings) + text


def _document(path: str) -> Node:
    problems: list[Problem] = []
    try:
        root = parse(read_text(path), path, problems)
    except ConfigRejected as exc:
        problems = list(exc.problems)
    if problems:
        raise Refused(
            *(Finding(Place(p.place.file, p.place.line), "", p.message) for p in problems)
        )
    return root


_CONVERSIONS: Final[Mapping[Kind, Callable[[Source, Mapping[str, str], Findings], str]]] = {
    Kind.SUPERVISORD: _supervisord,
    Kind.FOREMAN: _procfile,
    Kind.COMPOSE: _compose,
}
