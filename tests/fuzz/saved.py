"""What one core saves and the next one reads, also one of another version."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pty_mux.mirror import Checkpoint
from pty_mux.session import SessionState
from pty_mux.winsize import Winsize
from taskmaster.config.model import (
    AutoRestart,
    Config,
    LogFormat,
    LogLevel,
    Program,
    Ready,
    Settings,
    StderrChannel,
    StopStep,
    TerminalSize,
    Whom,
)
from taskmaster.keeper import wire
from taskmaster.memory import Memory, recall
from taskmaster.orders import Kind, Order, OrderState
from taskmaster.process.events import Survivor
from taskmaster.process.state import Process, State, Target
from taskmaster.state import Unreadable, from_plain, to_plain
from taskmaster.supervisor import Entry
from tests.fuzz.source import Source


def _program(source: Source, name: str) -> Program:
    return Program(
        name=name,
        command=("cat", source.text()) if source.byte() % 2 else source.text(),
        numprocs=1 + source.below(3),
        autorestart=source.pick(list(AutoRestart)),
        exitcodes=frozenset({0, source.byte()}),
        starttime=source.pick([0.0, 1.5, 3]),
        ready=Ready(source.text(), 5.0) if source.byte() % 2 else None,
        stop=tuple(
            StopStep(text=source.text(), signal=source.pick([None, 15]), whom=source.pick([*Whom]))
            for _ in range(source.below(3))
        ),
        stdout=source.pick([None, "/a", source.text()]),
        stderr_channel=source.pick(list(StderrChannel)),
        logformat=source.pick(list(LogFormat)),
        environment=tuple((source.text(), source.text()) for _ in range(source.below(3))),
        umask=source.pick([None, 0o22]),
        size=TerminalSize(source.byte(), source.byte()),
    )


def _process(source: Source) -> Process:
    return Process(
        state=source.pick(list(State)),
        target=source.pick(list(Target)),
        since=source.pick([0.0, 12.25, 7]),
        pid=source.pick([None, 4242]),
        deadline=source.pick([None, 1.5]),
        reason=source.text(),
        exit_code=source.pick([None, -9, 0]),
        left=tuple(
            Survivor(source.byte(), source.text(), True, False) for _ in range(source.below(3))
        ),
    )


def _session(source: Source) -> SessionState:
    shown = source.take(source.below(20)).decode("latin-1")
    checkpoint = Checkpoint(source.below(3000), shown) if source.byte() % 2 else None
    return SessionState(Winsize(source.byte(), source.byte()), checkpoint)


def _order(source: Source) -> OrderState:
    event = source.pick(["StartOrdered", "StopOrdered", "RestartOrdered"])
    named, token = ("w:0", "é:0")[: source.below(3)], source.text()
    waves = ((event, (source.text(),)),)
    return OrderState(source.pick(list(Kind)), waves, (source.text(),), token, named)


_SETTINGS = Settings(socket="/s", logfile="/l", loglevel=LogLevel.ERROR)
_KINDS: list[Callable[[Source], Any]] = [
    lambda source: _program(source, "w"), _process, _session, _order, lambda _: _SETTINGS
]  # fmt: skip


def values(data: bytes) -> None:
    """A value that is saved is the same when it is read; what was changed is a value or refused."""
    source = Source(data)
    value: Any = source.pick(_KINDS)(source)
    plain = json.loads(json.dumps(to_plain(value)))
    assert from_plain(type(value), plain) == value
    assert from_plain(type(value), plain | {"of a newer version": [1]}) == value
    changed = plain
    for _ in range(1 + source.below(3)):
        changed = source.mutated(changed)
    try:
        found = from_plain(type(value), changed)
    except Unreadable:
        return
    again = json.loads(json.dumps(to_plain(found)))
    assert from_plain(type(value), again) == found or "nan" in repr(found)  # equal to nothing


def memory(data: bytes) -> None:
    """What a core saves is recalled; what was changed is recalled or refused."""
    source = Source(data)
    kept: dict[str, str] = {}

    def keep(message: wire.Message, descriptors: tuple[int, ...]) -> None:
        if isinstance(message, wire.Save) and message.value is not None:
            kept[message.key] = message.value

    programs = {name: _program(source, name) for name in ("w", "é", source.text())}
    remembered = Memory(keep)
    config = Config(path="/c.yaml", settings=_SETTINGS, programs=programs)
    remembered.daemon(config, shutting_down=bool(source.byte() % 2))
    entries = [Entry(f"{n}:0", one, 0, _process(source)) for n, one in programs.items()]
    for ticket, entry in enumerate(entries):
        remembered.process(entry, ticket)
    remembered.orders([Order.going_on(_order(source), {})])
    recalled = recall(kept)
    assert recalled is not None
    assert recalled.config == config
    assert list(recalled.entries) == entries
    key = source.pick(sorted(kept))
    match source.byte() % 8:
        case 0:
            del kept[key]
        case 1:
            kept[key] = source.text()
        case 2:
            kept[source.pick(["process:", "program:x", "session:w", "orders"])] = "[]"
        case _:
            with suppress(ValueError):  # NaN and infinite numbers, which no core saves
                kept[key] = json.dumps(source.mutated(json.loads(kept[key])), allow_nan=False)
    try:
        recalled = recall(kept)
    except Unreadable:
        return
    if recalled is not None:
        for entry in recalled.entries:
            assert isinstance(entry.process, Process)
            assert isinstance(entry.program, Program)
            assert type(entry.index) is int
            assert type(entry.removed) is bool
        for order in recalled.orders:
            assert isinstance(order, OrderState)
        assert all(type(ticket) is int for ticket in recalled.tickets.values())
