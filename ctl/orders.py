"""The commands that are about named processes: their states, and orders to them."""

import os
from collections.abc import Sequence

from ctl import display, render
from ctl.context import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NO_SUCH_NAME,
    EXIT_NOT_RUNNING,
    Context,
    Unusable,
    ask,
    print_json,
    show,
)
from ctl.words import names_in, needed_names
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError, Verdict


def status(context: Context, words: Sequence[str]) -> int:
    """Print the states."""
    on_terminal = display.is_terminal() and not context.as_json
    found: dict[str, messages.ProcessStatus] = {}
    unknown: list[str] = []
    # A name at a time: an unknown one must not hide what is known.
    for name in names_in(words) or ("all",):
        try:
            result = ask_status(context, (name,), usage=on_terminal or context.as_json)
        except RequestError as exc:
            if exc.code is not ErrorCode.NO_SUCH_NAME:
                raise
            unknown.append(name)
            if not context.as_json:
                context.complain(exc.message)
            continue
        found |= {status.name: status for status in result}
    statuses = list(found.values())
    if context.as_json:
        errors = [{"name": name, "error": "no such process"} for name in unknown]
        print_json([*(messages.to_json(status) for status in statuses), *errors])
    elif on_terminal:
        from ctl.statustable import table

        width, _ = display.size()
        show(context, statuses, "\n".join(table(statuses, width, colour=display.wants_colour())))
    else:
        show(context, statuses, render.status_table(statuses))
    if unknown:
        _hint(context, unknown)
        return EXIT_NO_SUCH_NAME
    return EXIT_DONE if all(s.state == "RUNNING" for s in statuses) else EXIT_NOT_RUNNING


def ask_status(
    context: Context, names: Sequence[str], *, usage: bool
) -> list[messages.ProcessStatus]:
    """Return the states of the named processes, or of all.

    Raises:
        RequestError: a name stands for nothing.
    """
    try:
        result = ask(context, messages.Status(tuple(names), usage))
    except RequestError as exc:
        if not usage or exc.code is not ErrorCode.INVALID_PARAMS:
            raise
        result = ask(context, messages.Status(tuple(names)))  # an older daemon
    assert isinstance(result, list)
    return result


def start(context: Context, words: Sequence[str]) -> int:
    """Start processes."""
    return _order(context, messages.Start(needed_names(words), _token()))


def stop(context: Context, words: Sequence[str]) -> int:
    """Stop processes."""
    return _order(context, messages.Stop(needed_names(words), _token()))


def restart(context: Context, words: Sequence[str]) -> int:
    """Restart processes."""
    return _order(context, messages.Restart(needed_names(words), _token()))


def clear(context: Context, words: Sequence[str]) -> int:
    """Empty log files."""
    return _outcomes(context, messages.Clear(needed_names(words)))


def signal(context: Context, words: Sequence[str]) -> int:
    """Send a signal."""
    if len(words) < 2:
        raise Unusable("it needs a signal and the name of a process, or all")
    return _outcomes(context, messages.Signal(words[0], names_in(words[1:])))


def pid(context: Context, words: Sequence[str]) -> int:
    """Print process ids."""
    result = ask(context, messages.Pid(names_in(words)))
    assert isinstance(result, list)
    show(context, result, render.pid_lines(result))
    return EXIT_DONE if all(process.pid for process in result) else EXIT_FAILED


def _order(context: Context, request: messages.Start | messages.Stop | messages.Restart) -> int:
    if context.as_json or not display.can_redraw():
        return _outcomes(context, request)
    from ctl.progress import follow, on_terminal

    progress = on_terminal(request.names, request.METHOD)
    try:
        result = ask(context, request, lambda connection, _: follow(connection, request, progress))
    finally:
        progress.leave()
    assert isinstance(result, list)
    _hint(context, [one.name for one in result if one.verdict is Verdict.NO_SUCH_NAME])
    return _exit_status(result)


def _outcomes(
    context: Context,
    request: messages.Start | messages.Stop | messages.Restart | messages.Clear | messages.Signal,
) -> int:
    result = ask(context, request)
    assert isinstance(result, list)
    show(context, result, render.outcome_lines(render.worth_telling(result, request.names)))
    return _exit_status(result)


def _hint(context: Context, unknown: Sequence[str]) -> None:
    if unknown and display.is_terminal() and not context.as_json:
        from ctl.near import hint

        hint(context, unknown)


def _exit_status(outcomes: Sequence[messages.Outcome]) -> int:
    failed = any(o.verdict in (Verdict.FAILED, Verdict.NO_SUCH_NAME) for o in outcomes)
    return EXIT_FAILED if failed else EXIT_DONE


def _token() -> str:
    return os.urandom(8).hex()
