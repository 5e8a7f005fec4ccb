"""What the core has the keeper remember, so that the next core can go on where it stopped.

Everything is saved before anything follows from it, and the keeper takes it in that order
(`wire.Save`). So the next core finds what was decided, does what was not done yet, and hears once
more of what happened and was not saved. The form is versioned by `state`: fields may come and go.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pty_mux.session import Session
from taskmaster.alerts.mailbox import Entry as Waiting
from taskmaster.alerts.model import Alert
from taskmaster.config.model import Config, Program, Settings
from taskmaster.keeper import wire
from taskmaster.listeners.exchange import State as EventState
from taskmaster.listeners.talk import Saved
from taskmaster.orders import Order, OrderState
from taskmaster.process.history import Past
from taskmaster.process.state import Process, State
from taskmaster.recordings import RecordingState
from taskmaster.state import Unreadable, from_plain, to_plain
from taskmaster.supervisor import Entry

_FORM: Final = 1
"""Of what is saved. A field that comes or goes is no other form (`state`); what is one is read by
whoever makes it, here, as long as a core of the form before may be found at an upgrade."""
_DAEMON: Final = "daemon"
_ORDERS: Final = "orders"
_ALERTS: Final = "alerts"
_EVENTS: Final = "events"
SOCKET: Final = "socket"
PIDFILE: Final = "pidfile"
"""Keys of descriptors that are held."""


def ring_key(name: str) -> str:
    """Return the key under which the memory of a process's history is held."""
    return f"ring:{name}"


class Memory:
    """Saves by way of a channel; says nothing twice."""

    def __init__(self, send: Callable[[wire.Message, tuple[int, ...]], None]) -> None:
        self._send = send
        self._programs: dict[Program, int] = {}
        self._last_program = 0
        self._orders = ""

    def remember(self, programs: Mapping[int, Program]) -> None:
        """Know programs that a core before has saved."""
        self._programs = {program: number for number, program in programs.items()}
        self._last_program = max(programs, default=0)

    def daemon(self, config: Config, *, shutting_down: bool) -> None:
        """Save the configuration that counts, and whether everything is to end."""
        programs = {name: self._number(program) for name, program in config.programs.items()}
        self._save(
            _DAEMON,
            {
                "form": _FORM,
                "path": config.path,
                "settings": to_plain(config.settings),
                "programs": programs,
                "groups": to_plain(config.groups),
                "alerts": to_plain(config.alerts),
                "shutting_down": shutting_down,
            },
        )

    def process(self, entry: Entry, ticket: int) -> None:
        """Save what is known of a process."""
        self._save(
            f"process:{entry.name}",
            {
                "program": self._number(entry.program),
                "successor": self._number(entry.successor) if entry.successor else None,
                "index": entry.index,
                "removed": entry.removed,
                "ticket": ticket,
                "process": to_plain(entry.process),
                "well": self._number(entry.well) if entry.well else None,
                "past": {"notes": entry.past.notes, "asked": entry.past.asked},
            },
        )

    def forget(self, name: str) -> None:
        """Forget a process."""
        self._send(wire.Save(f"process:{name}", None), ())
        self._send(wire.Save(f"session:{name}", None), ())
        self._send(wire.Save(f"recording:{name}", None), ())
        self._send(wire.Save(f"listener:{name}", None), ())
        self._send(wire.Drop(ring_key(name)), ())

    def orders(self, orders: Iterable[Order]) -> None:
        """Save the orders that have something left to do, or of which somebody may ask again."""
        states = [
            to_plain(state) for order in orders if (state := order.state).waves or state.token
        ]
        text = json.dumps(states)
        if text != (self._orders or "[]"):
            self._orders = text
            self._send(wire.Save(_ORDERS, text), ())

    def session(self, name: str, session: Session) -> None:
        """Have the history of a terminal held, and save what its bytes alone do not tell."""
        ring = session.ring
        if ring.descriptor >= 0:
            self._send(wire.Hold(ring_key(name)), (ring.descriptor,))
            os.close(ring.descriptor)
            ring.descriptor = -1
        self._save(f"session:{name}", to_plain(session.state))

    def recording(self, name: str, state: RecordingState | None) -> None:
        """Save what is to be known of the recording of a process; None: there is none any more."""
        text = None if state is None else json.dumps(to_plain(state))
        self._send(wire.Save(f"recording:{name}", text), ())

    def alerts(self, waiting: Mapping[str, Sequence[Waiting]]) -> None:
        """Save what waits to be told, by the name of the alert."""
        self._save(_ALERTS, to_plain(waiting))

    def listener(self, name: str, saved: Saved | None) -> None:
        """Save how far the talk with a listener is; None: there is no such process any more."""
        text = None
        if saved is not None:  # it is saved with each event, and says nearly always the same
            text = _often(saved) if not saved.unwritten else json.dumps(to_plain(saved))
        self._send(wire.Save(f"listener:{name}", text), ())

    def events(self, state: EventState) -> None:
        """Save what waits for listeners."""
        self._save(_EVENTS, to_plain(state))

    def keep_programs(self, used: set[Program]) -> None:
        """Forget programs that nothing names any more."""
        for program in [program for program in self._programs if program not in used]:
            self._send(wire.Save(f"program:{self._programs.pop(program)}", None), ())

    def _number(self, program: Program) -> int:
        number = self._programs.get(program)
        if number is None:
            self._last_program += 1
            number = self._programs[program] = self._last_program
            self._save(f"program:{number}", to_plain(program))
        return number

    def _save(self, key: str, value: Any) -> None:  # noqa: ANN401
        self._send(wire.Save(key, json.dumps(value)), ())


