"""The names of processes, and what people may write for them (DESIGN, section 2).

A process is ``program:index``. Commands take ``nginx:0``, ``nginx`` or ``nginx:*`` or ``nginx:``
(all of a program), a glob (``web*``, ``*:0``), or ``all``. Of a group ``site`` it is ``site`` or
``site:*``, and ``site:nginx`` for all of one program of it, as in supervisord.
"""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


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


def select(
    written: Sequence[str],
    known: Iterable[str],
    groups: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Selection:
    """Return the processes that the written names stand for; ``all`` anywhere means every one.

    `groups` has the programs of each group.
    """
    processes = tuple(known)
    if "all" in written:
        return Selection(processes, ())
    names: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for word in written:
        meant = _programs_of(word, groups) or (word,)
        matching = [name for one in meant for name in processes if matches(one, name)]
        names.update(dict.fromkeys(matching))
        if not matching:
            unknown[word] = None
    return Selection(tuple(names), tuple(unknown))


def _programs_of(word: str, groups: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """Return the programs that a word means which begins with the name of a group."""
    group, _, program = word.partition(":")
    members = groups.get(group, ())
    return [one for one in members if program in ("", "*", one)]


def matches(word: str, name: str) -> bool:
    """Whether a written name stands for this process (or stands for it among others)."""
    program = program_of(name)
    if ":" in word:
        return fnmatch.fnmatchcase(name, word + "*" if word.endswith(":") else word)
    return fnmatch.fnmatchcase(program, word)
