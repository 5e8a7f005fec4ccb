"""The options of one section: each is asked for once, and whoever is not asked for is unknown.

A value that supervisord refuses is noted as an error, and the default stands in for it, so that one
run finds every mistake.
"""

from collections.abc import Callable
from typing import TypeVar

from taskmaster.convert.expansions import (
    BadExpansion,
    Names,
    expand_now,
    expanded_once,
    names_in,
    to_ours,
)
from taskmaster.convert.findings import Finding, Findings, Place
from taskmaster.convert.ini import Section

T = TypeVar("T")


class Options:
    """What a section says.

    Attributes:
        names: what its texts may name.
    """

    def __init__(self, section: Section, names: Names, findings: Findings) -> None:
        self.names = names
        self._section = section
        self._findings = findings
        self._asked: set[str] = set()

    @property
    def kind(self) -> str:
        """What the section is of, as ``program``."""
        return self._section.name.partition(":")[0]

    def has(self, option: str) -> bool:
        """Whether the option is there."""
        return option in self._section.options

    def raw(self, option: str) -> str | None:
        """Return a text as it is written, or None where it is not there."""
        self._asked.add(option)
        found = self._section.options.get(option)
        return found.text if found else None

    def read(self, option: str, convert: Callable[[str], T], default: T) -> T:
        """Return a value; what it names is filled in now, for we fill in nothing there."""
        text = self.raw(option)
        if text is None:
            return default
        try:
            names = {**self.names.kept, **self.names.filled, **self.names.texts}
            names.pop("process_num", None)
            filled = expand_now(text, names)
            value = convert(filled)
        except (BadExpansion, ValueError) as exc:
            self.refuse(option, str(exc))
            return default
        here = [name for name in names_in(text) if name.startswith("ENV_")]
        if here:
            shown = ", ".join(f"%({name})s" for name in here)
            self.note(option, f"{shown} was filled in: it is now {filled!r} for good")
        return value

    def secret(self, option: str) -> str:
        """Return a text that is shown to nobody; what it names is filled in now."""
        text = self.raw(option) or ""
        try:
            value = expand_now(text, {**self.names.kept, **self.names.filled, **self.names.texts})
        except BadExpansion:
            self.refuse(option, "it cannot be expanded; a percent sign is written %%")
            return ""
        if names_in(text):
            self.note(option, "a variable was filled in: it stands in the config for good")
        return value

    def text(self, option: str) -> str | None:
        """Return a text in our language, or None where it is not there.

        Raises:
            NeedsNumber: see `to_ours`.
        """
        text = self.raw(option)
        return None if text is None else self.translate(option, text)

    def twice(self, option: str, between: Names | None = None) -> str | None:
        """Return a text that supervisord expands twice, as it is in between.

        Args:
            option: of that name.
            between: what may be named the first time, where that is less.
        """
        text = self.raw(option)
        if text is None:
            return None
        try:
            return expanded_once(text, between or self.names)
        except BadExpansion as exc:
            self.refuse(option, str(exc))
            return None

    def translate(self, option: str, text: str) -> str:
        """Return a text of an option in our language.

        Raises:
            NeedsNumber: see `to_ours`.
        """
        try:
            ours = to_ours(text, self.names)
        except BadExpansion as exc:
            self.refuse(option, str(exc))
            ours = ""
        for name in self.names.lacking:
            self._findings.variables.setdefault(name, self._place(option))
        return ours

    def refuse(self, option: str, text: str) -> None:
        """Note what supervisord refuses; without an option the section itself."""
        finding = Finding(self._place(option), self._what(option), text)
        if finding not in self._findings.errors:
            self._findings.errors.append(finding)

    def note(self, option: str, text: str) -> None:
        """Note what is otherwise here; only if the option is there."""
        finding = Finding(self._place(option), self._what(option), text)
        if (not option or self.has(option)) and finding not in self._findings.notes:
            self._findings.notes.append(finding)

    def note_unknown(self) -> None:
        """Note every option that nobody asked for."""
        for option in self._section.options:
            if option not in self._asked:
                self.note(option, "left out: supervisord has no such option here either")

    def _what(self, option: str) -> str:
        return f"[{self._section.name}] {option}".rstrip()

    def _place(self, option: str) -> Place:
        found = self._section.options.get(option)
        return found.place if found else self._section.place
