"""Completion in the control shell, with the state of a process, or what else it is, beside it."""

from collections.abc import Callable, Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ctl.candidates import Candidates, ranked
from ctl.cells import harmless
from taskmaster.protocol.messages import ProcessStatus


class ShellCompleter(Completer):
    """Completes what is typed into the control shell."""

    def __init__(
        self,
        ask: Callable[[], list[ProcessStatus]],
        ask_groups: Callable[[], list[str]] = list,
    ) -> None:
        """Take what asks the daemon, quickly, for the states of processes and names of groups."""
        self._candidates = Candidates(ask, ask_groups)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what may stand where the cursor is."""
        words = document.text_before_cursor.split()
        typed = document.get_word_before_cursor(WORD=True)
        before = words[: len(words) - bool(typed)]
        for found in ranked(typed, self._candidates.of(before, typed)):
            yield Completion(
                found.text, start_position=-len(typed), display_meta=harmless(found.meaning)
            )
