"""Whether each field of a message has its type: the other side may be another version, or broken.

Checked where a message is decoded, at a cost of some 2 us a spawn. The imports are few, as in
`keeper`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

IsRight: TypeAlias = Callable[[object], bool]

_HIGHEST: Final = (1 << 63) - 1
"""No number that either side sends comes near it."""


def checks(kind: Any) -> tuple[IsRight, ...]:  # noqa: ANN401 - a class of NamedTuples
    """Return for each field of a message's class, in order, what tells that a value is right."""
    return tuple(_BY_TYPE[kind.__annotations__[name]] for name in kind._fields)


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_number(value: object) -> bool:
    return type(value) is int and -_HIGHEST <= value <= _HIGHEST


def _is_time(value: object) -> bool:
    return type(value) in (int, float)


def _or_none(is_right: IsRight) -> IsRight:
    return lambda value: value is None or is_right(value)


def _list_of(is_right: IsRight) -> IsRight:
    return lambda value: isinstance(value, list) and all(map(is_right, value))


def _names_of(is_right: IsRight) -> IsRight:
    return lambda value: isinstance(value, dict) and all(map(is_right, value.values()))


_BY_TYPE: Final[Mapping[object, IsRight]] = {
    str: _is_text,
    int: _is_number,
    float: _is_time,
    str | None: _or_none(_is_text),
    int | None: _or_none(_is_number),
    list[str]: _list_of(_is_text),
    list[int]: _list_of(_is_number),
    Mapping[str, str]: _names_of(_is_text),
    Mapping[str, str | None]: _names_of(_or_none(_is_text)),
}
