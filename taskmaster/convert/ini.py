"""supervisord's file and what it includes, read by the parser that supervisord uses.

RawConfigParser does not say in which line an option stood. It puts each into a dictionary as it
meets it, though, and takes the lines one by one: so a dictionary that looks at the line number then
knows. That keeps every oddity of the syntax what it is: ``;`` and ``#`` behind a blank begin a
comment, also within quotes; a section that comes again is merged, and its last option counts.
"""

import configparser
import glob
import io
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskmaster.convert.expansions import BadExpansion, expand_now
from taskmaster.convert.findings import Finding, Findings, Place, Refused

_HERE: Final = "%(here)s"
_MAX_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Option:
    """One option as it is written, and where."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its name without brackets, where it begins first, and its options by name."""

    name: str
    place: Place
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Ini:
    """Everything that was read.

    Attributes:
        files: the main one, then those that it includes; absolute.
        here: the folder of the main one.
        sections: by name, in the order of the files.
    """

    files: tuple[str, ...]
    here: str
    sections: Mapping[str, Section]


class _Section(dict[str, Any]):
    """A section of the parser, or all of them: notes where each key was met, in `places`."""

    place = Place("")
    """Of the line that is being read, whoever reads."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}

    def __setitem__(self, key: str, value: object) -> None:
        # A list is a value that is being read; once all is read they are joined to texts.
        if isinstance(value, list):
            self.places[key] = _Section.place
        elif isinstance(value, _Section):
            self.places.setdefault(key, _Section.place)
        super().__setitem__(key, value)


class _Parser(configparser.RawConfigParser):
    """supervisord's, which knows the places."""

    def __init__(self) -> None:
        super().__init__(dict_type=_Section, inline_comment_prefixes=(";", "#"), strict=False)

    def place_of(self, section: str, option: str = "") -> Place:
        sections: Any = self._sections  # type: ignore[attr-defined]
        defaults: Any = self.defaults()
        begins: Place = sections.places[section]
        known = {**defaults.places, **sections[section].places}
        place: Place = known.get(option, begins)
        return place


def read_ini(path: str, environment: Mapping[str, str], findings: Findings) -> Ini:
    """Read a file, given by its absolute path, and what it includes.

    Raises:
        Refused: it cannot be read, or supervisord would not take it.
    """
    parser = _Parser()
    here = os.path.dirname(path)
    files = [path]
    _read(parser, path)
    if parser.has_section("include"):
        _put_here(parser, here)
        for included in _included(parser, path, environment, findings):
            _read(parser, included)
            _put_here(parser, os.path.dirname(included))
            files.append(included)
    if not parser.has_section("supervisord"):
        raise Refused(Finding(Place(path), "", "there is no section [supervisord] in it"))
    sections = {}
    for name in parser.sections():
        options = {
            option: Option(text or "", parser.place_of(name, option))
            for option, text in parser.items(name)
        }
        sections[name] = Section(name, parser.place_of(name), options)
    return Ini(tuple(files), here, sections)


def _lines(path: str) -> Iterator[str]:
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
        text = data.decode()
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        raise Refused(Finding(Place(path), "", f"cannot be read: {why}")) from None
    except UnicodeDecodeError as exc:
        why = f"not UTF-8: byte {exc.start} is {exc.object[exc.start]:#04x}"
        raise Refused(Finding(Place(path), "", why)) from None
    if len(data) > _MAX_BYTES:
        raise Refused(Finding(Place(path), "", f"longer than {_MAX_BYTES} bytes"))
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        _Section.place = Place(path, number)
        yield line


def _read(parser: _Parser, path: str) -> None:
    try:
        parser.read_file(_lines(path), path)
    except configparser.MissingSectionHeaderError as exc:
        text = f"no section has begun yet: {exc.line.strip()[:60]!r}"
        raise Refused(Finding(Place(path, exc.lineno), "", text)) from None
    except configparser.ParsingError as exc:
        found = (
            Finding(Place(path, number), "", f"neither a section nor an option: {line[:60]}")
            for number, line in exc.errors
        )
        raise Refused(*found) from None


def _put_here(parser: _Parser, here: str) -> None:
    for section in parser.sections():
        for option, text in parser.items(section):
            if _HERE in (text or "") and option in parser[section]:
                parser.set(section, option, text.replace(_HERE, here))


def _included(
    parser: _Parser,
    path: str,
    environment: Mapping[str, str],
    findings: Findings,
) -> Iterator[str]:
    place = parser.place_of("include", "files")
    if not parser.has_option("include", "files"):
        raise Refused(Finding(place, "[include]", "it needs files"))
    names = {f"ENV_{name}": value for name, value in environment.items()}
    names |= {"here": os.path.dirname(path), "host_node_name": platform.node()}
    try:
        patterns = expand_now(parser.get("include", "files"), names).split()
    except BadExpansion as exc:
        raise Refused(Finding(place, "[include] files", str(exc))) from None
    for pattern in patterns:
        matching = sorted(glob.glob(os.path.join(os.path.dirname(path), pattern)))
        if not matching:
            findings.notes.append(Finding(place, "[include] files", f"no file matches {pattern!r}"))
        yield from (os.path.abspath(match) for match in matching)
