"""What happened, as a value that can be told: a step of a process to its report. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from taskmaster.alerts.model import Alert, Kind
from taskmaster.config.model import AutoRestart
from taskmaster.names import matches, program_of
from taskmaster.orders import Step
from taskmaster.process.events import Exited, SpawnFailed
from taskmaster.process.machine import is_expected
from taskmaster.process.state import State
from taskmaster.process.words import ending


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened.

    Attributes:
        kinds: what it is; the one that says most comes first.
        at: seconds since the epoch.
        what: in words, without the name of the process.
        next: what the daemon does now, in words.
        process: its name; "": it is about the daemon itself.
        pid: of the process that it happened to, or None.
        lived: for how many seconds it had, or None where it never did.
        attempt: which try comes next, of `attempts`; 0 where it is not at one.
        restarts: how often it was started again without an order, by now.
        tail: the last bytes that it wrote, each as a character, so that it can be saved as JSON.
        screen: what its terminal showed, a row each.
        related: processes that it is about besides; what is about a log may concern several.
    """

    kinds: tuple[Kind, ...]
    at: float
    what: str
    next: str
    process: str = ""
    pid: int | None = None
    lived: float | None = None
    attempt: int = 0
    attempts: int = 0
    restarts: int = 0
    tail: str = field(default="", repr=False)
    screen: tuple[str, ...] = field(default=(), repr=False)
    related: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The program of the process, or ""."""
        return program_of(self.process) if self.process else ""

    def with_picture(self, tail: bytes, screen: tuple[str, ...]) -> "Report":
        """Return it with what the terminal tells."""
        return replace(self, tail=tail.decode("latin-1"), screen=screen)


_NEXT_EXITED: Final = {
    AutoRestart.NEVER: "nothing: autorestart is never",
    AutoRestart.UNEXPECTED: "nothing: this exit counts as expected",
    AutoRestart.ALWAYS: "nothing",
}


def kinds_of(step: Step) -> tuple[Kind, ...]:
    """Return what a step is for alerts, the kind that says most first; () for nearly all steps."""
    return tuple(_kinds(step))


def _kinds(step: Step) -> Iterator[Kind]:
    before, after = step.before, step.after
    if after.state is State.FATAL and before.state is not State.FATAL:
        yield Kind.FATAL
    if isinstance(step.event, Exited) and _is_unexpected(step, step.event):
        yield Kind.DIED
    if after.state is State.BACKOFF and before.state is not State.BACKOFF:
        yield Kind.BACKOFF
    if after.state is State.STARTING and after.restarts > before.restarts:
        yield Kind.RESTARTED


def _is_unexpected(step: Step, event: Exited) -> bool:
    before = step.before
    if before.state in (State.STOPPING, State.UNKNOWN):
        return False
    # Too early is never expected, as the event log has it (`records`).
    began = before.spawned_at if before.spawned_at is not None else event.at
    early = before.state is State.STARTING and event.at - began < step.program.starttime
    return early or not is_expected(event.code, step.program)


def report_of(step: Step, kinds: tuple[Kind, ...], at: float) -> Report:
    """Return the report of a step that is of these kinds."""
    before, after, program = step.before, step.after, step.program
    lived = None
    if isinstance(step.event, Exited) and before.spawned_at is not None:
        lived = max(0.0, step.event.at - before.spawned_at)
    waits = after.state is State.BACKOFF
    return Report(
        kinds=kinds,
        at=at,
        what=_what(step, kinds),
        next=_next(step),
        process=step.name,
        pid=before.pid,
        lived=lived,
        attempt=after.failures + 1 if waits else 0,
        attempts=program.startretries + 1 if waits else 0,
        restarts=after.restarts,
    )


def _what(step: Step, kinds: tuple[Kind, ...]) -> str:
    event, after = step.event, step.after
    match event:
        case Exited():
            cause = ending(event)
        case SpawnFailed(reason):
            cause = reason
        case _:
            cause = after.reason or step.before.failing or step.before.reason
    behind = f": {cause}" if cause else ""
    if Kind.FATAL in kinds:
        tries = step.program.startretries + 1
        return f"gave up after {tries} tr{'ies' if tries > 1 else 'y'}{behind}"
    if Kind.DIED in kinds:
        return f"died unexpectedly{behind}"
    if Kind.BACKOFF in kinds:
        return f"did not come up{behind}"
    return f"is started again{behind}"


def _next(step: Step) -> str:
    after = step.after
    match after.state:
        case State.STARTING:
            return "it is started again now"
        case State.BACKOFF:
            return f"it is started again in {after.failures} s"
        case State.FATAL:
            return f"nothing, until somebody starts it: taskmasterctl start {step.name}"
        case State.EXITED if after.deadline is not None:
            return "it is started again in a moment, since it lives so shortly"
        case State.EXITED:
            return _NEXT_EXITED[step.program.autorestart]
        case state:
            return f"it is {state.value}"


def log_failed(text: str, processes: tuple[str, ...], at: float) -> Report:
    """Return the report of a log that cannot be written; `text` says which, and what follows."""
    what, _, following = text.partition("; ")
    name = processes[0] if processes else ""
    following = following or "it is tried again"
    return Report((Kind.LOG,), at, what, following, process=name, related=processes[1:])


def config_rejected(path: str, problems: tuple[str, ...], at: float) -> Report:
    """Return the report of a reload that was refused; a problem is a line."""
    count = f"{len(problems)} error{'s' if len(problems) != 1 else ''}"
    what = f"reload refused: {path} has {count}: {problems[0] if problems else ''}"
    return Report((Kind.CONFIG,), at, what, "everything goes on as it was", screen=problems[:50])


def core_restarted(why: str, count: int, at: float) -> Report:
    """Return the report of a core that died and was followed by another one."""
    what = f"the core {why}, and another one has taken over"
    processes = f"{count} process{'es' if count != 1 else ''}"
    return Report((Kind.CORE,), at, what, f"it goes on with {processes} as if nothing had been")


def sample(at: float) -> Report:
    """Return a report of nothing that happened, to see whether it arrives."""
    return Report(
        kinds=(Kind.DIED,),
        at=at,
        what="this is a test: nothing happened",
        next="nothing",
        process="example:0",
        lived=12.0,
        tail="the last line that it wrote\r\n",
        screen=("what its screen showed",),
    )


def is_for(alert: Alert, report: Report) -> bool:
    """Whether an alert wants to tell of it."""
    if not any(kind in alert.events for kind in report.kinds):
        return False
    if not alert.programs or not report.process:
        return True
    names = (report.process, *report.related)
    return any(matches(word, name) for word in alert.programs for name in names)
