r"""What keeper and core say to each other: messages as values and as bytes. No I/O in here.

A message is four bytes of length (big-endian) and a JSON object whose ``kind`` names the class.
Before the first of several messages that leave together with descriptors, four bytes announce how
many those are: the highest bit and their number. So a side that got fewer (recvmsg(2), MSG_CTRUNC)
knows whose are missing.

Text that is no UTF-8 (paths, environment) travels as Python's surrogate escapes, three bytes each
(``surrogatepass``): JSON's ``\uXXXX`` would make six of every byte. A **ticket** is a number the
core gives to each spawn; from then on both sides call the child by it, never by its pid, so a
signal can never reach a pid that was used again: the keeper alone reaps, and it knows which tickets
still live.

Plain NamedTuples and no dataclasses: the keeper's memory is paid by every installation, for ever.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, get_args

from taskmaster.keeper.fields import checks

_LENGTH: Final = struct.Struct("!I")

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""Longer than any argument list and environment that Linux would take for an exec (6 MiB); control
characters, for which JSON needs six bytes each, apart."""


class MessageTooLong(Exception):
    """A message of more than `MAX_MESSAGE_BYTES`, which the other side would not take."""


MAX_DESCRIPTORS: Final = 250
"""Linux passes 253 descriptors at most in one system call (SCM_MAX_FD)."""

_ANNOUNCEMENT: Final = 1 << 31

VERSION: Final = 2
"""Of this talk. An upgrade leaves the keeper as it is, so a newer core may meet an older one.

2: standard input may be a descriptor (`Spawn.stdin`), or there are three pipes and no terminal.
"""

OLDEST: Final = 1  # that a core of this code can deal with, without what came later


class WireViolation(Exception):
    """The other side sent what is no message."""


TERMINAL: Final = "terminal"
DESCRIPTOR: Final = "descriptor"


class Spawn(NamedTuple):
    """Core to keeper: start a command (`pty_mux.command.Command`) and call it `ticket`.

    Attributes:
        stdin: `TERMINAL`, or `DESCRIPTOR`: the one that comes along.
    """

    ticket: int
    argv: list[str]
    environment: Mapping[str, str | None]
    overrides: Mapping[str, str]
    workingdir: str | None
    umask: int | None
    user: str | None
    rows: int
    columns: int
    stderr: str
    stdin: str = TERMINAL


PROCESS: Final = "process"
GROUP: Final = "group"
FOREGROUND: Final = "foreground"


class Signal(NamedTuple):
    """Core to keeper: signal a child.

    Attributes:
        whom: `PROCESS`, the child alone; `GROUP`, its process group; `FOREGROUND`, the foreground
            process group of its terminal.
    """

    ticket: int
    number: int
    whom: str


class SignalOrphans(NamedTuple):
    """Core to keeper: signal what is left of a process group whose leader is gone.

    Attributes:
        group: its number, which was the leader's pid.
        pids: some that were in it a moment ago.
    """

    group: int
    pids: list[int]
    number: int


class Release(NamedTuple):
    """Core to keeper: close the descriptors that are held for this ticket."""

    ticket: int


class LogPath(NamedTuple):
    """Core to keeper: where the event log is, for the one line that the core cannot write."""

    path: str


class Save(NamedTuple):
    """Core to keeper: keep a text for the next core under a key, or with None forget it.

    What the core does follows what it has saved: a core that dies in between is followed by one
    that does it again, or finds it done.
    """

    key: str
    value: str | None


class Hold(NamedTuple):
    """Core to keeper: hold the descriptor that comes along for the next core, under a key."""

    key: str


class Drop(NamedTuple):
    """Core to keeper: close what is held under a key."""

    key: str


class Forget(NamedTuple):
    """Core to keeper: how this ticket's child ended, or failed to start, has been saved."""

    ticket: int


class Prepared(NamedTuple):
    """Core to keeper: it has read what there is, and will begin when it is told to."""


class Unable(NamedTuple):
    """Core to keeper: it cannot begin, and ends."""

    why: str


class Ready(NamedTuple):
    """Core to keeper: it serves; when it dies from now on there is to be another one."""


class Upgrade(NamedTuple):
    """Core to keeper: start another core in my place.

    Everything is saved, and I do nothing until I am told that there is none (`Staying`). Once the
    other one is prepared I am killed.
    """


class SignalTaken(NamedTuple):
    """Core to keeper: what a signal asks for has been saved."""

    number: int


class Ending(NamedTuple):
    """Core to keeper: its end, which comes next, is the end of the daemon."""


class Saved(NamedTuple):
    """Keeper to a new core: what its predecessor saved."""

    key: str
    value: str


class Held(NamedTuple):
    """Keeper to a new core: what its predecessor gave to be held, the descriptor beside it."""

    key: str


class Bequeathed(NamedTuple):
    """Keeper to a new core: that was everything; say when you are prepared.

    Before it came `Saved` and `Held`, and of every ticket that was not forgotten `Spawned`,
    `Exited` or `SpawnFailed`.

    Attributes:
        version: `VERSION` of the keeper.
    """

    version: int


