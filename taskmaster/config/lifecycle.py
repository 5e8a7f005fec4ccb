r"""Readers of the two keys that are small languages: how a process comes up and how it goes. Pure.

``ready: {text: 'Done \(', within: 60}`` and ``stop: [{send: "save-all\r"}, {wait: 2}, {signal:
TERM, to: group, wait: 10}, {kill: group}]``. Where the last step is no kill one is added: a stop
that may never end would hold up a shutdown for ever.
"""

import signal
from typing import Final

from pty_mux.patterns import BadPattern, TookTooLong, compile_pattern, is_found
from taskmaster.config import forms, readers
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.forms import Form
from taskmaster.config.keys import Key, Keys, form_of, read_small
from taskmaster.config.model import Ready, StopStep, Whom
from taskmaster.config.readers import Bad, Fault, Surroundings, each, reads, text_of, unexpected

DEFAULT_READY_SECONDS: Final = 60.0
_LAST_WAIT_SECONDS: Final = 10.0
"""Before the kill, where the last step names no time: supervisord's ``stopwaitsecs``."""

_PATTERN: Final[Form] = {**forms.FILLED, "title": "a regular expression"}


@reads(_PATTERN)
def _pattern(node: Node, around: Surroundings) -> str:
    text = text_of(node)
    try:
        matches_nothing = is_found(compile_pattern(text), "\n" * 3)
    except BadPattern as exc:
        raise unexpected(node, f"a regular expression ({exc})") from None
    except TookTooLong:
        raise unexpected(node, "a regular expression that does not try for ever") from None
    if matches_nothing:
        raise unexpected(node, "a regular expression that an empty screen does not match")
    return text


READY_KEYS: Final[Keys] = {
    "text": Key(_pattern, "a regular expression that is found on its screen", example="listening"),
    "within": Key(readers.SECONDS, "longer than that, and it did not come up", 60),
}
_READY: Final = forms.any_of(
    "a regular expression, or one and a time", _PATTERN, form_of(READY_KEYS, forms.needs("text"))
)


@reads(_READY)
def ready(node: Node, around: Surroundings) -> Ready:
    """Read a regular expression, or one and a time."""
    if isinstance(node, Text):
        return Ready(_pattern(node, around), DEFAULT_READY_SECONDS)
    found = read_small(node, READY_KEYS, around, "text: and within:")
    if "text" not in found:
        raise unexpected(node, "text:, a regular expression that is found on its screen")
    return Ready(found["text"], found.get("within", DEFAULT_READY_SECONDS))


_WHOM: Final = readers.one_of(Whom)
STEP_KEYS: Final[Keys] = {
    "send": Key(readers.text, "typed into its terminal", example="quit\r"),
    "signal": Key(readers.SIGNAL, "sent to it", example="TERM"),
    "to": Key(_WHOM, "who gets the signal", "process"),
    "kill": Key(_WHOM, "who gets KILL; nothing comes after it", example="group"),
    "wait": Key(readers.SECONDS, "until the next step; of the last one 10 seconds", 0),
}
_DEEDS: Final = ("send", "signal", "kill")
_STEP: Final = form_of(
    STEP_KEYS,
    forms.at_most_one(*_DEEDS),
    forms.at_least_one(*_DEEDS, "wait"),
    forms.beside("to", "signal"),
)


@reads({"title": "a list of steps", "type": "array", "items": _STEP, "minItems": 1})
def stop(node: Node, around: Surroundings) -> tuple[StopStep, ...]:
    """Read the steps; the last one is a KILL, added where none is written."""
    if not isinstance(node, Sequence) or not node.items:
        raise unexpected(node, "a list of steps such as {signal: TERM, wait: 10}")
    last = node.items[-1]
    steps: list[StopStep] = each(
        node.items, lambda item: _step(item, around, _LAST_WAIT_SECONDS if item is last else 0.0)
    )
    kills = [step.signal == signal.SIGKILL for step in steps]
    if True in kills[:-1]:
        place = node.items[kills.index(True)].place
        raise Bad(Fault(place, "nothing comes after a kill, which is repeated until it is gone"))
    if not kills[-1]:
        steps.append(StopStep(signal=signal.SIGKILL, wait=_LAST_WAIT_SECONDS))
    return tuple(steps)


def _step(node: Node, around: Surroundings, default_wait: float) -> StopStep:
    found = read_small(node, STEP_KEYS, around, "one of send:, signal:, kill: or wait:")
    deeds = [key for key in _DEEDS if key in found]
    if len(deeds) > 1:
        raise unexpected(node, f"one deed a step, {' or '.join(deeds)}")
    if not deeds and "wait" not in found:
        raise unexpected(node, "send:, signal:, kill: or wait:")
    if "to" in found and "signal" not in found:
        raise unexpected(node, "to: beside a signal only")
    kills = "kill" in found
    return StopStep(
        text=found.get("send", ""),
        signal=signal.SIGKILL if kills else found.get("signal"),
        whom=found["kill"] if kills else found.get("to", Whom.PROCESS),
        wait=found.get("wait", default_wait),
    )
