"""The commands: words to request, result to text and exit status. One table for all of the client.

One-shot use, the shell and `help` read the same table. A command writes data to standard output and
complaints to standard error, and raises `Unusable` for words that mean nothing.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from ctl import logs, render
from ctl.connection import ConnectionLost
from ctl.context import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NO_SUCH_NAME,
    EXIT_NOT_RUNNING,
    EXIT_UNUSABLE,
    Command,
    Context,
    Unusable,
    ask,
    print_json,
    show,
)
from ctl.later import later
from taskmaster import __version__
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError, Verdict

ALIASES: Final = {"quit": "exit", "?": "help"}
"""Other words for the same command."""

OTHERS_WORDS: Final = {
    "update": "here it is called reload",
    "add": "reload adds what is new in the config",
    "remove": "reload removes what is gone from the config",
    "avail": "reread says what reload would change, status lists what is there",
    "fg": "here it is called attach",
    "open": "start taskmasterctl with -s SOCKET for another daemon",
}
"""supervisorctl's words for what is done otherwise here."""


def _token() -> str:
    return os.urandom(8).hex()


def _names(words: Sequence[str]) -> tuple[str, ...]:
    for word in words:
        if word.startswith("-"):
            raise Unusable(f"unknown option {word}")
    return tuple(words)


