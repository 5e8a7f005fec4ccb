"""The core's end of the talk with the keeper: the channel on the loop, nothing decided."""

import asyncio
import select
from collections.abc import Callable, Iterable

from taskmaster.keeper.channel import FEW, Channel, ChannelClosed
from taskmaster.keeper.wire import Message, Staying, Upgrade, WireViolation
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
            self._take(self._channel.receive())
        except (ChannelClosed, WireViolation):
            self.close()
            self._on_lost()

    def hand_over(self) -> str:
        """Let another core take everything over; return why there is none.

        Nothing else is done until then, so everything stays as it was saved. If there is another
        core this process is killed meanwhile.
        """
        self._channel.enqueue(Upgrade())
        missed: list[tuple[Message, list[int]]] = []
        while True:
            self._channel.flush()
            writing = [self._channel] if self._channel.wants_write else []
            select.select([self._channel], writing, [])
            try:
                missed += self._channel.receive()
            except (ChannelClosed, WireViolation):
                self._loop.call_soon(self.receive)  # which finds it out again, and acts on it
                return "the keeper is gone"
            for message, _ in missed:
                if isinstance(message, Staying):
                    self._loop.call_soon(self._take, missed)
                    return message.why

    def close(self) -> None:
        """Say what waits to be said, stop listening and close the channel."""
        if not self._is_closed:
            self._channel.flush()
            self._loop.remove_reader(self._channel)
            self._loop.remove_writer(self._channel)
            self._channel.close()

    def _take(self, messages: Iterable[tuple[Message, list[int]]]) -> None:
        for message, descriptors in messages:
            if not isinstance(message, Staying):
                with recorded(f"taking {type(message).__name__} from the keeper"):
                    self._on_message(message, descriptors)

    @property
    def _is_closed(self) -> bool:
        return self._channel.fileno() < 0

    def flush(self) -> None:
        """Send what waits for the end of this turn now."""
        self._flush()

    def _flush(self) -> None:
        if self._is_closed:
            return
        self._channel.flush()
        if self._channel.wants_write:
            self._loop.add_writer(self._channel, self._flush)
        else:
            self._loop.remove_writer(self._channel)
