"""Every transition that there is between states, as a table: what `machine.step` is checked by."""

from typing import Final

from taskmaster.process.events import (
    DeadlineReached,
    Event,
    Exited,
    PolicyChanged,
    Ready,
    RestartOrdered,
    SignalFailed,
    Spawned,
    SpawnFailed,
    StartOrdered,
    StopOrdered,
    SurvivorsSeen,
)
from taskmaster.process.state import State

_AFTER_STOPPING: Final = {State.STOPPED, State.STARTING, State.BACKOFF, State.FATAL}

_NEXT: Final[dict[type[Event], dict[State, set[State]]]] = {
    StartOrdered: {
        State.STOPPED: {State.STARTING},
        State.STARTING: {State.STARTING},
        State.RUNNING: {State.RUNNING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.STARTING},
        State.FATAL: {State.STARTING},
        State.UNKNOWN: {State.UNKNOWN},
    },
    StopOrdered: {
        State.STOPPED: {State.STOPPED},
        State.STARTING: {State.STOPPING},
        State.RUNNING: {State.STOPPING},
        State.BACKOFF: {State.STOPPED},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.EXITED, State.STOPPED},
        State.FATAL: {State.FATAL},
        State.UNKNOWN: {State.STOPPING},
    },
    RestartOrdered: {
        State.STOPPED: {State.STARTING},
        State.STARTING: {State.STOPPING},
        State.RUNNING: {State.STOPPING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING},
        State.EXITED: {State.STARTING},
        State.FATAL: {State.STARTING},
        State.UNKNOWN: {State.STOPPING},
    },
    PolicyChanged: {state: {state} for state in State},
    Spawned: {
        State.STARTING: {State.STARTING, State.RUNNING},
        State.STOPPING: {State.STOPPING},
    },
    SpawnFailed: {
        State.STARTING: {State.BACKOFF, State.FATAL},
        State.STOPPING: {State.STOPPED, State.STARTING},
    },
    Ready: {state: {state} for state in State} | {State.STARTING: {State.STARTING, State.RUNNING}},
    SurvivorsSeen: {State.STOPPING: {State.STOPPING} | _AFTER_STOPPING},
    Exited: {
        State.STARTING: {State.BACKOFF, State.FATAL, State.EXITED, State.STARTING},
        State.RUNNING: {State.EXITED, State.STARTING},
        State.STOPPING: {State.STOPPING} | _AFTER_STOPPING,
        State.UNKNOWN: {State.STOPPED, State.STARTING, State.BACKOFF, State.FATAL},
    },
    SignalFailed: {
        State.STARTING: {State.STARTING},
        State.RUNNING: {State.RUNNING},
        State.STOPPING: {State.UNKNOWN},
        State.UNKNOWN: {State.UNKNOWN},
    },
    DeadlineReached: {
        State.STARTING: {State.RUNNING, State.STOPPING},
        State.BACKOFF: {State.STARTING},
        State.STOPPING: {State.STOPPING} | _AFTER_STOPPING,
        State.EXITED: {State.STARTING},
    },
}
TRANSITIONS: Final[dict[tuple[State, type[Event]], frozenset[State]]] = {
    (state, event): frozenset(nexts)
    for event, by_state in _NEXT.items()
    for state, nexts in by_state.items()
}
"""Every pair of state and event that means something, and the states it may lead to."""
