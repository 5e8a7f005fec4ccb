"""What may come next on a command line: commands, options, and names of processes as they are now.

The control shell takes it (`completion`), and bash, zsh and fish (`scripts`).
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from ctl.commands import COMMANDS, find
from ctl.context import Command, Names
from taskmaster.protocol.messages import ProcessStatus

_CACHE_SECONDS: Final = 1.0
_STATES: Final = (
    "STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN",
)  # fmt: skip


class Candidate(NamedTuple):
    """What may be typed, and what is said beside it."""

    text: str
    meaning: str = ""


def _is_any(process: ProcessStatus) -> bool:
    return True


def _is_up(process: ProcessStatus) -> bool:
    return process.pid is not None


def _may_start(process: ProcessStatus) -> bool:
    return process.state not in ("RUNNING", "STARTING")


def _may_stop(process: ProcessStatus) -> bool:
    return _is_up(process) or process.state in ("BACKOFF", "STARTING")


def _is_attached(process: ProcessStatus) -> bool:
    return process.attached > 0


_FITTING: Final[Mapping[str, Callable[[ProcessStatus], bool]]] = {
    "start": _may_start,
    "stop": _may_stop,
    "restart": _may_stop,
    "signal": _is_up,
    "attach": _is_up,
    "send": _is_up,
    "record": _is_up,
    "clients": _is_attached,
    "detach": _is_attached,
}
"""Which processes a command is for; the others take any."""


class Candidates:
    """Knows what may come next, and asks the daemon for names where one may stand."""

    def __init__(
        self,
        ask: Callable[[], list[ProcessStatus]],
        ask_groups: Callable[[], list[str]] = list,
    ) -> None:
        """Take what asks the daemon for the states of its processes, and for names of groups.

        Both must be quick.
        """
        self._ask = ask
        self._ask_groups = ask_groups
        self._processes: list[ProcessStatus] = []
        self._groups: list[str] = []
        self._asked_at = -_CACHE_SECONDS

    def of(self, before: list[str], typed: str) -> Iterable[Candidate]:
        """Return what may stand behind some words in the place of what is typed of a word."""
        if not before:
            return _commands()
        command = find(before[0])
        if command is None:
            return ()
        if typed.startswith("-"):
            return _options(command)
        match before:
            case ["help", *_]:
                return _commands()
            case ["notify"]:
                return (Candidate("on"), Candidate("off"))
            case ["completion"]:
                return (Candidate(shell) for shell in ("bash", "zsh", "fish"))
            case ["alert"]:
                return (Candidate("test"),)
            case ["signal"]:
                return (Candidate(one.name.removeprefix("SIG")) for one in signal.Signals)
            case [*_, "--state"]:
                return (Candidate(state) for state in _STATES)
            case ["init", *_, "--from" | "-o"]:
                return _files(typed)
            case ["record", _]:
                return (Candidate("off", "end the recording"), *_files(typed))
            case _:
                return self._names(before, command)

    def _names(self, before: list[str], command: Command) -> Iterable[Candidate]:
        if command.names is Names.NONE:
            return ()
        processes = self._current()
        if before[0] == "tail" and any(process.name in before[1:] for process in processes):
            return (Candidate("stdout"), Candidate("stderr"))
        fits = _FITTING.get(before[0], _is_any)
        fitting = [one for one in processes if fits(one) and one.name not in before]
        single = [Candidate(one.name, one.state) for one in fitting]
        if command.names is Names.ONE:
            return single if not any(one.name in before for one in processes) else ()
        groups = [Candidate(name, "a group") for name in self._groups if name not in before]
        every = Candidate("all", _counted(fitting))
        return [*_programs(fitting, before), *groups, *single, every]

    def _current(self) -> list[ProcessStatus]:
        now = time.monotonic()
        if now - self._asked_at >= _CACHE_SECONDS:
            self._processes = self._ask()
            self._groups = self._ask_groups()
            self._asked_at = now
        return self._processes


def ranked(typed: str, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates that begin as it is typed; else those that have its letters in order.

    Of these the ones with the letters closest together come first.
    """
    known = list(candidates)
    begun = [one for one in known if one.text.startswith(typed)]
    if begun:
        return begun
    found = [(spread, one) for one in known if (spread := _spread(typed, one.text)) is not None]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _spread(typed: str, text: str) -> int | None:
    """Return over how many characters the typed letters are spread; None: not all are there."""
    lowered = text.lower()
    at = first = -1
    for char in typed.lower():
        at = lowered.find(char, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    return at - first


def _commands() -> Iterator[Candidate]:
    return (Candidate(name, command.summary) for name, command in COMMANDS.items())


def _options(command: Command) -> list[Candidate]:
    return [
        Candidate(option.split()[0], meaning)
        for option, meaning in command.options.items()
        if option != "-BYTES"
    ]


def _programs(processes: Iterable[ProcessStatus], before: list[str]) -> Iterator[Candidate]:
    found: dict[str, list[ProcessStatus]] = {}
    for process in processes:
        found.setdefault(process.name.rpartition(":")[0], []).append(process)
    for name, several in found.items():
        if name not in before:
            yield Candidate(name, _counted(several))


def _counted(processes: Iterable[ProcessStatus]) -> str:
    counts = Counter(process.state for process in processes)
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _files(typed: str) -> list[Candidate]:
    """Return the files and folders that the typed path may go on with."""
    folder, _, begun = typed.rpartition("/")
    shown = f"{folder}/" if "/" in typed else ""
    try:
        names = sorted(os.listdir(os.path.expanduser(shown) or "."))
    except OSError:
        return []
    return [
        Candidate(shown + name + ("/" if os.path.isdir(os.path.expanduser(shown + name)) else ""))
        for name in names
        if name.startswith(begun) and (begun.startswith(".") or not name.startswith("."))
    ]
