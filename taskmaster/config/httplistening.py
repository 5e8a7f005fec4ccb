"""The key ``http``: where HTTP is served, to whom, and what may be done there. Pure.

Written short it is an address or the path of a UNIX socket; with more to say about it a mapping
whose ``listen`` is that; several are a list of them.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Final

from taskmaster.config import forms, listening, readers
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence
from taskmaster.config.errors import Place
from taskmaster.config.keys import Key, Keys, form_of, keyed
from taskmaster.config.model import Address, HttpListener, Settings
from taskmaster.config.readers import Bad, Fault, Surroundings, each, text_of, unexpected

_SHA: Final = re.compile(r"\{SHA\}[0-9a-fA-F]{40}", re.ASCII)
_OTHERS_CONNECT: Final = 0o002
"""connect(2) to a UNIX socket needs the right to write (unix(7))."""


def check(settings: Settings, places: Mapping[str, Place], around: Surroundings) -> None:
    """Note what is served elsewhere already.

    Args:
        settings: as read.
        places: of the values that were given, by key.
        around: where problems gather.
    """
    taken: set[Address | str] = {*settings.listen, *settings.listen_plain, settings.socket}
    for listener in settings.http:
        if listener.listen in taken:
            message = f"{listener.listen} is here a second time"
            around.error(
                places.get("http", next(iter(places.values()))), "taskmaster.http", message
            )
        taken.add(listener.listen)


def _listener(node: Node, around: Surroundings) -> HttpListener:
    if not isinstance(node, MappingNode):
        listener = HttpListener(listen=_listen(node, around))
        _warn(listener, node.place, around)
        return listener
    found, faults = keyed(node, KEYS, around)
    given = {name.text: name.place for name, _ in node.items}
    faults += _missing(node, given, found.get("listen"))
    if faults:
        raise Bad(*faults)
    listener = HttpListener(**found)
    _warn(listener, node.place, around)
    return listener


def _missing(node: Node, given: Mapping[str, Place], listen: Address | str | None) -> list[Fault]:
    faults = []
    if "listen" not in given:
        faults.append(Fault(node.place, "it needs listen, an address or the path of a socket"))
    for name, other in (("username", "password"), ("password", "username")):
        if name in given and other not in given:
            faults.append(Fault(given[name], f"{name} means nothing without {other}"))
    if isinstance(listen, Address):
        faults += [
            Fault(given[name], f"{name} is for a UNIX socket, and {listen} is none")
            for name in ("mode", "group")
            if name in given
        ]
    return faults


def _warn(listener: HttpListener, place: Place, around: Surroundings) -> None:
    if listener.password is not None:
        return
    listen = listener.listen
    hint = "add username and password"
    if isinstance(listen, Address):
        if not ipaddress.ip_address(listen.host).is_loopback:
            may = "read what it tells" if listener.read_only else "control every process"
            message = f"whoever reaches {listen} may {may}: it is no loopback address"
            around.warn(place, "taskmaster.http", f"{message} and asks for no password", hint)
        elif not listener.read_only:
            message = f"every user of this machine may control every process by way of {listen}"
            hint = "name the path of a socket instead, or add username and password"
            around.warn(place, "taskmaster.http", message, hint)
    elif listener.mode & _OTHERS_CONNECT and not listener.read_only:
        message = f"with mode {listener.mode:04o} every user of this machine may control it"
        around.warn(place, "taskmaster.http", message, "add read_only: true, or a password")


@readers.reads(
    forms.text_only("an address, or the path of a socket", rf"[^/]*/.*|{listening.ADDRESS_PATTERN}")
)
def _listen(node: Node, around: Surroundings) -> Address | str:
    text = text_of(node)
    if "/" in text:
        return readers.socket_path(node, around)
    try:
        return listening.address(node)
    except Bad as exc:
        faults = [
            fault._replace(hint=fault.hint or "or the path of a socket, with a /")
            for fault in exc.faults
        ]
        raise Bad(*faults) from None


@readers.reads(forms.text("a name without a colon", "[^:]+"))
def _word(node: Node, around: Surroundings) -> str:
    text = text_of(node)
    if not text or ":" in text or not text.isprintable():
        raise unexpected(node, "a name without a colon")
    return text


@readers.reads(forms.text("a password", r"(?!\{SHA\})[\s\S]+|\{SHA\}[0-9a-fA-F]{40}"))
def _password(node: Node, around: Surroundings) -> str:
    text = text_of(node)
    if not text or (text.startswith("{SHA}") and not _SHA.fullmatch(text)):
        message = "expected a password, or {SHA} and 40 hexadecimal digits"
        raise Bad(Fault(node.place, message, "it is not shown here"))
    return text


KEYS: Final[Keys] = {
    "listen": Key(
        _listen,
        "an address, or the path of a UNIX socket, which has a / in it",
        example="http.sock",
    ),
    "mode": Key(readers.FILE_MODE, "of that socket, octal", "0700"),
    "group": Key(_word, "of that socket; left out: the daemon's", example="adm"),
    "read_only": Key(readers.BOOLEAN, "refuse what changes something", False),
    "username": Key(_word, "asked of every client, with the password", example="ada"),
    "password": Key(_password, "the password, or {SHA} and its SHA-1 in hexadecimal digits"),
}
assert set(KEYS) == {field.name for field in fields(HttpListener)}

_MAPPING: Final = form_of(
    KEYS,
    forms.needs("listen"),
    forms.beside("username", "password"),
    forms.beside("password", "username"),
)
_ONE: Final = forms.any_of("an address, a path, or keys and values", _listen.form, _MAPPING)


@readers.reads(forms.one_or_list(_ONE))
def listeners(node: Node, around: Surroundings) -> tuple[HttpListener, ...]:
    """Read a listener, or a list of them; doubtful ones are warned of."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(each(items, lambda item: _listener(item, around)))
