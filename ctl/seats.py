"""Commands about terminals: attach, screen, send, wait, clients, detach."""

import os
import time
from collections.abc import Sequence

from ctl import attach, keys, terminal
from ctl.context import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_UNUSABLE,
    Context,
    Unusable,
    ask,
    show,
)
from ctl.render import outcome_lines
from ctl.words import Words, one_name
from taskmaster.protocol.messages import (
    Attach,
    Clients,
    ClientSeat,
    Detach,
    ErrorCode,
    Record,
    RequestError,
    Screen,
    ScreenShown,
    Send,
    Wait,
)


def sit(context: Context, words: Sequence[str]) -> int:
    """Sit down at a terminal."""
    read_only, take, key_name, rest = False, False, keys.DEFAULT_KEY, []
    remaining = list(words)
    while remaining:
        word = remaining.pop(0)
        if word in ("-r", "--read-only"):
            read_only = True
        elif word == "--take":
            take = True
        elif word == "--detach-key" and remaining:
            key_name = remaining.pop(0)
        elif word.startswith("--detach-key="):
            key_name = word.partition("=")[2]
        elif word.startswith("-"):
            raise Unusable(f"unknown option {word}")
        else:
            rest.append(word)
    if len(rest) != 1:
        raise Unusable("it needs the name of one process")
    try:
        key = keys.parse_key(key_name)
    except ValueError as exc:
        raise Unusable(str(exc)) from None
    connection = context.connect()
    shown = "Ctrl-]" if key_name == keys.DEFAULT_KEY else key_name
    try:
        return attach.attach(
            connection,
            Attach(rest[0], read_only=read_only, take=take),
            os.environ,
            key=key,
            key_name=shown,
        )
    except (attach.AttachRefused, terminal.NoTerminal) as exc:
        context.fail(f"attach: {exc}")
        return EXIT_UNUSABLE if isinstance(exc, terminal.NoTerminal) else EXIT_FAILED
    finally:
        connection.close()


def screen(context: Context, words: Sequence[str]) -> int:
    """Print what a terminal shows."""
    options = Words(words)
    ansi, scrollback = False, 0
    while (option := options.option()) is not None:
        match option:
            case "--ansi":
                ansi = True
            case "--scrollback":
                scrollback = int(options.number(option))
            case _:
                raise Unusable(f"unknown option {option}")
    shown = ask(context, Screen(one_name(options.rest), scrollback, ansi))
    assert isinstance(shown, ScreenShown)
    lines = [*shown.scrollback, *shown.lines]
    while lines and not lines[-1]:
        lines.pop()
    show(context, shown, "\n".join(lines))
    return EXIT_DONE


def send(context: Context, words: Sequence[str]) -> int:
    """Type into a terminal."""
    options = Words(words)
    keys = paste = enter = False
    while (option := options.option()) is not None:
        match option:
            case "--keys":
                keys = True
            case "--paste":
                paste = True
            case "--enter":
                enter = True
            case _:
                hint = "write -- before a text that begins like one"
                raise Unusable(f"unknown option {option}; {hint}")
    name, texts = options.rest[:1], options.rest[1:]
    if not name or not (texts or enter):
        raise Unusable("it needs the name of one process and what to type")
    typed = tuple(texts) if keys else (" ".join(texts),)
    ask(context, Send(name[0], typed, keys, paste, enter))
    return EXIT_DONE


def wait(context: Context, words: Sequence[str]) -> int:
    """Wait for a state, a text or silence."""
    options = Words(words)
    states: tuple[str, ...] = ()
    text, idle, timeout = "", 0.0, 0.0
    while (option := options.option()) is not None:
        match option:
            case "--state":
                wanted = options.value(option).upper().replace("|", ",").split(",")
                states += tuple(filter(None, wanted))
            case "--text":
                text = options.value(option)
            case "--idle":
                idle = options.number(option)
            case "--timeout":
                timeout = options.number(option)
            case _:
                raise Unusable(f"unknown option {option}")
    name = one_name(options.rest)
    if not (states or text or idle):
        raise Unusable("it needs something to wait for: --state, --text or --idle")
    try:
        ask(context, Wait(name, states, text, idle, timeout))
    except RequestError as exc:
        if exc.code is not ErrorCode.TIMED_OUT:
            raise
        context.fail(exc.message)
        return EXIT_FAILED
    return EXIT_DONE


def record(context: Context, words: Sequence[str]) -> int:
    """Begin or end a recording."""
    if len(words) != 2:
        raise Unusable("it needs the name of one process and a file, or off")
    path = "" if words[1] == "off" else os.path.abspath(words[1])
    outcomes = ask(context, Record(words[0], path))
    assert isinstance(outcomes, list)
    show(context, outcomes, outcome_lines(outcomes))
    return EXIT_DONE


def clients(context: Context, words: Sequence[str]) -> int:
    """List who sits at a terminal."""
    found = ask(context, Clients(one_name(words)))
    assert isinstance(found, list)
    show(context, found, "\n".join(_line(seat) for seat in found))
    return EXIT_DONE


def detach(context: Context, words: Sequence[str]) -> int:
    """Put clients out of a terminal."""
    if not 1 <= len(words) <= 2:
        raise Unusable("it needs the name of one process, and perhaps the number of a client")
    if words[1:] and not (words[1].isdecimal() and int(words[1][:9]) > 0):
        raise Unusable(f"expected the number of a client, got {words[1]!r}")
    gone = ask(context, Detach(words[0], int(words[1][:9]) if words[1:] else 0))
    assert isinstance(gone, list)
    show(context, gone, "\n".join(f"detached: {_line(seat)}" for seat in gone))
    return EXIT_DONE


def _line(seat: ClientSeat) -> str:
    size = f"{seat.columns}x{seat.rows}" if seat.columns else "no size"
    since = time.strftime("%b %d %H:%M:%S", time.localtime(seat.since))
    notes = ", read only" * seat.read_only + ", leads" * seat.leads
    pid = f", pid {seat.pid}" if seat.pid else ""  # over TCP nobody knows it
    return f"{seat.number}: {seat.user}{pid}, {size}, since {since}{notes}"
