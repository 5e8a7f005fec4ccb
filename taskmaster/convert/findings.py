"""What a conversion has to tell: what is refused, and what is different here. Values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands; a line of 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell.

    Attributes:
        what: the section, and behind a blank the option: ``[program:web] command``; may be empty.
        text: what is so, and what to do.
    """

    place: Place
    what: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.what}: {self.text}" if self.what else f"{self.place}: {self.text}"
        )


@dataclass(slots=True)
class Findings:
    """Everything that was found.

    Attributes:
        errors: what whoever the file is for refuses.
        notes: what was left out or is done otherwise.
        variables: of the environment, that must be there when the daemon starts and are not now.
        sources: files that were read besides the one that is converted.
    """

    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    variables: dict[str, Place] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


class Refused(Exception):
    """The file cannot be read as whoever it is for would read it.

    Attributes:
        findings: every reason, with its place.
    """

    def __init__(self, *findings: Finding) -> None:
        super().__init__("\n".join(map(str, findings)))
        self.findings = findings
