"""What supervisord's users call a process, and which one they mean. Pure.

A program that no group names is a group of its own; `Config.group_of` says which group one is in.
In its group a process has the name of its program where it is the only one, and is
``PROGRAM_INDEX`` otherwise. In arguments ``GROUP:NAME`` is taken, ``GROUP:*`` and ``GROUP:`` for
all of a group, a name alone where it is both, and our own ``PROGRAM:INDEX``. What a program was
called before it came into a group is taken too, which supervisord would not: a group cannot have a
program's name, so it can mean nothing else.
"""

from collections.abc import Iterable, Mapping

from taskmaster.config.model import Config
from taskmaster.config.portions import group_priority
from taskmaster.http.faults import Fault, FaultCode
from taskmaster.supervisor import Entry, Supervisor


class Names:
    """The names of the processes that are there, by the config as it is now."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._entries: Mapping[str, Entry] = supervisor.entries
        self._config: Config = supervisor.config

    def group(self, entry: Entry) -> str:
        """Return the group of a process."""
        return self._config.group_of(entry.program.name)

    def namespec(self, entry: Entry) -> str:
        """Return the name of a process with its group, where they differ."""
        name, group = entry.short_name, self.group(entry)
        return name if name == group else f"{group}:{name}"

    def by_group(self) -> list[Entry]:
        """Return the processes by group and name, both as texts."""
        entries = self._entries.values()
        return sorted(entries, key=lambda entry: (self.group(entry), entry.short_name))

    def by_priority(self) -> list[Entry]:
        """Return the processes by the priorities and names of their groups, then by their own."""
        return self._by_priority(self._entries.values())

    def members(self, name: str) -> list[Entry]:
        """Return the processes of a group, by priority.

        Raises:
            Fault: there is no such group.
        """
        programs = self._programs(name)
        found = [entry for entry in self._entries.values() if entry.program.name in programs]
        if not found:
            raise Fault(FaultCode.BAD_NAME, name)
        return self._by_priority(found)

    def find(self, name: str) -> Entry | list[Entry]:
        """Return the process of that name; a list where the name means all of a group.

        Raises:
            Fault: it means nothing.
        """
        group, colon, process = name.partition(":")
        if colon and process in ("", "*"):
            try:
                return self.members(group)
            except Fault:
                raise Fault(FaultCode.BAD_NAME, name) from None
        if colon and (ours := self._entries.get(name)) is not None:
            return ours
        wanted = process if colon else group
        for program in self._programs(group):
            # Its place in the program says it; only where it has none are all looked through.
            index = wanted.removeprefix(f"{program}_")
            candidate = self._entries.get(f"{program}:{0 if wanted == program else index}")
            if candidate is not None and candidate.short_name == wanted:
                return candidate
        raise Fault(FaultCode.BAD_NAME, name)

    def find_one(self, name: str) -> Entry:
        """Return the process of that name.

        Raises:
            Fault: it means nothing, or a group.
        """
        found = self.find(name)
        if isinstance(found, list):
            raise Fault(FaultCode.BAD_NAME, name)
        return found

    def _programs(self, group: str) -> tuple[str, ...]:
        """Return the programs of a group, or the one that was a group of that name by itself."""
        members = self._config.groups.get(group)
        if members is None:
            return (group,)
        return tuple(name for name in members if self._config.group_of(name) == group)

    def _by_priority(self, entries: Iterable[Entry]) -> list[Entry]:
        def key(entry: Entry) -> tuple[int, str, int, str, int]:
            group, program = self.group(entry), entry.program
            priority = group_priority(self._config, group)
            return priority, group, program.priority, program.name, entry.index

        return sorted(entries, key=key)
