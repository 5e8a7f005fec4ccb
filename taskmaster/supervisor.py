"""All processes of a configuration: orders, reload and shutdown, as values in and values out.

`Supervisor` is where the state of the daemon lives. It does no I/O and reads no clock; each method
returns the steps that were taken, in order, and the driver performs their actions and writes them
down. Every step is also shown to the orders under way, which may ask for more steps.

What a reload does to a process (DESIGN, section 4): a program changed in place governs it at once;
one that needs a new process waits as the entry's `successor` until the present one is down, so that
this one is still stopped the way it was started to be stopped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from taskmaster.config.diff import Changes
from taskmaster.config.expand import expand
from taskmaster.config.model import AutoRestart, Config, Launch, Program
from taskmaster.names import process_name
from taskmaster.orders import Kind, Order, Step
from taskmaster.process.events import (
    DeadlineReached,
    Event,
    PolicyChanged,
    RestartOrdered,
    StartOrdered,
    StopOrdered,
)
from taskmaster.process.history import Past, remember, signalled
from taskmaster.process.machine import step
from taskmaster.process.state import Process, State, Target

_AUTOSTART: Final = "the start of the daemon (autostart)"
_RELOAD: Final = "a reload"
_SHUTDOWN: Final = "the end of the daemon"
"""Who gives orders besides people."""


@dataclass(slots=True)
class Entry:
    """One process and what governs it.

    Attributes:
        program: what governs it now.
        successor: what it will be when its present process is down, or None.
        removed: its program left the config; it is forgotten when it is down.
        well: the program as it was when it was RUNNING last, or None.
        past: what happened to it.
    """

    name: str
    program: Program
    index: int
    process: Process = field(default_factory=Process)
    successor: Program | None = None
    removed: bool = False
    well: Program | None = None
    past: Past = Past()

    @property
    def short_name(self) -> str:
        """What it is called where a colon means something else, as by supervisord's users."""
        return self.program.short_name(self.index)

    @property
    def launch(self) -> Launch:
        """What the process is, or would be, started with."""
        return expand(self.program, self.index)


