"""Why a text is no YAML, in words that help the person who wrote it. Pure.

The parser says where it could not go on and what it was about; what was done wrong is often another
thing in another place. Lines and columns count from 0 here, as the parser's do.
"""

import re
from typing import Final, NamedTuple

_INI_SECTION: Final = re.compile(
    r"^\[(program|group|fcgi-program|eventlistener|supervisord|supervisorctl|unix_http_server"
    r"|inet_http_server|include|rpcinterface)(?::([^\]\n]*))?\]",
    re.MULTILINE,
)
_INI_COMMAND: Final = re.compile(r"^command\s*=\s*(.*\S)", re.MULTILINE)
_CANNOT_START: Final = "found character that cannot start any token"


class Spot(NamedTuple):
    """A place in the text."""

    line: int
    column: int


class Complaint(NamedTuple):
    """What the parser says: what it was about since when, and what it found where."""

    context: str
    context_spot: Spot | None
    problem: str
    spot: Spot | None


class Finding(NamedTuple):
    """What is to be told, where."""

    message: str
    hint: str
    spot: Spot | None


def find_ini(text: str) -> Finding | None:
    """Return what to say of an INI file such as supervisord's, if the text is one."""
    section = _INI_SECTION.search(text)
    if section is None:
        return None
    program = next((m for m in _INI_SECTION.finditer(text) if m[1] == "program"), section)
    name = (program[2] or "").strip() or "web"
    command = _INI_COMMAND.search(text, program.end())
    words = command[1] if command else "/usr/bin/web --option"
    message = (
        "this is an INI file, as supervisord's; Taskmaster's config is YAML, such as\n"
        f"    programs:\n      {name}: {{cmd: {_quoted(words)}}}"
    )
    return Finding(message, "", None)


def explain(complaint: Complaint, text: str, quote: tuple[Spot, Spot] | None) -> Finding:
    """Return what to say of a text that the parser refuses.

    Args:
        complaint: what the parser says.
        text: the whole text.
        quote: the last quoted text before that place which goes over several lines, if any.
    """
    context, since, problem, spot = complaint
    found = _character(text, spot)
    if "tab character" in problem or (problem == _CANNOT_START and found == "\t"):
        return Finding("a tab cannot indent in YAML", "write spaces", spot)
    if problem == _CANNOT_START:
        return Finding(f"a text cannot begin with {found!r}", "put it into quotes", spot)
    if context == "while scanning a quoted scalar" and since is not None:
        return Finding("the quote that is opened here is never closed", "", since)
    if quote is not None and spot is not None and quote[1].line == spot.line:
        message = f"the quote that is opened here is closed only in line {spot.line + 1}"
        return Finding(message, "is one missing at the end of this line?", quote[0])
    if problem.startswith("mapping values are not allowed"):
        hint = "put a text that holds ': ' into quotes, and keys of one mapping into one column"
        return Finding("a ':' where no key can be", hint, spot)
    words = (context, problem)
    message = ", ".join(word for word in words if word) or "not YAML"
    return Finding(message, "", spot or since)


def _character(text: str, spot: Spot | None) -> str:
    lines = text.splitlines()
    if spot is None or spot.line >= len(lines):
        return ""
    return lines[spot.line][spot.column : spot.column + 1]


def _quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
