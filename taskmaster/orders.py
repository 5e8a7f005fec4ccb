"""An order that somebody gave: start, stop or restart some processes, and how it went for each.

An order lives in the daemon from the moment it is given until every process named in it has an
outcome, whether or not the client still waits: a client that vanishes half way leaves nothing half
done. It goes in **waves**, by priority as supervisord's manual has it: starts ascending and without
waiting, stops descending, each wave when the one before is down. The last order wins: what a newer
one names is taken out of the older ones (`supersede`).

The order decides only what is to be fed to which process and when it is done; `Supervisor` feeds.
"""

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from taskmaster.config.model import Program
from taskmaster.process.actions import Action, Spawn
from taskmaster.process.events import Event, Exited, RestartOrdered, StartOrdered, StopOrdered
from taskmaster.process.state import Process, State
from taskmaster.process.words import describe_left, ending
from taskmaster.protocol.messages import Outcome, Verdict

_STARTED: Final = "started"
_STOPPED: Final = "stopped"


class Kind(enum.Enum):
    """What is ordered."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to one process, as the supervisor reports it.

    Attributes:
        program: what governed it.
        actions: what the driver is to do because of it.
        forgotten: the process's program left the config, and this was its end.
    """

    name: str
    before: Process
    event: Event
    after: Process
    program: Program
    actions: tuple[Action, ...] = ()
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class OrderState:
    """What is to be known of an order by a core that goes on with it.

    Attributes:
        waves: what is to be fed to whom, as the name of the event and the names.
        going_down: who is waited for before the next wave.
        token: what whoever waits for the outcome knows the order by; "": nobody will ask.
        names: whose outcomes count then.
        by: who gave it.
    """

    kind: Kind
    waves: tuple[tuple[str, tuple[str, ...]], ...]
    going_down: tuple[str, ...]
    token: str = ""
    names: tuple[str, ...] = ()
    by: str = ""


_WAVE_EVENTS: Final[Mapping[str, Callable[[], Event]]] = {
    kind.__name__: kind for kind in (StartOrdered, StopOrdered, RestartOrdered)
}


