"""A config by its groups, and one that takes only a part of another one over. Pure.

A group as supervisord has it: programs that come, go and are told of together. A program that no
group of ours names is a group of its own; of several that name it the first is its group
(`Config.group_of`).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from taskmaster.config.diff import describe, diff
from taskmaster.config.model import Config, Program

DEFAULT_PRIORITY: Final = 999
"""Of a group: ours have no `priority:`, and supervisord's default is that."""


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """How the groups of two configs differ, by name, in supervisord's order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def by_group(config: Config) -> dict[str, tuple[Program, ...]]:
    """Return the programs of each group, in the order of the groups' priorities and names.

    Inside a group they are in the order in which it names them.
    """
    found: dict[str, list[Program]] = {}
    named = (name for members in config.groups.values() for name in members)
    for name in dict.fromkeys((*named, *config.programs)):
        if name in config.programs:
            found.setdefault(config.group_of(name), []).append(config.programs[name])
    names = sorted(found, key=lambda name: (group_priority(config, name), name))
    return {name: tuple(found[name]) for name in names}


def group_priority(config: Config, group: str) -> int:
    """Return the priority of a group: that of its program where it is one's own."""
    program = config.programs.get(group)
    return DEFAULT_PRIORITY if program is None else program.priority


def compare_groups(old: Config, new: Config) -> GroupChanges:
    """Return which groups come, go, or have other programs or programs that differ."""
    before, after = by_group(old), by_group(new)
    return GroupChanges(
        added=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
        removed=tuple(name for name in before if name not in after),
    )


def meant(config: Config, name: str) -> tuple[str, ...]:
    """Return the programs that a name means, of a group or of a program; none: it means nothing."""
    if name in config.programs:
        return (name,)
    members = [program for program in config.groups.get(name, ()) if program in config.programs]
    at_home = tuple(program for program in members if config.group_of(program) == name)
    return at_home or tuple(members)


def take_over(active: Config, known: Config, chosen: Collection[str]) -> Config:
    """Return `active` with the chosen programs as `known` has them, and nothing else touched.

    That is whether they are there, how, and in which groups: a program is there once, and where
    it is in another group now it leaves the one that it was in.
    """
    programs = {
        name: source.programs[name]
        for name in dict.fromkeys((*known.programs, *active.programs))
        if name in (source := known if name in chosen else active).programs
    }
    groups: dict[str, tuple[str, ...]] = {}
    for group in dict.fromkeys((*known.groups, *active.groups)):
        there, then = active.groups.get(group, ()), known.groups.get(group, ())
        members = tuple(
            name
            for name in dict.fromkeys((*then, *there))
            if name in programs and name in (then if name in chosen else there)
        )
        if members:
            groups[group] = members
    return replace(active, programs=MappingProxyType(programs), groups=MappingProxyType(groups))


def without(active: Config, chosen: Collection[str]) -> Config:
    """Return `active` without the chosen programs."""
    return take_over(active, replace(active, programs={}, groups={}), chosen)


def describe_portion(old: Config, new: Config) -> tuple[str, ...]:
    """Return a line for each change: of groups in supervisorctl's words, of programs in ours."""
    groups, changes = compare_groups(old, new), diff(old, new)
    lines = [f"{name}: removed process group" for name in groups.removed]
    lines += [f"{name}: updated process group" for name in groups.changed]
    inside = replace(
        changes,
        added=tuple(p for p in changes.added if new.group_of(p) not in groups.added),
        removed=tuple(p for p in changes.removed if old.group_of(p) not in groups.removed),
        groups=(),
    )
    lines += describe(inside)
    return (*lines, *(f"{name}: added process group" for name in groups.added))
