"""A key: how its value is read, what it is for, and what editors and the reference say of it. Pure.

A mapping of keys is the one definition of a part of the config: `read_keys` reads by it, `form_of`
makes the JSON Schema of it, and the reference in ``docs`` lists it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from taskmaster.config import forms, readers
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node
from taskmaster.config.forms import Form, Json
from taskmaster.config.hints import unknown_key_hint
from taskmaster.config.readers import Bad, Fault, Reader, Surroundings, unexpected


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        read: reads its value; knows its form too.
        meaning: what it is for, in a line.
        default: what counts where it is not given, as one would write it; None where that cannot be
            written.
        example: of a value, where the default shows none.
    """

    read: Reader[Any]
    meaning: str
    default: Json = None
    example: Json = None

    @property
    def form(self) -> Form:
        """What editors are told of it."""
        said: dict[str, Json] = {"description": self.meaning}
        if self.default is not None:
            said["default"] = self.default
        if self.example is not None:
            said["examples"] = (self.example,)
        return {**said, **self.read.form}


Keys: TypeAlias = Mapping[str, Key]


def form_of(keys: Keys, *rules: Form) -> Form:
    """Return the form of a mapping of these keys, with the rules of what goes together."""
    return forms.mapping({name: key.form for name, key in keys.items()}, *rules)


def read_keys(node: Node, path: str, keys: Keys, around: Surroundings) -> dict[str, Any]:
    """Return the value of each key that could be read; problems gather in `around`."""
    found: dict[str, Any] = {}
    if not isinstance(node, MappingNode):
        around.error(node.place, path, f"expected keys and values, got {readers.shown(node)}")
        return found
    for name, value in node.items:
        if name.text.startswith("x-"):
            continue
        key = keys.get(name.text)
        where = f"{path}.{name.text}"
        if key is None:
            around.error(name.place, where, "unknown key", unknown_key_hint(name.text, keys))
            continue
        try:
            found[name.text] = key.read(value, around)
        except Bad as exc:
            for fault in exc.faults:
                around.error(fault.place, where, fault.message, fault.hint)
    return found


def keyed(
    node: MappingNode, keys: Keys, around: Surroundings
) -> tuple[dict[str, Any], list[Fault]]:
    """Return what is read of each key of a value that has keys of its own, and what is wrong."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in node.items:
        if name.text.startswith("x-"):
            continue
        key = keys.get(name.text)
        if key is None:
            hint = unknown_key_hint(name.text, keys)
            faults.append(Fault(name.place, f"unknown key {name.text!r}", hint))
            continue
        try:
            found[name.text] = key.read(value, around)
        except Bad as exc:
            faults += exc.faults
    return found, faults


def read_small(node: Node, keys: Keys, around: Surroundings, expected: str) -> dict[str, Any]:
    """Return what each key of a small mapping holds, which is the value of a key itself.

    Raises:
        Bad: with every fault in it.
    """
    if not isinstance(node, MappingNode):
        raise unexpected(node, expected)
    found, faults = keyed(node, keys, around)
    if faults:
        raise Bad(*faults)
    return found
