"""Did you mean: names of processes that are near to what was typed."""

import difflib
from collections.abc import Sequence

from ctl.connection import ConnectionLost, NoDaemon
from ctl.context import Context, ask
from taskmaster.protocol import messages
from taskmaster.protocol.messages import RequestError


def hint(context: Context, unknown: Sequence[str]) -> None:
    """Say to the person which names were perhaps meant by some that stand for nothing."""
    try:
        found = ask(context, messages.Status())
    except (RequestError, NoDaemon, ConnectionLost):
        return
    assert isinstance(found, list)
    names = [one.name for one in found if isinstance(one, messages.ProcessStatus)]
    for word in unknown:
        if near := nearest(word, names):
            context.complain(f"{word}: did you mean {near}?")


def nearest(word: str, names: Sequence[str]) -> str:
    """Return the name of a program or process that is near to a word, or ""."""
    program, colon, _ = word.partition(":")
    programs = list(dict.fromkeys(name.rpartition(":")[0] for name in names))
    known = [*names, *programs] if colon else [*programs, *names]
    found = difflib.get_close_matches(word, known, 1)
    if not found and colon:
        return next((f"{program}:*" for name in programs if name == program), "")
    return found[0] if found else ""
