"""Two configs to what has to happen between them. Pure; the table is DESIGN section 4, Reload."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from taskmaster.config.model import Config, Program, ReloadCost, Settings

KEYS: Final[Mapping[str, str]] = {
    "command": "cmd",
    "environment": "env",
    "socket_rights": "socket",
    "stderr_channel": "stderr, stderr_tty or events",
    "stdout_syslog": "stdout",
    "stderr_syslog": "stderr",
}
"""What the user calls a field, where that differs."""

_AT_NEXT_START: Final = ("socket", "pidfile", "user")


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs, program by program.

    Attributes:
        added: programs that are new; likewise `removed`, gone; in the order of their config.
        restarted: programs of which each process must be a new one.
        updated: programs that are governed otherwise from now on, or have other processes.
        unchanged: programs that nothing happens to.
        fields: the keys that changed, of the restarted and updated programs.
        settings: the keys of the section ``taskmaster:`` that changed.
        counts: numprocs before and after, where that changed.
        groups: those that are new, gone, or have other programs.
        alerts: the names of alerts that differ, and ``added``, ``removed`` or ``updated``.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    restarted: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    settings: tuple[str, ...]
    counts: Mapping[str, tuple[int, int]]
    groups: tuple[str, ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()


def diff(old: Config, new: Config) -> Changes:
    """Return what has to happen to go from one config to the other."""
    changed: dict[str, tuple[str, ...]] = {}
    restarted: list[str] = []
    updated: list[str] = []
    unchanged: list[str] = []
    counts: dict[str, tuple[int, int]] = {}
    for name, program in new.programs.items():
        before = old.programs.get(name)
        if before is None:
            continue
        differing = _differing(before, program)
        if not differing:
            unchanged.append(name)
            continue
        changed[name] = tuple(dict.fromkeys(KEYS.get(field, field) for field in differing))
        if before.numprocs != program.numprocs:
            counts[name] = (before.numprocs, program.numprocs)
        costs = {reload_cost(field) for field in differing}
        (restarted if ReloadCost.RESTART in costs else updated).append(name)
    return Changes(
        added=tuple(name for name in new.programs if name not in old.programs),
        removed=tuple(name for name in old.programs if name not in new.programs),
        restarted=tuple(restarted),
        updated=tuple(updated),
        unchanged=tuple(unchanged),
        fields=changed,
        settings=tuple(_differing(old.settings, new.settings)),
        counts=counts,
        groups=tuple(
            name
            for name in dict.fromkeys((*old.groups, *new.groups))
            if old.groups.get(name) != new.groups.get(name)
        ),
        alerts=tuple(_alerts(old, new)),
    )


def _alerts(old: Config, new: Config) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys((*old.alerts, *new.alerts)):
        before, after = old.alerts.get(name), new.alerts.get(name)
        if before != after:
            yield name, "added" if before is None else "removed" if after is None else "updated"


def reload_cost(field: str) -> ReloadCost:
    """Return what a change of this field of `Program` costs."""
    cost = next(item for item in fields(Program) if item.name == field).metadata["reload"]
    assert isinstance(cost, ReloadCost)
    return cost


def describe(changes: Changes) -> tuple[str, ...]:
    """Return a line for each change, as `reload` prints it and the event log keeps it."""
    lines = [f"{name}: removed" for name in changes.removed]
    for verb, names in (("restarted", changes.restarted), ("updated", changes.updated)):
        for name in names:
            keys = [_key(name, key, changes) for key in changes.fields[name]]
            lines.append(f"{name}: {verb} ({', '.join(keys)})")
    lines += [f"{name}: added" for name in changes.added]
    lines += [f"groups.{name}: changed" for name in changes.groups]
    for key in changes.settings:
        later = ", takes effect when the daemon is started again" if key in _AT_NEXT_START else ""
        lines.append(f"taskmaster.{key}: changed{later}")
    lines += [f"alerts.{name}: {verb}" for name, verb in changes.alerts]
    return tuple(lines)


def _key(name: str, key: str, changes: Changes) -> str:
    if key == "numprocs":
        before, after = changes.counts[name]
        return f"numprocs {before} to {after}"
    return key


def _differing(old: Program | Settings, new: Program | Settings) -> list[str]:
    return [f.name for f in fields(new) if getattr(old, f.name) != getattr(new, f.name)]