class Order:
    """One order and its progress.

    Attributes:
        kind: what is ordered.
        token: what whoever waits for the outcome knows it by, or "".
        by: who gave it, for people; or "".
    """

    def __init__(
        self, kind: Kind, priorities: Mapping[str, int], token: str = "", by: str = ""
    ) -> None:
        """Plan the waves of an order.

        Args:
            kind: what is ordered.
            priorities: of each process that it names, in the order in which to report.
            token: what whoever waits for the outcome knows it by, or "".
            by: who gives it, for people; or "".
        """
        self.kind = kind
        self.by = by
        self.token = token
        self._outcomes: dict[str, Outcome | None] = dict.fromkeys(priorities)
        self._waves: list[tuple[Event, list[str]]] = list(_plan(kind, priorities))
        self._going_down: set[str] = set()
        self._fed: set[str] = set()
        self._launched: set[str] = set()

    @classmethod
    def going_on(cls, state: OrderState, processes: Mapping[str, Process]) -> "Order":
        """Return an order that another core had; what became of the processes tells how far."""
        order = cls(state.kind, {}, state.token, state.by)
        order._waves = [(_WAVE_EVENTS[event](), list(names)) for event, names in state.waves]
        order._going_down = set(state.going_down)
        order._outcomes = dict.fromkeys(state.names)
        order._fed = {name for name in state.names if not order.awaits(name)}
        for name in order._fed:
            if name in processes:
                order._judge(name, processes[name])
            else:
                order._settle(name, Verdict.FAILED, "removed from the config")
        return order

    @property
    def state(self) -> OrderState:
        """What is to be known to go on with it."""
        waves = tuple((type(event).__name__, tuple(names)) for event, names in self._waves)
        going_down = tuple(sorted(self._going_down)) if waves else ()
        names = tuple(self._outcomes) if self.token else ()
        return OrderState(self.kind, waves, going_down, self.token, names, self.by)

    @property
    def is_done(self) -> bool:
        """Whether every process has its outcome."""
        return None not in self._outcomes.values() and (bool(self._outcomes) or not self._waves)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes so far, in the order of the names."""
        return tuple(outcome for outcome in self._outcomes.values() if outcome is not None)

    def next_wave(self) -> tuple[Event, Sequence[str]] | None:
        """Return what is to be fed to whom now, or None if the present wave is not down yet."""
        if self._going_down or not self._waves:
            return None
        event, names = self._waves.pop(0)
        self._fed.update(names)
        if isinstance(event, StopOrdered):
            self._going_down.update(n for n in names if self._outcomes.get(n, None) is None)
        return event, names

    def awaits(self, name: str) -> bool:
        """Whether this order has something in store for the process."""
        return any(name in wave for _, wave in self._waves)

    def supersede(self, names: Iterable[str]) -> None:
        """Leave these processes to a newer order; what was not yet asked of them never will be."""
        for name in names:
            for _, wave in self._waves:
                if name in wave:
                    wave.remove(name)
            self._going_down.discard(name)
            if self._outcomes.get(name, ...) is None and name not in self._fed:
                self._settle(name, Verdict.FAILED, "a newer order came first")
        self._waves = [(event, wave) for event, wave in self._waves if wave]

    def observe(self, step: Step) -> None:
        """Take note of what happened to a process, whoever caused it."""
        if step.after.state is not State.STOPPING or step.forgotten:
            # Down, or perhaps up again already by a reload or by another order.
            self._going_down.discard(step.name)
        if step.name not in self._outcomes:
            return
        if self._outcomes[step.name] is not None:
            return
        if not step.forgotten and (step.name not in self._fed or self.awaits(step.name)):
            # What happens before this order asks for it, or asks for the last time, is no outcome.
            if step.after.state is State.UNKNOWN and step.name in self._fed:
                self._settle(step.name, Verdict.FAILED, step.after.reason)
            return
        if self.kind is Kind.STOP:
            self._observe_stop(step)
        else:
            self._observe_start(step)

    def _judge(self, name: str, process: Process) -> None:
        """Judge by its state what became of a process that another core was asked about."""
        state = process.state
        if state is State.UNKNOWN:
            self._settle(name, Verdict.FAILED, process.reason)
        elif self.kind is Kind.STOP and state.is_down:
            self._settle(name, Verdict.DONE, _STOPPED)
        elif self.kind is Kind.STOP:
            return
        elif state in (State.RUNNING, State.EXITED):
            self._settle(name, Verdict.DONE, _STARTED)
        elif state is State.BACKOFF:
            text = f"{process.reason}; next try in {process.failures} s"
            self._settle(name, Verdict.FAILED, text)
        elif state is State.FATAL:
            self._settle(name, Verdict.FAILED, f"{process.reason}; gave up")
        elif state is State.STOPPED:
            self._settle(name, Verdict.FAILED, "stopped")
        elif state is State.STARTING:
            self._launched.add(name)

    def _observe_stop(self, step: Step) -> None:
        before, after = step.before.state, step.after.state
        if isinstance(step.event, StopOrdered) and before.is_down and before is after:
            self._settle(step.name, Verdict.ALREADY, "not running")
        elif after.is_down or (before is State.STOPPING and after is State.STARTING):
            left = f", but it left behind {describe_left(step.after.left)}"
            self._settle(step.name, Verdict.DONE, _STOPPED + (left if step.after.left else ""))
        elif after is State.UNKNOWN:
            self._settle(step.name, Verdict.FAILED, step.after.reason)

    def _observe_start(self, step: Step) -> None:
        name, before, after = step.name, step.before.state, step.after
        ordered = isinstance(step.event, StartOrdered | RestartOrdered)
        if any(isinstance(action, Spawn) for action in step.actions):
            self._launched.add(name)
        elif ordered and after.state is State.STARTING:
            # Somebody else's start is under way: ours is done when theirs is.
            self._launched.add(name)
        if step.forgotten:
            self._settle(name, Verdict.FAILED, "removed from the config")
        elif after.state is State.RUNNING and ordered and before is State.RUNNING:
            self._settle(name, Verdict.ALREADY, "already started")
        elif name not in self._launched:
            if after.state.is_down and not self.awaits(name):
                self._settle(name, Verdict.FAILED, "stopped by another order")
            elif after.state is State.UNKNOWN:
                self._settle(name, Verdict.FAILED, after.reason or "cannot be signalled")
        elif after.state is State.RUNNING:
            self._settle(name, Verdict.DONE, _STARTED)
        elif after.state is State.BACKOFF:
            text = f"{after.reason}; next try in {after.failures} s"
            self._settle(name, Verdict.FAILED, text)
        elif after.state is State.FATAL:
            self._settle(name, Verdict.FAILED, f"{after.reason}; gave up")
        elif isinstance(step.event, Exited) and after.state is State.EXITED:
            # It lived past its starttime and ended before its deadline was looked at.
            self._settle(name, Verdict.DONE, _STARTED)
        elif after.state is State.STOPPING and not after.failing:
            self._settle(name, Verdict.FAILED, "stopped by another order while it was starting")
        elif after.state is State.STOPPED:
            text = f"stopped: {ending(step.event)}" if isinstance(step.event, Exited) else "stopped"
            self._settle(name, Verdict.FAILED, text)

    def _settle(self, name: str, verdict: Verdict, text: str) -> None:
        self._outcomes[name] = Outcome(name, verdict, text)


def _plan(kind: Kind, priorities: Mapping[str, int]) -> Iterable[tuple[Event, list[str]]]:
    ascending = [
        [name for name, _ in group]
        for _, group in groupby(
            sorted(priorities.items(), key=lambda item: item[1]), key=lambda item: item[1]
        )
    ]
    descending = [list(reversed(wave)) for wave in reversed(ascending)]
    match kind:
        case Kind.START:
            for wave in ascending:
                yield StartOrdered(), wave
        case Kind.STOP:
            for wave in descending:
                yield StopOrdered(), wave
        case Kind.RESTART if len(ascending) == 1:
            # Nobody has to wait for anybody: each starts again as soon as it is down.
            yield RestartOrdered(), ascending[0]
        case Kind.RESTART:
            for wave in descending:
                yield StopOrdered(), wave
            for wave in ascending:
                yield StartOrdered(), wave
