"""The commands: words to request, result to text and exit status. One table for all of the client.

One-shot use, the shell and `help` read the same table. A command writes data to standard output and
complaints to standard error, and raises `Unusable` for words that mean nothing.
"""

from collections.abc import Sequence
from typing import Final

from ctl import display, orders
from ctl.context import EXIT_DONE, EXIT_FAILED, EXIT_UNUSABLE, Command, Context, Names, Unusable
from ctl.later import later
from ctl.words import no_words
from taskmaster.protocol.messages import ErrorCode, RequestError

ALIASES: Final = {"quit": "exit", "?": "help"}
"""Other words for the same command."""

OTHERS_WORDS: Final = {
    "fg": "here it is called attach",
    "open": "start taskmasterctl with -s SOCKET for another daemon",
}
"""supervisorctl's words for what is done otherwise here."""


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
        width = max(map(len, command.options), default=0)
        for option, meaning in command.options.items():
            print(f"    {option:<{width}}  {meaning}")
    if not words:
        width = max(len(command.usage) for command in COMMANDS.values())
        for command in COMMANDS.values():
            print(f"{command.usage:<{width}}  {command.summary}")
        print("\nA NAME is nginx:0, nginx (all of a program), a pattern such as 'web*', or all.")
    return EXIT_DONE


def _exit(context: Context, words: Sequence[str]) -> int:
    no_words(words)
    raise Unusable("there is no shell to leave")


