"""``taskmasterctl init``: convert a file, check what comes out of it, and tell what is different.

The config goes to standard output or into a file that is not there yet, everything else to standard
error. Exit status 1: supervisord would refuse the file, or the daemon would refuse the config; the
latter is written nonetheless, to be put right by hand.
"""

import argparse
import contextlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.config.load import load
from taskmaster.convert.conversion import Surroundings, convert
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.ini import read_ini

_FAILED: Final = 1
_OUTPUT: Final = "the converted config"


def main() -> int:
    """Run it; return its exit status."""
    parser = argparse.ArgumentParser(prog="taskmasterctl init")
    parser.add_argument("--from", dest="source", metavar="FILE", required=True)
    parser.add_argument("-o", dest="target", metavar="FILE")
    options = parser.parse_args()
    source, findings = os.path.abspath(options.source), Findings()
    try:
        ini = read_ini(source, os.environ, findings)
        around = Surroundings(os.getcwd(), platform.node(), os.environ)
        text = convert(ini, around, findings)
    except Refused as exc:
        for finding in exc.findings:
            _say(finding)
        _say(f"{options.source}: supervisord would refuse it; nothing was written")
        return _FAILED
    for finding in sorted(findings.notes, key=lambda note: note.place):
        _say(finding)
    for name, place in findings.variables.items():
        _say(f"{place}: the daemon needs the variable {name}, which is not set here")
    try:
        with _written(text, options.target, source) as path:
            return _check(path, options.target, findings)
    except OSError as exc:
        _say(f"{options.target or 'standard output'}: {(exc.strerror or str(exc)).lower()}")
        return _FAILED


@contextlib.contextmanager
def _written(text: str, target: str | None, source: str) -> Iterator[str]:
    """Write the config; yield the path of a file that holds it.

    It may be read by whoever may read what it was made of: there may be secrets in it.
    """
    mode = os.stat(source).st_mode & 0o666
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
