"""Questions that come with a key: answered soon or not at all, and never with a complaint."""

from collections.abc import Callable, Sequence
from typing import Final

from ctl.connection import Connection, ConnectionLost, NoDaemon
from taskmaster.protocol import messages
from taskmaster.protocol.messages import RequestError

_ANSWER_SECONDS: Final = 0.5


def processes(connect: Callable[[], Connection]) -> list[messages.ProcessStatus]:
    """Return the states of all processes, or none."""
    found = _ask(connect, messages.Status())
    return [one for one in found if isinstance(one, messages.ProcessStatus)]


def groups(connect: Callable[[], Connection]) -> list[str]:
    """Return the names of the groups of programs, or none: an older daemon does not tell them."""
    found = _ask(connect, messages.Groups())
    return [one.name for one in found if isinstance(one, messages.Group)]


def _ask(connect: Callable[[], Connection], request: messages.Request) -> Sequence[object]:
    try:
        connection = connect()
    except (NoDaemon, ConnectionLost):
        return ()
    try:
        connection.socket.settimeout(_ANSWER_SECONDS)
        answer = connection.request(request)
        return answer if isinstance(answer, list) else ()
    except (ConnectionLost, RequestError):
        return ()
    finally:
        connection.close()
