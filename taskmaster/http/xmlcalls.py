"""XML-RPC: calls out of XML and answers into it. Pure.

The parser is expat with handlers that refuse what a call never holds: a document type, and with it
every entity; more elements or a deeper nesting than any call has. What is answered is valid XML 1.0
whatever a terminal showed: a control character becomes its picture (ESC is U+241B), halves of
surrogate pairs and the like become U+FFFD, and CR is written so that it survives.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from xml.parsers import expat

MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 20_000
_MAX_DIGITS: Final = 20
_MIN_INT, _MAX_INT = -(2**31), 2**31 - 1

Value = Any
"""int, bool, str, float, bytes, datetime, None, a list or a dict of them: what the type says."""


class NoCall(Exception):
    """What is no call; the text says why."""


class Encoded(str):
    """A value that is written as XML already."""

    __slots__ = ()


# --- reading ----------------------------------------------------------------------------------


def read_call(data: bytes) -> tuple[str, list[Value]]:
    """Return the method and the parameters of a call.

    Raises:
        NoCall: it is none.
    """
    reading = Reading()
    reading.feed(data)
    return reading.end()


class Reading:
    """The reading of a call in pieces, since a long one takes 100 ms."""

    def __init__(self) -> None:
        self._reader = _Reader()
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._reader.start
        parser.EndElementHandler = self._reader.end
        parser.CharacterDataHandler = self._reader.text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            NoCall: this is none.
        """
        self._parse(data, is_last=False)

    def end(self) -> tuple[str, list[Value]]:
        """Return the method and the parameters of what was fed.

        Raises:
            NoCall: it was no call.
        """
        self._parse(b"", is_last=True)
        if not self._reader.method:
            raise NoCall("there is no methodName")
        return self._reader.method, self._reader.parameters

    def _parse(self, data: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as exc:
            raise NoCall(f"no well-formed XML: {exc}") from None
        except (ValueError, LookupError) as exc:  # an unknown encoding, or a value of another type
            raise NoCall(str(exc)[:200]) from None


def _refuse_doctype(*_: object) -> None:
    raise NoCall("a document type has no place in a call")


class _Reader:
    """Takes what the parser finds: a stack of values under way, each a list of its children."""

    def __init__(self) -> None:
        self.method = ""
        self.parameters: list[Value] = []
        self._stack: list[tuple[str, list[Value]]] = []
        self._text: list[str] = []
        self._elements = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise NoCall(f"more than {MAX_ELEMENTS} elements")
        if len(self._stack) >= MAX_DEPTH:
            raise NoCall(f"nested deeper than {MAX_DEPTH}")
        if not self._stack and name != "methodCall":
            raise NoCall("it is no methodCall")
        self._stack.append((name, []))
        self._text.clear()

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, name: str) -> None:
        _, children = self._stack.pop()
        text = "".join(self._text)
        self._text.clear()
        above = self._stack[-1][1] if self._stack else []
        match name:
            case "methodName":
                self.method = text.strip()
            case "param" | "member" | "value" | "data" | "array" | "struct" | "name":
                above.append((name, self._whole(name, children, text)))
            case "params":
                self.parameters = [value for kind, value in children if kind == "param"]
            case "methodCall":
                pass
            case _:
                convert = _SCALARS.get(name)
                if convert is None:
                    raise NoCall(f"an element {name[:50]!r}")
                above.append((name, convert(text)))

    def _whole(self, name: str, children: list[Value], text: str) -> Value:
        match name:
            case "name":
                return text
            case "value" if not children:
                return text
            case "data":
                return [value for kind, value in children if kind == "value"]
            case "member":
                found = dict(children)
                if set(found) != {"name", "value"}:
                    raise NoCall("a member without its name or its value")
                return found["name"], found["value"]
            case "struct":
                return dict(value for kind, value in children if kind == "member")
        if len(children) != 1 or (name == "param") is not (children[0][0] == "value"):
            raise NoCall(f"one value is expected in {name!r}")
        return children[0][1]


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise NoCall("a number of too many digits")
    return int(text)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as exc:
        raise NoCall(str(exc)) from None


_SCALARS: Final[Mapping[str, Callable[[str], Value]]] = {
    "int": _integer,
    "i4": _integer,
    "i8": _integer,
    "boolean": lambda text: text.strip() == "1",
    "string": lambda text: text,
    "double": lambda text: float(text[:100]),
    "dateTime.iso8601": lambda text: datetime.strptime(text.strip()[:50], "%Y%m%dT%H:%M:%S"),
    "base64": _base64,
    "nil": lambda text: None,
}


# --- writing ----------------------------------------------------------------------------------

_UNSPEAKABLE: Final = (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
_WRITTEN: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n\r"},
    **dict.fromkeys(_UNSPEAKABLE, "\ufffd"),
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord(">"): "&gt;",
    ord("\r"): "&#13;",
}
"""How what cannot stand in a text as it is is written (XML 1.0, 2.2 and 2.11). A table, for what a
regular expression replaces costs ten times as much where a log is full of it."""

_SPECIAL: Final = re.compile("[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Whatever is in the table; to find that nothing is costs less than to look each character up."""


def written(value: Value) -> str:
    """Return a value as XML, in its element ``value``."""
    pieces: list[str] = []
    _write(value, pieces.append)
    return "".join(pieces)


def answer(value: Value) -> bytes:
    """Return the answer of a call that gave a value."""
    pieces: list[str] = []
    _write(value, pieces.append)
    return _document("<params><param>", *pieces, "</param></params>")


def fault(code: int, text: str) -> bytes:
    """Return the answer of a call that failed."""
    return _document(f"<fault>{written({'faultCode': code, 'faultString': text})}</fault>")


def escaped(text: str) -> str:
    """Return a text as it may stand in XML."""
    return text.translate(_WRITTEN) if _SPECIAL.search(text) else text


def capped(number: float) -> int:
    """Return a whole number that a 32-bit integer of XML-RPC takes."""
    return max(_MIN_INT, min(_MAX_INT, int(number)))


def _document(*pieces: str) -> bytes:
    """Return a document with these in it: joined once, for they may have many megabytes."""
    begin = "<?xml version='1.0'?>\n<methodResponse>\n"
    return "".join((begin, *pieces, "\n</methodResponse>\n")).encode("utf-8")


def _write(value: Value, put: Callable[[str], None]) -> None:
    if isinstance(value, Encoded):
        put(value)
    elif isinstance(value, str):
        put(f"<value><string>{escaped(value)}</string></value>")
    elif isinstance(value, bool):
        put(f"<value><boolean>{value:d}</boolean></value>")
    elif isinstance(value, int):
        put(f"<value><int>{capped(value)}</int></value>")
    elif isinstance(value, Mapping):
        put("<value><struct>\n")
        for name, item in value.items():
            # Nearly all there is to write is texts and numbers in structs: these at once.
            if type(item) is str:
                text = f"<string>{escaped(item)}</string>"
            elif type(item) is int and _MIN_INT <= item <= _MAX_INT:
                text = f"<int>{item}</int>"
            else:
                put(f"<member><name>{escaped(name)}</name>")
                _write(item, put)
                put("</member>\n")
                continue
            put(f"<member><name>{escaped(name)}</name><value>{text}</value></member>\n")
        put("</struct></value>\n")
    elif isinstance(value, list | tuple):
        put("<value><array><data>\n")
        for item in value:
            _write(item, put)
        put("</data></array></value>\n")
    elif isinstance(value, float):
        put(f"<value><double>{value!r}</double></value>")
    else:
        raise TypeError(f"nothing that XML-RPC has a type for: {value!r}")
