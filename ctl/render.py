"""Results as text: what people and scripts read. Pure."""

from collections.abc import Sequence

from taskmaster.protocol.messages import (
    Outcome,
    ProcessPid,
    ProcessStatus,
    ReloadReport,
    Verdict,
)


def status_table(processes: Sequence[ProcessStatus]) -> str:
    """Return a line for each process, in supervisorctl's columns: name, state, description."""
    width = max((len(process.name) for process in processes), default=0) + 3
    width = max(width, 12)
    lines = []
    for process in processes:
        attached = f", {process.attached} attached" if process.attached else ""
        line = f"{process.name:<{width}}{process.state:<10}{process.description}{attached}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def outcome_lines(outcomes: Sequence[Outcome]) -> str:
    """Return ``web:0: started`` or ``web:0: ERROR (already started)`` for each, a line each."""
    return "\n".join(
        f"{outcome.name}: {outcome.text}"
        if outcome.verdict is Verdict.DONE
        else f"{outcome.name}: ERROR ({outcome.text})"
        for outcome in outcomes
    )


def reload_text(report: ReloadReport) -> str:
    """Return what changed, a line each; the warnings come separately."""
    return "\n".join(report.changes) or "nothing changed"


def pid_lines(pids: Sequence[ProcessPid]) -> str:
    """Return the pids, a line each, as supervisorctl does."""
    return "\n".join(str(process.pid) for process in pids)
