"""What is wrong with a config, each problem with its place, and shown as people want to read it."""

import enum
from dataclasses import dataclass


class Severity(enum.Enum):
    """Whether a problem stops the config from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0
    source: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column``."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or doubtful.

    Attributes:
        key: the path of the key, ``programs.nginx.numprocs``; empty for the file as a whole.
        message: what was expected and what was found; lower case, no stop.
        hint: what was perhaps meant, or what to do; may be empty.
    """

    place: Place
    key: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """Return the problem as one line."""
        warning = "warning: " if self.severity is Severity.WARNING else ""
        key = f"{self.key}: " if self.key else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.place}: {warning}{key}{self.message}{hint}"

    def render(self) -> str:
        """Return the line, and below it the source line with a caret under the place."""
        source = self.place.source.replace("\t", " ").rstrip("\n")
        if not source.strip():
            return str(self)
        if self.place.column > len(source) + 1:  # a line so long that only its beginning is kept
            return f"{self}\n    {source}"
        return f"{self}\n    {source}\n    {' ' * (self.place.column - 1)}^"


class ConfigRejected(Exception):
    """A config that cannot be used.

    Attributes:
        problems: every error in it.
        warnings: what is doubtful besides.
    """

    def __init__(self, problems: tuple[Problem, ...], warnings: tuple[Problem, ...] = ()) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.warnings = warnings

    def render(self) -> str:
        """Return all of it as text, the warnings first: the errors are what must not scroll by."""
        return "\n".join(problem.render() for problem in (*self.warnings, *self.problems))
