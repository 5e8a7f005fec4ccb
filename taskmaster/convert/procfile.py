"""A Procfile, as foreman and honcho read it, to a config of ours. Pure.

What those do and users rely on is kept: a shell reads each line, signals go to all that it
started, ``PORT`` is 5000 for the first program, 5100 for the second and so on (or counts from the
``PORT`` of the ``.env``), and the variables of the ``.env`` beside the Procfile are in the
environment. What is otherwise is noted: there the end of one process is the end of all, here it is
started again.
"""

import re
from collections.abc import Mapping
from typing import Final

from taskmaster.convert.expansions import escaped
from taskmaster.convert.findings import Finding, Findings, Place, Refused
from taskmaster.convert.yamltext import Merged, Value, block

_LINE: Final = re.compile(r"([A-Za-z0-9_-]+)\s*:\s*(.+)")
_SHELL: Final = re.compile(r"[$`~*?\[\](){}<>|&;#\\!]")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_BUILTINS: Final = (".", "cd", "eval", "exec", "export", "source", "test", "ulimit", "umask")
_FIRST_PORT: Final = 5000
_PORTS_APART: Final = 100


def is_procfile(text: str) -> bool:
    """Whether it looks like one: every line that says something is a name and a command."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def convert_procfile(
    text: str, path: str, variables: Mapping[str, str], folder: str, findings: Findings
) -> str:
    """Return the config as YAML, without what stands above it; what is otherwise there is noted.

    Args:
        text: of the Procfile.
        path: its own.
        variables: of the ``.env``.
        folder: that the processes start in, as it is written into the config.
        findings: where to note.

    Raises:
        Refused: there is no program in it.
    """
    programs: dict[str, Value] = {}
    first = _first_port(variables, path, findings)
    shared = {name: escaped(value) for name, value in variables.items() if name != "PORT"}
    for number, line in enumerate(text.splitlines(), 1):
        place = Place(path, number)
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            findings.notes.append(Finding(place, "", "left out: it is no NAME: COMMAND"))
            continue
        name, command = match[1], match[2].strip()
        if name in programs:
            findings.notes.append(Finding(place, name, "left out: there is one of that name"))
            continue
        port = first + _PORTS_APART * len(programs)
        own: dict[str, Value] = {"PORT": port}
        programs[_our_name(name, place, findings)] = {
            **_launch(command),
            "workingdir": folder,
            "env": Merged("env", own) if shared else own,
        }
    if not programs:
        raise Refused(Finding(Place(path), "", "there is no NAME: COMMAND in it"))
    ends = "the end of one process is the end of all there; here it is started again (autorestart)"
    findings.notes.append(Finding(Place(path), "", ends))
    head = f"x-env: &env   # of .env\n{block(shared, 2)}\n" if shared else ""
    body = "\n".join(block({name: program}, 2) for name, program in programs.items())
    return f"{head}programs:\n{body}"


def _first_port(variables: Mapping[str, str], path: str, findings: Findings) -> int:
    written = variables.get("PORT", str(_FIRST_PORT))
    if re.fullmatch(r"[0-9]{1,5}", written):
        return int(written)
    note = f"PORT in .env is no number; ports count from {_FIRST_PORT}"
    findings.notes.append(Finding(Place(path), "", note))
    return _FIRST_PORT


def _our_name(name: str, place: Place, findings: Findings) -> str:
    if name == "all" or name.startswith("-"):
        findings.notes.append(Finding(place, name, f"it is called _{name} here"))
        return f"_{name}"
    return name


def _launch(command: str) -> dict[str, Value]:
    """Return how a line is run: by a shell only where only a shell understands it."""
    first = command.split()[0]
    if _SHELL.search(command) or _ASSIGNMENT.match(first) or first in _BUILTINS:
        return {"cmd": ["sh", "-c", escaped(command)], "stopasgroup": True}
    return {"cmd": escaped(command)}
