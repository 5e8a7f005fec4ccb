"""One message to one target: what it tells, and how that reads as text. Pure."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pty_mux.textlog import TextLines
from taskmaster.alerts.mailbox import Entry
from taskmaster.alerts.model import Kind
from taskmaster.alerts.report import Report
from taskmaster.process.words import duration

LAST_LINES: Final = 20
_SHOWN_ENTRIES: Final = 100
_SHOWN_PICTURES: Final = 10
_NAMED_PROCESSES: Final = 3


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered at once.

    Attributes:
        key: no other message has it, also not after a restart; the same in each try.
        alert: the name of the alert.
        host: the name of this machine.
        dropped: how many reports had no room.
        sample: nothing happened, somebody wants to see it arrive.
    """

    key: str
    alert: str
    host: str
    entries: tuple[Entry, ...]
    dropped: int = 0
    sample: bool = False

    @property
    def count(self) -> int:
        """How many reports are in it."""
        return sum(entry.count for entry in self.entries)


def last_lines(tail: str, most: int = LAST_LINES) -> tuple[str, ...]:
    """Return the last lines of `Report.tail` as text: no sequences, no redraws."""
    lines = TextLines()
    settled = lines.feed(tail.encode("latin-1")) + lines.flush()
    found = settled.decode("utf-8", "replace").splitlines()
    return tuple(line for line in found if line.strip())[-most:]


def subject(message: Message) -> str:
    """Return a line that says what happened."""
    where = f"[{message.host}] "
    if message.count == 1:
        return where + one_line(message.entries[0].report)
    names = list(dict.fromkeys(entry.report.process or "taskmaster" for entry in message.entries))
    shown = ", ".join(names[:_NAMED_PROCESSES])
    more = f" and {len(names) - _NAMED_PROCESSES} more" if len(names) > _NAMED_PROCESSES else ""
    return f"{where}{message.count} events: {shown}{more} ({_kinds(message.entries)})"


def _kinds(entries: Sequence[Entry]) -> str:
    counts: Counter[Kind] = Counter()
    for entry in entries:
        counts[entry.report.kinds[0]] += entry.count
    return ", ".join(f"{kind.value} {count}" for kind, count in counts.most_common())


def one_line(report: Report) -> str:
    """Return what happened to whom, in a line."""
    text = f"{report.process or 'taskmaster'}: {report.what}"
    if report.related:
        text += f" (also {', '.join(report.related)})"
    return printable(text)


def printable(text: str) -> str:
    """Return it with a ``?`` for each control character and each half of one."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def details(report: Report) -> str:
    """Return what else there is to say of it, in a line."""
    parts = []
    if report.pid is not None:
        parts.append(f"pid {report.pid}")
    if report.lived is not None:
        parts.append(f"it had lived {duration(report.lived)}")
    if report.attempt:
        parts.append(f"try {report.attempt} of {report.attempts} comes next")
    if report.restarts:
        parts.append(f"restarts so far: {report.restarts}")
    parts.append(f"next: {report.next}")
    return printable("; ".join(parts))


def text(message: Message) -> str:
    """Return the whole message as text, its last line ended."""
    return "\n".join(_lines(message)) + "\n"


def _lines(message: Message) -> Iterator[str]:
    for entry in message.entries[-_SHOWN_ENTRIES:]:
        yield f"{_when(entry)} {one_line(entry.report)}"
        yield f"    {details(entry.report)}"
    if (hidden := len(message.entries) - _SHOWN_ENTRIES) > 0:
        yield f"... and {hidden} kinds of events more"
    if message.dropped:
        yield f"{message.dropped} events before them were dropped"
    for report in pictured(message)[-_SHOWN_PICTURES:]:
        yield from _picture(report)
    yield ""
    yield f"alert {message.alert} of taskmaster on {message.host}"


def _when(entry: Entry) -> str:
    last = clock(entry.report.at)
    if entry.count == 1:
        return last
    return f"{entry.count} times from {clock(entry.first_at)} to {last}, the last time"


def clock(seconds: float) -> str:
    """Return a time of day with its date, local, as the event log has it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def pictured(message: Message) -> list[Report]:
    """Return the last report of each process that has a picture."""
    found = {
        entry.report.process: entry.report
        for entry in message.entries
        if entry.report.tail or entry.report.screen
    }
    return list(found.values())


def _picture(report: Report) -> Iterator[str]:
    name = report.process or "taskmaster"
    if lines := last_lines(report.tail):
        yield ""
        yield f"--- last lines of {name}"
        yield from lines
    if report.screen:
        yield ""
        yield f"--- {'last screen of ' if report.process else ''}{name}"
        yield from report.screen
