r"""What one listener says on its standard output, as a pure state machine.

    ACKNOWLEDGED  -- ``READY\n`` -->  READY  -- it is sent an event -->  BUSY
    BUSY          -- ``RESULT 2\nOK``, ``RESULT 4\nFAIL`` -->  ACKNOWLEDGED
    anywhere      -- anything else -->  UNKNOWN, for the rest of its life

So supervisord, which is less strict in two places: it takes any seven bytes for ``RESULT `` and
waits for six bytes before it says that they are not ``READY\n``. Lengths count bytes. Of a result
only its beginning is kept: it is ``OK``, or it is a rejection.

A core that takes over knows what the one before has saved, and a listener may have said one word
more: that core died between reading and saving, some 50 us. A ``READY`` that was lost so would
never come again. So one that is known as ACKNOWLEDGED then is taken for READY, which does no harm
where it is not: the event waits in its pipe until it is; and its ``READY``, where it comes after
all, is passed over once (`resumed`). So is the RESULT of an event that was sent and not saved. A
RESULT that was read and not saved is not found out: such a listener is BUSY until it is restarted.
"""

import enum
import re
from dataclasses import dataclass, field, replace
from typing import Final

READY: Final = b"READY\n"
MAX_RESULT_BYTES: Final = 1024 * 1024
"""A longer result is refused: nothing would come of it but a listener that is busy for ever."""

_RESULT: Final = re.compile(rb"RESULT +([0-9]{1,10}) *\r?")
_MAX_RESULT_LINE: Final = 32
_PREFIX: Final = b"RESULT "
_OK: Final = b"OK"
_TOLD_APART: Final = len(_OK) + 1
_SHOWN_BYTES: Final = 40


class Phase(enum.Enum):
    """Where in the talk a listener is; supervisord's names."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    READY = "READY"
    BUSY = "BUSY"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Talk:
    """How far the talk with one listener is.

    Attributes:
        phase: where it is.
        held: the beginning of a word, the rest of which has not come.
        left: how many bytes of a result are still to come; None: there is none under way.
        begun: the first bytes of that result.
        forgives: what was counted already, or is not known to us, may come once more.
    """

    phase: Phase = Phase.ACKNOWLEDGED
    held: bytes = b""
    left: int | None = None
    begun: bytes = b""
    forgives: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """What is to be known of a listener by the next core.

    Attributes:
        talk: how far the talk with it is.
        unwritten: of the event that it is busy with, what its pipe has not taken yet.
    """

    talk: Talk = field(default_factory=Talk)
    unwritten: bytes = b""


@dataclass(frozen=True, slots=True)
class Answered:
    """It is through with its event; not `accepted` means that somebody else is to have it."""

    accepted: bool


@dataclass(frozen=True, slots=True)
class Broke:
    """It said what cannot be said here, and is not talked to any more."""

    why: str


Heard = Answered | Broke


def hear(talk: Talk, data: bytes) -> tuple[Talk, tuple[Heard, ...]]:
    """Return the talk after what a listener said, cut anywhere, and what came of it."""
    news: list[Heard] = []
    data, talk = talk.held + data, replace(talk, held=b"")
    while data and talk.phase is not Phase.UNKNOWN:
        before = (talk, data)
        talk, data, heard = _HEARERS[talk.phase](talk, data)
        if heard is not None:
            news.append(heard)
        if (talk, data) == before:
            return replace(talk, held=data), tuple(news)
    return talk, tuple(news)


def sent(talk: Talk) -> Talk:
    """Return the talk after a listener that is READY was sent an event."""
    return replace(talk, phase=Phase.BUSY)


def resumed(talk: Talk) -> Talk:
    """Return the talk as a core goes on with it that may not know the last word."""
    if talk.phase in (Phase.ACKNOWLEDGED, Phase.READY):
        return Talk(Phase.READY, talk.held, forgives=True)
    return talk


_Step = tuple[Talk, bytes, Heard | None]
"""The talk, what is left of the data, what came of it. Where nothing changes more is to come."""


def _while_acknowledged(talk: Talk, data: bytes) -> _Step:
    if data.startswith(READY):
        return replace(talk, phase=Phase.READY), data[len(READY) :], None
    return (talk, data, None) if READY.startswith(data) else _broke(data, "READY")


def _while_ready(talk: Talk, data: bytes) -> _Step:
    if talk.forgives and data.startswith(READY):
        return replace(talk, forgives=False), data[len(READY) :], None
    if talk.forgives and READY.startswith(data):
        return talk, data, None
    if talk.forgives and _begins_result(data):
        return sent(talk), data, None
    return _broke(data, "nothing, before it is told something")


def _while_busy(talk: Talk, data: bytes) -> _Step:
    if talk.left is not None:
        return _result(talk, talk.left, data)
    if talk.forgives and data.startswith(READY):
        return replace(talk, forgives=False), data[len(READY) :], None
    line, newline, rest = data.partition(b"\n")
    if not newline:
        is_short = len(data) <= _MAX_RESULT_LINE
        begins = _begins_result(data) or (talk.forgives and READY.startswith(data))
        return (talk, data, None) if is_short and begins else _broke(data, "RESULT and its length")
    found = _RESULT.fullmatch(line)
    if found is None:
        return _broke(data, "RESULT and its length")
    if int(found[1]) > MAX_RESULT_BYTES:
        return _broke(data, f"a result of {MAX_RESULT_BYTES} bytes at most")
    return _result(replace(talk, forgives=False), int(found[1]), rest)


def _result(talk: Talk, left: int, data: bytes) -> _Step:
    taken, rest = data[:left], data[left:]
    begun, left = (talk.begun + taken)[:_TOLD_APART], left - len(taken)
    if left:
        return replace(talk, begun=begun, left=left), rest, None
    return Talk(), rest, Answered(begun == _OK)


def _begins_result(data: bytes) -> bool:
    return _PREFIX.startswith(data[: len(_PREFIX)])


def _broke(data: bytes, wanted: str) -> _Step:
    shown = repr(data[:_SHOWN_BYTES])[1:] + ("..." if len(data) > _SHOWN_BYTES else "")
    return Talk(Phase.UNKNOWN), b"", Broke(f"it said {shown} where it may say {wanted}")


_HEARERS: Final = {
    Phase.ACKNOWLEDGED: _while_acknowledged,
    Phase.READY: _while_ready,
    Phase.BUSY: _while_busy,
}
