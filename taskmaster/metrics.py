"""What is measured as Prometheus text: values in, text out. Pure; `measure` gathers the values.

The text format is version 0.0.4 of Prometheus' exposition formats: a HELP and a TYPE line for each
metric, then all its samples, each with its labels. A sample whose value is not known is left out,
as the format wants it: a process that is down has no memory, and not 0 bytes of it. Units are base
units and in the name, counters end in ``_total``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from taskmaster.process.state import State

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""What an HTTP response with this text says it is."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the system says of a process that lives; None where it does not say it.

    Attributes:
        cpu_seconds: user and system time of the process itself, without its children.
        resident_bytes: of its memory, what is in RAM.
        descriptors: how many it has open.
    """

    cpu_seconds: float | None = None
    resident_bytes: int | None = None
    descriptors: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """One process of a program.

    Attributes:
        started_at: when the present process began, seconds since the epoch; None: there is none.
        exit_status: of its last end, minus the signal's number where one ended it; None: none yet.
        restarts: how often it was started again without an order.
        output_bytes: what it wrote to its terminal and a standard error of its own.
        attached: how many clients sit at its terminal.
    """

    program: str
    name: str
    state: State
    started_at: float | None
    exit_status: int | None
    restarts: int
    output_bytes: int
    attached: int
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFigures:
    """One of the two processes that are the daemon, ``keeper`` or ``core``.

    Attributes:
        started_at: seconds since the epoch, or None where the system does not say it.
    """

    part: str
    started_at: float | None
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonFigures:
    """The daemon itself.

    Attributes:
        core_restarts: how many cores there were before this one, upgrades included.
        shutting_down: it stops everything, and then itself.
    """

    version: str
    core_restarts: int
    shutting_down: bool
    parts: tuple[PartFigures, ...]


_Samples = Iterable[tuple[str, float | None]]
"""Labels as they are written, without braces; and the value, or None where it is not known."""


class _Metric(NamedTuple):
    name: str
    kind: str
    meaning: str


def render(daemon: DaemonFigures, processes: Sequence[ProcessFigures]) -> str:
    """Return the whole text, ending in a newline."""
    return "".join(lines(daemon, processes))


def lines(daemon: DaemonFigures, processes: Sequence[ProcessFigures]) -> Iterator[str]:
    """Yield the text line by line, each with its newline."""
    yield from _of_processes(processes)
    yield from _of_daemon(daemon)


def _of_processes(processes: Sequence[ProcessFigures]) -> Iterator[str]:
    known = [(_labels({"program": p.program, "process": p.name}), p) for p in processes]
    yield from _metric(
        _Metric("process_state", "gauge", "1 for the state that the process is in, 0 for others."),
        (
            (f'{labels},state="{state.value}"', int(p.state is state))
            for labels, p in known
            for state in State
        ),
    )
    yield from _metric(
        _Metric("process_up", "gauge", "1 while the process is RUNNING."),
        ((labels, int(p.state is State.RUNNING)) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_start_time_seconds", "gauge", "When it began, since the epoch."),
        ((labels, p.started_at) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_restarts_total", "counter", "Starts again that nobody ordered."),
        ((labels, p.restarts) for labels, p in known),
    )
    yield from _metric(
        _Metric(
            "process_exit_status",
            "gauge",
            "Exit status of its last end, or minus the number of the signal that ended it.",
        ),
        ((labels, p.exit_status) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_cpu_seconds_total", "counter", "User and system time, without children."),
        ((labels, p.usage.cpu_seconds) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_resident_memory_bytes", "gauge", "Resident memory, without children."),
        ((labels, p.usage.resident_bytes) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_output_bytes_total", "counter", "Bytes written to its terminal."),
        ((labels, p.output_bytes) for labels, p in known),
    )
    yield from _metric(
        _Metric("process_attached_clients", "gauge", "Clients that sit at its terminal."),
        ((labels, p.attached) for labels, p in known),
    )


def _of_daemon(daemon: DaemonFigures) -> Iterator[str]:
    parts = [(_labels({"part": part.part}), part) for part in daemon.parts]
    yield from _metric(
        _Metric("build_info", "gauge", "Always 1; the version is in the label."),
        [(_labels({"version": daemon.version}), 1)],
    )
    yield from _metric(
        _Metric("core_restarts_total", "counter", "Cores after the first, upgrades included."),
        [("", daemon.core_restarts)],
    )
    yield from _metric(
        _Metric("shutting_down", "gauge", "1 while the daemon stops everything."),
        [("", int(daemon.shutting_down))],
    )
    yield from _metric(
        _Metric("daemon_start_time_seconds", "gauge", "When keeper and core began."),
        ((labels, part.started_at) for labels, part in parts),
    )
    yield from _metric(
        _Metric("daemon_cpu_seconds_total", "counter", "User and system time of the daemon."),
        ((labels, part.usage.cpu_seconds) for labels, part in parts),
    )
    yield from _metric(
        _Metric("daemon_resident_memory_bytes", "gauge", "Resident memory of the daemon."),
        ((labels, part.usage.resident_bytes) for labels, part in parts),
    )
    yield from _metric(
        _Metric("daemon_open_descriptors", "gauge", "File descriptors that the daemon has open."),
        ((labels, part.usage.descriptors) for labels, part in parts),
    )


def _metric(metric: _Metric, samples: _Samples) -> Iterator[str]:
    name = f"taskmaster_{metric.name}"
    yield f"# HELP {name} {metric.meaning}\n"
    yield f"# TYPE {name} {metric.kind}\n"
    for labels, value in samples:
        if value is not None:
            # repr gives a float every digit that it has: times since the epoch need more than six.
            yield f"{name}{{{labels}}} {value!r}\n" if labels else f"{name} {value!r}\n"


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items())


def _escape(text: str) -> str:
    # A name from a config that is no UTF-8 holds surrogate escapes, which no response could carry.
    readable = text.encode("utf-8", "replace").decode()
    return readable.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
