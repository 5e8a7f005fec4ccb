"""The table that the benchmarks print."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

_HEAD = ("what", "taskmaster", "peer", "ratio", "asked", "verdict")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        taskmaster: what it was here.
        peer: what it was there, and who that is where it is not supervisord.
        ratio: of the two, in the direction in which it was asked for.
        asked: what was asked for.
        passed: whether that was reached; None where nothing was asked.
    """

    what: str
    taskmaster: str
    peer: str = "-"
    ratio: str = "-"
    asked: str = "-"
    passed: bool | None = None


_VERDICTS = {True: "reached", False: "MISSED", None: "-"}


def render(rows: Sequence[Row]) -> str:
    """Return the table as text."""
    cells = [_HEAD, *((*astuple(row)[:-1], _VERDICTS[row.passed]) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def milliseconds(seconds: float) -> str:
    """Return a time as the table shows it."""
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"
