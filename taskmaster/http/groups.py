"""supervisord's groups that come and go: what was read again, and one program at a time applied.

``reloadConfig`` reads the config and changes nothing; then ``addProcessGroup`` and
``removeProcessGroup`` take single programs over. After a `reload` by our own means, what was read
before it counts no more.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from taskmaster.config.diff import diff
from taskmaster.config.model import Config, Program
from taskmaster.http.faults import Fault, FaultCode
from taskmaster.http.processinfo import is_stopped
from taskmaster.protocol.messages import RequestError
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


class Groups:
    """The programs that are there, and those that could be."""

    def __init__(self, configs: Configs) -> None:
        self._configs = configs
        self._seen = self._known = configs.config

    @property
    def known(self) -> Mapping[str, Program]:
        """The programs that were read last."""
        if self._seen is not self._configs.config:
            self._seen = self._known = self._configs.config
        return self._known.programs

    @property
    def active(self) -> Mapping[str, Program]:
        """The programs that are there."""
        return self._configs.config.programs

    def read_again(self) -> list[list[list[str]]]:
        """Read the config; return ``[[added, changed, removed]]``.

        Raises:
            Fault: it has errors.
        """
        try:
            config = self._configs.read_config("reloadConfig")
        except RequestError as exc:
            raise Fault(FaultCode.CANT_REREAD, str(exc)) from None
        self._seen, self._known = self._configs.config, config
        changes = diff(self._seen, config)
        changed = [*changes.restarted, *changes.updated]
        return [[sorted(changes.added), sorted(changed), sorted(changes.removed)]]

    def add(self, name: str) -> None:
        """Take over a program that was read.

        Raises:
            Fault: it is there already, or there is none of that name.
        """
        known, active = self.known, self.active
        if name not in known:
            raise Fault(FaultCode.BAD_NAME, name)
        if name in active:
            raise Fault(FaultCode.ALREADY_ADDED, name)
        # In the order of the file, as a reload would have them.
        kept = {other: active[other] for other in active if other not in known}
        there = {
            other: known[other] if other == name else active[other]
            for other in known
            if other == name or other in active
        }
        self._adopt(kept | there, "addProcessGroup")

    def remove(self, name: str, entries: Mapping[str, Entry]) -> None:
        """Forget a program of which nothing runs.

        Raises:
            Fault: something does, or it is not there.
        """
        active = self.active
        if name not in active:
            raise Fault(FaultCode.BAD_NAME, name)
        members = [entry for entry in entries.values() if entry.program.name == name]
        if not all(is_stopped(entry.process) for entry in members):
            raise Fault(FaultCode.STILL_RUNNING, name)
        left = {other: program for other, program in active.items() if other != name}
        self._adopt(left, "removeProcessGroup")

    def _adopt(self, programs: Mapping[str, Program], why: str) -> None:
        known = self.known
        config = replace(self._configs.config, programs=MappingProxyType(dict(programs)))
        self._configs.adopt(config, why)
        # What was removed can be added again: it was read.
        self._seen, self._known = self._configs.config, replace(config, programs=known)
