"""The commands that take over a part of a changed config: supervisorctl's, beside `reload`.

Their lines are supervisorctl's too, for scripts and Ansible look for them.
"""

from collections.abc import Sequence

from ctl import render
from ctl.context import EXIT_DONE, EXIT_FAILED, Context, Unusable, ask, show
from ctl.words import names_in, no_words
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError, Verdict


def update(context: Context, words: Sequence[str]) -> int:
    """Read the config again and apply it, or the part that is named."""
    try:
        result = ask(context, messages.Update(names_in(words)))
    except RequestError as exc:
        if exc.code is not ErrorCode.BAD_CONFIG:
            raise
        raise RequestError(exc.code, f"{exc.message}\nnothing was changed") from None
    assert isinstance(result, messages.ReloadReport)
    for warning in result.warnings:
        context.complain(warning)
    show(context, result, render.reload_text(result))
    return EXIT_DONE


def add(context: Context, words: Sequence[str]) -> int:
    """Take over what is new in the config."""
    return _outcomes(context, messages.Add(_needed(words)))


def remove(context: Context, words: Sequence[str]) -> int:
    """Forget what is stopped."""
    return _outcomes(context, messages.Remove(_needed(words)))


def avail(context: Context, words: Sequence[str]) -> int:
    """Print what is in the config as it is written now."""
    no_words(words)
    result = ask(context, messages.Available())
    assert isinstance(result, list)
    show(context, result, render.available_table(result))
    return EXIT_DONE


def _needed(words: Sequence[str]) -> tuple[str, ...]:
    if not words:
        raise Unusable("it needs the name of a program or of a group")
    return names_in(words)


def _outcomes(context: Context, request: messages.Add | messages.Remove) -> int:
    result = ask(context, request)
    assert isinstance(result, list)
    show(context, result, render.outcome_lines(result))
    failed = any(o.verdict in (Verdict.FAILED, Verdict.NO_SUCH_NAME) for o in result)
    return EXIT_FAILED if failed else EXIT_DONE
