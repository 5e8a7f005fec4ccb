"""What the JSON Schema says of a config, asked of a validator that is not ours.

A text is read as editors read it: by the core schema of YAML 1.2, merge keys left as they are.
"""

import functools
import json
import re
from collections.abc import Callable

import yaml
from jsonschema import Draft7Validator

from taskmaster.config.forms import Json
from taskmaster.config.sections import json_schema

_NUMBERS: dict[str, Callable[[str], float]] = {
    r"[-+]?[0-9]+": int,
    r"0o[0-7]+|0x[0-9a-fA-F]+": lambda text: int(text, 0),
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?": float,
    r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)": lambda text: float(text.replace(".", "")),
}
"""YAML 1.2, 10.3.2."""


@functools.cache
def validator() -> Draft7Validator:
    schema = json.loads(json.dumps(json_schema()))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def as_json(node: yaml.Node) -> Json:
    match node:
        case yaml.MappingNode():
            return {key.value: as_json(value) for key, value in node.value}
        case yaml.SequenceNode():
            return [as_json(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    if node.style is None and (node.tag or "").startswith("tag:yaml.org,2002:"):
        return _plain(node.value)
    return str(node.value)


def _plain(text: str) -> Json:
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false") and text != text.swapcase():
        return text.lower() == "true"
    for pattern, read in _NUMBERS.items():
        if len(text) < 4000 and re.fullmatch(pattern, text):  # Python itself reads no longer ones
            return read(text)
    return text


def refusals(text: str) -> list[str]:
    """Return why the schema refuses a config."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    instance = None if root is None else as_json(root)
    return [
        f"{error.json_path}: {error.message[:300]}" for error in validator().iter_errors(instance)
    ]


UNKNOWABLE = (
    # what depends on another value, or on the machine
    "here a second time",
    "is in it already",
    "there is a program of that name",
    "there is no program",
    "the processes of a program share one socket",
    "programs cannot share a socket",
    "cannot be expanded",
    "killasgroup cannot be false",
    "recorded in one file",
    "give it a file of its own",
    "needs a file of its own",
    "only a log of settled lines",
    "it means nothing without stderr",
    "an event listener has no terminal to type into",
    "nothing comes after a kill",
    "would be told of what it says itself",
    "no terminal to type into",
    "its stderr goes with its stdout here (add stderr",
    "share one socket",
    "programs cannot share a socket",
    "names are not looked up",
    "the daemon's environment has no",
    "without TLS anybody could",
    "without TLS anybody on the way",
    "is for a UNIX socket",
    "known are programs",
    # what a text means
    "is no form",
    "is no number",
    "quotes closed",
    "a regular expression",
    "octal",
    "a path and syslog, or one",
    "a port from",
    "such as 127.0.0.1:9001",
    "a socket's path has at most",
    "printable ASCII",
    "udp://h:0",
    "a size in bytes",
    "columns x rows",
    "begins with http://",
    "number of a user",
    "number of a signal",
    "no user",
)
"""In messages that tell what no schema can know."""


def agrees(text: str, problems: list[str]) -> None:
    """Have the schema say the same as the check: refuse what it can know, and nothing else."""
    refused = refusals(text)
    if not problems:
        assert not refused, f"{text}\nis refused by the schema only: {refused}"
    elif not refused:
        for problem in problems:
            known = any(words in problem for words in UNKNOWABLE) or _of_a_quoted_number(
                problem, text
            )
            assert known, f"{text}\n{problem}\nis not refused by the schema; could it know?"


def _of_a_quoted_number(problem: str, text: str) -> bool:
    """Whether it is about a number in quotes: of a text a schema knows no bounds."""
    got = re.search(
        r"expected a (?:whole number|duration|time) .*, got '([^']*?)(\.\.\.)?'$", problem
    )
    return got is not None and (f'"{got[1]}' in text or f"'{got[1]}" in text)
