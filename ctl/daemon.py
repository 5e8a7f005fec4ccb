"""The commands that are about the daemon: its config, its code, its end."""

import contextlib
import sys
from collections.abc import Sequence

from ctl import render
from ctl.connection import ConnectionLost
from ctl.context import EXIT_DONE, Context, ask, show
from ctl.words import no_words
from taskmaster import __version__
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError


def reload(context: Context, words: Sequence[str]) -> int:
    """Read the config again and apply it."""
    no_words(words)
    try:
        return _report(context, messages.Reload())
    except RequestError as exc:
        if exc.code is not ErrorCode.BAD_CONFIG:
            raise
        raise RequestError(exc.code, f"{exc.message}\nnothing was changed") from None


def reread(context: Context, words: Sequence[str]) -> int:
    """Say what `reload` would do."""
    no_words(words)
    return _report(context, messages.Reread())


def upgrade(context: Context, words: Sequence[str]) -> int:
    """Have the code that is installed now take over."""
    no_words(words)
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


def shutdown(context: Context, words: Sequence[str]) -> int:
    """Stop everything."""
    no_words(words)
    if context.in_shell and sys.stdin.isatty():
        answer = input("Really stop every process and the daemon? y/N ")
        if answer.strip().lower() not in ("y", "yes"):
            return EXIT_DONE
    ask(context, messages.Shutdown())
    print("shut down", flush=True)
    return EXIT_DONE


def version(context: Context, words: Sequence[str]) -> int:
    """Print the versions."""
    no_words(words)
    result = ask(context, messages.Version())
    assert isinstance(result, messages.Hello)
    text = f"taskmasterd {result.version} (pid {result.pid}), taskmasterctl {__version__}"
    show(context, result, text)
    return EXIT_DONE


def _report(context: Context, request: messages.Reload | messages.Reread) -> int:
    result = ask(context, request)
    assert isinstance(result, messages.ReloadReport)
    for warning in result.warnings:
        context.complain(warning)
    is_preview = isinstance(request, messages.Reread)
    show(context, result, render.reload_text(result, is_preview=is_preview))
    return EXIT_DONE
