"""Values to plain JSON data and back, by their types: what one core saves and the next one reads.

The next core may be of another version. A field that it does not know is passed over, one that it
misses has its default, and what cannot be read at all is `Unreadable`. Pure.
"""

import enum
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar

T = TypeVar("T")

_PLAIN: Final = (str, int, float, bool)


class Unreadable(Exception):
    """Saved data that is not what it should be."""


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any value that `from_plain` knows
    """Return what `json.dumps` takes for a value made of dataclasses, enums and collections."""
    if isinstance(value, enum.Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], data: Any) -> T:  # noqa: ANN401
    """Return the value of a type that the data stands for.

    Raises:
        Unreadable: it stands for none.
    """
    try:
        value: T = _read(kind, data)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as exc:
        raise Unreadable(f"no {getattr(kind, '__name__', kind)}: {exc}") from None
    return value


def _read(kind: Any, data: Any) -> Any:  # noqa: ANN401
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _read_one_of(arguments, data)
    if origin is tuple:
        if arguments[-1:] == (Ellipsis,):
            return tuple(_read(arguments[0], item) for item in _list(data))
        return tuple(_read(one, item) for one, item in zip(arguments, _list(data), strict=True))
    if origin is frozenset:
        return frozenset(_read(arguments[0], item) for item in _list(data))
    if origin in (Mapping, dict):
        return {key: _read(arguments[1], item) for key, item in data.items()}
    if kind in _PLAIN or kind is types.NoneType:
        return _read_plain(kind, data)
    if kind is bytes:
        return data.encode("latin-1")
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        known = {field.name: field for field in fields(kind)}
        missing = [
            name
            for name, field in known.items()
            if name not in data and field.default is MISSING and field.default_factory is MISSING
        ]
        if missing:
            raise Unreadable(f"{kind.__name__} without {', '.join(missing)}")
        return kind(**{k: _read(hints[k], item) for k, item in data.items() if k in known})
    return kind(data)  # an enum


def _read_one_of(kinds: tuple[Any, ...], data: Any) -> Any:  # noqa: ANN401
    for kind in kinds:
        try:
            return _read(kind, data)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError, Unreadable):
            continue
    raise Unreadable(f"nothing of {kinds}: {data!r:.80}")


def _read_plain(kind: type[Any], data: Any) -> Any:  # noqa: ANN401
    if kind is float and type(data) is int:
        return float(data)
    if type(data) is not kind:
        raise Unreadable(f"no {kind.__name__}: {data!r:.80}")
    return data


def _list(data: Any) -> list[Any]:  # noqa: ANN401
    if type(data) is not list:
        raise Unreadable(f"no list: {data!r:.80}")
    return data


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)