def _needed(words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        raise Unusable("it needs the name of a process, or all")
    return _names(words)


def _nothing(words: Sequence[str]) -> None:
    if words:
        raise Unusable(f"it takes no words, got {words[0]}")


def _status(context: Context, words: Sequence[str]) -> int:
    found: dict[str, messages.ProcessStatus] = {}
    unknown: list[str] = []
    # A name at a time: an unknown one must not hide what is known.
    for name in _names(words) or ("all",):
        try:
            result = ask(context, messages.Status((name,)))
        except RequestError as exc:
            if exc.code is not ErrorCode.NO_SUCH_NAME:
                raise
            unknown.append(name)
            if not context.as_json:
                context.complain(exc.message)
            continue
        assert isinstance(result, list)
        found |= {status.name: status for status in result}
    statuses = list(found.values())
    if context.as_json:
        errors = [{"name": name, "error": "no such process"} for name in unknown]
        print_json([*(messages.to_json(status) for status in statuses), *errors])
    else:
        show(context, statuses, render.status_table(statuses))
    if unknown:
        return EXIT_NO_SUCH_NAME
    return EXIT_DONE if all(s.state == "RUNNING" for s in statuses) else EXIT_NOT_RUNNING


def _outcomes(
    context: Context,
    request: messages.Start | messages.Stop | messages.Restart | messages.Clear | messages.Signal,
) -> int:
    result = ask(context, request)
    assert isinstance(result, list)
    show(context, result, render.outcome_lines(render.worth_telling(result, request.names)))
    failed = any(o.verdict in (Verdict.FAILED, Verdict.NO_SUCH_NAME) for o in result)
    return EXIT_FAILED if failed else EXIT_DONE


def _start(context: Context, words: Sequence[str]) -> int:
    return _outcomes(context, messages.Start(_needed(words), _token()))


def _stop(context: Context, words: Sequence[str]) -> int:
    return _outcomes(context, messages.Stop(_needed(words), _token()))


def _restart(context: Context, words: Sequence[str]) -> int:
    return _outcomes(context, messages.Restart(_needed(words), _token()))


def _clear(context: Context, words: Sequence[str]) -> int:
    return _outcomes(context, messages.Clear(_needed(words)))


def _signal(context: Context, words: Sequence[str]) -> int:
    if len(words) < 2:
        raise Unusable("it needs a signal and the name of a process, or all")
    return _outcomes(context, messages.Signal(words[0], _names(words[1:])))


def _report(context: Context, request: messages.Reload | messages.Reread) -> int:
    result = ask(context, request)
    assert isinstance(result, messages.ReloadReport)
    for warning in result.warnings:
        context.complain(warning)
    is_preview = isinstance(request, messages.Reread)
    show(context, result, render.reload_text(result, is_preview=is_preview))
    return EXIT_DONE


def _reload(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    try:
        return _report(context, messages.Reload())
    except RequestError as exc:
        if exc.code is not ErrorCode.BAD_CONFIG:
            raise
        raise RequestError(exc.code, f"{exc.message}\nnothing was changed") from None


def _reread(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    return _report(context, messages.Reread())


def _upgrade(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    connection = context.connect()
    before = connection.hello
    try:
        with contextlib.suppress(ConnectionLost):  # that is how the core ends that was asked
            connection.request(messages.Upgrade())
    finally:
        connection.close()
    connection = context.connect()
    after = connection.hello
    connection.close()
    if after.core == before.core:
        raise RequestError(ErrorCode.NO_UPGRADE, "the connection was lost, nothing was changed")
    text = f"taskmasterd {before.version} (core {before.core}) handed over to {after.version}"
    show(context, after, f"{text} (core {after.core})")
    return EXIT_DONE


def _shutdown(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    if context.in_shell and sys.stdin.isatty():
        answer = input("Really stop every process and the daemon? y/N ")
        if answer.strip().lower() not in ("y", "yes"):
            return EXIT_DONE
    ask(context, messages.Shutdown())
    print("shut down", flush=True)
    return EXIT_DONE


def _pid(context: Context, words: Sequence[str]) -> int:
    result = ask(context, messages.Pid(_names(words)))
    assert isinstance(result, list)
    show(context, result, render.pid_lines(result))
    return EXIT_DONE if all(process.pid for process in result) else EXIT_FAILED


def _version(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    result = ask(context, messages.Version())
    assert isinstance(result, messages.Hello)
    text = f"taskmasterd {result.version} (pid {result.pid}), taskmasterctl {__version__}"
    show(context, result, text)
    return EXIT_DONE


def _help(context: Context, words: Sequence[str]) -> int:
    if context.as_json:
        raise Unusable("it is for people, and no JSON document")
    for word in words:
        command = find(word)
        if command is None:
            raise Unusable(unknown_command(word))
        print(f"{command.usage}\n  {command.summary}")
        if command.details:
            print(f"  {command.details}")
    if not words:
        width = max(len(command.usage) for command in COMMANDS.values())
        for command in COMMANDS.values():
            print(f"{command.usage:<{width}}  {command.summary}")
        print("\nA NAME is nginx:0, nginx (all of a program), a pattern such as 'web*', or all.")
    return EXIT_DONE


def _exit(context: Context, words: Sequence[str]) -> int:
    _nothing(words)
    raise Unusable("there is no shell to leave")


def find(word: str) -> Command | None:
    """Return the command of that name, or None."""
    return COMMANDS.get(ALIASES.get(word, word))


def unknown_command(word: str) -> str:
    """Return what to say of a command that does not exist, with what was perhaps meant."""
    import difflib

    if word in OTHERS_WORDS:
        return f"no such command: {word}; {OTHERS_WORDS[word]}"
    begun = [name for name in COMMANDS if name.startswith(word)]
    near = begun or difflib.get_close_matches(word, COMMANDS, 1)
    hint = f"did you mean {' or '.join(near)}?" if near else "try help"
    return f"no such command: {word}; {hint}"


COMMANDS: Final[dict[str, Command]] = {
    "status": Command("status [NAME...]", "what runs and what does not, and why", "", _status),
    "start": Command("start NAME...", "start, and wait for the outcome", "", _start),
    "stop": Command("stop NAME...", "stop, and wait for the outcome", "", _stop),
    "restart": Command("restart NAME...", "stop what is up, then start", "", _restart),
    "signal": Command(
        "signal SIG NAME...",
        "send a signal",
        "SIG is HUP, SIGHUP or 1; only the process gets it.",
        _signal,
    ),
    "attach": Command(
        "attach [--read-only] [--take] [--detach-key KEY] NAME",
        "sit at its terminal; Ctrl-] detaches",
        "KEY is ^], C-x, or none. --take puts everybody else out. Ctrl-C and the like go to the "
        "process.",
        later("seats", "sit"),
    ),
    "screen": Command(
        "screen [--ansi] [--scrollback N] NAME",
        "print what its terminal shows",
        "--ansi with colours; --scrollback N with so many of the lines above. Of a process that is "
        "down it is the last screen.",
        later("seats", "screen"),
    ),
    "send": Command(
        "send [--keys] [--paste] [--enter] NAME TEXT...",
        "type into its terminal",
        "--keys: words that are names of keys as in tmux (C-c, Up, F5, Enter) are those keys; "
        "--paste: as a paste; --enter: Enter follows. Texts are typed with a blank between, with "
        "--keys without.",
        later("seats", "send"),
    ),
    "wait": Command(
        "wait [--state STATE[,STATE]] [--text REGEX] [--idle SECONDS] [--timeout SECONDS] NAME",
        "wait for a state, a text on its screen, or silence",
        "Exit status 0 when all that is asked for is so, 1 after the timeout.",
        later("seats", "wait"),
    ),
    "record": Command(
        "record NAME FILE|off",
        "record its terminal into a file that asciinema plays",
        "In the format asciicast v2, until the process ends, or off. What is typed is not in it.",
        later("seats", "record"),
    ),
    "clients": Command("clients NAME", "who sits at its terminal", "", later("seats", "clients")),
    "detach": Command(
        "detach NAME [NUMBER]",
        "put others out of its terminal",
        "NUMBER is the client's in the list of clients; without one everybody.",
        later("seats", "detach"),
    ),
    "tail": Command(
        "tail [-f] [-BYTES] NAME [stdout|stderr]",
        "the end of its log; -f goes on until Ctrl-C",
        "Without a log file it is what the daemon keeps in memory.",
        logs.tail,
    ),
    "maintail": Command(
        "maintail [-f] [-BYTES]",
        "the end of the daemon's event log",
        "",
        logs.maintail,
        takes_names=False,
    ),
    "init": Command(
        "init --from FILE [-o FILE]",
        "convert a config of supervisord's",
        "It goes to standard output or into a new file; what is otherwise here is told by lines.",
        later("init", "init"),
        takes_names=False,
    ),
    "metrics": Command(
        "metrics",
        "measurements, as text for Prometheus",
        "",
        later("metrics", "metrics"),
        takes_names=False,
    ),
    "clear": Command("clear NAME...", "empty its log files", "", _clear),
    "pid": Command("pid [NAME...]", "process ids; without a name the daemon's", "", _pid),
    "alert": Command(
        "alert test [ALERT...]",
        "send a sample to the alerts of the config",
        "Each is tried once; exit status 1 where one did not arrive.",
        later("alerts", "alert"),
        takes_names=False,
    ),
    "reload": Command(
        "reload",
        "read the config again and apply it",
        "What did not change keeps running; a config with errors changes nothing.",
        _reload,
        takes_names=False,
    ),
    "reread": Command("reread", "say what reload would do", "", _reread, takes_names=False),
    "upgrade": Command(
        "upgrade",
        "have the code that is installed now take over",
        "Every process goes on, under its pid; where the new code cannot start, so does the old.",
        _upgrade,
        takes_names=False,
    ),
    "shutdown": Command(
        "shutdown", "stop every process, then the daemon", "", _shutdown, takes_names=False
    ),
    "version": Command("version", "of daemon and client", "", _version, takes_names=False),
    "relay": Command(
        "relay",
        "the protocol on standard input and output",
        "What -s ssh://... runs on the other machine.",
        later("relay", "relay"),
        takes_names=False,
    ),
    "help": Command("help [COMMAND]", "this list, or more of one", "", _help, takes_names=False),
    "exit": Command("exit", "leave the shell (quit and Ctrl-D too)", "", _exit, takes_names=False),
}


def run(context: Context, words: Sequence[str]) -> int:
    """Run one command; return its exit status. Complaints go to standard error.

    Raises:
        NoDaemon: nobody answers.
        ConnectionLost: the daemon went in the middle of it.
    """
    command = find(words[0])
    if command is None:
        context.fail(unknown_command(words[0]))
        return EXIT_UNUSABLE
    try:
        if any(word in ("-h", "--help") for word in words[1:]):
            return _help(context, words[:1])
        return command.run(context, words[1:])
    except Unusable as exc:
        usage = "" if context.as_json else f"\nusage: {command.usage}"
        context.fail(f"{words[0]}: {exc}{usage}")
        return EXIT_UNUSABLE
    except RequestError as exc:
        context.fail(exc.message)
        return EXIT_FAILED
