"""The candidate: the config that was read last, of which single groups and programs are taken over.

One for all clients, the control protocol's and supervisord's. What was read counts until the config
that counts is another one: after a `reload` nothing is left to take over.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from taskmaster.config.model import Config
from taskmaster.config.portions import (
    GroupChanges,
    by_group,
    compare_groups,
    describe_portion,
    meant,
    take_over,
    without,
)
from taskmaster.process.state import Process, State
from taskmaster.supervisor import Entry


class Configs(Protocol):
    """What the daemon does with configs."""

    @property
    def config(self) -> Config:
        """The one that counts."""
        ...

    def read_config(self, why: str) -> Config:
        """Read the file again.

        Raises:
            RequestError: it has errors.
        """
        ...

    def adopt(self, config: Config, why: str) -> tuple[str, ...]:
        """Apply a config; return what changed, a line each."""
        ...


class Unknown(Exception):
    """The name means nothing in that config."""


class AlreadyActive(Exception):
    """What it means is there already."""


class StillRunning(Exception):
    """Something of what it means is not down."""


class Candidate:
    """What was read and is not taken over, and how it is."""

    def __init__(self, configs: Configs, entries: Callable[[], Mapping[str, Entry]]) -> None:
        self._configs = configs
        self._entries = entries
        self._seen = self._known = configs.config

    @property
    def known(self) -> Config:
        """The config that was read last."""
        if self._seen is not self.active:
            self._seen = self._known = self.active
        return self._known

    @property
    def active(self) -> Config:
        """The config that counts."""
        return self._configs.config

    def read_again(self, why: str) -> GroupChanges:
        """Read the config and change nothing; return what would change, by group.

        Raises:
            RequestError: it has errors.
        """
        self._known = self._configs.read_config(why)
        self._seen = self.active
        return compare_groups(self.active, self._known)

    def add(self, name: str, why: str) -> None:
        """Take over a group or a program that was read.

        Raises:
            Unknown, AlreadyActive: there is none of that name; or it is there.
        """
        known, active = self.known, self.active
        chosen = meant(known, name)
        if not chosen:
            raise Unknown(name)
        if name in (by_group(active) if name in by_group(known) else active.programs):
            raise AlreadyActive(name)
        self._adopt(take_over(active, known, chosen), why)

    def remove(self, name: str, why: str) -> None:
        """Forget a group or a program of which nothing runs.

        Raises:
            Unknown, StillRunning: there is none of that name; or something of it runs.
        """
        chosen = meant(self.active, name)
        if not chosen:
            raise Unknown(name)
        members = [e for e in self._entries().values() if e.program.name in chosen]
        if not all(is_stopped(entry.process) for entry in members):
            raise StillRunning(name)
        self._adopt(without(self.active, chosen), why)

    def update(self, names: Sequence[str], why: str) -> tuple[str, ...]:
        """Make of these groups and programs what was read; return what changed, a line each.

        Each program is compared field by field, as by a reload of everything.

        Raises:
            Unknown: one of the names means nothing, and nothing was changed.
        """
        known, active = self.known, self.active
        chosen: set[str] = set()
        for name in names:
            programs = {*meant(known, name), *meant(active, name)}
            if not programs:
                raise Unknown(name)
            chosen |= programs
        self._adopt(take_over(active, known, chosen), why)
        return describe_portion(active, self.active)

    def _adopt(self, config: Config, why: str) -> None:
        known = self.known
        self._configs.adopt(config, why)
        # What was removed can be added again: it was read.
        self._seen, self._known = self.active, known


def is_stopped(process: Process) -> bool:
    """Whether its group may be removed."""
    return process.state in (State.STOPPED, State.EXITED, State.FATAL, State.UNKNOWN)
