"""``%(process_num)02d`` and its like: text templates filled in, at two moments. Pure.

Names that never change (`here`, `host_node_name`, `ENV_X`) are filled in when the config is read,
by `fill_constants`; those of one process when it is started, by `expand`. A lone ``%`` is a ``%``,
and ``%%`` is one too, as in supervisord. Between the two every ``%`` that is one is written ``%%``:
what was filled in behind a lone one would make a name of it.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from taskmaster.config.model import Launch, Program

PROCESS_NAMES: Final = ("program_name", "process_num", "process_name")
_TEMPLATE: Final = re.compile(r"%%|%\((?P<name>[^()\s]*)\)(?P<format>0?\d*[a-zA-Z]?)|%")
_FORMAT: Final = re.compile(r"0?\d{0,3}[sd]")


class BadTemplate(Exception):
    """The text names what cannot be expanded; the exception's own text says so.

    Attributes:
        hint: what to write instead.
    """

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def fill_constants(text: str, constants: Mapping[str, str]) -> str:
    """Return the text with its constant names filled in, and everything else checked.

    Raises:
        BadTemplate: a name that does not exist, or a form that is none.
    """

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return "%%"
        if not _FORMAT.fullmatch(match["format"]):
            raise BadTemplate(f"%({name}){match['format']} is no form", f"write %({name})s")
        if name in PROCESS_NAMES:
            if match["format"].endswith("d") and name != "process_num":
                raise BadTemplate(f"%({name})d is no number", f"write %({name})s")
            return match[0]
        if name not in constants:
            what = "the daemon's environment has no such variable"
            hint = what if name.startswith("ENV_") else _available(constants)
            raise BadTemplate(f"%({name})s cannot be expanded", hint)
        return constants[name].replace("%", "%%")

    return _TEMPLATE.sub(fill, text)


def _available(constants: Iterable[str]) -> str:
    names = [name for name in constants if not name.startswith("ENV_")]
    return f"known are {', '.join((*PROCESS_NAMES, *names))} and ENV_X for each variable X"


def expand(program: Program, index: int) -> Launch:
    """Return what one process of a program is started with."""
    fill = _filling(program, index)
    command = program.command
    words = shlex.split(fill(command)) if isinstance(command, str) else [fill(w) for w in command]
    stdout, stderr = log_paths(program, index)
    return Launch(
        argv=tuple(words),
        environment=tuple((name, fill(value)) for name, value in program.environment),
        workingdir=None if program.workingdir is None else fill(program.workingdir),
        stdout=stdout,
        stderr=stderr,
        record=None if program.record is None else fill(program.record),
    )


def command_line(program: Program, index: int) -> str:
    """Return the command of one process as people write it; of the rest nothing is looked at."""
    fill = _filling(program, index)
    command = program.command
    return fill(command) if isinstance(command, str) else shlex.join(fill(w) for w in command)


def log_paths(program: Program, index: int) -> tuple[str | None, str | None]:
    """Return the log files of one process; of the rest nothing is looked at, which saves time."""
    fill = _filling(program, index)
    paths = (program.stdout, program.stderr)
    stdout, stderr = (None if path is None else fill(path) for path in paths)
    return stdout, stderr


def _filling(program: Program, index: int) -> Callable[[str], str]:
    values: Mapping[str, str | int] = {
        "program_name": program.name,
        "process_num": index,
        "process_name": f"{program.name}:{index}",
    }

    return lambda text: _fill(text, values)


def fill_program_name(text: str, name: str) -> str:
    """Return a text that is all processes' with the name of their program filled in.

    Nothing else of the names of one process may be in it.
    """
    return _fill(text, {"program_name": name})


def _fill(text: str, values: Mapping[str, str | int]) -> str:
    return _TEMPLATE.sub(
        lambda m: "%" if m["name"] is None else _format(m["format"], values[m["name"]]), text
    )


def _format(form: str, value: str | int) -> str:
    return f"%{form}" % value
