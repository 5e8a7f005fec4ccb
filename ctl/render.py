"""Results as text: what people and scripts read. Pure."""

from collections.abc import Sequence

from taskmaster.protocol.messages import (
    ConfiguredProcess,
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


def worth_telling(outcomes: Sequence[Outcome], words: Sequence[str]) -> list[Outcome]:
    """Return the outcomes but those of what a pattern took along and was as wanted already.

    So does supervisorctl for ``all``: ``start all`` is to say what it started. A process that was
    named by itself or by its program is told of in any case.
    """
    exact = {word for word in words if not _is_pattern(word)}
    return [
        outcome
        for outcome in outcomes
        if outcome.verdict is not Verdict.ALREADY
        or exact & {outcome.name, outcome.name.rpartition(":")[0]}
    ]


def _is_pattern(word: str) -> bool:
    return word == "all" or word.endswith(":") or any(char in word for char in "*?[")


def reload_text(report: ReloadReport, *, is_preview: bool = False) -> str:
    """Return what changed, or would change, a line each; the warnings come separately."""
    if not is_preview:
        return "\n".join(report.changes) or "nothing changed"
    lines = [line.replace(": ", ": would be ", 1) for line in report.changes]
    return "\n".join(lines) or "nothing would change"


def available_table(processes: Sequence[ConfiguredProcess]) -> str:
    """Return a line for each, in supervisorctl's columns: name, whether it is there, its start."""
    width = max((len(process.name) for process in processes), default=0) + 3
    width = max(width, 12)
    return "\n".join(
        f"{process.name:<{width}}{'in use' if process.in_use else 'avail':<10}"
        f"{'auto' if process.autostart else 'manual':<10}{process.priority}"
        for process in processes
    )


def pid_lines(pids: Sequence[ProcessPid]) -> str:
    """Return the pids, a line each, as supervisorctl does."""
    return "\n".join(str(process.pid) for process in pids)
