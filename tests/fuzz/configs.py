"""Configs: whatever is written is one, or refused in words that point into the text."""

import os
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from taskmaster.config import values
from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.config.expand import expand
from taskmaster.config.load import load
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS
from tests.fuzz.source import Source

ENVIRONMENT: Final = {"HOME": "/home/ada's", "PATH": "/usr/bin:/bin", "QUOTE": "it's"}
EXAMPLES: Final = [
    path.read_text() for path in sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
]
VALUE_READERS: Final[list[Callable[[str], object]]] = [
    values.boolean, values.seconds, values.byte_size, values.signal_number, values.umask,
    values.terminal_size, lambda text: values.whole(text, 0, 9),
]  # fmt: skip
split_words = shlex.split
_SNIPPETS: Final = [
    "programs:\n", "taskmaster:\n", "include: [inner.yaml]\n", "  w:\n", "    cmd: cat\n", "  ",
    "    ", "\n", ": ", "- ", "{", "}", "[", "]", ",", "&a ", "*a", "<<: ", "<<: *a\n", "!!binary ",
    "!!python/object:x ", "'", '"', "|\n", ">-\n", "#", "---\n", "...\n", "%YAML 1.1\n", "\t",
    "\x85",
    "\u2028", "\ufeff", "\\x00", "\x00", "\x7f", "\ud800", "\U0010ffff", "9" * 400, ".inf", "0x1f",
    "1:30", "yes", "~", "? ", "[" * 30, "{a: " * 30, "%(process_num)099d", "%(here)s",
    "%(ENV_QUOTE)s",
    "%(", "x: &x [*x]\n", "    ready: '(('\n", "    stop: [{signal: TERM}, {kill: group}]\n",
    "    size: 80x24\n", "    env: {A: b}\n", "    exitcodes: [0, 999]\n", "    record: r.cast\n",
    "alerts:\n", "alerts: {a: {command: [x]}, b: {syslog: }}\n", "  a:\n", "    http: {url: 'http://h'}\n",
    "    email: {host: h, from: a@b, to: c@d}\n", "    events: [died, core]\n", "    pause: 1m\n",
    "    syslog: {address: 'udp://[::1]'}\n", "    command: [x, '%']\n", "    programs: 'w*'\n",
    "    ready: {text: '(x+x+)+y'}\n", "  x-a: 1\n", *(f"    {key}: " for key in PROGRAM_KEYS),
    *(f"  {key}: " for key in SETTING_KEYS),
]  # fmt: skip


def config(data: bytes) -> None:
    """An example into which pieces were put, and from which some were taken, points into itself."""
    source = Source(data)
    inner = _changed(source, "programs: {in: {cmd: cat}}\n") if source.byte() % 4 == 0 else ""
    _load(_changed(source, source.pick(["", "programs:\n  w:\n    cmd: cat\n", *EXAMPLES])), inner)


def config_text(data: bytes) -> None:
    """Any text."""
    _load(data.decode("utf-8", "surrogateescape"), "")


def _changed(source: Source, text: str) -> str:
    for _ in range(source.below(12)):
        start = source.below(len(text) + 1)
        end = min(start + source.pick([0, 0, 0, 1, 3, 20]), len(text))
        if source.byte() % 2:  # most is said at the beginnings of lines
            start = end = text.rfind("\n", 0, start) + 1
        text = text[:start] + source.pick(_SNIPPETS) + text[end:]
    return text


def _load(text: str, inner: str) -> None:
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if os.path.isdir("/dev/shm") else None
    ) as folder:
        files = {f"{folder}/c.yaml": text, f"{folder}/inner.yaml": inner}
        for path, content in files.items():
            with open(path, "wb") as file:
                file.write(content.encode("utf-8", "surrogatepass"))
        try:
            found = load(f"{folder}/c.yaml", ENVIRONMENT)
        except ConfigRejected as exc:
            exc.render()
            is_refused, problems = True, [*exc.problems, *exc.warnings]
        else:
            is_refused, problems = False, list(found.warnings)
            for program in found.config.programs.values():
                for index in (0, program.numprocs - 1):
                    launch = expand(program, index)
                    assert launch.argv
                    os.fsencode("".join(launch.argv))
        assert problems or not is_refused
        for problem in problems:
            _check(problem, files)


def _check(problem: Problem, files: dict[str, str]) -> None:
    place = problem.place
    assert problem.message
    if place.file not in files:
        return  # an include names others
    text = files[place.file]
    if place.line:
        lines = text.removeprefix("\ufeff").splitlines()
        assert 1 <= place.line <= len(lines) + 1, problem
        line = lines[place.line - 1] if place.line <= len(lines) else ""
        assert 1 <= place.column <= len(line) + 1, (problem, line)
    problem.render()
