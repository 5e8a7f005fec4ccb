"""What one core leaves to the next: what it saved, what it gave to be held, what was not forgotten.

It grows with the processes of the config and with nothing else: a key is overwritten, a ticket is
forgotten. The imports are few, as in `keeper`.
"""

import contextlib
import os
from typing import Final

from taskmaster.keeper import wire
from taskmaster.keeper.channel import FEW, Channel

NEWS: Final = (wire.Spawned, wire.Exited, wire.SpawnFailed)
"""What is told that the next core must be told too."""


class Estate:
    """Everything that the keeper keeps for cores.

    Attributes:
        held: by ticket, the ends of its terminals that are ours.
    """

    def __init__(self) -> None:
        self.held: dict[int, tuple[int, ...]] = {}
        self._saved: dict[str, str] = {}
        self._kept: dict[str, int] = {}
        self._spawned: dict[int, wire.Spawned] = {}
        self._outcomes: dict[int, wire.Exited | wire.SpawnFailed] = {}

    def note(self, message: wire.Message) -> None:
        """Take note of what was told to a core, if the next one must be told it too."""
        if isinstance(message, wire.Spawned):
            self._spawned[message.ticket] = message
        elif isinstance(message, wire.Exited | wire.SpawnFailed):
            self._outcomes[message.ticket] = message

    def save(self, key: str, value: str | None) -> None:
        """Remember a text, or with None forget it."""
        if value is None:
            self._saved.pop(key, None)
        else:
            self._saved[key] = value

    def hold(self, key: str, descriptors: list[int]) -> None:
        """Hold the first of what came along; what was held under the key is closed."""
        self.drop(key)
        for descriptor in descriptors[:1]:
            self._kept[key] = descriptor
        for descriptor in descriptors[1:]:
            os.close(descriptor)

    def drop(self, key: str) -> None:
        """Close what is held under a key."""
        if (descriptor := self._kept.pop(key, None)) is not None:
            os.close(descriptor)

    def release(self, ticket: int) -> None:
        """Close the ends of a ticket's terminals."""
        for descriptor in self.held.pop(ticket, ()):
            os.close(descriptor)

    def forget(self, ticket: int) -> None:
        """Forget a ticket whose child has ended or never began."""
        self._spawned.pop(ticket, None)
        self._outcomes.pop(ticket, None)

    def bequeath(self, channel: Channel) -> None:
        """Tell a new core everything."""
        for key, value in self._saved.items():
            _tell(channel, wire.Saved(key, value), ())
        for key, descriptor in self._kept.items():
            _tell(channel, wire.Held(key), (descriptor,))
        for ticket, spawned in self._spawned.items():
            _tell(channel, spawned, self.held.get(ticket, ()))
        for outcome in self._outcomes.values():
            _tell(channel, outcome, ())


def _tell(channel: Channel, message: wire.Message, descriptors: tuple[int, ...]) -> None:
    """Tell it without the descriptors where there is no room for copies of them (EMFILE)."""
    # What could just be sent to us may be a byte too long as `Saved`: then it is as good as lost.
    with contextlib.suppress(OSError, wire.MessageTooLong):
        try:
            channel.enqueue(message, descriptors)
        except OSError:
            channel.enqueue(message)
    if channel.waiting % FEW == 0:
        channel.flush()
