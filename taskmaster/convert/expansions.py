"""``%(name)s``: supervisord's expansions to ours. Pure.

supervisord fills them in with Python's ``%`` operator when it reads its file. Here those that may
differ from process to process or from machine to machine stay: ``process_num``, ``program_name``,
``host_node_name`` and ``ENV_X``; what we have no name for is filled in.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_PIECE: Final = re.compile(
    r"%(?:\((?P<name>[^()]*)\))?(?P<form>[#0\- +]*\d*(?:\.\d+)?)[hlL]?(?P<kind>.)|[^%]+", re.DOTALL
)
_OURS: Final = re.compile(r"0?\d{0,3}")
_DECIMAL: Final = "diu"


class BadExpansion(Exception):
    """supervisord cannot expand it; the exception's own text says why."""


class NeedsNumber(Exception):
    """It has a form of ``process_num`` that we have not: it must be filled in."""


@dataclass(slots=True)
class Names:
    """What may be named.

    Attributes:
        filled: what is filled in, by name.
        kept: what stays an expansion, by name, with a value for trying.
        texts: texts in our language, put in as they are: variables that the file itself sets.
        may_lack: any ``ENV_X`` may be named; those that are not there are noted in `lacking`.
        lacking: variables that nobody has set.
    """

    filled: dict[str, str | int]
    kept: dict[str, str | int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    may_lack: bool = False
    lacking: set[str] = field(default_factory=set)


class _Trial(dict[str, Any]):
    def __init__(self, names: Names) -> None:
        super().__init__({**names.kept, **names.filled, **names.texts})
        self._names = names

    def __missing__(self, name: str) -> str:
        if self._names.may_lack and name.startswith("ENV_"):
            self._names.lacking.add(name.removeprefix("ENV_"))
            return "x"
        raise KeyError(name)


def expand_now(text: str, names: Mapping[str, str | int]) -> str:
    """Return the text with everything filled in.

    Raises:
        BadExpansion: supervisord could not do it.
    """
    return _expand(text, names)


def _expand(text: str, names: Mapping[str, Any]) -> str:
    try:
        return text % names
    except KeyError as exc:
        name = str(exc.args[0])
        if name.startswith("ENV_"):
            why = f"the environment has no variable {name.removeprefix('ENV_')}"
        else:
            known = sorted(known for known in names if not known.startswith("ENV_"))
            why = f"known are {', '.join(known)} and ENV_X for each variable X"
        raise BadExpansion(f"%({name})s cannot be expanded: {why}") from None
    except (ValueError, TypeError, OverflowError, MemoryError) as exc:
        hint = "; a percent sign is written %%"
        raise BadExpansion(f"badly formatted: {text[:100]!r}: {exc}{hint}") from None


def to_ours(text: str, names: Names) -> str:
    """Return a text of supervisord's in our language.

    Raises:
        BadExpansion: supervisord could not expand it.
        NeedsNumber: `process_num` is among the names that are kept, and in a form that we have not.
    """
    _expand(text, _Trial(names))
    return "".join(_piece(match, names) for match in _PIECE.finditer(text))


def expanded_once(text: str, names: Names) -> str:
    """Return a text of an option that supervisord expands twice, as it is in between.

    What is kept stays an expansion, for the second time has the same names.

    Raises:
        BadExpansion: supervisord could not expand it.
    """
    _expand(text, _Trial(names))
    return "".join(_once(match, names) for match in _PIECE.finditer(text))


def _once(match: re.Match[str], names: Names) -> str:
    if match["kind"] == "%":
        return "%"
    if match["name"] in names.texts and match["kind"] == "s" and not match["form"]:
        return names.texts[match["name"]].replace("%%", "%")
    return match[0] % names.filled if match["name"] in names.filled else match[0]


def _piece(match: re.Match[str], names: Names) -> str:
    kind = match["kind"]
    if kind is None:
        return match[0]
    if kind == "%":
        return "%%"
    name, form = match["name"], match["form"]
    if name is None:
        raise BadExpansion(
            f"badly formatted: {match[0]} names nothing; a percent sign is written %%"
        )
    kind = "d" if kind in _DECIMAL else kind
    if name in names.texts:
        if form or kind != "s":
            raise BadExpansion(f"{match[0]}: write %({name})s; another form has no counterpart")
        return names.texts[name]
    if name in names.filled:
        return escaped(match[0] % names.filled)
    if _OURS.fullmatch(form) and kind in ("s", "d"):
        return f"%({name}){form}{kind}"
    if name == "process_num":
        raise NeedsNumber
    if name in names.kept:
        return escaped(match[0] % names.kept)
    raise BadExpansion(f"{match[0]}: write %({name})s; another form has no counterpart")


def escaped(text: str) -> str:
    """Return a text that stands for itself in our language."""
    return text.replace("%", "%%")


def names_in(text: str) -> Collection[str]:
    """Return which names a text has, in either language."""
    return {match["name"] for match in _PIECE.finditer(text) if match["name"] is not None}
