"""What a process asks for: the output of `taskmaster.process.machine`, performed by the driver."""

from dataclasses import dataclass
from typing import TypeAlias

from taskmaster.config.model import Whom


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start its command on a new terminal; answered by `Spawned` or `SpawnFailed`."""


@dataclass(frozen=True, slots=True)
class SendSignal:
    """Signal it, or those who are left of its group where it is gone itself."""

    number: int
    whom: Whom


@dataclass(frozen=True, slots=True)
class TypeText:
    """Type something into its terminal."""

    text: str


Action: TypeAlias = Spawn | SendSignal | TypeText
