"""What in a command only a shell would understand, and no shell reads it. Pure."""

import re
import shlex
from collections.abc import Mapping
from typing import Final, NamedTuple

_OPERATORS: Final = frozenset({"&&", "||", "|", ">", ">>", "<", ";", "&", "2>&1"})
_VARIABLE: Final = re.compile(r"\$\{?[A-Za-z_]")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_HOME: Final = re.compile(r"~[\w.-]*(/|\Z)")
_BUILTINS: Final[Mapping[str, str]] = {
    "cd": "workingdir: FOLDER",
    "export": "env: {NAME: value}",
    "umask": "umask: 022",
    "exec": "the command without it",
    "source": "",
    "ulimit": "",
    "eval": "",
}
"""Words that a shell carries out itself, and what is written for them here."""


class ShellWord(NamedTuple):
    """A word that will not do what was meant.

    Attributes:
        message: what becomes of it.
        hint: what to write instead.
        is_program: it stands where the name of the program is to be.
    """

    message: str
    hint: str
    is_program: bool


def find_shell_word(command: str) -> ShellWord | None:
    """Return the first word of a command, whose quotes are closed, that wants a shell."""
    try:
        words = shlex.split(command, posix=False)
    except ValueError:  # quotes that begin inside a word, which are read otherwise without posix
        return None
    instead = f"sh -c {shlex.quote(command)}"
    first = words[0].rstrip(";")
    if match := _ASSIGNMENT.fullmatch(first):
        message = f"{first} is taken for the name of a program: no shell reads it"
        value = match[2] if re.fullmatch(r"[\w./-]+", match[2]) else "..."
        hint = f"write env: {{{match[1]}: {value}}}, or {instead}"
        return ShellWord(message, hint, is_program=True)
    if first in _BUILTINS:
        ours = f"write {_BUILTINS[first]}, or " if _BUILTINS[first] else "write "
        message = f"{first} is a word of a shell, and no shell reads it"
        return ShellWord(message, ours + instead, is_program=True)
    if first == "~" or first.startswith("~/"):
        message = f"the ~ of {first} stands for itself: no shell reads it"
        hint = f"write %(ENV_HOME)s{first[1:]}, or {instead}"
        return ShellWord(message, hint, is_program=True)
    for word in words:
        ends = word.endswith(";") and not word.endswith("\\;")
        if word in _OPERATORS or ends or _VARIABLE.match(word) or _HOME.match(word):
            message = f"{word} is passed on as a word"
            return ShellWord(message, f"no shell reads it; write {instead}", is_program=False)
    return None
