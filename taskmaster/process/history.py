"""What happened to one process, in a few words each, for `why`. Pure, beside the machine.

It is bounded: who restarts all night has the last `MOST_NOTES` of it.
"""

import signal
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from taskmaster.process.actions import Action, SendSignal, TypeText
from taskmaster.process.events import (
    Event,
    Exited,
    RestartOrdered,
    SignalFailed,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
)
from taskmaster.process.state import Process, State
from taskmaster.process.words import after, ending

MOST_NOTES: Final = 16
SPAWNED: Final = "started with pid "
_SIGNALLED: Final = "sent "

Note: TypeAlias = tuple[float, str]
"""When, on the monotonic clock, and what."""

_ORDERS: Final = {StartOrdered: "start", StopOrdered: "stop", RestartOrdered: "restart"}


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of a process.

    Attributes:
        notes: what happened, the oldest first.
        asked: the last order that did something to it, and who gave it; None: nobody has.
    """

    notes: tuple[Note, ...] = ()
    asked: Note | None = None

    def noted(self, at: float, text: str) -> "Past":
        """Return it with one thing more; what is said again and again is said once."""
        if self.notes and self.notes[-1][1] == text:
            return self
        return replace(self, notes=(*self.notes[1 - MOST_NOTES :], (at, text)))


def remember(
    past: Past,
    before: Process,
    event: Event,
    process: Process,
    actions: tuple[Action, ...],
    by: str,
    now: float,
) -> Past:
    """Return what is remembered after a step of the machine; `by`: who gave an order, or ""."""
    match event:
        case StartOrdered() | StopOrdered() | RestartOrdered() if by and before != process:
            text = f"{_ORDERS[type(event)]} ordered by {by}"
            past = replace(past.noted(now, text), asked=(now, text))
        case Spawned(pid, at):
            past = past.noted(at, f"{SPAWNED}{pid}")
        case SpawnFailed(reason):
            past = past.noted(now, reason)
        case Exited():
            past = past.noted(event.at, _end(past, before, event))
        case SignalFailed():
            past = past.noted(now, "could not be signalled")
        case _:
            pass
    for action in actions:
        if isinstance(action, SendSignal):
            past = signalled(past, action.number, "", now)
        elif isinstance(action, TypeText):
            past = past.noted(now, f"typed {action.text!r}")
    if process.state is State.FATAL and before.state is not State.FATAL:
        past = past.noted(now, "given up")
    return past


def signalled(past: Past, number: int, by: str, now: float) -> Past:
    """Return what is remembered after a signal that we sent, and for whom, or ""."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return past.noted(now, f"{_SIGNALLED}{name}" + (f" for {by}" if by else ""))


def _end(past: Past, before: Process, event: Exited) -> str:
    text = ending(event)
    if event.code == -signal.SIGKILL and not event.out_of_memory and not _killed(past, before):
        text += ", and not by us: perhaps out of memory, or somebody's kill -9"
    return text + after(event.at - (before.spawned_at or event.at))


def _killed(past: Past, before: Process) -> bool:
    """Whether its present life has had a KILL from us."""
    if before.state is State.STOPPING and before.pid is None:
        return True
    for _, text in reversed(past.notes):
        if text.startswith(SPAWNED):
            return False
        if text.startswith(f"{_SIGNALLED}SIGKILL"):
            return True
    return False
