"""The terminals of all processes, and that what they show outlives the core."""

import asyncio
from typing import Final

from pty_mux.session import Session
from taskmaster.memory import Memory
from taskmaster.supervisor import Entry
from taskmaster.terminals import found_session, new_session

SAVE_SECONDS: Final = 1.0
"""How seldom the state of a terminal is saved that changes all the time."""


_HOLD_SECONDS: Final = 0.05
"""Until a new history is given to be held: with all of them at once, in the middle of a start of
200 processes, that start took a tenth longer."""


class Sessions:
    """The terminals by the name of the process."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sessions: dict[str, Session] = {}
        self._savers: dict[str, asyncio.TimerHandle] = {}

    def get(self, name: str) -> Session | None:
        """Return the terminal of a process, if it has one by now."""
        return self._sessions.get(name)

    def make(self, entry: Entry) -> Session:
        """Return a new terminal for a process.

        Raises:
            OSError: there is no memory for its scrollback.
        """
        return self._keep(entry.name, new_session(entry.program))

    def find(self, entry: Entry, descriptor: int, state: object) -> Session:
        """Return the terminal that another core had (`terminals.found_session`)."""
        return self._keep(entry.name, found_session(entry.program, descriptor, state))

    def forget(self, name: str) -> None:
        """Let go of a process's terminal."""
        self._sessions.pop(name, None)
        if (saver := self._savers.pop(name, None)) is not None:
            saver.cancel()

    def save_all(self) -> None:
        """Save what waits for that."""
        for name, saver in tuple(self._savers.items()):
            saver.cancel()
            self._save(name)

    def _keep(self, name: str, session: Session) -> Session:
        self._sessions[name] = session
        session.on_state(lambda: self._save_in(SAVE_SECONDS, name))
        self._save_in(_HOLD_SECONDS, name)
        return session

    def _save_in(self, seconds: float, name: str) -> None:
        if name not in self._savers:
            loop = asyncio.get_running_loop()
            self._savers[name] = loop.call_later(seconds, self._save, name)

    def _save(self, name: str) -> None:
        del self._savers[name]
        session = self._sessions[name]
        if session.needs_checkpoint:
            session.checkpoint()
        self._memory.session(name, session)
