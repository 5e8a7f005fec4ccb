"""``taskmasterctl``: the command line of the client, read by hand: argparse costs too much."""

import os
import sys
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from ctl import commands
from ctl.address import is_remote
from ctl.connection import Connection, ConnectionLost, NoDaemon, find_socket
from ctl.context import EXIT_FAILED, EXIT_UNUSABLE, Context
from taskmaster import __version__

EXIT_NO_DAEMON: Final = 69
_EXIT_INTERRUPTED: Final = 130
_USAGE: Final = """\
usage: taskmasterctl [-s SOCKET] [--json] [COMMAND ARG...]

Without a command: the interactive shell; standard input not a terminal: a command a line from it.
"""
OPTIONS: Final = {
    "-s, --socket PATH": (
        "control socket; else $TASKMASTER_SOCKET, else the default one. A daemon elsewhere: "
        "ssh://[USER@]HOST[:PORT][/PATH], tls://HOST:PORT, tcp://HOST:PORT"
    ),
    "--token-file FILE": "what tls:// and tcp:// ask for; else $TASKMASTER_TOKEN_FILE",
    "--ca FILE": (
        'who vouches for a certificate of tls://, or "system"; else $TASKMASTER_CA, else it is '
        "remembered when it is first met"
    ),
    "--json": "one JSON document from every command that prints data",
    "--version": "the version of this command",
    "-h, --help": "this, and the list of commands",
}
"""What stands before the command; help and the manual are made of it."""


def main() -> int:
    """Run ``taskmasterctl``; return its exit status."""
    words = sys.argv[1:]
    options = _options(words)
    if isinstance(options, int):
        return options
    context = Context(_connector(options.socket), as_json=options.as_json)
    try:
        return _main(context, words, options.socket)
    except NoDaemon as exc:
        context.fail(str(exc) if context.as_json else f"taskmasterctl: {exc}")
        return EXIT_NO_DAEMON
    except ConnectionLost as exc:
        context.fail(f"taskmasterctl: the daemon has gone: {exc}")
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


def _print_usage() -> None:
    from textwrap import wrap

    print(_USAGE)
    width = max(map(len, OPTIONS))
    for option, meaning in OPTIONS.items():
        first, *others = wrap(meaning, 76)
        print(f"  {option:<{width}}  {first}")
        for line in others:
            print(f"  {'':<{width}}  {line}")
    print("\ncommands:")


_WITH_VALUE: Final = {
    "-s": "the path of a socket",
    "--socket": "the path of a socket",
    "--token-file": "the path of a file",
    "--ca": "the path of a file, or system",
}
_VARIABLES: Final = {"--token-file": "TASKMASTER_TOKEN_FILE", "--ca": "TASKMASTER_CA"}
"""Options that stand in for a variable: what they say is asked for deep below, if at all."""


_SUPERVISORCTLS: Final = {
    "-c": "there is no config file of the client's; -s SOCKET says which daemon is meant",
    "-u": "a socket asks for no user; at tls:// --token-file FILE says who may",
    "-p": "a socket asks for no password; at tls:// --token-file FILE says who may",
}
"""Options that scripts and Ansible's module give it."""


class _Options(NamedTuple):
    socket: str | None
    as_json: bool


def _options(words: list[str]) -> _Options | int:
    """Take the options off the words; return them, or the exit status where that was all."""
    socket: str | None = None
    as_json = False
    while words and words[0].startswith("-"):
        option = words.pop(0)
        name, equals, value = option.partition("=")
        if option == "-s" or name in _WITH_VALUE:
            if not equals and not words:
                print(f"taskmasterctl: {option} needs {_WITH_VALUE[name]}", file=sys.stderr)
                return EXIT_UNUSABLE
            given = value if equals else words.pop(0)
            if name in _VARIABLES:
                os.environ[_VARIABLES[name]] = given
            else:
                socket = given.removeprefix("unix://")
        elif option == "--json":
            as_json = True
        elif option in ("-h", "--help"):
            _print_usage()
            return commands.run(Context(_never_connects), ["help"])
        elif option == "--version":
            print(f"taskmasterctl {__version__}")
            return 0
        elif option in _SUPERVISORCTLS:
            text = f"{option} is supervisorctl's: {_SUPERVISORCTLS[option]}"
            print(f"taskmasterctl: {text}", file=sys.stderr)
            return EXIT_UNUSABLE
        else:
            print(f"taskmasterctl: unknown option {option}; try --help", file=sys.stderr)
            return EXIT_UNUSABLE
    return _Options(socket, as_json)


def _main(context: Context, words: list[str], socket: str | None) -> int:
    if words:
        # As supervisorctl does: Ansible's module says "signal HUP" in one word.
        return commands.run(context, [*(words[0].split() or words[:1]), *words[1:]])
    from ctl import shell

    if sys.stdin.isatty() and sys.stdout.isatty():
        named = _address(socket)
        return shell.interact(context.connect, named, as_json=context.as_json)
    return shell.read_commands(context.connect, as_json=context.as_json)


def _connector(option: str | None) -> Callable[[], Connection]:
    return lambda: Connection(_address(option))


def _address(option: str | None) -> str:
    named = find_socket(option, os.environ, os.geteuid())
    return named if is_remote(named) else os.path.abspath(named)


def _never_connects() -> Connection:
    raise NoDaemon("help needs no daemon")


if __name__ == "__main__":
    run()
