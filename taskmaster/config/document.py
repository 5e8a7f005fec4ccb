"""YAML text to nodes with their places: the only module that knows PyYAML.

Scalars are kept as the text that was written. YAML 1.1 would make 18 of ``022``, true of ``yes``,
and 90 of ``1:30``; what a text means is decided by the key that it belongs to, in ``schema``. Two
equal keys in one mapping, which PyYAML lets pass, are an error, and merge keys are resolved.
"""

import contextlib
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

import yaml

from taskmaster.config.errors import ConfigRejected, Place, Problem
from taskmaster.config.notyaml import Complaint, Finding, Spot, explain, find_ini

MAX_DEPTH: Final = 20
"""Deeper than any config; PyYAML's composer would end in a RecursionError some hundreds further."""

MAX_NODES: Final = 500_000
"""A few lines of aliases of aliases make as many values as one likes."""

MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL_TAG: Final = "tag:yaml.org,2002:null"
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it was written; `is_null` where it is nothing (empty or ``~``, not quoted)."""

    place: Place
    text: str
    is_null: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the text; each key with its own place."""

    place: Place
    items: tuple[tuple[Text, "Node"], ...]


Node: TypeAlias = Text | Sequence | Mapping


def parse(text: str, file: str, problems: list[Problem]) -> Node:
    """Return the one document of a text.

    Args:
        text: YAML.
        file: where it comes from, for the places.
        problems: what is wrong but does not end the reading is added here: equal keys, keys that
            are no text, merges of what is no mapping, aliases that contain themselves.

    Raises:
        ConfigRejected: it is no YAML, nested too deeply, or grows too large through its aliases.
    """
    reader = _Reader(text, file, problems)
    try:
        # The depth is checked on the events: composing is recursive in PyYAML.
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                reader.refuse(event, f"nested more than {MAX_DEPTH} deep")
        root = yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, ValueError) as exc:
        finding = find_ini(text) or _explain(exc, text)
        raise ConfigRejected((reader.problem(finding),)) from None
    ini = None if root is None or isinstance(root, yaml.MappingNode) else find_ini(text)
    if ini is not None:
        raise ConfigRejected((reader.problem(ini),))
    if root is None:
        return Mapping(Place(file), ())
    return reader.read(root, ())


def _explain(exc: Exception, text: str) -> Finding:
    if not isinstance(exc, yaml.MarkedYAMLError):
        return Finding(" ".join(str(exc).split()), "", None)
    complaint = Complaint(
        exc.context or "", _spot(exc.context_mark), exc.problem or "", _spot(exc.problem_mark)
    )
    return explain(complaint, text, _last_long_quote(text))


def _spot(mark: Any) -> Spot | None:  # noqa: ANN401 - PyYAML has a Mark for each loader
    return None if mark is None else Spot(mark.line, mark.column)


def _last_long_quote(text: str) -> tuple[Spot, Spot] | None:
    """Return where the last quoted text that goes over several lines begins and ends."""
    last = None
    with contextlib.suppress(yaml.YAMLError, ValueError):  # as far as it goes
        for token in yaml.scan(text, Loader=_LOADER):
            start, end = token.start_mark, token.end_mark
            is_quoted = isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')
            if is_quoted and end.line > start.line:
                last = Spot(start.line, start.column), Spot(end.line, end.column)
    return last


class _Reader:
    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self.problems = problems
        self._nodes = 0
        self._file = file
        self._lines = text.splitlines()

    def place(self, mark: Any) -> Place:  # noqa: ANN401
        return self._place(_spot(mark))

    def _place(self, spot: Spot | None) -> Place:
        if spot is None:
            return Place(self._file)
        source = self._lines[spot.line] if spot.line < len(self._lines) else ""
        return Place(self._file, spot.line + 1, spot.column + 1, source[:400])

    def problem(self, finding: Finding) -> Problem:
        return Problem(self._place(finding.spot), "", finding.message, finding.hint)

    def refuse(self, where: yaml.Event | yaml.Node, message: str) -> NoReturn:
        problem = Problem(self.place(where.start_mark), "", message)
        raise ConfigRejected((problem,))

    def read(self, node: yaml.Node, above: tuple[yaml.Node, ...]) -> Node:
        place = self.place(node.start_mark)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self.refuse(node, f"more than {MAX_NODES} values, aliases counted as what they name")
        if any(node is ancestor for ancestor in above):
            self.problems.append(Problem(place, "", "an alias that contains itself"))
            return Text(place, "", is_null=True)
        above = (*above, node)
        if isinstance(node, yaml.SequenceNode):
            return Sequence(place, tuple(self.read(item, above) for item in node.value))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, above)
        is_null = node.tag == _NULL_TAG
        return Text(place, node.value, is_null)

    def _mapping(
        self, node: yaml.MappingNode, place: Place, above: tuple[yaml.Node, ...]
    ) -> Mapping:
        own: dict[str, tuple[Text, Node]] = {}
        merged: dict[str, tuple[Text, Node]] = {}
        for key, value in node.value:
            key_place = self.place(key.start_mark)
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem(key_place, "", "a key must be a plain text"))
                continue
            if key.tag == _MERGE_TAG:
                for merged_name, pair in self._merge(self.read(value, above)).items():
                    merged.setdefault(merged_name, pair)
                continue
            if key.value in own:
                first = own[key.value][0].place
                message = f"the key {key.value!r} is here a second time"
                hint = f"first in line {first.line}"
                self.problems.append(Problem(key_place, "", message, hint))
                continue
            name = Text(key_place, key.value, is_null=False)
            own[key.value] = (name, self.read(value, above))
        return Mapping(
            place, tuple((own | {k: v for k, v in merged.items() if k not in own}).values())
        )

    def _merge(self, source: Node) -> dict[str, tuple[Text, Node]]:
        sources = source.items if isinstance(source, Sequence) else (source,)
        merged: dict[str, tuple[Text, Node]] = {}
        for item in sources:
            if not isinstance(item, Mapping):
                message = "<< merges a mapping, or a list of mappings"
                self.problems.append(Problem(item.place, "", message))
                continue
            for key, value in item.items:
                merged.setdefault(key.text, (key, value))
        return merged
