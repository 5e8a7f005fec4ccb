"""The keys of event listeners: ``events``, and what means something else, or nothing, there. Pure.

A listener has pipes where other programs have a terminal. Its standard output is its side of the
protocol; ``stdout`` gets a copy of that, as in supervisord. Its standard error is for people: a log
file where ``stderr`` names one, and what `tail` and `screen` show.
"""

from collections.abc import Mapping
from typing import Any, Final

from taskmaster.config import forms
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.hints import did_you_mean
from taskmaster.config.model import StderrChannel
from taskmaster.config.readers import Bad, Fault, Surroundings, each, reads, shown, text_of
from taskmaster.listeners.kinds import KNOWN, LEFT_OUT

PRIORITY: Final = -1
"""supervisord's for the pools of listeners: they are started first and stopped last."""

_EVENT: Final = forms.words(*KNOWN)
MEANINGLESS: Final = ("ready", "record", "size", "stderr_tty")
TOLD: Final = ("stdout_events", "stderr_events")


@reads(forms.one_or_list(_EVENT, 1))
def events(node: Node, around: Surroundings) -> tuple[str, ...]:
    """Read names of events, a list or one; in any case, as supervisord takes them."""
    items = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        raise Bad(Fault(node.place, "expected at least one event", f"such as {KNOWN[1]}"))
    return tuple(dict.fromkeys(each(items, _event)))


def _event(node: Node) -> str:
    name = text_of(node).upper()
    if name in KNOWN:
        return name
    if name in LEFT_OUT:
        hint = "use REMOTE_COMMUNICATION, which a process sends by XML-RPC"
        raise Bad(Fault(node.place, f"{name}: there is no capture mode on a terminal", hint))
    hint = did_you_mean_event(name)
    raise Bad(Fault(node.place, f"expected the name of an event, got {shown(node)}", hint))


def did_you_mean_event(name: str) -> str:
    """Return a question for the nearest event, or which there are."""
    nearest = did_you_mean(name.lower(), [known.lower() for known in KNOWN])
    return nearest.upper().replace("DID YOU MEAN", "did you mean") or f"known: {', '.join(KNOWN)}"


def complete(found: dict[str, Any]) -> None:
    """Put into what was read of a program what follows from its being a listener."""
    if found.get("events"):
        found["stderr_channel"] = StderrChannel.THREE_PIPES
        found.setdefault("priority", PRIORITY)


def check(
    given: Mapping[str, Text], found: Mapping[str, Any], key: str, around: Surroundings
) -> None:
    """Note what makes no sense, of a listener or of another program."""

    def error(name: str, message: str, hint: str = "") -> None:
        around.error(given[name].place, f"{key}.{name}", message, hint)

    if "events" not in given:
        if "buffer_size" in given:
            error("buffer_size", "it is for event listeners", "add events: [...]")
        if found.get("stderr_events") and "stderr" not in given:
            error("stderr_events", "its stderr goes with its stdout here", "add stderr: PATH")
        return
    for name in MEANINGLESS:
        if name in given:
            error(name, "an event listener has no terminal", "leave it out")
    for name in TOLD:
        if found.get(name):
            error(name, "an event listener would be told of what it says itself", "leave it out")
    if any(step.text for step in found.get("stop", ())):
        error("stop", "an event listener has no terminal to type into", "use a signal")
