"""``taskmasterctl init``: a first config, or one made of a file of supervisord's or others.

The converter knows what a config is, which the client does not load: it is a module of the daemon
(`taskmaster.convert`) and runs in an interpreter of its own.
"""

import os
import sys
from collections.abc import Sequence
from typing import Final

from ctl.context import Context, Unusable

_CONVERTER: Final = "taskmaster.convert"


def init(context: Context, words: Sequence[str]) -> int:
    """Write the starter config; or convert, and print the outcome or write it where -o says."""
    if context.as_json:
        raise Unusable("what it prints is YAML, and no JSON document")
    source, target = _options(words)
    arguments = [f"--from={source}"] if source is not None else []
    arguments += [f"-o{target}"] if target is not None else []
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", _CONVERTER, *arguments]
    child = os.posix_spawn(sys.executable, command, os.environ)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _options(words: Sequence[str]) -> tuple[str | None, str | None]:
    """Return what to convert, if anything, and where to write, None where that is not said."""
    source: str | None = None
    target: str | None = None
    remaining = list(words)
    while remaining:
        word = remaining.pop(0)
        option, equals, value = word.partition("=")
        if option not in ("--from", "-o"):
            raise Unusable(f"unknown word {word}")
        if not equals and not remaining:
            raise Unusable(f"{option} needs the path of a file")
        path = value if equals else remaining.pop(0)
        if not path:
            raise Unusable(f"{option} needs the path of a file")
        if option == "--from":
            source = path
        else:
            target = path
    return source, target
