"""What can happen to a process: the input of `taskmaster.process.machine`.

Orders come from people, from the start of the daemon and from a reload; the rest is reported by the
keeper, or by the one timer of the driver.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class StartOrdered:
    """Somebody wants it up."""


@dataclass(frozen=True, slots=True)
class StopOrdered:
    """Somebody wants it down, and to stay down."""


@dataclass(frozen=True, slots=True)
class RestartOrdered:
    """Somebody wants it to be a new process; also what a reload asks for."""


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """A reload changed what governs it in place; deadlines are to be computed anew."""


@dataclass(frozen=True, slots=True)
class Spawned:
    """The child has become its command.

    Attributes:
        at: when, on the monotonic clock.
    """

    pid: int
    at: float


@dataclass(frozen=True, slots=True)
class SpawnFailed:
    """The command could not be started.

    Attributes:
        reason: which step failed on what, as `cannot start: /usr/bin/nope: no such file`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Ready:
    """What its config calls ready stands on its screen."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """A process that is still there though the one that it stems from is gone.

    Attributes:
        command: its words, for people.
        in_group: it is in the process group of the one that is gone.
        in_session: it is in the session of that one; others took one of their own, as daemons do.
    """

    pid: int
    command: str
    in_group: bool
    in_session: bool


@dataclass(frozen=True, slots=True)
class Exited:
    """The process is gone and reaped.

    Attributes:
        code: 0 to 255, or minus the number of the signal that ended it.
        at: when it was reaped, on the monotonic clock. It counts, not the time of hearing of it:
            deciding by the latter is supervisord's false RUNNING (facts/supervisor.md, 0.2).
        survivors: whom it leaves behind; looked up only where it was being stopped.
        out_of_memory: the kernel has killed somebody for memory, and this one ended by a SIGKILL.
    """

    code: int
    at: float
    core_dumped: bool = False
    cpu_seconds: float = 0.0
    survivors: tuple[Survivor, ...] = ()
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True)
class SurvivorsSeen:
    """Who is left, looked up anew while it is waited for them to go."""

    survivors: tuple[Survivor, ...]


@dataclass(frozen=True, slots=True)
class SignalFailed:
    """It could not be signalled, and not because it was gone: it changed its user, say (EPERM)."""

    errno: int


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """The time in its `deadline` has come."""


Event: TypeAlias = (
    StartOrdered
    | StopOrdered
    | RestartOrdered
    | PolicyChanged
    | Spawned
    | SpawnFailed
    | Ready
    | Exited
    | SurvivorsSeen
    | SignalFailed
    | DeadlineReached
)
