"""``taskmasterctl``: the command line of the client, read by hand: argparse costs too much."""

import os
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from ctl import commands
from ctl.connection import Connection, ConnectionLost, NoDaemon, find_socket
from ctl.context import EXIT_FAILED, EXIT_UNUSABLE, Context
from taskmaster import __version__

EXIT_NO_DAEMON: Final = 69
_EXIT_INTERRUPTED: Final = 130
_USAGE: Final = """\
usage: taskmasterctl [-s SOCKET] [--json] [COMMAND ARG...]

Without a command: the interactive shell; standard input not a terminal: a command a line from it.

  -s, --socket PATH  control socket; else $TASKMASTER_SOCKET, else the default one
  --json             one JSON document from every command that prints data
  --version, -h, --help

commands:"""


def main() -> int:
    """Run ``taskmasterctl``; return its exit status."""
    try:
        return _main(sys.argv[1:])
    except NoDaemon as exc:
        print(f"taskmasterctl: {exc}", file=sys.stderr)
        return EXIT_NO_DAEMON
    except ConnectionLost as exc:
        print(f"taskmasterctl: the daemon has gone: {exc}", file=sys.stderr)
        return EXIT_NO_DAEMON
    except KeyboardInterrupt:
        print("\ninterrupted; what was ordered goes on in the daemon", file=sys.stderr)
        return _EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain of it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_FAILED


def run() -> NoReturn:
    """Run ``taskmasterctl`` and end without taking the interpreter apart.

    That would be 3 ms of the 23 of a one-shot command, and nothing here waits for it: there are no
    threads, no exit handlers, and every file but standard output is closed where it was written.
    """
    status = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = status or EXIT_FAILED
    os._exit(status)


def _main(words: list[str]) -> int:
    socket: str | None = None
    as_json = False
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in ("-s", "--socket") and words:
            socket = words.pop(0)
        elif option.startswith("--socket="):
            socket = option.partition("=")[2]
        elif option == "--json":
            as_json = True
        elif option in ("-h", "--help"):
            print(_USAGE)
            return commands.run(Context(_never_connects), ["help"])
        elif option == "--version":
            print(f"taskmasterctl {__version__}")
            return 0
        else:
            print(f"taskmasterctl: unknown option {option}; try --help", file=sys.stderr)
            return EXIT_UNUSABLE
    connect = _connector(socket)
    if words:
        return commands.run(Context(connect, as_json=as_json), words)
    from ctl import shell

    if sys.stdin.isatty() and sys.stdout.isatty():
        return shell.interact(connect, as_json=as_json)
    return shell.read_commands(connect, as_json=as_json)


def _connector(option: str | None) -> Callable[[], Connection]:
    return lambda: Connection(os.path.abspath(find_socket(option, os.environ, os.geteuid())))


def _never_connects() -> Connection:
    raise NoDaemon("help needs no daemon")


if __name__ == "__main__":
    run()
