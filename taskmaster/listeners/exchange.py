"""All pools of listeners: what waits for them, and who gets it. Pure, no clock.

An event goes to one process of each pool that subscribed to it: the first, by number, that is
RUNNING and READY. While there is none it waits, in a buffer that has room for so many; where that
is full the oldest is dropped, and said so. What a listener rejects, or has when it ends or says
nonsense, goes back to the head of its pool's buffer and no other's (facts/supervisor.md, A5).

An event that is rejected a second time in a row makes its pool wait for `AGAIN_SECONDS`:
supervisord is slowed down by its loop, and we would send a thousand times a second what nobody
takes.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from taskmaster.config.model import LogLevel, Program
from taskmaster.listeners.kinds import Event, meant_by
from taskmaster.listeners.talk import Broke, Phase, Talk, hear, resumed, sent

AGAIN_SECONDS: Final = 1.0
MAX_BUFFER_CHARACTERS: Final = 8 * 1024 * 1024
"""Of what waits in one pool; more drops the oldest, however many may wait."""

MAX_SAVED_CHARACTERS: Final = 1024 * 1024
"""Of what is handed over to the next core, which takes seven bytes each at worst: the keeper takes
no more at once (`wire.MAX_MESSAGE_BYTES`), and an upgrade should not take long."""

_LINE_END: Final = re.compile(r"\r+(?:\n|\Z)")
_SERVER: Final = "taskmaster"
"""As XML-RPC's getIdentification has it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with its numbers.

    Attributes:
        serial: counts the events that any pool takes.
        pool_serial: counts those that this pool takes.
        rejections: how often in a row it was.
    """

    event: Event
    serial: int
    pool_serial: int
    rejections: int = 0


@dataclass(frozen=True, slots=True)
class Listener:
    """One process that listens.

    Attributes:
        has: the event that it is busy with; None also where a core before knew.
    """

    talk: Talk = field(default_factory=Talk)
    has: Numbered | None = None


@dataclass(frozen=True, slots=True)
class PoolState:
    """What the next core has to know of a pool at an upgrade."""

    next_serial: int
    waiting: tuple[Numbered, ...]
    busy: Mapping[str, Numbered]


@dataclass(frozen=True, slots=True)
class State:
    """What the next core has to know at an upgrade."""

    next_serial: int = 0
    pools: Mapping[str, PoolState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Send:
    """Write something to the standard input of a listener; `Exchange.unsent` where it cannot be."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Say:
    """Write a line into the event log."""

    level: LogLevel
    text: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Call `Exchange.go_on` for that pool after `AGAIN_SECONDS`."""

    pool: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Tell that an event had to make room in a pool."""

    pool: str
    serial: int


Action: TypeAlias = Send | Say | Wait | Dropped


class _Pool:
    def __init__(self, program: Program) -> None:
        self.name = program.name
        self.wants = meant_by(program.events)
        self.room = program.buffer_size
        self.next_serial = 0
        self.waiting: deque[Numbered] = deque()
        self.characters = 0
        self.pauses = False

    def put(self, item: Numbered, *, first: bool = False) -> list[Action]:
        """Have it wait; return which others were dropped for it."""
        dropped: list[Action] = []
        characters = len(item.event.payload)
        while self.waiting and (
            len(self.waiting) >= self.room or self.characters + characters > MAX_BUFFER_CHARACTERS
        ):
            dropped.append(Dropped(self.name, self.take().serial))
        self.characters += characters
        (self.waiting.appendleft if first else self.waiting.append)(item)
        return dropped

    def take(self) -> Numbered:
        item = self.waiting.popleft()
        self.characters -= len(item.event.payload)
        return item