HANDED_OVER: Final = "handed over"
"""How a core ended that asked for another one."""


class Begin(NamedTuple):
    """Keeper to a new core: there is no other; what happens from now on is for you.

    Between `Bequeathed` and this came what was told to the core before.

    Attributes:
        cores: how many there were before.
        why: how the last one ended.
        starting: tickets of which the answer is still to come.
    """

    cores: int
    why: str
    starting: list[int]


class Staying(NamedTuple):
    """Keeper to core: there is no other core in your place; go on."""

    why: str


class Spawned(NamedTuple):
    """Keeper to core: the child has become its command; `at` is a monotonic time.

    With it travel the master of its terminal and, where it has one, the reading end of its
    separate standard error; with three pipes those of its standard output and its standard error,
    and the writing end of its standard input.
    """

    ticket: int
    pid: int
    at: float


class SpawnFailed(NamedTuple):
    """Keeper to core: the child could not become its command; see `pty_mux.command.SpawnFailed`."""

    ticket: int
    stage: str
    errno: int
    subject: str


class Exited(NamedTuple):
    """Keeper to core: a child is gone and reaped.

    Attributes:
        status: its wait status, as waitpid(2) gives it.
        at: the monotonic time at which it was reaped.
        cpu_seconds: user and system time of it and of the descendants it waited for.
    """

    ticket: int
    status: int
    at: float
    cpu_seconds: float


class SignalFailed(NamedTuple):
    """Keeper to core: kill(2) failed, and not because the child is gone."""

    ticket: int
    number: int
    errno: int


class SignalReceived(NamedTuple):
    """Keeper to core: somebody sent the keeper a signal that is meant for the daemon.

    It is told again to the next core, unless this one says that it was `SignalTaken`.
    """

    number: int


class OrphanReaped(NamedTuple):
    """Keeper to core: a process that was nobody's child any more became the keeper's and ended."""

    pid: int
    status: int


Message: TypeAlias = (
    Spawn
    | Signal
    | SignalOrphans
    | Release
    | LogPath
    | Save
    | Hold
    | Drop
    | Forget
    | Prepared
    | Unable
    | Ready
    | Upgrade
    | SignalTaken
    | Ending
    | Saved
    | Held
    | Bequeathed
    | Begin
    | Staying
    | Spawned
    | SpawnFailed
    | Exited
    | SignalFailed
    | SignalReceived
    | OrphanReaped
)

_KINDS: Final[Mapping[str, Any]] = {kind.__name__: kind for kind in get_args(Message)}
_CHECKS: Final = {kind: checks(kind) for kind in _KINDS.values()}


def encode(message: Message, descriptors: int = 0) -> bytes:
    """Return the bytes of a message that is sent along with that many descriptors.

    What is as usual is left out: a keeper of another version may not know it.

    Raises:
        MessageTooLong: its fields are too long to be sent.
    """
    fields = message._asdict() | {"kind": type(message).__name__, "descriptors": descriptors}
    for key, usual in message._field_defaults.items():
        if fields[key] == usual:
            del fields[key]
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    body = text.encode("utf-8", "surrogatepass")
    if len(body) > MAX_MESSAGE_BYTES:
        raise MessageTooLong(f"{type(message).__name__}: {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


class Announced(NamedTuple):
    """Not a message: with the next messages came that many descriptors, or the first of them."""

    descriptors: int


def announce(descriptors: int) -> bytes:
    """Return the bytes that announce descriptors."""
    return _LENGTH.pack(_ANNOUNCEMENT | descriptors)


class Decoder:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Message | Announced, int]]:
        """Take what arrived, cut anywhere; yield each message and how many descriptors are its own.

        An `Announced` comes before the messages for which it counts.

        Raises:
            WireViolation: what arrived is no message. Nothing can be read after it.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if _ANNOUNCEMENT < length <= _ANNOUNCEMENT + MAX_DESCRIPTORS:
                del self._buffer[: _LENGTH.size]
                yield Announced(length - _ANNOUNCEMENT), 0
                continue
            if length > MAX_MESSAGE_BYTES:
                raise WireViolation(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield _decode(body)


def _decode(body: bytes) -> tuple[Message, int]:
    try:
        fields = json.loads(body.decode("utf-8", "surrogatepass"))
        descriptors = fields.pop("descriptors")
        message: Message = _KINDS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise WireViolation(f"no message: {exc!r}: {body[:200]!r}") from None
    if type(descriptors) is not int or not 0 <= descriptors <= MAX_DESCRIPTORS:
        raise WireViolation(f"no message: {body[:200]!r}")
    for value, is_right in zip(message, _CHECKS[type(message)], strict=True):
        if not is_right(value):
            raise WireViolation(f"no message: a field that is {value!r:.80}: {body[:200]!r}")
    return message, descriptors
