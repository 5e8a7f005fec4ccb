"""What stands above a converted config. Pure."""

from collections.abc import Iterable

from taskmaster import __version__
from taskmaster.convert.findings import Findings


def heading(whose: str, files: Iterable[str], findings: Findings) -> str:
    """Return the comment that says what it was made of, and what to know of it.

    Args:
        whose: the program that those files are for.
        files: what it was made of.
        findings: of the conversion.
    """
    lines = [f"# Converted by taskmasterctl {__version__} from {whose}'s"]
    lines += [f"#   {printable(file)}" for file in files]
    if findings.notes:
        lines.append("# What has no counterpart is left out: taskmasterctl init tells it again.")
    if findings.variables:
        lines.append(f"# It needs these variables: {' '.join(sorted(findings.variables))}")
    return "\n".join(lines) + "\n\n"


def printable(text: str) -> str:
    """Return a text that stays in its line of a comment."""
    return "".join(char if char.isprintable() else "?" for char in text)
