"""``taskmasterctl metrics``: what is measured, for Prometheus or for whoever wants figures."""

import sys
from collections.abc import Sequence

from ctl.context import EXIT_DONE, Context, Unusable, ask, print_json
from taskmaster.protocol import messages


def metrics(context: Context, words: Sequence[str]) -> int:
    """Print the text as it is: it can be a file for node_exporter's textfile collector."""
    if words:
        raise Unusable(f"it takes no words, got {words[0]}")
    result = ask(context, messages.Metrics())
    assert isinstance(result, messages.MetricsText)
    if context.as_json:
        print_json(messages.to_json(result))
    else:
        sys.stdout.write(result.text)
        sys.stdout.flush()
    return EXIT_DONE