class Supervisor:
    """The processes of a configuration.

    Attributes:
        config: the configuration that was applied last.
        shutting_down: nothing is started any more, and the daemon ends when `is_down`.
    """

    def __init__(self, config: Config, now: float) -> None:
        self.config = config
        self.shutting_down = False
        self._entries: dict[str, Entry] = {}
        self._orders: list[Order] = []
        for program in config.programs.values():
            for index in range(program.numprocs):
                self._add(program, index, now)

    @classmethod
    def restored(
        cls, config: Config, entries: Iterable[Entry], orders: Iterable[Order], *, down: bool
    ) -> "Supervisor":
        """Return one that goes on where another one stopped; `down`: it was shutting down."""
        supervisor = cls(replace(config, programs={}), 0.0)
        supervisor.config = config
        supervisor.shutting_down = down
        supervisor._entries = {entry.name: entry for entry in entries}
        supervisor._orders = list(orders)
        supervisor._sort()
        return supervisor

    # --- looking ------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the processes, by program in the order of the config."""
        return tuple(self._entries)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The processes by name; read it, and leave changing to the methods."""
        return self._entries

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders under way."""
        return tuple(self._orders)

    @property
    def deadline(self) -> float | None:
        """The monotonic time at which `reach` is due next, or None."""
        deadlines = (entry.process.deadline for entry in self._entries.values())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    @property
    def is_down(self) -> bool:
        """Whether no process is left, and none will come by itself."""
        return all(_is_down(entry.process) for entry in self._entries.values())

    @property
    def lingering(self) -> tuple[str, ...]:
        """The processes that are gone themselves while somebody of theirs is waited for."""
        return tuple(
            name
            for name, entry in self._entries.items()
            if entry.process.state is State.STOPPING and entry.process.left
        )

    def with_sockets(self) -> Iterator[Program]:
        """Yield, for each process that is up or will be and has a socket, its program from now on.

        From its next life on: one that ends for another program keeps what it has itself.
        """
        for name, entry in self._entries.items():
            program = entry.successor or entry.program
            if program.socket is not None and not entry.removed and not self.is_final(name):
                yield program

    def is_final(self, name: str) -> bool:
        """Whether a process is down and neither the rules nor an order will bring it up again."""
        entry = self._entries.get(name)
        if entry is None:
            return True
        return _is_down(entry.process) and not any(order.awaits(name) for order in self._orders)

    # --- what happens -------------------------------------------------------------------------

    def handle(self, name: str, event: Event, now: float) -> list[Step]:
        """Let something happen to a process."""
        return self._collect(self._feed(name, event, now), now)

    def reach(self, now: float) -> list[Step]:
        """Let the deadlines that have come happen."""
        due = [
            name
            for name, entry in self._entries.items()
            if entry.process.deadline is not None and entry.process.deadline <= now
        ]
        return self._collect(self._feed_all(due, DeadlineReached(), now), now)

    # --- orders -------------------------------------------------------------------------------

    def autostart(self, now: float) -> list[Step]:
        """Start what the config wants up from the beginning, in ascending priority."""
        wanted = [name for name, entry in self._entries.items() if entry.program.autostart]
        return self.order(Kind.START, wanted, now, by=_AUTOSTART)[1]

    def order(
        self, kind: Kind, names: Sequence[str], now: float, token: str = "", by: str = ""
    ) -> tuple[Order, list[Step]]:
        """Order something of the named processes; the order may be done at once or much later.

        `token` is what whoever waits for the outcome knows it by, `by` who that is, for people.
        """
        for older in self._orders:
            older.supersede(names)
        priorities = {name: self._entries[name].program.priority for name in names}
        order = Order(kind, priorities, token, by)
        self._orders.append(order)
        return order, self._collect(iter(()), now)

    def shut_down(self, now: float) -> list[Step]:
        """Stop everything by descending priority; from now on nothing is started."""
        self.shutting_down = True
        waiting = [
            name
            for name, entry in self._entries.items()
            if _waits_for_its_time(entry.process)
            or entry.process.state in (State.STOPPING, State.UNKNOWN)
        ]
        steps = self._collect(self._feed_all(waiting, StopOrdered(), now, _SHUTDOWN), now)
        return steps + self.order(Kind.STOP, self.names, now, by=_SHUTDOWN)[1]

    def signalled(self, name: str, number: int, by: str, now: float) -> None:
        """Take note of a signal that somebody had sent to a process."""
        entry = self._entries[name]
        entry.past = signalled(entry.past, number, by, now)

    # --- reload -------------------------------------------------------------------------------

    def apply(self, config: Config, changes: Changes, now: float) -> list[Step]:
        """Take over a new configuration, by what `config.diff` says of it."""
        self.config = config
        return self._collect(self._apply(config, changes, now), now)

    def _apply(self, config: Config, changes: Changes, now: float) -> Iterator[Step]:
        surplus = [
            name
            for name, entry in self._entries.items()
            if not entry.removed and not _is_wanted(entry, config)
        ]
        for name in surplus:
            self._entries[name].removed = True
            yield from self._feed(name, StopOrdered(), now, _RELOAD)
        for program_name in (*changes.restarted, *changes.updated):
            program = config.programs[program_name]
            restart = program_name in changes.restarted
            for name in self._names_of(program_name):
                yield from self._change(self._entries[name], program, now, restart=restart)
        added = []
        for program in config.programs.values():
            for index in range(program.numprocs):
                name = process_name(program.name, index)
                entry = self._entries.get(name)
                if entry is None:
                    self._add(program, index, now)
                    added.append(name)
                elif entry.removed:
                    # It came back before it was gone: a new life as soon as the old one ends.
                    entry.removed = False
                    entry.successor = program
                    if program.autostart:
                        yield from self._feed(name, RestartOrdered(), now, _RELOAD)
        self._sort()
        wanted = [name for name in added if self._entries[name].program.autostart]
        yield from self.order(Kind.START, wanted, now, by=_RELOAD)[1]

    def _change(
        self, entry: Entry, program: Program, now: float, *, restart: bool
    ) -> Iterator[Step]:
        if not restart and entry.successor is None:
            entry.program = program
            yield from self._feed(entry.name, PolicyChanged(), now)
            return
        if entry.process.state.is_down or entry.process.state is State.BACKOFF:
            entry.program = program
            if _waits_for_its_time(entry.process):
                yield from self._feed(entry.name, RestartOrdered(), now, _RELOAD)
            return
        entry.successor = program
        if entry.process.target is Target.UP:
            yield from self._feed(entry.name, RestartOrdered(), now, _RELOAD)

    # --- the one place where a process changes ------------------------------------------------

    def _feed_all(
        self, names: Iterable[str], event: Event, now: float, by: str = ""
    ) -> Iterator[Step]:
        for name in names:
            yield from self._feed(name, event, now, by)

    def _feed(self, name: str, event: Event, now: float, by: str = "") -> Iterator[Step]:
        entry = self._entries[name]
        if entry.removed and isinstance(event, StartOrdered | RestartOrdered):
            event = StopOrdered()  # its program is gone from the config: there is no other life
        before = entry.process
        program = entry.program
        if self.shutting_down:
            program = replace(program, autorestart=AutoRestart.NEVER)
        after, actions = step(before, event, program, now)
        entry.process = after
        entry.past = remember(entry.past, before, event, after, actions, by, now)
        if after.state is State.RUNNING:
            entry.well = entry.program
        if after.pid is None and entry.successor is not None and _may_change(after):
            entry.program, entry.successor = entry.successor, None
        forgotten = entry.removed and _is_down(after)
        if forgotten:
            del self._entries[name]
        yield Step(name, before, event, after, program, actions, forgotten)
        if self.shutting_down and after.state is State.BACKOFF:
            yield from self._feed(name, StopOrdered(), now, _SHUTDOWN)

    def _collect(self, steps: Iterator[Step], now: float) -> list[Step]:
        """Run the steps, show them to the orders, and run what the orders ask for in turn."""
        taken: list[Step] = []
        self._take(steps, taken)
        progress = True
        while progress:
            progress = False
            for order in tuple(self._orders):
                while (wave := order.next_wave()) is not None:
                    progress = True
                    event, names = wave
                    present = [name for name in names if name in self._entries]
                    self._take(self._feed_all(present, event, now, order.by), taken)
        self._orders = [order for order in self._orders if not order.is_done]
        return taken

    def _take(self, steps: Iterator[Step], taken: list[Step]) -> None:
        for taken_step in steps:
            taken.append(taken_step)
            for order in self._orders:
                order.observe(taken_step)

    def _add(self, program: Program, index: int, now: float) -> None:
        name = process_name(program.name, index)
        self._entries[name] = Entry(name, program, index, Process(since=now))

    def _names_of(self, program: str) -> list[str]:
        return [
            name
            for name, entry in self._entries.items()
            if entry.program.name == program and not entry.removed
        ]

    def _sort(self) -> None:
        """Bring the processes into the order of the config; those on their way out come last."""
        order = {name: position for position, name in enumerate(self.config.programs)}
        self._entries = dict(
            sorted(
                self._entries.items(),
                key=lambda item: (order.get(item[1].program.name, len(order)), item[1].index),
            )
        )


def _is_wanted(entry: Entry, config: Config) -> bool:
    program = config.programs.get(entry.program.name)
    return program is not None and entry.index < program.numprocs


def _waits_for_its_time(process: Process) -> bool:
    """Whether it is down now and would start by itself later."""
    return process.state is State.BACKOFF or (
        process.state is State.EXITED and process.deadline is not None
    )


def _is_down(process: Process) -> bool:
    return process.state.is_down and process.deadline is None


def _may_change(process: Process) -> bool:
    """Whether the next spawn is still to be asked for, or has just been asked for."""
    return process.state is not State.STOPPING
