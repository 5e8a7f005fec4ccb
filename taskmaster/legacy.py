"""What a core finds when it begins: everything that the one before has left, or nothing.

It hears that, prepares, says so, and hears what has become of it meanwhile until it is told to
begin: in an upgrade the core before is there until then.
"""

import os
import select
from dataclasses import dataclass, field

from taskmaster.keeper import wire
from taskmaster.keeper.channel import Channel
from taskmaster.state import Unreadable


@dataclass(slots=True)
class Legacy:
    """What the keeper told before it said `wire.Begin`, which a candidate may never hear.

    Attributes:
        saved: texts by key.
        held: descriptors by key; whoever takes one takes it out.
        spawned: by ticket, what was told of the spawn, and the ends of the terminals.
        outcomes: by ticket, how it ended or failed to begin.
        begin: the last word, once it is said.
        early: what came behind it by then, with its descriptors.
        keeper: the version of the keeper.
    """

    saved: dict[str, str] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    spawned: dict[int, tuple[wire.Spawned, list[int]]] = field(default_factory=dict)
    outcomes: dict[int, wire.Exited | wire.SpawnFailed] = field(default_factory=dict)
    begin: wire.Begin = wire.Begin(0, "", [])
    early: list[tuple[wire.Message, list[int]]] = field(default_factory=list)
    keeper: int = wire.VERSION

    def close(self) -> None:
        """Close what nobody has taken."""
        for descriptor in self.held.values():
            os.close(descriptor)
        self.held.clear()


def receive_legacy(channel: Channel) -> Legacy:
    """Wait until the keeper has told everything.

    Raises:
        ChannelClosed: the keeper is gone.
        Unreadable: the keeper is of another version, which cannot be dealt with.
    """
    legacy = Legacy()
    _receive_until(wire.Bequeathed, legacy, channel)
    return legacy


def await_turn(legacy: Legacy, channel: Channel) -> None:
    """Say that we are prepared, and wait until we are to begin.

    Raises:
        ChannelClosed: the keeper is gone.
    """
    channel.send(wire.Prepared())
    _receive_until(wire.Begin, legacy, channel)


def _receive_until(last: type, legacy: Legacy, channel: Channel) -> None:
    done = False
    while not done:
        select.select([channel], [], [])
        for message, descriptors in channel.receive():
            if done:
                legacy.early.append((message, descriptors))
                continue
            done = isinstance(message, last)
            match message:
                case wire.Saved(key, value):
                    legacy.saved[key] = value
                case wire.Held(key):
                    legacy.held |= dict(zip([key], descriptors, strict=False))
                case wire.Spawned():
                    legacy.spawned[message.ticket] = (message, descriptors)
                case wire.Exited() | wire.SpawnFailed():
                    legacy.outcomes[message.ticket] = message
                case wire.Bequeathed(version):
                    legacy.keeper = version
                    if not wire.OLDEST <= version <= wire.VERSION:
                        text = f"the keeper speaks version {version}, this core {wire.VERSION}"
                        raise Unreadable(f"{text}; only a restart of the daemon helps")
                case wire.Begin():
                    legacy.begin = message
