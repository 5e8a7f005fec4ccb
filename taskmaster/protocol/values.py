"""Frozen values from annotations, as dataclasses are, without the price of dataclasses.

Importing `dataclasses` brings `inspect` along, and making some thirty classes with it compiles as
many functions: together a good half of what a one-shot command took. Here a class is its table of
fields, and one `__init__` serves all of them. Nothing beyond what the protocol needs.
"""

from typing import Any, ClassVar, NoReturn, dataclass_transform, get_origin


@dataclass_transform(frozen_default=True, kw_only_default=False)
class Value:
    """The base of every message: fields are the annotations, in order, perhaps with defaults.

    Attributes:
        FIELDS: the declared type of each field, by name.
    """

    FIELDS: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        # A class's own annotations, never those of its base, from Python 3.10 on; in its __dict__
        # they are no more from 3.14 on (PEP 649).
        declared: dict[str, Any] = cls.__annotations__
        cls.FIELDS = {n: kind for n, kind in declared.items() if get_origin(kind) is not ClassVar}
        cls.__match_args__ = tuple(cls.FIELDS)  # type: ignore[attr-defined, misc]

    def __init__(self, *positional: Any, **named: Any) -> None:  # noqa: ANN401
        """Take the fields.

        Raises:
            TypeError: one is missing, unknown or given twice.
        """
        kind = type(self)
        given = dict(zip(kind.FIELDS, positional, strict=False))
        if len(positional) > len(kind.FIELDS) or not given.keys().isdisjoint(named):
            raise TypeError(f"{kind.__name__}: too many values")
        given |= named
        for name in kind.FIELDS:
            if name not in given and not hasattr(kind, name):
                raise TypeError(f"{kind.__name__}: no value for {name}")
        if not given.keys() <= kind.FIELDS.keys():
            raise TypeError(f"{kind.__name__}: unknown {', '.join(given.keys() - kind.FIELDS)}")
        vars(self).update({n: given[n] if n in given else getattr(kind, n) for n in kind.FIELDS})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is a value; {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), tuple(vars(self).values())))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({shown})"
