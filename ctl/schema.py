"""``taskmasterctl schema``: the JSON Schema of the config, which is a file of the package."""

import os
import sys
from collections.abc import Sequence

import taskmaster
from ctl.context import EXIT_DONE, EXIT_FAILED, Context
from ctl.words import no_words


def schema(context: Context, words: Sequence[str]) -> int:
    """Print it."""
    no_words(words)
    path = os.path.join(os.path.dirname(taskmaster.__file__), "taskmaster.schema.json")
    try:
        with open(path, encoding="utf-8") as file:
            sys.stdout.write(file.read())
    except OSError as exc:
        context.fail(f"{path}: {(exc.strerror or str(exc)).lower()}; install Taskmaster again")
        return EXIT_FAILED
    return EXIT_DONE
