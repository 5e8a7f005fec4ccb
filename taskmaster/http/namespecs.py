"""What supervisord's users call a process, and which one they mean. Pure.

A program is a group of its own. Its process has the group's name where it is the only one, and is
``PROGRAM_INDEX`` otherwise. In arguments ``GROUP:NAME`` is taken, ``GROUP:*`` and ``GROUP:`` for
all of a group, a name alone where it is both, and our own ``PROGRAM:INDEX``.
"""

from collections.abc import Mapping

from taskmaster.http.faults import Fault, FaultCode
from taskmaster.supervisor import Entry


def short_name(entry: Entry) -> str:
    """Return the name of a process inside its group."""
    program = entry.program
    return program.name if program.numprocs == 1 else f"{program.name}_{entry.index}"


def by_group(entries: Mapping[str, Entry]) -> list[Entry]:
    """Return the processes by group and name, both as texts."""
    return sorted(entries.values(), key=lambda entry: (entry.program.name, short_name(entry)))


def by_priority(entries: Mapping[str, Entry]) -> list[Entry]:
    """Return the processes in the order in which they are started."""
    return sorted(
        entries.values(),
        key=lambda entry: (entry.program.priority, entry.program.name, entry.index),
    )


def group_of(entries: Mapping[str, Entry], name: str) -> list[Entry]:
    """Return the processes of a group, in the order in which they are started.

    Raises:
        Fault: there is no such group.
    """
    members = [entry for entry in by_priority(entries) if entry.program.name == name]
    if not members:
        raise Fault(FaultCode.BAD_NAME, name)
    return members


def find(entries: Mapping[str, Entry], name: str) -> Entry | list[Entry]:
    """Return the process of that name; a list where the name means all of a group.

    Raises:
        Fault: it means nothing.
    """
    group, colon, process = name.partition(":")
    if colon and process in ("", "*"):
        try:
            return group_of(entries, group)
        except Fault:
            raise Fault(FaultCode.BAD_NAME, name) from None
    if colon and (ours := entries.get(name)) is not None:
        return ours
    wanted = process if colon else group
    # Its place in the group says it; only where it has none are all looked through.
    index = wanted.removeprefix(f"{group}_")
    candidate = entries.get(f"{group}:{0 if wanted == group else index}")
    if candidate is not None and short_name(candidate) == wanted:
        return candidate
    raise Fault(FaultCode.BAD_NAME, name)


def find_one(entries: Mapping[str, Entry], name: str) -> Entry:
    """Return the process of that name.

    Raises:
        Fault: it means nothing, or a group.
    """
    found = find(entries, name)
    if isinstance(found, list):
        raise Fault(FaultCode.BAD_NAME, name)
    return found