class Exchange:
    """The pools by the name of their program, and the listeners by the name of their process.

    Attributes:
        wanted: the kinds of events that anybody subscribed to.
    """

    def __init__(self, is_running: Callable[[str], bool]) -> None:
        """Have no pools yet; `is_running` tells of a process whether it is RUNNING."""
        self.wanted: frozenset[str] = frozenset()
        self._is_running = is_running
        self._next_serial = 0
        self._pools: dict[str, _Pool] = {}
        self._listeners: dict[str, Listener] = {}

    def configure(self, programs: Mapping[str, Program]) -> None:
        """Have a pool for each program that listens; what waits in one that stays, stays."""
        before, self._pools = self._pools, {}
        for name, program in programs.items():
            if program.events:
                pool = self._pools[name] = _Pool(program)
                if (old := before.get(name)) is not None:
                    pool.next_serial, pool.pauses = old.next_serial, old.pauses
                    for item in list(old.waiting)[-pool.room :]:
                        pool.put(item)
        self.wanted = frozenset(kind for pool in self._pools.values() for kind in pool.wants)

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """The listeners by the name of their process."""
        return self._listeners

    @property
    def state(self) -> State:
        """What the next core has to know of the pools."""
        pools = {
            name: PoolState(pool.next_serial, tuple(pool.waiting), self._busy(name))
            for name, pool in self._pools.items()
        }
        return State(self._next_serial, pools)

    def hand_over(self) -> tuple[State, list[Action]]:
        """Return as much of `state` as can be handed over, the newest first, and what is lost."""
        room, lost, kept = MAX_SAVED_CHARACTERS, list[Action](), dict[str, PoolState]()
        for name, pool in self.state.pools.items():
            items: list[Numbered] = []
            for item in (*pool.busy.values(), *reversed(pool.waiting)):
                room -= len(item.event.payload)
                if room >= 0:
                    items.append(item)
                else:
                    lost.append(Dropped(name, item.serial))
            busy = {process: item for process, item in pool.busy.items() if item in items}
            waiting = tuple(item for item in pool.waiting if item in items)
            kept[name] = PoolState(pool.next_serial, waiting, busy)
        return State(self._next_serial, kept), lost

    def _busy(self, pool: str) -> dict[str, Numbered]:
        return {
            name: listener.has
            for name, listener in self._listeners.items()
            if listener.has is not None and pool_of(name) == pool
        }

    def restore(self, state: State) -> None:
        """Go on with the pools of another core; `configure` and `resume` come before this."""
        self._next_serial = state.next_serial
        for name, before in state.pools.items():
            if (pool := self._pools.get(name)) is not None:
                pool.next_serial = before.next_serial
                for item in before.waiting:
                    pool.put(item)
                for process, item in before.busy.items():
                    if process in self._listeners:
                        busy = self._listeners[process]
                        self._listeners[process] = replace(busy, has=item)

    # --- what happens -------------------------------------------------------------------------

    def happened(self, event: Event) -> list[Action]:
        """Take an event for every pool that subscribed to it."""
        if event.kind not in self.wanted:
            return []
        actions: list[Action] = []
        for name, pool in self._pools.items():
            if event.kind in pool.wants:
                actions += pool.put(Numbered(event, self._next_serial, pool.next_serial))
                pool.next_serial += 1
                actions += self._deal(name)
        self._next_serial += 1
        return actions

    def began(self, name: str) -> None:
        """Have a new listener, which has said nothing yet."""
        self._listeners[name] = Listener()

    def resume(self, name: str, talk: Talk, *, surely: bool) -> None:
        """Have a listener of another core's; `surely`: that one had saved its last word."""
        self._listeners[name] = Listener(talk if surely else resumed(talk))

    def ended(self, name: str) -> list[Action]:
        """Let go of a listener; what it was busy with is for somebody else."""
        listener = self._listeners.pop(name, None)
        return self._back(name, listener.has) if listener is not None else []

    def heard(self, name: str, data: bytes) -> list[Action]:
        """Take what a listener said."""
        listener = self._listeners.get(name)
        if listener is None:
            return []
        talk, news = hear(listener.talk, data)
        self._listeners[name] = replace(listener, talk=talk)
        actions: list[Action] = []
        for heard in news:
            has = self._listeners[name].has
            self._listeners[name] = Listener(talk)
            if isinstance(heard, Broke):
                text = f"{name}: has entered the UNKNOWN state and will no longer receive events"
                actions.append(Say(LogLevel.WARNING, f"{text} until it is restarted: {heard.why}"))
                actions += self._back(name, has)
            elif not heard.accepted:
                serial = f" {has.serial}" if has is not None else ""
                actions.append(Say(LogLevel.WARNING, f"{name}: event{serial} was rejected"))
                actions += self._back(name, has, rejected=True)
        return actions + self.go_on(pool_of(name))

    def unsent(self, name: str) -> list[Action]:
        """Take that a listener could not be written to: it has closed its standard input."""
        listener = self._listeners[name]
        text = f"{name}: has closed its standard input and will no longer receive events"
        self._listeners[name] = Listener(Talk(Phase.UNKNOWN))
        said = Say(LogLevel.WARNING, f"{text} until it is restarted")
        return [said, *self._back(name, listener.has)]

    def go_on(self, name: str, *, waited: bool = False) -> list[Action]:
        """Give out what waits in a pool, as far as somebody is ready; `waited`: it paused."""
        pool = self._pools.get(name)
        if pool is None:
            return []
        pool.pauses = pool.pauses and not waited
        return self._deal(name)

    def _back(self, name: str, item: Numbered | None, *, rejected: bool = False) -> list[Action]:
        """Have an event wait again in the pool of a process, before all others."""
        pool = self._pools.get(pool_of(name))
        if pool is None or item is None:
            return []
        again = replace(item, rejections=item.rejections + rejected)
        actions = pool.put(again, first=True)
        if again.rejections > 1 and not pool.pauses:
            pool.pauses = True
            return [*actions, Wait(pool.name)]
        return [*actions, *self._deal(pool.name)]

    def _deal(self, name: str) -> list[Action]:
        pool = self._pools[name]
        actions: list[Action] = []
        while pool.waiting and not pool.pauses:
            ready = [process for process in self._listeners if self._is_ready(process, name)]
            if not ready:
                break
            process, item = min(ready, key=_number), pool.take()
            self._listeners[process] = Listener(sent(self._listeners[process].talk), item)
            actions.append(Send(process, envelope(name, item)))
        return actions

    def _is_ready(self, process: str, pool: str) -> bool:
        return (
            pool_of(process) == pool
            and self._listeners[process].talk.phase is Phase.READY
            and self._is_running(process)
        )


def _number(name: str) -> int:
    return int(name.rpartition(":")[2])


def pool_of(name: str) -> str:
    """Return the program, and so the pool, of a process."""
    return name.rpartition(":")[0]


def envelope(pool: str, item: Numbered) -> bytes:
    """Return the header and the payload of an event.

    ``len`` counts characters, as supervisord does against its manual, and what ends a line is LF:
    listeners are written with ``supervisor.childutils``, which reads so many characters of a text
    stream that makes one of CR LF, and waits for more after a CR. With bytes counted these would
    wait for ever at the first letter that is not ASCII.
    """
    payload = _LINE_END.sub("\n", item.event.payload)
    header = (
        f"ver:3.0 server:{_SERVER} serial:{item.serial} pool:{pool} "
        f"poolserial:{item.pool_serial} eventname:{item.event.kind} len:{len(payload)}\n"
    )
    return (header + payload).encode("utf-8", "replace")
