"""``$NAME`` and ``${NAME:-default}`` of a compose file, in our language. Pure.

What the ``.env`` beside it says is filled in, for it belongs to the file; a variable of the
environment stays one, ``%(ENV_NAME)s``, which must be there when the daemon starts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from taskmaster.convert.expansions import escaped
from taskmaster.convert.findings import Finding, Findings, Place

_PIECE: Final = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<bare>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<rest>[^{}]*))?\})"
)


@dataclass(frozen=True, slots=True)
class Variables:
    """Where a name is looked up: the environment first, as compose does, then the ``.env``."""

    environment: Mapping[str, str]
    file: Mapping[str, str]

    def value(self, name: str) -> str | None:
        """Return what a name stands for now, or None."""
        return self.environment.get(name, self.file.get(name))


def interpolated(text: str, variables: Variables, place: Place, findings: Findings) -> str:
    """Return a text in our language; variables that nobody has set are noted."""
    pieces: list[str] = []
    end = 0
    for match in _PIECE.finditer(text):
        pieces += [escaped(text[end : match.start()]), _piece(match, variables, place, findings)]
        end = match.end()
    return "".join((*pieces, escaped(text[end:])))


def _piece(match: re.Match[str], variables: Variables, place: Place, findings: Findings) -> str:
    if match["dollar"]:
        return "$"
    name, how, rest = match["bare"] or match["name"], match["how"] or "", match["rest"] or ""
    value = variables.value(name)
    is_set = value is not None and (value != "" or not how.startswith(":"))
    if how.endswith("+"):
        return escaped(rest) if is_set else ""
    if is_set and name in variables.environment:
        return f"%(ENV_{name})s"
    if is_set:
        return escaped(value or "")
    if how.endswith("-"):
        note = f"${{{name}}} is {rest!r} now, its default: no such variable is set"
        findings.notes.append(Finding(place, "", note))
        return escaped(rest)
    findings.variables.setdefault(name, place)
    return f"%(ENV_{name})s"
