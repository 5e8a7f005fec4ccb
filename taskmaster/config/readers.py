"""One node to one value, for each kind of value that a key may take. Pure.

A reader returns the value or raises `Bad` with every fault in it: a list of twenty exit codes may
have three that are none. Each carries its form, which is the same rule for editors. What keys there
are, and which reader each has, is in ``schema``; a text of its own is read by ``values``. Paths may
be relative to the folder of the file in which they stand; ``~`` has been looked up by the caller
(`Surroundings`).
"""

import enum
import os
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from taskmaster.config import forms, values
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.errors import Place, Problem, Severity
from taskmaster.config.expand import BadTemplate, fill_constants
from taskmaster.config.forms import Form
from taskmaster.config.hints import did_you_mean
from taskmaster.config.model import AutoRestart, LogLevel

T = TypeVar("T")
R = TypeVar("R")
Enum = TypeVar("Enum", bound=enum.Enum)

DISCARD: Final = "discard"
SYSLOG: Final = "syslog"
MAX_SOCKET_PATH_BYTES: Final = 103
"""sun_path of unix(7) holds 107 on Linux and 103 on macOS."""

_MAX_UID: Final = 2**32 - 2
_UNSPEAKABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What no system call takes: NUL, and halves of characters, which some YAML parsers let pass."""


@dataclass(slots=True)
class Surroundings:
    """What reading depends on besides the text; and where the problems gather.

    Attributes:
        constants: for ``%(NAME)s``; `here` is set anew for each file.
        home: of the user, for ``~``.
    """

    constants: dict[str, str]
    home: str
    problems: list[Problem] = field(default_factory=list)

    def error(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note what is wrong."""
        self.problems.append(Problem(place, key, message, hint))

    def warn(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note what is doubtful."""
        self.problems.append(Problem(place, key, message, hint, Severity.WARNING))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What is wrong, so far."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


class Fault(NamedTuple):
    """What is wrong with a value, where, and what was perhaps meant."""

    place: Place
    message: str
    hint: str = ""


class Bad(Exception):
    """A value that cannot be used, for each of these reasons."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """A node to a value, or `Bad`; and what it takes, as JSON Schema says it.

    Attributes:
        read: does it.
        form: as strict as a schema can be, and never stricter than `read`.
    """

    read: Callable[[Node, Surroundings], T]
    form: Form

    def __call__(self, node: Node, around: Surroundings) -> T:
        """Read a node.

        Raises:
            Bad: with every fault in it.
        """
        return self.read(node, around)


def reads(form: Form) -> Callable[[Callable[[Node, Surroundings], T]], Reader[T]]:
    """Return the decorator that makes a function the reader of what has this form."""
    return lambda read: Reader(read, form)


def unexpected(node: Node, expected: str, hint: str = "") -> Bad:
    """Return the exception for a value that is not what is expected."""
    return Bad(Fault(node.place, f"expected {expected}, got {shown(node)}", hint))


def shown(node: Node) -> str:
    """Return a value as messages show it."""
    match node:
        case Text(is_null=True):
            return "nothing"
        case Text(text=text):
            return repr(text if len(text) <= 60 else text[:57] + "...")
        case Sequence():
            return "a list"
        case _:
            return "keys and values"


def each(nodes: Iterable[T], read: Callable[[T], R]) -> list[R]:
    """Return what is read from each node, or raise the faults of all of them."""
    results: list[R] = []
    faults: list[Fault] = []
    for node in nodes:
        try:
            results.append(read(node))
        except Bad as exc:
            faults += exc.faults
    if faults:
        raise Bad(*faults)
    return results


# --- texts -----------------------------------------------------------------------------------


def text_of(node: Node) -> str:
    """Return the text of a scalar that is something and that the system takes."""
    if not isinstance(node, Text) or node.is_null:
        raise unexpected(node, "a value")
    if _UNSPEAKABLE.search(node.text):
        raise unexpected(node, "a text without NUL characters")
    return node.text


@reads(forms.TEXT)
def text(node: Node, around: Surroundings) -> str:
    """Read a text that means itself."""
    return text_of(node)


def scalar(convert: Callable[[str], T], form: Form) -> Reader[T]:
    """Return the reader of a scalar that is more than its text."""

    def read(node: Node, around: Surroundings) -> T:
        try:
            return convert(text_of(node))
        except values.BadValue as exc:
            raise unexpected(node, str(exc)) from None

    return Reader(read, form)


BOOLEAN: Final = scalar(values.boolean, forms.BOOLEAN)
SECONDS: Final = scalar(values.seconds, forms.SECONDS)
SIGNAL: Final = scalar(values.signal_number, forms.SIGNAL)
FILE_MODE: Final = scalar(values.file_mode, forms.octal("a file mode, octal, such as 0770"))
UMASK: Final = scalar(values.umask, forms.octal("an octal number from 000 to 777"))
TERMINAL_SIZE: Final = scalar(
    values.terminal_size, forms.text_only("columns x rows such as 80x24", values.COLUMNS_X_ROWS)
)


def byte_size(least: int = 0, most: int = values.MAX_BYTES) -> Reader[int]:
    """Return the reader of a size within bounds."""
    form = forms.byte_size(least, most)
    return scalar(lambda text: values.byte_size(text, least, most), form)


def count(least: int, most: int) -> Reader[int]:
    """Return the reader of a whole number within bounds."""
    return scalar(lambda text: values.whole(text, least, most), forms.whole(least, most))


def one_of(kind: type[Enum]) -> Reader[Enum]:
    """Return the reader of one of some words."""
    members = {str(member.value): member for member in kind}
    return Reader(lambda node, _: _one_of(members, node), forms.words(*members))


def _one_of(members: dict[str, T], node: Node) -> T:
    text = text_of(node)
    if text.lower() not in members:
        raise unexpected(node, f"one of {', '.join(members)}", did_you_mean(text, members))
    return members[text.lower()]


_AUTORESTART: Final = forms.any_of(
    "always, never or unexpected",
    {"enum": tuple(member.value for member in AutoRestart)},
    {"type": "boolean"},
    {
        "type": "string",
        "pattern": forms.any_case(
            ("always", "never", "unexpected", "true", "yes", "on", "false", "no", "off")
        ),
    },
)


@reads(_AUTORESTART)
def autorestart(node: Node, around: Surroundings) -> AutoRestart:
    """Read always, never or unexpected; true and false mean the first two."""
    text = text_of(node).lower()
    if text in ("true", "yes", "on"):
        return AutoRestart.ALWAYS
    if text in ("false", "no", "off"):
        return AutoRestart.NEVER
    return _one_of({member.value: member for member in AutoRestart}, node)


@reads(forms.words(*(level.name.lower() for level in LogLevel)))
def loglevel(node: Node, around: Surroundings) -> LogLevel:
    """Read debug, info, warning or error."""
    return _one_of({level.name.lower(): level for level in LogLevel}, node)


@reads(forms.text("the name or number of a user", r"[^\s:]+"))
def user(node: Node, around: Surroundings) -> str:
    """Read the name or the number of a user; whether there is one is another question."""
    text = text_of(node)
    impossible = text.isdecimal() and (len(text) > 10 or int(text) > _MAX_UID)
    if not text or impossible or any(char.isspace() or char == ":" for char in text):
        raise unexpected(node, "the name or number of a user")
    return text


_EXIT_STATUS: Final = forms.whole(0, 255)


@reads(forms.one_or_list(_EXIT_STATUS))
def exitcodes(node: Node, around: Surroundings) -> frozenset[int]:
    """Read an exit status, or a list of them."""
    read = scalar(_exitcode, _EXIT_STATUS)
    items = node.items if isinstance(node, Sequence) else (node,)
    return frozenset(each(items, lambda item: read(item, around)))


def _exitcode(text: str) -> int:
    try:
        return values.whole(text, 0, 255)
    except values.BadValue as exc:
        raise values.BadValue(f"{exc}, or a list of them") from None


# --- templates -------------------------------------------------------------------------------


@reads(forms.TEXT)
def template(node: Node, around: Surroundings) -> str:
    """Read a text that may hold ``%(NAME)s``; what is constant is filled in."""
    text = text_of(node)
    try:
        return fill_constants(text, around.constants)
    except BadTemplate as exc:
        raise Bad(Fault(node.place, str(exc), exc.hint)) from None


_COMMAND: Final = forms.any_of(
    "a text that is split as a shell splits words, or the words themselves",
    {"type": forms.SCALAR, "pattern": r"\S"},
    {"type": "array", "items": (forms.FILLED,), "additionalItems": forms.TEXT, "minItems": 1},
)


@reads(_COMMAND)
def command(node: Node, around: Surroundings) -> str | tuple[str, ...]:
    """Read a command: a text that is split as a shell splits words, or the words."""
    if isinstance(node, Sequence):
        words = tuple(each(node.items, lambda item: template(item, around)))
        if not words or not words[0]:
            raise unexpected(node, "at least the name of a program")
        return words
    text = template(node, around)
    try:
        if any(shlex.split(text)[:1]):
            return text
    except ValueError as exc:
        wanted = f"a command with its quotes closed ({str(exc).lower()})"
        raise unexpected(node, wanted) from None
    raise unexpected(node, "at least the name of a program")


@reads(forms.PATH)
def path(node: Node, around: Surroundings) -> str:
    """Read a path, relative to the folder of its file."""
    text = template(node, around)
    if not text:
        raise unexpected(node, "a path")
    if text == "~" or text.startswith("~/"):
        text = around.home.replace("%", "%%") + text[1:]
    return os.path.normpath(os.path.join(around.constants["here"].replace("%", "%%"), text))


_TARGET: Final = forms.any_of(
    "a path, syslog, both in a list, or discard",
    forms.PATH,
    {
        "type": "array",
        "items": forms.FILLED,
        "minItems": 2,
        "maxItems": 2,
        "contains": {"enum": (SYSLOG,)},
    },
)


class Target(NamedTuple):
    """Where output goes: a file's path or None, and whether to syslog too."""

    path: str | None = None
    syslog: bool = False


@reads(_TARGET)
def target(node: Node, around: Surroundings) -> Target:
    """Read a path, `SYSLOG`, a list of both, or `DISCARD`."""
    if isinstance(node, Sequence):
        both = each(node.items, lambda item: target(item, around))
        paths = [one.path for one in both if one.path is not None]
        if len(both) != len(paths) + 1 or len(paths) != 1 or not any(one.syslog for one in both):
            raise unexpected(node, "a path and syslog, or one of them")
        return Target(paths[0], True)
    text = text_of(node)
    if text in (DISCARD, SYSLOG):
        return Target(syslog=text == SYSLOG)
    return Target(path(node, around))


@reads(forms.PATH)
def setting_path(node: Node, around: Surroundings) -> str:
    """Read a path of the daemon's own, in which no process's name is filled in later."""
    return path(node, around).replace("%%", "%")


@reads(forms.PATH)
def socket_path(node: Node, around: Surroundings) -> str:
    """Read the path of a socket, which the kernel wants short."""
    text = setting_path(node, around)
    if len(os.fsencode(text)) > MAX_SOCKET_PATH_BYTES:
        message = f"a socket's path has at most {MAX_SOCKET_PATH_BYTES} bytes: {text}"
        raise Bad(Fault(node.place, message))
    return text


_ENVIRONMENT: Final[Form] = {
    "title": "names and values",
    "type": "object",
    "propertyNames": {"pattern": "^[^=]+$"},
    "properties": {forms.MERGE: forms.ANY},
    "additionalProperties": {"type": (*forms.SCALAR, "null")},
}


@reads(_ENVIRONMENT)
def environment(node: Node, around: Surroundings) -> tuple[tuple[str, str], ...]:
    """Read names and values; nothing is the empty value, and ``~`` is a text here."""
    if not isinstance(node, MappingNode):
        hint = "write NAME: value, not a list" if isinstance(node, Sequence) else ""
        raise unexpected(node, "names and values", hint)
    return tuple(each(node.items, lambda pair: _variable(*pair, around)))


def _variable(name: Text, value: Node, around: Surroundings) -> tuple[str, str]:
    if not name.text or "=" in name.text or _UNSPEAKABLE.search(name.text):
        raise unexpected(name, "the name of a variable, without =")
    if isinstance(value, Text):
        if value.is_null and value.text == "":
            return name.text, ""
        value = Text(value.place, value.text, is_null=False)
    return name.text, template(value, around)
