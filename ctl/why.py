"""`why NAME`: the story of one process, from what the daemon remembers and its terminal shows."""

import pwd
import re
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ctl import display
from ctl.address import is_remote
from ctl.cells import harmless
from ctl.connection import Connection
from ctl.context import EXIT_DONE, Context, print_json
from ctl.statustable import COLOURS, size, span
from ctl.words import one_name
from taskmaster.protocol import messages
from taskmaster.protocol.messages import RequestError

_LINES: Final = 12
"""So many lines of its screen are shown to people, and of a standard error of its own."""

_TAIL_BYTES: Final = 8 * 1024
_UID: Final = re.compile(r"\buid (\d+)(?:, pid \d+)?")


class Known(NamedTuple):
    """What the daemon knows of a process.

    Attributes:
        output: the last lines of its log, or of what is kept in memory; `errors` of its own stderr.
    """

    story: messages.Story
    status: messages.ProcessStatus
    screen: messages.ScreenShown
    output: list[str]
    errors: list[str]


def why(context: Context, words: Sequence[str]) -> int:
    """Tell the story of a process."""
    name = one_name(words)
    connection = context.connect()
    try:
        known = known_of(connection, name)
    finally:
        connection.close()
    if context.as_json:
        document = messages.to_json(known.story)
        assert isinstance(document, dict)
        status = known.status
        usage = {"cpu_seconds": status.cpu_seconds, "resident_bytes": status.resident_bytes}
        texts = {"screen": known.screen.lines, "output": known.output, "errors": known.errors}
        print_json(document | usage | {key: messages.to_json(v) for key, v in texts.items()})
        return EXIT_DONE
    for line in story_lines(connection, known):
        print(_painted(line, known.story.state) if display.wants_colour() else line)
    return EXIT_DONE


def known_of(connection: Connection, name: str) -> Known:
    """Return what is known of a process.

    Raises:
        RequestError: there is no such process, or not one.
        ConnectionLost: the daemon is gone.
    """
    story = connection.request(messages.Why(name))
    assert isinstance(story, messages.Story)
    found = connection.request(messages.Status((story.name,), usage=True))
    screen = connection.request(messages.Screen(story.name, scrollback=_LINES))
    output = _tail(connection, story.name, "stdout")
    errors = _tail(connection, story.name, "stderr")
    assert isinstance(screen, messages.ScreenShown)
    assert isinstance(found, list)
    (status,) = found
    assert isinstance(status, messages.ProcessStatus)
    return Known(story, status, screen, output, errors)


def story_lines(connection: Connection, known: Known) -> list[str]:
    """Return the story for people; users have their names where the daemon is on this machine."""
    lines = told(known.story, known.status, known.screen, known.errors, time.time())
    return list(lines) if is_remote(connection.path) else [_with_user(line) for line in lines]


def told(
    story: messages.Story,
    status: messages.ProcessStatus,
    screen: messages.ScreenShown,
    errors: Sequence[str],
    now: float,
) -> Iterator[str]:
    """Yield the story for people, a line each; `now` in seconds since the epoch."""
    yield f"{harmless(story.name)} is {story.state}, for {span(now - story.since)}"
    if story.reason:
        yield _item("because", story.reason)
    if story.waits_for:
        yield _item("waits for", story.waits_for)
    if story.pid is not None:
        yield _item("pid", f"{story.pid}{_usage(status)}")
    if story.ending:
        yield _item("last end", f"{story.ending}{_ago(story.ended_at, now)}")
    if story.order:
        yield _item("last order", f"{story.order}{_ago(story.ordered_at, now)}")
    yield _item("command", story.command)
    if story.restarts:
        yield _item("restarts", str(story.restarts))
    if story.attached:
        yield _item("attached", f"{story.attached} client{'s' if story.attached > 1 else ''}")
    if story.changes:
        yield "in its config, since it last ran:"
        yield from _indented(story.changes)
    elif not story.ran_well and story.state in ("BACKOFF", "FATAL"):
        yield _item("config", "it has never been RUNNING, as far as is remembered")
    if story.past:
        yield "what happened:"
        yield from _indented(story.past)
    lines = _shown(screen)
    if lines:
        yield "on its screen:" if screen.alternate else "its last lines:"
        yield from _indented(lines)
    if errors:
        yield "on its standard error:"
        yield from _indented(errors[-_LINES:])


def _item(title: str, text: str) -> str:
    return f"  {title:<11}{harmless(text)}"


def _indented(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {harmless(line)}".rstrip()


def _usage(status: messages.ProcessStatus) -> str:
    parts = [] if status.uptime is None else [f"up {span(status.uptime)}"]
    if status.cpu_seconds is not None:
        parts.append(f"{status.cpu_seconds:.1f} s of CPU time")
    if status.resident_bytes is not None:
        parts.append(f"{size(status.resident_bytes)} of memory")
    return "".join(f", {part}" for part in parts)


def _ago(at: float | None, now: float) -> str:
    return "" if at is None else f", {span(now - at)} ago"


def _shown(screen: messages.ScreenShown) -> list[str]:
    """Return the rows that are not empty at the end; without an alternate screen the last few."""
    rows = [*screen.lines] if screen.alternate else [*screen.scrollback, *screen.lines]
    while rows and not rows[-1].strip():
        rows.pop()
    return rows if screen.alternate else rows[-_LINES:]


def _tail(connection: Connection, name: str, stream: str) -> list[str]:
    """Return the last lines of a log; none where there is no such log."""
    try:
        text = connection.request(messages.Tail(name, stream, _TAIL_BYTES))
    except RequestError:
        return []
    assert isinstance(text, messages.LogText)
    return text.data.decode("utf-8", "replace").splitlines()


def _with_user(line: str) -> str:
    """Return a line with the name of a user in the place of its number."""
    return _UID.sub(lambda match: _user(int(match[1])), line)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid {uid}"


def _painted(line: str, state: str) -> str:
    if not line.startswith(" "):
        return f"\x1b[1m{line}\x1b[m".replace(
            f"is {state}", f"is {COLOURS.get(state, '')}{state}\x1b[m\x1b[1m", 1
        )
    return line
