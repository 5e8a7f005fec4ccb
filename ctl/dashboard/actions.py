"""What a key may ask for, and what the bottom line may ask back. Pure."""

import enum
from dataclasses import dataclass
from typing import Final, TypeAlias


class Kind(enum.Enum):
    """What processes are ordered to do."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    SIGNAL = "signal"


# --- what is to be done outside -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leave:
    """End the dashboard."""


@dataclass(frozen=True, slots=True)
class Sit:
    """Attach to a process, then come back."""

    name: str


@dataclass(frozen=True, slots=True)
class Give:
    """Order something; `signal` is the name of one where that is the order."""

    kind: Kind
    names: tuple[str, ...]
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Have the config edited, then show what that would change."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Have the daemon read its config again."""


Action: TypeAlias = Leave | Sit | Give | Edit | Apply


# --- what is asked at the bottom line -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filtering:
    """A pattern is being typed; `before` is the one of before."""

    before: str


@dataclass(frozen=True, slots=True)
class Naming:
    """The name of a signal is being typed."""

    names: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Confirming:
    """Whether to do it: y or anything else."""

    action: Give | Apply
    text: str


@dataclass(frozen=True, slots=True)
class Mending:
    """The config has errors, which are shown: edit it again, or leave it as it is."""


Question: TypeAlias = Filtering | Naming | Confirming | Mending


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text over the pane: help, or what an edited config would change."""

    title: str
    lines: tuple[str, ...]


HELP: Final = (
    "up down  page up, page down  home end   choose a row",
    "left right  fold the processes of a program, unfold them",
    "space       mark; orders go to all that are marked",
    "/           filter by words in name, state and reason",
    "o           sort: config, state, CPU, memory",
    "",
    "enter       sit at its terminal; Ctrl-] comes back here",
    "s x r       start, stop, restart",
    "k           send a signal",
    "e           edit the config; see what changes, then decide",
    "",
    "tab         what is shown: screen, log, events, details",
    "l v w       log, events, details; once more: the screen",
    "z           that alone in the window; arrows scroll it",
    "m           leave the mouse to the terminal, or take it",
    "escape      no marks, no filter",
    "q           leave",
)
"""Lines of 58 cells at most: a window of 60 shows them whole."""
