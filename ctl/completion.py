"""What may come next in the shell: commands, options, and names of processes as they are now."""

import signal
import time
from collections.abc import Callable, Iterable
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ctl.commands import COMMANDS, find
from ctl.context import Names

_CACHE_SECONDS: Final = 1.0


class ShellCompleter(Completer):
    """Completes what is typed into the control shell."""

    def __init__(self, ask_names: Callable[[], list[str]]) -> None:
        """Take what asks the daemon for the names of its processes; it must be quick."""
        self._ask_names = ask_names
        self._names: list[str] = []
        self._asked_at = -_CACHE_SECONDS

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what may stand where the cursor is."""
        words = document.text_before_cursor.split()
        typed = document.get_word_before_cursor(WORD=True)
        before = words[: len(words) - bool(typed)]
        for candidate in self._candidates(before, typed):
            if candidate.startswith(typed):
                yield Completion(candidate, start_position=-len(typed))

    def _candidates(self, before: list[str], typed: str) -> Iterable[str]:
        if not before:
            return COMMANDS
        command = find(before[0])
        if command is None:
            return ()
        if typed.startswith("-"):
            return [option.split()[0] for option in command.options if option != "-BYTES"]
        if before[0] == "help":
            return COMMANDS
        if before[0] == "signal" and len(before) == 1:
            return sorted(number.name.removeprefix("SIG") for number in signal.Signals)
        if command.names is Names.NONE:
            return ()
        names = self._current_names()
        if before[0] == "tail" and any(word in names for word in before[1:]):
            return ("stdout", "stderr")
        if command.names is Names.ONE:
            return names
        programs = dict.fromkeys(name.rpartition(":")[0] for name in names)
        return [*programs, *names, "all"]

    def _current_names(self) -> list[str]:
        now = time.monotonic()
        if now - self._asked_at >= _CACHE_SECONDS:
            self._names = self._ask_names()
            self._asked_at = now
        return self._names