@lru_cache(64)
def _often(saved: Saved) -> str:
    return json.dumps(to_plain(saved))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a core before has saved.

    Attributes:
        programs: by their number.
        tickets: by the name of the process.
        sessions: what was saved of terminals, by the name of the process.
        recordings: of their terminals, by the name of the process.
        alerts: what waited to be told at an upgrade, by the name of the alert.
        listeners: how far the talk with each is, by the name of the process.
        events: what waited for them at an upgrade.
    """

    config: Config
    shutting_down: bool
    programs: Mapping[int, Program]
    entries: tuple[Entry, ...]
    tickets: Mapping[str, int]
    orders: tuple[OrderState, ...]
    sessions: Mapping[str, Any]
    recordings: Mapping[str, RecordingState]
    alerts: Mapping[str, tuple[Waiting, ...]]
    listeners: Mapping[str, Saved]
    events: EventState


def recall(saved: Mapping[str, str]) -> Remembered | None:
    """Return what was saved, or None where nothing was.

    Raises:
        Unreadable: it makes no sense.
    """
    if not saved:
        return None
    try:
        by_kind = _by_kind(saved)
        daemon = json.loads(saved[_DAEMON])
        if daemon["form"] != _FORM:
            raise Unreadable(f"it is of form {daemon['form']}, and this code knows {_FORM}")
        programs = {
            int(number): from_plain(Program, body) for number, body in by_kind["program"].items()
        }
        config = Config(
            path=from_plain(str, daemon["path"]),
            settings=from_plain(Settings, daemon["settings"]),
            programs={name: programs[number] for name, number in daemon["programs"].items()},
            groups=from_plain(dict[str, tuple[str, ...]], daemon.get("groups", {})),
            alerts=from_plain(dict[str, Alert], daemon.get("alerts", {})),
        )
        bodies = by_kind["process"]
        return Remembered(
            config=config,
            shutting_down=bool(daemon["shutting_down"]),
            programs=programs,
            entries=tuple(_entry(name, body, programs) for name, body in bodies.items()),
            tickets={name: int(body["ticket"]) for name, body in bodies.items()},
            orders=from_plain(tuple[OrderState, ...], json.loads(saved.get(_ORDERS, "[]"))),
            sessions=by_kind["session"],
            recordings={
                name: from_plain(RecordingState, body)
                for name, body in by_kind["recording"].items()
            },
            alerts=from_plain(dict[str, tuple[Waiting, ...]], json.loads(saved.get(_ALERTS, "{}"))),
            listeners={name: from_plain(Saved, body) for name, body in by_kind["listener"].items()},
            events=from_plain(EventState, json.loads(saved.get(_EVENTS, "{}"))),
        )
    except (ValueError, OverflowError, KeyError, TypeError, AttributeError) as exc:
        raise Unreadable(f"what the last core saved: {exc!r}") from None


def _by_kind(saved: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {
        kind: {} for kind in ("program", "process", "session", "recording", "listener")
    }
    for key, text in saved.items():
        kind, colon, rest = key.partition(":")
        if colon and kind in found:
            found[kind][rest] = json.loads(text)
    return found


def _entry(name: str, body: Mapping[str, Any], programs: Mapping[int, Program]) -> Entry:
    successor, well = body["successor"], body.get("well")
    program, process = programs[body["program"]], from_plain(Process, body["process"])
    if well is None and process.state is State.RUNNING:
        well = body["program"]  # a core that did not remember it yet
    return Entry(
        name=name,
        program=program,
        index=from_plain(int, body["index"]),
        process=process,
        successor=programs[successor] if successor is not None else None,
        removed=from_plain(bool, body["removed"]),
        well=programs[well] if well is not None else None,
        past=from_plain(Past, body.get("past", {})),
    )