def _notify(context: Context, words: Sequence[str]) -> int:
    raise Unusable("it is for the shell, where news come above the prompt")


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
    "status": Command(
        "status [NAME...]",
        "what runs and what does not, and why",
        orders.status,
        names=Names.MANY,
    ),
    "watch": Command(
        "watch [NAME...]",
        "status, drawn anew every second until Ctrl-C",
        later("watch", "watch"),
        "Where not all fit, those that do not run come first.",
        Names.MANY,
    ),
    "why": Command(
        "why NAME",
        "the story of one process: what it waits for, who stopped it, how it ended",
        later("why", "why"),
        names=Names.ONE,
    ),
    "start": Command(
        "start NAME...", "start, and wait for the outcome", orders.start, names=Names.MANY
    ),
    "stop": Command(
        "stop NAME...", "stop, and wait for the outcome", orders.stop, names=Names.MANY
    ),
    "restart": Command(
        "restart NAME...", "stop what is up, then start", orders.restart, names=Names.MANY
    ),
    "signal": Command(
        "signal SIG NAME...",
        "send a signal",
        orders.signal,
        "SIG is HUP, SIGHUP or 1; only the process gets it.",
        Names.MANY,
    ),
    "attach": Command(
        "attach [--read-only] [--take] [--detach-key KEY] NAME",
        "sit at its terminal; Ctrl-] detaches",
        later("seats", "sit"),
        "Ctrl-C and the like go to the process.",
        Names.ONE,
        {
            "--read-only": "neither type nor set the size",
            "--take": "put everybody else out",
            "--detach-key KEY": "another key than ^], such as C-x, or none",
        },
    ),
    "top": Command(
        "top",
        "a full screen of what runs, with the terminal of the selected one",
        later("dashboard.app", "top"),
        "? shows its keys. Over ssh:// it opens several connections: have a key there, or a master "
        "connection (ssh_config(5), ControlMaster).",
    ),
    "screen": Command(
        "screen [--ansi] [--scrollback N] NAME",
        "print what its terminal shows",
        later("seats", "screen"),
        "Of a process that is down it is the last screen.",
        Names.ONE,
        {"--ansi": "with colours", "--scrollback N": "with so many of the lines above"},
    ),
    "send": Command(
        "send [--keys] [--paste] [--enter] NAME TEXT...",
        "type into its terminal",
        later("seats", "send"),
        "Texts are typed with a blank between, with --keys without.",
        Names.ONE,
        {
            "--keys": "names of keys as in tmux (C-c, Up, F5, Enter) are those keys",
            "--paste": "as a paste",
            "--enter": "Enter follows",
        },
    ),
    "wait": Command(
        "wait [--state STATE[,STATE]] [--text REGEX] [--idle SECONDS] [--timeout SECONDS] NAME",
        "wait for a state, a text on its screen, or silence",
        later("seats", "wait"),
        "Exit status 0 when all that is asked for is so, 1 after the timeout.",
        Names.ONE,
        {
            "--state STATE[,STATE]": "it is in one of these states",
            "--text REGEX": "a regular expression is found on its screen",
            "--idle SECONDS": "it has written nothing for so long",
            "--timeout SECONDS": "give up after so long",
        },
    ),
    "record": Command(
        "record NAME FILE|off",
        "record its terminal into a file that asciinema plays",
        later("seats", "record"),
        "In the format asciicast v2, until the process ends, or off. What is typed is not in it.",
        Names.ONE,
    ),
    "clients": Command(
        "clients NAME", "who sits at its terminal", later("seats", "clients"), names=Names.ONE
    ),
    "detach": Command(
        "detach NAME [NUMBER]",
        "put others out of its terminal",
        later("seats", "detach"),
        "NUMBER is the client's in the list of clients; without one everybody.",
        Names.ONE,
    ),
    "tail": Command(
        "tail [-f] [-BYTES] NAME [stdout|stderr]",
        "the end of its log; -f goes on until Ctrl-C",
        later("logs", "tail"),
        "Without a log file it is what the daemon keeps in memory.",
        Names.ONE,
        {"-f": "go on with what is added", "-BYTES": "so much of it instead of 1600"},
    ),
    "logs": Command(
        "logs [-f] [-n LINES] [NAME...]",
        "the output of several processes together, each line with its name",
        later("merge", "logs"),
        "Without a name of all. Sequences that would wreck the screen are left out.",
        Names.MANY,
        {"-f": "go on with what is added", "-n LINES": "so many of the last lines instead of 10"},
    ),
    "maintail": Command(
        "maintail [-f] [-BYTES]",
        "the end of the daemon's event log",
        later("logs", "maintail"),
        options={"-f": "go on with what is added", "-BYTES": "so much of it instead of 1600"},
    ),
    "init": Command(
        "init [--from FILE] [-o FILE]",
        "write a first config, or one made of a file of others",
        later("init", "init"),
        "Without --from it is taskmaster.yaml here. What a conversion cannot carry over is told by "
        "file and line. A file that is there is never overwritten.",
        options={
            "--from FILE": "supervisord.conf, a Procfile, or a compose file",
            "-o FILE": "a new file for the outcome; a converted one is printed otherwise",
        },
    ),
    "schema": Command(
        "schema",
        "the JSON Schema of the config, for editors",
        later("schema", "schema"),
        "It needs no daemon.",
    ),
    "metrics": Command(
        "metrics", "measurements, as text for Prometheus", later("metrics", "metrics")
    ),
    "clear": Command("clear NAME...", "empty its log files", orders.clear, names=Names.MANY),
    "pid": Command(
        "pid [NAME...]", "process ids; without a name the daemon's", orders.pid, names=Names.MANY
    ),
    "alert": Command(
        "alert test [ALERT...]",
        "send a sample to the alerts of the config",
        later("alerts", "alert"),
        "Each is tried once; exit status 1 where one did not arrive.",
    ),
    "reload": Command(
        "reload",
        "read the config again and apply it",
        later("daemon", "reload"),
        "What did not change keeps running; a config with errors changes nothing.",
    ),
    "reread": Command("reread", "say what reload would do", later("daemon", "reread")),
    "update": Command(
        "update [NAME...]",
        "what reload does, for these programs and groups only",
        later("portions", "update"),
        "Without a name everything. Unlike supervisorctl's it restarts only what must be.",
        Names.MANY,
    ),
    "add": Command(
        "add NAME...",
        "take over programs and groups that are new in the config",
        later("portions", "add"),
        "The config is read again for it; nothing else in it is looked at.",
        Names.MANY,
    ),
    "remove": Command(
        "remove NAME...",
        "forget programs and groups that are stopped",
        later("portions", "remove"),
        "Those that are still in the config come back with the next reload.",
        Names.MANY,
    ),
    "avail": Command(
        "avail", "what is in the config now, and whether it is there", later("portions", "avail")
    ),
    "upgrade": Command(
        "upgrade",
        "have the code that is installed now take over",
        later("daemon", "upgrade"),
        "Every process goes on, under its pid; where the new code cannot start, so does the old.",
    ),
    "shutdown": Command(
        "shutdown", "stop every process, then the daemon", later("daemon", "shutdown")
    ),
    "version": Command("version", "of daemon and client", later("daemon", "version")),
    "completion": Command(
        "completion bash|zsh|fish",
        "a script that has your shell complete commands, options and names",
        later("scripts", "completion"),
        "For bash: source <(taskmasterctl completion bash)",
    ),
    "complete": Command(
        "complete -- [WORD...] TYPED",
        "what TYPED may become behind the words; those scripts call it",
        later("scripts", "complete"),
    ),
    "relay": Command(
        "relay",
        "the protocol on standard input and output",
        later("relay", "relay"),
        "What -s ssh://... runs on the other machine.",
    ),
    "help": Command("help [COMMAND]", "this list, or more of one", _help),
    "notify": Command(
        "notify on|off",
        "in the shell: tell of processes that die or give up, or do not",
        _notify,
    ),
    "exit": Command("exit", "leave the shell (quit and Ctrl-D too)", _exit),
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
        if exc.code is ErrorCode.NO_SUCH_NAME and display.is_terminal():
            from ctl.near import hint

            hint(context, [line.partition(": ERROR")[0] for line in exc.message.splitlines()])
        return EXIT_FAILED
