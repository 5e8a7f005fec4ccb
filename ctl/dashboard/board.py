"""What the dashboard knows and shows, and what a key does to it. Pure.

`Board.press` takes a key and returns what is to be done outside, or None where the key only changed
what is shown. Keys are named as prompt_toolkit names them (``up``, ``enter``, ``c-c``); a character
is its own name.
"""

import enum
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ctl.dashboard.actions import (
    HELP,
    Action,
    Confirming,
    Edit,
    Filtering,
    Give,
    Kind,
    Leave,
    Mending,
    Naming,
    Question,
    Sheet,
    Sit,
)
from ctl.dashboard.figures import Usage
from ctl.dashboard.rows import Row, Sorting, rows_of
from taskmaster.protocol.messages import ProcessStatus, ScreenShown

_Member = TypeVar("_Member", bound=enum.Enum)

_MAX_EVENTS: Final = 1000
_MAX_PATTERN: Final = 200
_PAGE: Final = 10


class Pane(enum.Enum):
    """What is shown of the selected process."""

    SCREEN = "screen"
    LOG = "log"
    EVENTS = "events"
    DETAILS = "details"


@dataclass(slots=True)
class Board:
    """Everything that is shown.

    Attributes:
        daemon: who is talked to.
        processes: as last told, by name, in the order of the config.
        usages: CPU and memory, by name.
        selected: the key of the row that orders go to; '' before there is one.
        marked: processes that orders go to instead, if any.
        picture: the screen that was last told, of whatever process.
        log: lines of the log that is shown; `events` of the event log; `details` of the selected.
        scrolled: by so many lines the pane is not at its end.
        message: what became of the last order; `is_bad` where that needs to be seen.
        lost: why the daemon does not answer; '' where it does.
    """

    daemon: str = ""
    processes: dict[str, ProcessStatus] = field(default_factory=dict)
    usages: dict[str, Usage] = field(default_factory=dict)
    selected: str = ""
    marked: set[str] = field(default_factory=set)
    folded: set[str] = field(default_factory=set)
    pattern: str = ""
    sorting: Sorting = Sorting.CONFIG
    pane: Pane = Pane.SCREEN
    is_zoomed: bool = False
    mouse: bool = True
    picture: ScreenShown | None = None
    log: Sequence[str] = ()
    events: deque[str] = field(default_factory=lambda: deque(maxlen=_MAX_EVENTS))
    details: Sequence[str] = ()
    scrolled: int = 0
    question: Question | None = None
    sheet: Sheet | None = None
    message: str = ""
    is_bad: bool = False
    lost: str = ""
    _rows: list[Row] | None = None

    # --- what is told ---------------------------------------------------------------------------

    def take_all(self, statuses: Sequence[ProcessStatus], now: float) -> None:
        """Take the statuses of all processes, at a monotonic time in seconds."""
        self._rows = None
        gone = self.processes.keys() - {status.name for status in statuses}
        self.processes = {status.name: status for status in statuses}
        for name in gone:
            self.usages.pop(name, None)
            self.marked.discard(name)
        for status in statuses:
            usage = self.usages.setdefault(status.name, Usage())
            usage.add(now, status.pid, status.cpu_seconds, status.resident_bytes)
        self.lost = ""

    def take_some(self, statuses: Sequence[ProcessStatus]) -> None:
        """Take the statuses of some processes, without what they use."""
        self._rows = None
        for status in statuses:
            if status.name in self.processes:
                self.processes[status.name] = status

    def tell(self, message: str, *, is_bad: bool = False) -> None:
        """Show a message until the next key."""
        self.message, self.is_bad = message, is_bad

    # --- rows -----------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Return the rows as they are shown; they are made once for each change."""
        if self._rows is None:
            view = (self.pattern, self.folded, self.sorting, self._weight)
            self._rows = rows_of(self.processes, *view)
        return self._rows

    def _weight(self, name: str) -> float:
        usage = self.usages.get(name)
        if usage is None:
            return 0.0
        return usage.percent if self.sorting is Sorting.CPU else float(usage.resident_bytes)

    def row(self, rows: Sequence[Row]) -> Row | None:
        """Return the selected row; where that is not shown any more, the first one."""
        return next((row for row in rows if row.key == self.selected), rows[0] if rows else None)

    def shown_name(self) -> str:
        """Return the process whose pane is shown: the selected one, or a program's first."""
        row = self.row(self.rows())
        return row.names[0] if row else ""

    def select(self, key: str) -> None:
        """Choose the row of that key."""
        if key != self.selected:
            self.selected = key
            self.scrolled = 0

    def _move(self, by: int) -> None:
        rows = self.rows()
        if (row := self.row(rows)) is not None:
            self.select(rows[max(0, min(len(rows) - 1, rows.index(row) + by))].key)

    def _targets(self) -> tuple[str, ...]:
        """Return whom an order is for: who is marked, else who is selected."""
        if self.marked:
            return tuple(name for name in self.processes if name in self.marked)
        row = self.row(self.rows())
        return row.names if row else ()

    # --- keys -----------------------------------------------------------------------------------

    def press(self, key: str) -> Action | None:
        """Take a key; return what is to be done outside, if anything."""
        self.message, before = "", self._view
        action = self._press(key)
        if self._view != before:
            self._rows = None
        return action

    @property
    def _view(self) -> tuple[object, ...]:
        """What besides the processes says which rows there are."""
        return self.pattern, frozenset(self.folded), self.sorting

    def _press(self, key: str) -> Action | None:
        if self.question is not None:
            return self._answer(self.question, key)
        if self.sheet is not None:
            if not self._scroll(key):
                self.sheet, self.scrolled = None, 0
            return None
        if key in _ACTIONS:
            return self._act(key)
        if not (self.is_zoomed and self._scroll(key)):
            self._change_view(key)
        return None

    def _act(self, key: str) -> Action | None:
        targets = self._targets()
        match key:
            case "q" | "c-c":
                return Leave()
            case "e":
                return Edit()
            case "enter" if name := self.shown_name():
                return Sit(name)
            case "s" | "x" | "r" if targets:
                return self._give(Give(_ORDERS[key], targets))
            case "k" if targets:
                self.question = Naming(targets)
        return None

    def _give(self, order: Give) -> Give | None:
        """Return the order, or ask first where it ends several processes."""
        if order.kind is Kind.START or len(order.names) == 1:
            self.marked.clear()
            return order
        what = f"{order.kind.value} {order.signal}".strip()
        self.question = Confirming(order, f"{what} {len(order.names)} processes? y/n")
        return None

    def _change_view(self, key: str) -> None:
        match key:
            case "up" | "down":
                self._move(-1 if key == "up" else 1)
            case "pageup" | "pagedown":
                self._move(-_PAGE if key == "pageup" else _PAGE)
            case "home" | "end":
                self._move(-len(self.processes) if key == "home" else len(self.processes) * 2)
            case "left" | "right":
                self._fold(is_wanted=key == "left")
            case " ":
                self._mark()
            case "escape":
                self.marked.clear()
                self.pattern, self.is_zoomed = "", False
            case "/":
                self.question = Filtering(self.pattern)
            case "o":
                self.sorting = _next(self.sorting)
            case "z":
                self.is_zoomed = not self.is_zoomed
            case "m":
                self.mouse = not self.mouse
            case "tab":
                self._show(_next(self.pane))
            case "l" | "v" | "w":
                wanted = _PANES[key]
                self._show(Pane.SCREEN if self.pane is wanted else wanted)
            case "?":
                self.sheet, self.scrolled = Sheet("help: any key leaves it", HELP), 0

    def _show(self, pane: Pane) -> None:
        self.pane, self.scrolled = pane, 0

    def _scroll(self, key: str) -> bool:
        """Scroll a pane of text, if that is what the key is for here."""
        if self.sheet is None and self.pane is Pane.SCREEN:
            return False
        by = _SCROLLS.get(key)
        if by is None:
            return False
        self.scrolled = max(0, self.scrolled + by)
        return True

    def _mark(self) -> None:
        if (row := self.row(self.rows())) is not None:
            self.marked ^= set(row.names) - self.marked or set(row.names)
            self._move(1)

    def _fold(self, *, is_wanted: bool) -> None:
        row = self.row(self.rows())
        if row is None or self.sorting is not Sorting.CONFIG:
            return
        program = self.processes[row.names[0]].program
        several = row.is_program or row.depth > 0
        if is_wanted and several:
            self.folded.add(program)
            self.select(program)
        elif not is_wanted:
            self.folded.discard(program)

    # --- questions ------------------------------------------------------------------------------

    def _answer(self, question: Question, key: str) -> Action | None:
        match question:
            case Filtering(before):
                self._filter(before, key)
            case Naming(names, text):
                return self._name_signal(names, text, key)
            case Confirming(action):
                self.question, self.sheet = None, None
                if key in ("y", "Y"):
                    self.marked.clear()
                    return action
                self.tell("nothing was done")
            case Mending():
                self.question, self.sheet = None, None
                if key == "e":
                    return Edit()
                self.tell("the config was not applied")
        return None

    def _filter(self, before: str, key: str) -> None:
        if key in ("enter", "up", "down"):
            self.question = None
        elif key in ("escape", "c-c"):
            self.pattern, self.question = before, None
        else:
            self.pattern = _typed(self.pattern, key)

    def _name_signal(self, names: tuple[str, ...], text: str, key: str) -> Action | None:
        if key in ("escape", "c-c"):
            self.question = None
        elif key == "enter":
            self.question = None
            return self._give(Give(Kind.SIGNAL, names, text or _USUAL_SIGNAL))
        else:
            self.question = Naming(names, _typed(text, key))
        return None


_USUAL_SIGNAL: Final = "HUP"

_ORDERS: Final = {"s": Kind.START, "x": Kind.STOP, "r": Kind.RESTART}
_PANES: Final = {"l": Pane.LOG, "v": Pane.EVENTS, "w": Pane.DETAILS}
_ACTIONS: Final = ("q", "c-c", "e", "enter", "s", "x", "r", "k")
_SCROLLS: Final = {"up": 1, "down": -1, "pageup": _PAGE, "pagedown": -_PAGE, "home": 10**6}


def _typed(text: str, key: str) -> str:
    """Return a text after a key was typed behind it."""
    if key == "backspace":
        return text[:-1]
    if key == "c-u":
        return ""
    return (text + key)[:_MAX_PATTERN] if key.isprintable() and len(key) == 1 else text


def _next(member: _Member) -> _Member:
    """Return the member of an enum that follows; behind the last one comes the first."""
    members = list(type(member))
    return members[(members.index(member) + 1) % len(members)]
