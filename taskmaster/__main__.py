"""``taskmasterd``: the command line of the daemon.

It checks the config in front of the person who typed it, then starts the daemon (`launch`).
"""

import argparse
import os
import sys
from dataclasses import replace
from typing import Final

from taskmaster import __version__
from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.config.load import Loaded, load
from taskmaster.keeper.identity import acting_as
from taskmaster.launch import (
    StartFailed,
    become_client,
    run_in_foreground,
    stand_firm,
    start_in_background,
)
from taskmaster.privileges import UserRefused, core_identity, prepare

EXIT_FAILURE: Final = 1
EXIT_UNUSABLE: Final = 2

CONFIG_NAMES: Final = ("taskmaster.yaml", "taskmaster.yml")
"""What is looked for in the present folder where no config is named."""

_DESCRIPTION: Final = """\
Start the programs of a YAML file, each process on its own terminal, and keep them alive.

Without options: check the config, start in the background, and return when the control socket
answers. Then use taskmasterctl.
"""

_NO_CONFIG: Final = f"""\
taskmasterd: there is no {CONFIG_NAMES[0]} in this folder
  taskmasterctl init                         writes one that works, to begin with
  taskmasterctl init --from FILE -o {CONFIG_NAMES[0]}
                                             makes one of supervisord.conf, Procfile or compose.yaml
  taskmasterd CONFIG                         starts another one
"""

SIGNALS: Final = {
    "HUP": "reload the config; what did not change keeps running",
    "TERM, INT, QUIT": "stop everything and exit; a second one kills at once",
    "USR2": "reopen the log files",
}
EXIT_STATUSES: Final = {
    0: "done",
    EXIT_FAILURE: "it failed: already running, socket refused and so on",
    EXIT_UNUSABLE: "unusable command line or config",
}
"""Help and the manual are made of these."""


def main() -> int:
    """Run ``taskmasterd``; return its exit status."""
    stand_firm()
    options = parser().parse_args()
    if options.schema:
        return _print_schema()
    if options.config is None:
        options.config = next(filter(os.path.exists, CONFIG_NAMES), None)
    if options.config is None:
        sys.stderr.write(_NO_CONFIG)
        return EXIT_UNUSABLE
    path = os.path.abspath(options.config)
    try:
        loaded = load(path, os.environ)
        warnings = [*loaded.warnings, *_as_the_core(loaded, path)]
    except ConfigRejected as exc:
        print(exc.render(), file=sys.stderr)
        count = len(exc.problems)
        print(f"{options.config}: {count} problem{'s' if count > 1 else ''}", file=sys.stderr)
        return EXIT_UNUSABLE
    for warning in dict.fromkeys(warnings):
        print(warning.render(), file=sys.stderr)
    if options.check:
        processes = sum(program.numprocs for program in loaded.config.programs.values())
        print(
            f"{options.config}: good, {len(loaded.config.programs)} programs, {processes} processes"
        )
        return 0
    socket = os.path.abspath(options.socket) if options.socket else None
    settings = loaded.config.settings
    try:
        user = core_identity(settings)
        if user is not None:
            prepare(replace(settings, socket=socket or settings.socket), user)
    except UserRefused as exc:
        print(f"taskmasterd: taskmaster.user: {exc}", file=sys.stderr)
        return EXIT_UNUSABLE
    except OSError as exc:
        print(f"taskmasterd: {exc.filename}: {exc.strerror}", file=sys.stderr)
        return EXIT_FAILURE
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is where it was closed when we began
            stream.flush()
    if options.nodaemon:
        run_in_foreground(path, socket, user)
    try:
        started = start_in_background(path, socket, user)
    except StartFailed as exc:
        print(exc, file=sys.stderr)
        return exc.status
    print(f"taskmasterd is running: pid {started.pid}")
    print(f"  control socket {started.socket}")
    print(f"  event log      {started.logfile}")
    if options.shell:
        sys.stdout.flush()
        become_client(started.socket)
    return 0


def _as_the_core(loaded: Loaded, path: str) -> tuple[Problem, ...]:
    """Read the config once more with the eyes of the core's user; return what is doubtful then.

    Raises:
        ConfigRejected: that user cannot read it, or not all of it.
    """
    try:
        user = core_identity(loaded.config.settings)
    except UserRefused:
        return ()  # a warning by now, where nothing is to be started
    if user is None:
        return ()
    with acting_as(user):
        try:
            return load(path, os.environ, started_by=0).warnings
        except ConfigRejected as exc:
            print(f"as {loaded.config.settings.user} (taskmaster.user):", file=sys.stderr)
            raise exc from None


def _print_schema() -> int:
    path = os.path.join(os.path.dirname(__file__), "taskmaster.schema.json")
    with open(path, encoding="utf-8") as file:
        sys.stdout.write(file.read())
    return 0


def _epilog() -> str:
    signals = "".join(f"  {names:<17} {meaning}\n" for names, meaning in SIGNALS.items())
    statuses = "".join(f"  {status}  {meaning}\n" for status, meaning in EXIT_STATUSES.items())
    return f"signals:\n{signals}\nexit status:\n{statuses}"


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line; the manual is made of it too."""
    parser = argparse.ArgumentParser(
        prog="taskmasterd",
        description=_DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "config",
        metavar="CONFIG",
        nargs="?",
        help=f"the YAML file; left out: {' or '.join(CONFIG_NAMES)} in this folder",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "-n",
        "--nodaemon",
        action="store_true",
        help="stay in the foreground, events also on standard error (containers, systemd)",
    )
    how.add_argument(
        "-t",
        "--check",
        action="store_true",
        help="check the config, print every error, start nothing",
    )
    how.add_argument(
        "--shell",
        action="store_true",
        help="start in the background, then open the control shell in this terminal",
    )
    parser.add_argument("-s", "--socket", metavar="PATH", help="control socket, not the config's")
    how.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of the config, for editors"
    )
    parser.add_argument("--version", action="version", version=f"taskmasterd {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
