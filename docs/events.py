"""The lines of the event log, collected from the calls that write them.

Every such call says its level, `LogLevel.X`, and then the text; where the text is a name, what is
assigned to that name in the same function is it. What is filled in is shown in capitals.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

_LEVELS: Final = {"DEBUG": "DEBG", "INFO": "INFO", "WARNING": "WARN", "ERROR": "ERRO"}
_BETTER: Final = {
    "EXC": "REASON", "WHY": "REASON", "LOWER": "REASON", "STRERROR": "REASON", "FAILING": "REASON",
    "REFUSEDMORE": "REASON", "TEXT": "...", "USAGE": "cpu SECONDS s", "LIVED": "after TIME",
    "HOW": "HOW IT ENDED", "ENDING": "HOW IT ENDED", "PEER": "CLIENT", "AS_PEER": "CLIENT",
    "WHOSE": "PID", "GETPID": "PID", "KEEPER_PID": "PID", "STARTTIME": "SECONDS",
    "DESCRIBE_LEFT": "PROCESSES", "LEFT": "PROCESSES", "SIGNAL_NAME": "SIGNAL", "UNSAID": "NUMBER",
    "NAMEABOUT": "COMMAND", "LISTEN": "ADDRESS", "LISTENERCONDITIONS": "ADDRESS",
    "STARTRETRIES": "TRIES", "FAILURES": "NUMBER",
}  # fmt: skip
"""What a word of the code is called for people."""


_ELSEWHERE: Final = (
    ("reload: CONFIG: WHAT CHANGED", "INFO"),
    ("alert NAME: WHAT BECAME OF IT", "INFO, WARN or ERRO"),
)
"""Lines whose words come together over several functions."""


class Line(NamedTuple):
    """One line of the event log, without its time."""

    text: str
    level: str


def event_lines(package: Path) -> list[Line]:
    """Return every line that the modules of a package write, each once, in the order of words."""
    found = {
        line
        for path in sorted(package.rglob("*.py"))
        for line in _lines(ast.parse(path.read_text()))
        if re.match(r"[^.].*[a-z]{2}", line.text)
    }
    found |= {Line(*line) for line in _ELSEWHERE}
    return sorted(found, key=lambda line: (line.text.lower(), line.level))


def _lines(tree: ast.Module) -> Iterator[Line]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and len(call.args) == 2:
                levels = _levels(call.args[0], function)
                if isinstance(call.func, ast.Name) and call.func.id == "write_line":
                    levels = ["ERRO"]  # the keeper's own, who knows no levels
                texts = _texts(call.args[1], function) if levels else ()
                yield from (Line(text, level) for text in texts for level in levels)


def _levels(node: ast.expr, function: ast.AST) -> list[str]:
    """Return the levels that an expression may be; where it is a name, what is assigned to it."""
    if isinstance(node, ast.Name) and node.id == "level":
        return [
            level for value in _assigned(node.id, function) for level in _levels(value, function)
        ]
    found = [
        _LEVELS[inner.attr]
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute)
        and isinstance(inner.value, ast.Name)
        and inner.value.id == "LogLevel"
    ]
    return list(dict.fromkeys(found))


def _assigned(name: str, function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            yield node.value


def _texts(node: ast.expr, function: ast.AST) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values):
            return ["".join(map(_piece, values))]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body, function), *_texts(orelse, function)]
        case ast.Name(name):
            return [text for value in _assigned(name, function) for text in _texts(value, function)]
    return []


def _piece(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.FormattedValue)
    value = node.value
    while isinstance(value, ast.BoolOp):
        value = value.values[0]
    if isinstance(value, ast.BinOp):
        value = value.left
    word = ""
    match value:
        case ast.Name(name) | ast.Attribute(attr=name) | ast.Call(func=ast.Name(name)):
            word = name
        case ast.Call(func=ast.Attribute(attr=name)):
            word = name
    word = word.strip("_").upper()
    return _BETTER.get(word, word or "...")
