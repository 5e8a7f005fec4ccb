"""What is doubtful about programs that are well written: looks at the machine, stops nothing."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from taskmaster.config.errors import Problem, Severity
from taskmaster.config.expand import expand
from taskmaster.config.exposure import Rights, links_lead_elsewhere, may
from taskmaster.config.model import Launch, Program, StderrChannel
from taskmaster.config.schema import Entry
from taskmaster.config.shellwords import find_shell_word
from taskmaster.keeper.identity import look_up

_NEED_ONE_TERMINAL: Final = frozenset({"bash", "sh", "zsh", "fish", "ksh", "less", "more", "fzf"})
_SHOWN_PATH_LENGTH: Final = 80

Advice = tuple[str, str, str]
"""The key that it is about, what is doubtful, and what to do."""


def advise(
    programs: Mapping[str, Entry],
    environment: Mapping[str, str],
    made: Collection[str],
    rights: Rights,
) -> Iterator[Problem]:
    """Yield a warning for whatever will probably not do what was meant.

    Args:
        programs: by name; of one with errors, what could be read.
        environment: the daemon's.
        made: folders that the daemon itself makes when it starts.
        rights: of the daemon.
    """
    # A core that is not root any more does not see with the keeper's eyes what that will start.
    sees_all = os.geteuid() == rights.started_by
    limits: dict[str, tuple[str, tuple[int, int]]] = {}
    for name, entry in programs.items():
        program = entry.program
        launch = expand(program, 0)
        for key, message, hint in (
            *(_of_command(program, launch, environment) if sees_all else ()),
            *_of_user(program, rights),
            *_of_files(launch, made, rights),
            *_of_socket(program),
            *_of_sharing(program, launch, limits),
        ):
            yield Problem(
                entry.place(key), f"programs.{name}.{key}", message, hint, Severity.WARNING
            )


def _of_command(
    program: Program, launch: Launch, environment: Mapping[str, str]
) -> Iterator[Advice]:
    if not launch.argv:
        return  # it has no command, which is an error already
    command = program.command
    word = find_shell_word(command.replace("%%", "%")) if isinstance(command, str) else None
    if word is None or not word.is_program:
        yield from _of_program(launch, environment)
    if word is not None:
        yield "cmd", word.message, word.hint
    name = os.path.basename(launch.argv[0])
    if program.stderr_channel is StderrChannel.SECOND_TERMINAL and name in _NEED_ONE_TERMINAL:
        yield "stderr_tty", f"{name} loses its keyboard or its job control with it", "leave it out"


def _of_program(launch: Launch, environment: Mapping[str, str]) -> Iterator[Advice]:
    command = launch.argv[0]
    search = dict(launch.environment).get("PATH", environment.get("PATH", os.defpath))
    if "/" in command:
        found = os.path.join(launch.workingdir or "", command)
        if not os.path.exists(found):
            yield "cmd", f"{found} is not there", "it will be BACKOFF, then FATAL"
        elif os.path.isdir(found) or not os.access(found, os.X_OK):
            yield "cmd", f"{found} is not a program that may be executed", ""
    elif shutil.which(command, path=search) is None:
        hint = f"PATH is {search}" if len(search) <= _SHOWN_PATH_LENGTH else ""
        yield "cmd", f"no program {command!r} in the PATH", hint


def _of_user(program: Program, rights: Rights) -> Iterator[Advice]:
    if program.user is None:
        return
    try:
        identity = look_up(program.user)
    except KeyError:
        yield "user", f"no user {program.user!r} on this machine", ""
        return
    if rights.started_by not in (0, identity.uid):
        yield "user", "only a daemon started as root may change users", ""


def _of_files(launch: Launch, made: Collection[str], rights: Rights) -> Iterator[Advice]:
    sees_all = os.geteuid() == rights.started_by
    if sees_all and launch.workingdir is not None and not os.path.isdir(launch.workingdir):
        yield "workingdir", f"there is no folder {launch.workingdir}", ""
    for stream, path in (("stdout", launch.stdout), ("stderr", launch.stderr)):
        folder = os.path.dirname(path or "/")
        if path is not None and os.path.isdir(path):
            yield stream, f"{path} is a folder", "nothing will be logged"
        elif folder not in made and not os.path.isdir(folder):
            yield stream, f"there is no folder {folder}", "nothing will be logged"
        elif path is not None and links_lead_elsewhere(folder, rights):
            message = f"root writes there, and who owns or may change {folder} could lay a link"
            yield stream, message, "give root a folder of its own, or set taskmaster.user"
        elif path is not None and os.path.isdir(folder) and not _may_write(path):
            yield stream, f"{path} may not be written", "nothing will be logged"


def _of_socket(program: Program) -> Iterator[Advice]:
    if isinstance(program.socket, str):
        folder = os.path.dirname(program.socket)
        if not os.path.isdir(folder):
            yield "socket", f"there is no folder {folder}", "it will be BACKOFF, then FATAL"


def _may_write(path: str) -> bool:
    there = path if os.path.exists(path) else os.path.dirname(path)
    return may(there, os.W_OK)


def _of_sharing(
    program: Program, launch: Launch, limits: dict[str, tuple[str, tuple[int, int]]]
) -> Iterator[Advice]:
    for stream, path, own in (
        ("stdout", launch.stdout, (program.stdout_maxbytes, program.stdout_backups)),
        ("stderr", launch.stderr, (program.stderr_maxbytes, program.stderr_backups)),
    ):
        if path is None:
            continue
        other, others = limits.setdefault(path, (program.name, own))
        if others != own:
            yield stream, f"{path} has other limits in {other}", "the last ones count"
