r"""Files of variables such as ``.env``: what foreman, compose and others read beside their own.

``NAME=value`` a line, with or without ``export``; in double quotes ``\n``, ``\"`` and ``\\`` mean
what they mean in C, in single quotes nothing means anything; behind a blank ``#`` begins a comment
where no quotes are. What a line names with ``$`` stays as it is.
"""

import os
import re
from collections.abc import Iterator
from typing import Final

from taskmaster.convert.findings import Finding, Findings, Place, Refused

_MAX_BYTES: Final = 1 << 20
_LINE: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "$": "$"}


def read_text(path: str) -> str:
    """Return the text of a file that is to be converted.

    Raises:
        Refused: it cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise Refused(Finding(Place(path), "", f"longer than {_MAX_BYTES} bytes"))
        return data.decode()
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        raise Refused(Finding(Place(path), "", f"cannot be read: {why}")) from None
    except UnicodeDecodeError as exc:
        why = f"not UTF-8: byte {exc.start} is {exc.object[exc.start]:#04x}"
        raise Refused(Finding(Place(path), "", why)) from None


def read_variables(path: str, findings: Findings) -> dict[str, str]:
    """Return the variables of a file; lines that are none are noted.

    Raises:
        Refused: it cannot be read.
    """
    text = read_text(path)
    findings.sources.append(path)
    return dict(_variables(text, path, findings))


def read_variables_beside(path: str, findings: Findings) -> dict[str, str]:
    """Return the variables of the ``.env`` in the folder of a file; none where there is none."""
    beside = os.path.join(os.path.dirname(path), ".env")
    return read_variables(beside, findings) if os.path.exists(beside) else {}


def _variables(text: str, path: str, findings: Findings) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        match = _LINE.fullmatch(written)
        if match is None:
            # The line is not shown: there are secrets in such files.
            findings.notes.append(Finding(Place(path, number), "", "left out: it is no NAME=value"))
            continue
        yield match[1], _value(match[2])


def _value(written: str) -> str:
    if match := re.match(r"'([^']*)'", written):
        return match[1]
    if match := re.match(r'"((?:[^"\\]|\\.)*)"', written):
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), match[1])
    return re.sub(r"\s+#.*", "", written)
