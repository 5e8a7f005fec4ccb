"""The names of processes, and what people may write for them (DESIGN, section 2).

A process is ``program:index``. Commands take ``nginx:0``, ``nginx`` or ``nginx:*`` or ``nginx:``
(all of a program), a glob (``web*``, ``*:0``), or ``all``.
"""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def process_name(program: str, index: int) -> str:
    """Return the name of one process of a program."""
    return f"{program}:{index}"


def program_of(name: str) -> str:
    """Return the program's part of a process's name."""
    return name.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Selection:
    """What some written names stand for.

    Attributes:
        names: the processes, each once, in the order of the names written and then of the config.
        unknown: the written names that stand for nothing.
    """

    names: tuple[str, ...]
    unknown: tuple[str, ...]


def select(written: Sequence[str], known: Iterable[str]) -> Selection:
    """Return the processes that the written names stand for; ``all`` anywhere means every one."""
    processes = tuple(known)
    if "all" in written:
        return Selection(processes, ())
    names: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for word in written:
        matching = [name for name in processes if matches(word, name)]
        names.update(dict.fromkeys(matching))
        if not matching:
            unknown[word] = None
    return Selection(tuple(names), tuple(unknown))


def matches(word: str, name: str) -> bool:
    """Whether a written name stands for this process (or stands for it among others)."""
    program = program_of(name)
    if ":" in word:
        return fnmatch.fnmatchcase(name, word + "*" if word.endswith(":") else word)
    return fnmatch.fnmatchcase(program, word)
