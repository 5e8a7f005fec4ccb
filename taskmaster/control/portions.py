"""`update`, `add`, `remove`, `avail`: parts of a changed config; and what groups there are.

What they mean is in `taskmaster.candidate`, which supervisord's clients have come by too; here are
the words for ours.
"""

from typing import TypeAlias

from taskmaster.candidate import AlreadyActive, Candidate, StillRunning, Unknown
from taskmaster.config.portions import describe_portion
from taskmaster.control.handlers import refuse_while_shutting_down
from taskmaster.control.services import Services
from taskmaster.names import process_name
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, Outcome, RequestError, Result, Verdict
from taskmaster.supervisor import Supervisor

Request: TypeAlias = (
    messages.Update | messages.Add | messages.Remove | messages.Available | messages.Groups
)

_UNKNOWN = "no such process/group"


def answer(request: Request, supervisor: Supervisor, services: Services) -> Result:
    """Return the result of a request.

    Raises:
        RequestError: it cannot be served.
    """
    candidate = services.candidate
    if isinstance(request, messages.Groups):
        groups = supervisor.config.groups
        return [messages.Group(name, programs) for name, programs in groups.items()]
    if isinstance(request, messages.Available):
        candidate.read_again("avail")
        return _available(candidate)
    refuse_while_shutting_down(supervisor)
    match request:
        case messages.Update(names) if not names or "all" in names:
            before = candidate.active
            report = services.reload()
            lines = describe_portion(before, candidate.active)
            return messages.ReloadReport(lines, report.warnings)
        case messages.Update(names):
            return messages.ReloadReport(_update(candidate, names))
        case messages.Add(names):
            candidate.read_again("add")
            return [_add(candidate, name) for name in names]
        case messages.Remove(names):
            return [_remove(candidate, name) for name in names]


def _available(candidate: Candidate) -> list[messages.ConfiguredProcess]:
    known, active = candidate.known, candidate.active
    return [
        messages.ConfiguredProcess(
            name=process_name(program.name, index),
            group=known.group_of(program.name),
            in_use=program.name in active.programs,
            autostart=program.autostart,
            priority=program.priority,
        )
        for program in known.programs.values()
        for index in range(program.numprocs)
    ]


def _update(candidate: Candidate, names: tuple[str, ...]) -> tuple[str, ...]:
    candidate.read_again("update")
    try:
        return candidate.update(names, "update")
    except Unknown as exc:
        text = f"{exc}: ERROR ({_UNKNOWN})\nnothing was changed"
        raise RequestError(ErrorCode.NO_SUCH_NAME, text) from None


def _add(candidate: Candidate, name: str) -> Outcome:
    try:
        candidate.add(name, "add")
    except Unknown:
        return Outcome(name, Verdict.NO_SUCH_NAME, _UNKNOWN)
    except AlreadyActive:
        return Outcome(name, Verdict.ALREADY, "already active")
    return Outcome(name, Verdict.DONE, "added process group")


def _remove(candidate: Candidate, name: str) -> Outcome:
    try:
        candidate.remove(name, "remove")
    except Unknown:
        return Outcome(name, Verdict.NO_SUCH_NAME, _UNKNOWN)
    except StillRunning:
        return Outcome(name, Verdict.FAILED, f"still running; `stop {name}` stops it")
    return Outcome(name, Verdict.DONE, "removed process group")
