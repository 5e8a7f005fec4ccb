"""``taskmasterctl init``: write a config that works, or convert one, and check the outcome.

The starter config goes into ``taskmaster.yaml`` here, or where ``-o`` says. A converted config goes
to standard output or into a file that is not there yet, everything else to standard error. Exit
status 1: whoever the file is for would refuse it, or the daemon would refuse the config; the latter
is written nonetheless, to be put right by hand.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import taskmaster
from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.config.load import load
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.kinds import Source, converted, kind_of
from taskmaster.convert.starter import starter

_FAILED: Final = 1
_OUTPUT: Final = "the converted config"
_NAME: Final = "taskmaster.yaml"
_ALL_MAY_READ: Final = 0o644


def main() -> int:
    """Run it; return its exit status."""
    parser = argparse.ArgumentParser(prog="taskmasterctl init")
    parser.add_argument("--from", dest="source", metavar="FILE")
    parser.add_argument("-o", dest="target", metavar="FILE")
    options = parser.parse_args()
    findings = Findings()
    if options.source is None:
        target = options.target or _NAME
        status = _write_and_check(starter(), target, _ALL_MAY_READ, findings)
        if status == 0:
            _say(_next(target, "taskmasterctl attach shell (Ctrl-] leaves)"))
        return status
    source = os.path.abspath(options.source)
    folder = os.path.dirname(os.path.abspath(options.target or _NAME))
    whose = "whoever it is for"
    try:
        kind = kind_of(source)
        whose = kind.value
        text = converted(kind, Source(source, folder), findings)
    except Refused as exc:
        for finding in exc.findings:
            _say(finding)
        _say(f"{options.source}: {whose} would refuse it; nothing was written")
        return _FAILED
    for finding in sorted(findings.notes, key=lambda note: note.place):
        _say(finding)
    for name, place in findings.variables.items():
        _say(f"{place}: the daemon needs the variable {name}, which is not set here")
    mode = 0o666
    for path in (source, *findings.sources):
        mode &= os.stat(path).st_mode
    status = _write_and_check(text, options.target, mode, findings)
    if status == 0 and options.target is not None:
        _say(_next(options.target, "taskmasterctl help"))
    return status


def _next(target: str, last: str) -> str:
    """Say what to do with a config."""
    config = "" if target == _NAME else f" {target}"
    return f"next: taskmasterd{config} starts it; then taskmasterctl status, {last}"


def _write_and_check(text: str, target: str | None, mode: int, findings: Findings) -> int:
    try:
        with _written(f"{_editors(target)}{text}", target, mode) as path:
            return _check(path, target, findings)
    except FileExistsError:
        _say(f"{target}: it is there already, and left as it is; name another file with -o")
        return _FAILED
    except OSError as exc:
        _say(f"{target or 'standard output'}: {(exc.strerror or str(exc)).lower()}")
        return _FAILED


def _editors(target: str | None) -> str:
    """Return the line that shows editors the schema.

    It is a file of this installation, so that it needs no network; below the config's folder, as in
    a virtual environment there, it is named relative to that, and stays right when both move.
    """
    schema = os.path.join(os.path.dirname(taskmaster.__file__), "taskmaster.schema.json")
    folder = os.path.dirname(os.path.abspath(target or _NAME))
    if schema.startswith(f"{folder}/"):
        schema = f"./{os.path.relpath(schema, folder)}"
    return f"# yaml-language-server: $schema={schema}\n"


@contextlib.contextmanager
def _written(text: str, target: str | None, mode: int) -> Iterator[str]:
    """Write the config; yield the path of a file that holds it.

    It may be read by whoever may read what it was made of: there may be secrets in it.
    """
    if target is not None:
        _write(text, target, mode)
        yield os.path.abspath(target)
        return
    sys.stdout.write(text)
    sys.stdout.flush()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "taskmaster.yaml")
        _write(text, path, 0o600)
        yield path


def _write(text: str, path: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _check(path: str, target: str | None, findings: Findings) -> int:
    """Read the config as the daemon would; tell how it is."""
    shown = target or _OUTPUT
    environment = dict.fromkeys(findings.variables, "x") | dict(os.environ)
    try:
        loaded = load(path, environment)
    except ConfigRejected as exc:
        for problem in (*exc.warnings, *exc.problems):
            _say(_at(problem, shown).render())
        them = "them" if len(exc.problems) > 1 else "it"
        _say(f"{shown}: {_counted(len(exc.problems), 'problem')}; put {them} right by hand")
        return _FAILED
    for warning in loaded.warnings:
        _say(_at(warning, shown).render())
    programs = loaded.config.programs.values()
    processes = sum(program.numprocs for program in programs)
    notes = f", {_counted(len(findings.notes), 'note')} above" if findings.notes else ""
    counts = f"{_counted(len(programs), 'program')}, {_counted(processes, 'process')}"
    _say(f"{shown}: good, {counts}{notes}")
    return 0


def _counted(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count} {what if count == 1 else plural}"


def _at(problem: Problem, shown: str) -> Problem:
    return replace(problem, place=replace(problem.place, file=shown))


def _say(what: object) -> None:
    print(what, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
