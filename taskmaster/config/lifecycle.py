r"""Readers of the two keys that are small languages: how a process comes up and how it goes. Pure.

``ready: {text: 'Done \(', within: 60}`` and ``stop: [{send: "save-all\r"}, {wait: 2}, {signal:
TERM, to: group, wait: 10}, {kill: group}]``. Where the last step is no kill one is added: a stop
that may never end would hold up a shutdown for ever.
"""

import signal
from collections.abc import Mapping
from typing import Any, Final

from pty_mux.patterns import BadPattern, TookTooLong, compile_pattern, is_found
from taskmaster.config import values
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.hints import unknown_key_hint
from taskmaster.config.model import Ready, StopStep, Whom
from taskmaster.config.readers import (
    Bad,
    Fault,
    Reader,
    Surroundings,
    each,
    one_of,
    scalar,
    text_of,
    unexpected,
)

DEFAULT_READY_SECONDS: Final = 60.0
_LAST_WAIT_SECONDS: Final = 10.0
"""Before the kill, where the last step names no time: supervisord's ``stopwaitsecs``."""

_SECONDS: Final = scalar(values.seconds)
_WHOM: Final = one_of(Whom)


def ready(node: Node, around: Surroundings) -> Ready:
    """Read a regular expression, or one and a time."""
    if isinstance(node, Text):
        return Ready(_pattern(node, around), DEFAULT_READY_SECONDS)
    found = _keys(node, {"text": _pattern, "within": _SECONDS}, around, "text: and within:")
    if "text" not in found:
        raise unexpected(node, "text:, a regular expression that is found on its screen")
    return Ready(found["text"], found.get("within", DEFAULT_READY_SECONDS))


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
    readers: dict[str, Reader] = {
        "send": lambda item, _: text_of(item),
        "signal": scalar(values.signal_number),
        "kill": _WHOM,
        "to": _WHOM,
        "wait": _SECONDS,
    }
    found = _keys(node, readers, around, "one of send:, signal:, kill: or wait:")
    deeds = [key for key in ("send", "signal", "kill") if key in found]
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


def _keys(
    node: Node, readers: Mapping[str, Reader], around: Surroundings, expected: str
) -> dict[str, Any]:
    """Return what each key of a small mapping holds, or raise every fault in it."""
    if not isinstance(node, MappingNode):
        raise unexpected(node, expected)

    def read(pair: tuple[Text, Node]) -> tuple[str, Any]:
        name, value = pair
        reader = readers.get(name.text)
        if reader is None:
            raise Bad(
                Fault(name.place, f"no such key: {name.text}", unknown_key_hint(name.text, readers))
            )
        return name.text, reader(value, around)

    return dict(each(node.items, read))
