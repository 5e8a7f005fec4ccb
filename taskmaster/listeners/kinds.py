"""Which events there are: supervisord's names, and which stand for several. Pure.

Not here are PROCESS_COMMUNICATION and its two kinds. There a program writes tokens around what it
has to tell, and what is between them leaves its log. On a terminal it would have to leave the
history and every attached client's screen as well: each read of each process would be searched and
its end held back in case a token begins there, for a thing that ``REMOTE_COMMUNICATION`` does too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_TREE: Final = {
    "PROCESS_STATE": (
        "STARTING", "RUNNING", "BACKOFF", "STOPPING", "STOPPED", "EXITED", "FATAL", "UNKNOWN",
    ),
    "PROCESS_LOG": ("STDOUT", "STDERR"),
    "PROCESS_GROUP": ("ADDED", "REMOVED"),
    "SUPERVISOR_STATE_CHANGE": ("RUNNING", "STOPPING"),
    "TICK": ("5", "60", "3600"),
}  # fmt: skip
REMOTE_COMMUNICATION: Final = "REMOTE_COMMUNICATION"
EVENT: Final = "EVENT"

CONCRETE: Final = (
    *(f"{parent}_{child}" for parent, children in _TREE.items() for child in children),
    REMOTE_COMMUNICATION,
)
"""What happens."""

KNOWN: Final = (EVENT, *_TREE, *CONCRETE)
"""What can be subscribed to."""

LEFT_OUT: Final = (
    "PROCESS_COMMUNICATION",
    "PROCESS_COMMUNICATION_STDOUT",
    "PROCESS_COMMUNICATION_STDERR",
)
"""What supervisord has and we do not."""

TICK_SECONDS: Final = (5, 60, 3600)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as listeners are told it.

    Attributes:
        kind: one of `CONCRETE`.
        payload: what is told of it.
    """

    kind: str
    payload: str


def meant_by(names: Iterable[str]) -> frozenset[str]:
    """Return the kinds of events that these names, of `KNOWN`, subscribe to."""
    return frozenset(kind for name in names for kind in _kinds(name))


def _kinds(name: str) -> Iterable[str]:
    if name == EVENT:
        return CONCRETE
    return [f"{name}_{child}" for child in _TREE[name]] if name in _TREE else [name]
