"""The core's end of the talk with the keeper: the channel on the loop, nothing decided."""

import asyncio
from collections.abc import Callable

from taskmaster.keeper.channel import FEW, Channel, ChannelClosed
from taskmaster.keeper.wire import Message, WireViolation
from taskmaster.mistakes import recorded

OnMessage = Callable[[Message, list[int]], None]


class KeeperClient:
    """Sends requests to the keeper and passes on what it tells."""

    def __init__(
        self, channel: Channel, on_message: OnMessage, on_lost: Callable[[], None]
    ) -> None:
        """Take over our end of the channel.

        Args:
            channel: owned from here on.
            on_message: called with each message and its descriptors, which it then owns.
            on_lost: called once, when the keeper is gone.
        """
        self._channel = channel
        self._on_message = on_message
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._channel, self.receive)

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Send a request, together with the others of this turn of the loop, but a few at a time.

        It waits in memory where the keeper is slow to read, and is lost where the keeper is gone.

        Raises:
            MessageTooLong: it was not sent.
            OSError: there is no room for copies of the descriptors.
        """
        if self._is_closed:
            return
        self._channel.enqueue(message, descriptors)
        if self._channel.waiting == 1:
            self._loop.call_soon(self._flush)
        elif self._channel.waiting % FEW == 0:
            self._flush()

    def receive(self) -> None:
        """Pass on everything that has arrived.

        The driver calls this before it looks at deadlines: an exit that has been told counts before
        a time that has passed.
        """
        if self._is_closed:
            return
        try:
            for message, descriptors in self._channel.receive():
                with recorded(f"taking {type(message).__name__} from the keeper"):
                    self._on_message(message, descriptors)
        except (ChannelClosed, WireViolation):
            self.close()
            self._on_lost()

    def close(self) -> None:
        """Say what waits to be said, stop listening and close the channel."""
        if not self._is_closed:
            self._channel.flush()
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()

    @property
    def _is_closed(self) -> bool:
        return self._channel.fileno() < 0

    def _flush(self) -> None:
        if self._is_closed:
            return
        self._channel.flush()
        if self._channel.wants_write:
            self._loop.add_writer(self._channel, self._flush)
        else:
            self._loop.remove_writer(self._channel)
