"""What happened, in the words in which supervisord tells its listeners. Pure.

One step of ours may be several changes of state there: a process that ends and is started again is
EXITED in between, one that fails for the last time is in BACKOFF before it is FATAL.
"""

from collections.abc import Iterator
from typing import Final

from taskmaster.listeners.kinds import REMOTE_COMMUNICATION, Event
from taskmaster.orders import Step
from taskmaster.process.events import Exited
from taskmaster.process.machine import is_expected
from taskmaster.process.state import State
from taskmaster.supervisor import Entry

_WITH_PID: Final = (State.RUNNING, State.STOPPING, State.STOPPED)


def events_of(step: Step, pid: int, group: str) -> Iterator[Event]:
    """Yield what listeners are told of a step; `pid` is the last one that the process had."""
    who = _who(group, Entry(step.name, step.program, int(step.name.rpartition(":")[2])))
    before = step.before.state
    for state in _way(step):
        text = f"{who} from_state:{before.value}"
        if state in (State.STARTING, State.BACKOFF):
            text += f" tries:{_tries(step, before, state)}"
        elif state is State.EXITED and isinstance(step.event, Exited):
            text += f" expected:{int(is_expected(step.event.code, step.program))} pid:{pid}"
        elif state in _WITH_PID:
            text += f" pid:{0 if before is State.BACKOFF else pid}"
        yield Event(f"PROCESS_STATE_{state.value}", text)
        before = state


def _way(step: Step) -> Iterator[State]:
    """Yield the states of supervisord's that a step enters."""
    before, after = step.before.state, step.after.state
    if isinstance(step.event, Exited) and after in (State.EXITED, State.STARTING):
        if before is State.STARTING:
            yield State.RUNNING
        if before in (State.STARTING, State.RUNNING):
            yield State.EXITED
    if before is after:
        if before is State.STARTING and isinstance(step.event, Exited):
            yield State.STARTING
        return
    if before in (State.STOPPING, State.UNKNOWN) and after is State.STARTING:
        yield State.STOPPED
    if after is State.FATAL:
        yield State.BACKOFF
    if not (after is State.EXITED and isinstance(step.event, Exited)):
        yield after


def _tries(step: Step, before: State, state: State) -> int:
    """Return how many starts in a row have failed."""
    if state is State.STARTING:
        return step.after.failures if before is State.BACKOFF else 0
    return step.before.failures + 1


def logged(group: str, entry: Entry, pid: int, channel: str, data: bytes) -> Event:
    """Return that a process wrote something; `channel` is ``stdout`` or ``stderr``."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = f"Undecodable: {data!r}"
    payload = f"{_who(group, entry)} pid:{pid} channel:{channel}\n{text}"
    return Event(f"PROCESS_LOG_{channel.upper()}", payload)


def remote(kind: str, data: str) -> Event:
    """Return what a client of XML-RPC has to tell."""
    return Event(REMOTE_COMMUNICATION, f"type:{kind}\n{data}")


def tick(period: int, wall: float) -> Event:
    """Return that a period of so many seconds has begun; `wall`: seconds since the epoch."""
    return Event(f"TICK_{period}", f"when:{int(wall - wall % period)}")


def group_event(group: str, change: str) -> Event:
    """Return that a group came or went; `change` is ``ADDED`` or ``REMOVED``."""
    return Event(f"PROCESS_GROUP_{change}", f"groupname:{group}\n")


def daemon_event(state: str) -> Event:
    """Return what the daemon does; `state` is ``RUNNING`` or ``STOPPING``."""
    return Event(f"SUPERVISOR_STATE_CHANGE_{state}", "")


def _who(group: str, entry: Entry) -> str:
    return f"processname:{entry.short_name} groupname:{group}"
