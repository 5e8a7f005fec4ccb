"""The section ``groups:``: names under which commands find several programs together. Pure.

A group decides nothing about its programs; it is a word for them. As in supervisord a program is a
group of its own, so a group cannot have a program's name. A program may be in several groups here;
to supervisord's clients it is in the first (`Config.group_of`), of which we warn where there may be
any.
"""

from collections.abc import Collection, Mapping
from typing import Final

from taskmaster.config import forms, readers
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.hints import did_you_mean
from taskmaster.config.schema import PROGRAM_NAME, wrong_name

_MEMBERS: Final[forms.Form] = {
    "title": "a list of programs",
    "type": "array",
    "items": forms.FILLED,
    "minItems": 1,
    "uniqueItems": True,
}
FORM: Final = forms.named(_MEMBERS, PROGRAM_NAME)
"""Of the whole section."""


def read_groups(
    node: Node | None,
    programs: Collection[str],
    around: readers.Surroundings,
    *,
    warn: bool = False,
) -> dict[str, tuple[str, ...]]:
    """Return the programs of each group by its name; problems gather in `around`.

    With `warn` a program that is in two groups is one: supervisord's clients are served.
    """
    groups: dict[str, tuple[str, ...]] = {}
    homes: dict[str, str] = {}
    if node is None or (isinstance(node, Text) and node.is_null):
        return groups
    if not isinstance(node, MappingNode):
        around.error(node.place, "groups", f"expected groups by name, got {readers.shown(node)}")
        return groups
    for name, body in node.items:
        if name.text.startswith("x-"):
            continue
        key = f"groups.{name.text}"
        if wrong := wrong_name(name.text):
            around.error(name.place, key, wrong.replace("a program", "a group"))
        elif name.text in programs:
            message = "there is a program of that name, which is a group of its own"
            around.error(name.place, key, message, "call it something else")
        groups[name.text] = _members(body, key, programs, homes if warn else {}, around)
        homes = dict.fromkeys(groups[name.text], name.text) | homes
    return groups


def _members(
    body: Node,
    key: str,
    programs: Collection[str],
    homes: Mapping[str, str],
    around: readers.Surroundings,
) -> tuple[str, ...]:
    if not isinstance(body, Sequence) or not body.items:
        message = f"expected a list of programs, got {readers.shown(body)}"
        around.error(body.place, key, message)
        return ()
    members: dict[str, None] = {}
    for item in body.items:
        if not isinstance(item, Text):
            message = f"expected the name of a program, got {readers.shown(item)}"
            around.error(item.place, key, message)
        elif item.text not in programs:
            hint = did_you_mean(item.text, programs)
            around.error(item.place, key, f"there is no program {item.text!r}", hint)
        elif item.text in members:
            around.error(item.place, key, f"{item.text} is in it already")
        else:
            members[item.text] = None
            if home := homes.get(item.text):
                message = f"{item.text} is in the group {home} too"
                hint = f"supervisord's clients (http:) find it there, as {home}:{item.text}, only"
                around.warn(item.place, key, message, hint)
    return tuple(members)
