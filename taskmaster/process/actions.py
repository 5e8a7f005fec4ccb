"""What a process asks for: the output of `taskmaster.process.machine`, performed by the driver."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start its command on a new terminal; answered by `Spawned` or `SpawnFailed`."""


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Signal it, or with `group` its process group."""

    number: int
    group: bool


Action: TypeAlias = Spawn | SendSignal
