"""The command about alerts: try whether they arrive."""

from collections.abc import Sequence

from ctl.context import EXIT_DONE, EXIT_FAILED, Context, Unusable, ask, show
from ctl.render import outcome_lines
from taskmaster.protocol.messages import TryAlerts, Verdict


def alert(context: Context, words: Sequence[str]) -> int:
    """Send a sample to the named alerts, or to all."""
    if words[:1] != ["test"]:
        raise Unusable(f"expected test, got {words[0]}" if words else "it needs the word test")
    if any(word.startswith("-") for word in words[1:]):
        raise Unusable("it takes names of alerts, and no options")
    outcomes = ask(context, TryAlerts(tuple(words[1:])))
    assert isinstance(outcomes, list)
    show(context, outcomes, outcome_lines(outcomes))
    failed = any(outcome.verdict is not Verdict.DONE for outcome in outcomes)
    return EXIT_FAILED if failed else EXIT_DONE
