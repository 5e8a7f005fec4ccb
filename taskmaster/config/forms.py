"""What a value may look like, as JSON Schema (draft-07) says it. Pure.

A form belongs to a reader (``readers.Reader``) and is as strict as a schema can be, but never
refuses what the reader takes: an editor that marks what is right is worse than none. A schema sees
`022` as a number and `"022"` as a text, where a reader sees the text that was written: so a form
takes both. ``title`` says in words what is expected; editors and the reference show it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from taskmaster.config import values

Json: TypeAlias = "str | int | float | bool | None | Sequence[Json] | Mapping[str, Json]"
Form: TypeAlias = Mapping[str, Json]

MERGE: Final = "<<"
"""The key that merges another mapping. Some editors resolve it and some do not."""

ANY: Final[Form] = {}
SCALAR: Final = ("string", "number", "boolean")
TEXT: Final[Form] = {"title": "a text", "type": SCALAR}
FILLED: Final[Form] = {"title": "a text", "type": SCALAR, "minLength": 1}
PATH: Final[Form] = {"title": "a path", "type": SCALAR, "minLength": 1}


def text(title: str, pattern: str) -> Form:
    """Return the form of a text of which all matches a pattern; numbers are texts too."""
    return {**text_only(title, pattern), "type": SCALAR}


def text_only(title: str, pattern: str) -> Form:
    """Return the form of a text of which all matches a pattern, as no number does."""
    return {"title": title, "type": "string", "pattern": f"^(?:{pattern})$"}


def whole(least: int, most: int) -> Form:
    """Return the form of a whole number within bounds."""
    return {
        "title": f"a whole number from {least} to {most}",
        "type": ("integer", "string"),
        "minimum": least,
        "maximum": most,
        "pattern": f"^{values.WHOLE}$",
    }


def words(*choices: str) -> Form:
    """Return the form of one of some words, in capitals or not."""
    return {
        "title": _listed(choices),
        "anyOf": ({"enum": choices}, {"type": "string", "pattern": any_case(choices)}),
    }


def any_case(choices: Iterable[str]) -> str:
    """Return the pattern of some words, in capitals or not; JavaScript has no flag within one."""
    return f"^(?:{'|'.join(''.join(map(_both_cases, word)) for word in choices)})$"


def _both_cases(char: str) -> str:
    if char.isalpha():
        return f"[{char.upper()}{char.lower()}]"
    return f"\\{char}" if char in ".+" else char


def _listed(choices: Sequence[str]) -> str:
    return " or ".join((", ".join(choices[:-1]), choices[-1])) if len(choices) > 1 else choices[0]


BOOLEAN: Final[Form] = {
    "title": "true or false",
    "type": ("boolean", "integer", "string"),
    "minimum": 0,
    "maximum": 1,
    "pattern": any_case((*sorted(values.TRUE), *sorted(values.FALSE))),
}
_ON: Final[Form] = {
    "anyOf": (
        {"enum": (True, 1)},
        {"type": "string", "pattern": any_case(sorted(values.TRUE))},
    )
}
SECONDS: Final[Form] = {
    "title": "a duration in seconds, or such as 1m30s",
    "type": ("number", "string"),
    "minimum": 0,
    "maximum": values.MAX_SECONDS,
    "pattern": f"^(?:{values.DURATION})$",
}
SIGNAL: Final[Form] = {
    "title": "the name or number of a signal",
    "anyOf": (
        {"enum": values.SIGNALS},
        {"type": "string", "pattern": any_case(f"SIG{name}" for name in values.SIGNALS)},
        {"type": "string", "pattern": any_case(values.SIGNALS)},
        {"type": ("integer", "string"), "minimum": 1, "maximum": 64, "pattern": "^[0-9]{1,3}$"},
    ),
}


def octal(title: str) -> Form:
    """Return the form of a file mode or a mask: digits that editors take for decimal ones."""
    return {
        "title": title,
        "type": ("integer", "string"),
        "minimum": 0,
        "maximum": 777,
        "pattern": f"^{values.OCTAL}$",
    }


def byte_size(least: int, most: int) -> Form:
    """Return the form of a size within bounds, in bytes."""
    return {
        "title": "a size in bytes, such as 50MB or 256KiB",
        "type": ("integer", "string"),
        "minimum": least,
        "maximum": most,
        "pattern": rf"^\s*{values.SIZE}\s*$",
    }


def any_of(title: str, *forms: Form) -> Form:
    """Return the form of what has one of these."""
    return {"title": title, "anyOf": forms}


def one_or_list(form: Form, least: int = 0) -> Form:
    """Return the form of one value, or a list of at least so many."""
    items: dict[str, Json] = {"type": "array", "items": form}
    if least:
        items["minItems"] = least
    return {"title": f"{form['title']}, or a list of those", "anyOf": (form, items)}


def mapping(properties: Mapping[str, Form], *rules: Form) -> Form:
    """Return the form of keys and values, of which no others are known.

    Args:
        properties: the form of each value.
        rules: what has to go together.
    """
    form: dict[str, Json] = {
        "type": "object",
        "properties": {**properties, MERGE: ANY},
        "patternProperties": {"^x-": ANY},
        "additionalProperties": False,
    }
    return {**form, "allOf": rules} if rules else form


def named(value: Form, name: str) -> Form:
    """Return the form of values by names, each of which matches a pattern."""
    return {
        "type": "object",
        "propertyNames": {"pattern": rf"^(?:x-[\s\S]*|{MERGE}|{name})$"},
        "properties": {MERGE: ANY},
        "patternProperties": {"^x-": ANY},
        "additionalProperties": value,
    }


def or_nothing(form: Form) -> Form:
    """Return the form of a section, of which nothing may be written but its name."""
    return {"anyOf": (form, {"type": "null"})}


# --- rules -----------------------------------------------------------------------------------


def needs(*names: str) -> Form:
    """Return the rule that all these keys are there, or may come from a mapping that is merged."""
    return {"anyOf": ({"required": names}, {"required": (MERGE,)})}


def one_of(*names: str) -> Form:
    """Return the rule that exactly one of these keys is there."""
    exactly = {"oneOf": tuple({"required": (name,)} for name in names)}
    return {"anyOf": (exactly, {"required": (MERGE,)})}


def at_least_one(*names: str) -> Form:
    """Return the rule that one of these keys is there."""
    return {"anyOf": tuple({"required": (name,)} for name in (*names, MERGE))}


def at_most_one(*names: str) -> Form:
    """Return the rule that not two of these keys are there."""
    pairs = [(a, b) for a in names for b in names if a < b]
    return {"not": {"anyOf": tuple({"required": pair} for pair in pairs)}}


def beside(key: str, *others: str) -> Form:
    """Return the rule that a key means nothing without one of these."""
    return {"dependencies": {key: at_least_one(*others)}}


def beside_true(key: str, *others: str) -> Form:
    """Return the rule that a switch which is on means nothing without one of these."""
    is_on: Form = {"required": (key,), "properties": {key: _ON}}
    return {"if": is_on, "then": at_least_one(*others)}


def never_true(key: str, beside: str) -> Form:
    """Return the rule that a switch is not on beside a key."""
    is_on: Form = {"required": (key, beside), "properties": {key: _ON}}
    return {"not": is_on}


def instead(key: str, others: Iterable[str]) -> Form:
    """Return the rule that a key stands in the place of these."""
    given = tuple({"required": (name,)} for name in others)
    return {"dependencies": {key: {"not": {"anyOf": given}}}}
