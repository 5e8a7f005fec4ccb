"""What is doubtful about programs that are well written: looks at the machine, stops nothing."""

import os
import pwd
import re
import shlex
import shutil
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from taskmaster.config.document import Text
from taskmaster.config.errors import Problem, Severity
from taskmaster.config.expand import expand
from taskmaster.config.model import Launch, Program, StderrChannel

_SHELL_WORDS: Final = frozenset({"&&", "||", "|", ">", ">>", "<", ";", "&", "2>&1"})
_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]")
_NEED_ONE_TERMINAL: Final = frozenset({"bash", "sh", "zsh", "fish", "ksh", "less", "more", "fzf"})


def advise(
    programs: Mapping[str, tuple[Text, Program]],
    environment: Mapping[str, str],
    made: Collection[str] = (),
) -> Iterator[Problem]:
    """Yield a warning for whatever will probably not do what was meant.

    Args:
        programs: by name, each with the place of its name.
        environment: the daemon's.
        made: folders that the daemon itself makes when it starts.
    """
    limits: dict[str, tuple[str, tuple[int, int]]] = {}
    for name, (key, program) in programs.items():
        launch = expand(program, 0)
        for where, message, hint in (
            *_of_command(program, launch, environment),
            *_of_user(program),
            *_of_files(launch, made),
            *_of_sharing(program, launch, limits),
        ):
            path = f"programs.{name}" + (f".{where}" if where else "")
            yield Problem(key.place, path, message, hint, Severity.WARNING)


Advice = tuple[str, str, str]


def _of_command(
    program: Program, launch: Launch, environment: Mapping[str, str]
) -> Iterator[Advice]:
    command = launch.argv[0]
    search = dict(launch.environment).get("PATH", environment.get("PATH", os.defpath))
    if "/" in command:
        found = os.path.join(launch.workingdir or "", command)
        if not os.path.exists(found):
            yield "cmd", f"{found} is not there", "it will be BACKOFF, then FATAL"
        elif os.path.isdir(found) or not os.access(found, os.X_OK):
            yield "cmd", f"{found} is not a program that may be executed", ""
    elif shutil.which(command, path=search) is None:
        yield "cmd", f"no program {command!r} in the PATH", f"PATH is {search}"
    if isinstance(program.command, str):
        words = shlex.split(program.command, posix=False)
        odd = [word for word in words if word in _SHELL_WORDS or _VARIABLE.match(word)]
        if odd:
            hint = f"no shell reads it; write sh -c {shlex.quote(program.command)}"
            yield "cmd", f"{odd[0]} is passed on as a word", hint
    second = program.stderr_channel is StderrChannel.SECOND_TERMINAL
    if second and os.path.basename(command) in _NEED_ONE_TERMINAL:
        message = f"{os.path.basename(command)} loses its keyboard or its job control with it"
        yield "stderr_tty", message, "leave it out"


def _of_user(program: Program) -> Iterator[Advice]:
    if program.user is None:
        return
    try:
        by_number = program.user.isdecimal()
        entry = pwd.getpwuid(int(program.user)) if by_number else pwd.getpwnam(program.user)
    except (KeyError, OverflowError):
        yield "user", f"no user {program.user!r} on this machine", ""
        return
    if os.geteuid() not in (0, entry.pw_uid):
        yield "user", "only a daemon started as root may change users", ""


def _of_files(launch: Launch, made: Collection[str]) -> Iterator[Advice]:
    if launch.workingdir is not None and not os.path.isdir(launch.workingdir):
        yield "workingdir", f"there is no folder {launch.workingdir}", ""
    for stream, path in (("stdout", launch.stdout), ("stderr", launch.stderr)):
        folder = os.path.dirname(path or "/")
        if folder not in made and not os.path.isdir(folder):
            yield stream, f"there is no folder {folder}", "nothing will be logged"


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
