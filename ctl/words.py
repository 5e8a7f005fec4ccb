"""The words behind a command: names, options and their values, and what cannot be there."""

from collections.abc import Sequence

from ctl.context import Unusable


def names_in(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names, of which there may be none.

    Raises:
        Unusable: one looks like an option.
    """
    for word in words:
        if word.startswith("-"):
            raise Unusable(f"unknown option {word}")
    return tuple(words)


def needed_names(words: Sequence[str]) -> tuple[str, ...]:
    """Return the names, at least one.

    Raises:
        Unusable: there is none, or one looks like an option.
    """
    if not words:
        raise Unusable("it needs the name of a process, or all")
    return names_in(words)


def one_name(words: Sequence[str]) -> str:
    """Return the one name.

    Raises:
        Unusable: there is none, or more.
    """
    if len(words) != 1:
        raise Unusable("it needs the name of one process")
    return words[0]


def no_words(words: Sequence[str]) -> None:
    """Take no words.

    Raises:
        Unusable: there is one.
    """
    if words:
        raise Unusable(f"it takes no words, got {words[0]}")


class Words:
    """Options anywhere among the words, up to a ``--``, and the rest.

    Attributes:
        rest: the words that are no options, once `option` has returned None.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)
        self._last = ""
        self._given: str | None = None
        self.rest: list[str] = []

    def option(self) -> str | None:
        """Return the next option, or None where there is none any more."""
        if self._given is not None:
            raise Unusable(f"{self._last} takes no value")
        while self._words:
            word = self._words.pop(0)
            if word == "--":
                break
            if word.startswith("--"):
                self._last, equals, value = word.partition("=")
                self._given = value if equals else None
                return self._last
            self.rest.append(word)
        self.rest += self._words
        self._words.clear()
        return None

    def value(self, option: str) -> str:
        """Return the word behind an option."""
        if (given := self._given) is not None:
            self._given = None
            return given
        if not self._words:
            raise Unusable(f"{option} needs a value")
        return self._words.pop(0)

    def number(self, option: str) -> float:
        """Return the number behind an option."""
        text = self.value(option)
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e9:
            raise Unusable(f"{option} needs a number from 0, got {text!r}")
        return number
