"""What is known of one process: its state, and what stands beside it. Values only."""

import enum
from dataclasses import dataclass

from taskmaster.process.events import Survivor


class State(enum.Enum):
    """supervisord's states, under its names."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"

    @property
    def is_down(self) -> bool:
        """Whether no process is there and none will come by itself, but for a paced restart."""
        return self in (State.STOPPED, State.EXITED, State.FATAL)


class Target(enum.Enum):
    """What was last ordered."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Process:
    """One process: everything that the rules know of it.

    Attributes:
        since: when it entered the state; monotonic seconds, as all times here.
        pid: None where there is none, and until the keeper has answered a spawn.
        spawned_at: when the present or the last process became its command.
        ended_at: when the last process that was one ended.
        deadline: when `DeadlineReached` is due, or None.
        failures: failed starts in a row (with ``starttime: 0``: short lives in a row).
        reason: why it is not up, for people; empty where there is nothing to tell.
        exit_code: of its last end; minus the signal's number where one ended it.
        restarts: how often it was started again without an order.
        stop_step: the step of `Program.stop_steps` at which it is, while STOPPING.
        failing: why it is being stopped though nobody ordered it; this was a failed start.
        left: while STOPPING with the process itself gone, who is still there of what it started;
            in STOPPED, who was.
    """

    state: State = State.STOPPED
    target: Target = Target.DOWN
    since: float = 0.0
    pid: int | None = None
    spawned_at: float | None = None
    ended_at: float | None = None
    deadline: float | None = None
    failures: int = 0
    reason: str = ""
    exit_code: int | None = None
    restarts: int = 0
    stop_step: int = 0
    failing: str = ""
    left: tuple[Survivor, ...] = ()

    @property
    def awaits_answer(self) -> bool:
        """Whether a spawn was asked for and is not answered yet."""
        coming = self.state in (State.STARTING, State.STOPPING)
        return coming and not self.is_answered

    @property
    def is_answered(self) -> bool:
        """Whether the keeper has answered the spawn; only a short while it has not."""
        return self.pid is not None or bool(self.left)
