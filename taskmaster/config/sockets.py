"""The key ``socket`` of a program: one listening socket for all its processes (FastCGI). Pure.

Written short it is where it listens; with more to say about it a mapping whose ``listen`` is that.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from taskmaster.config import forms, listening, readers
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Text
from taskmaster.config.errors import Place, Problem
from taskmaster.config.expand import fill_program_name
from taskmaster.config.keys import Key, Keys, form_of, keyed
from taskmaster.config.model import Address, Program, Settings, SocketRights
from taskmaster.config.readers import Bad, Fault, Surroundings, text_of, unexpected

_OF_ONE_PROCESS: Final = re.compile(r"%\(process_(num|name)\)")
_OWNER: Final = r"[^\s:]+(?::[^\s:]+)?"
_FORMS: Final = "unix:///path, tcp://host:port or a path"
_MAX_BACKLOG: Final = 65535

Listen = Address | str


def of_program(template: Listen, name: str) -> Listen:
    """Return where the socket of a program listens."""
    return template if isinstance(template, Address) else fill_program_name(template, name)


def check(programs: Mapping[str, tuple[Place, Program]], settings: Settings) -> Iterator[Problem]:
    """Yield what cannot be a socket, or is served by another one already.

    Args:
        programs: by name, with the place of the socket.
        settings: the daemon's own sockets among them.
    """
    taken: dict[Listen, str] = {settings.socket: "the control socket"}
    taken |= dict.fromkeys((*settings.listen, *settings.listen_plain), "where clients are served")
    taken |= {listener.listen: "where HTTP is served" for listener in settings.http}
    for name, (place, program) in programs.items():
        listen, key = program.socket, f"programs.{name}.socket"
        if listen is None:
            continue
        if isinstance(listen, str) and len(os.fsencode(listen)) > readers.MAX_SOCKET_PATH_BYTES:
            most = readers.MAX_SOCKET_PATH_BYTES
            yield Problem(place, key, f"a socket's path has at most {most} bytes: {listen}")
        if listen in taken:
            hint = "programs cannot share a socket; the processes of one do"
            yield Problem(place, key, f"{listen} is {taken[listen]} already", hint)
        taken[listen] = f"the socket of {name}"


@readers.reads(
    forms.text_only(
        _FORMS, rf"tcp://(?:{listening.ADDRESS_PATTERN}|.*%\(.*)|(?:unix://)?(?!.*://)[^/]*/.*"
    )
)
def _listen(node: Node, around: Surroundings) -> Listen:
    scheme, separator, rest = text_of(node).rpartition("://")
    if separator and scheme not in ("unix", "tcp"):
        raise unexpected(node, _FORMS)
    inner = Text(node.place, rest, is_null=False)
    if scheme == "tcp":
        filled = readers.template(inner, around).replace("%%", "%")
        return listening.address(Text(node.place, filled, is_null=False))
    if "/" not in rest:
        hint = f"write tcp://{rest}" if ":" in rest else ""
        raise unexpected(node, _FORMS, hint)
    if _OF_ONE_PROCESS.search(rest):
        hint = "%(program_name)s can be in it"
        raise Bad(Fault(node.place, "the processes of a program share one socket", hint))
    return readers.path(inner, around)


@readers.reads(forms.text("user or user:group", _OWNER))
def _owner(node: Node, around: Surroundings) -> str:
    text = text_of(node)
    if not re.fullmatch(_OWNER, text):
        raise unexpected(node, "user or user:group")
    return text


KEYS: Final[Keys] = {
    "listen": Key(_listen, "where it listens", example="run/web.sock"),
    "owner": Key(_owner, "of a UNIX socket; left out: the program's user", example="www-data"),
    "mode": Key(readers.FILE_MODE, "of a UNIX socket, octal", "0700"),
    "backlog": Key(readers.count(1, _MAX_BACKLOG), "how many may wait to be let in", 4096),
}
_FORM: Final = forms.any_of(_FORMS, _listen.form, form_of(KEYS, forms.needs("listen")))


@readers.reads(_FORM)
def socket(node: Node, around: Surroundings) -> tuple[Listen, SocketRights]:
    """Read where a socket listens, a path still as a template, and who may connect to it."""
    if not isinstance(node, MappingNode):
        return _listen(node, around), SocketRights()
    found, faults = keyed(node, KEYS, around)
    given = {name.text: name.place for name, _ in node.items}
    if "listen" not in given:
        faults.append(Fault(node.place, f"it needs listen: {_FORMS}"))
    if isinstance(listen := found.pop("listen", None), Address):
        faults += [
            Fault(given[name], f"{name} is for a UNIX socket, and {listen} is none")
            for name in ("owner", "mode")
            if name in given
        ]
    if faults:
        raise Bad(*faults)
    return listen, SocketRights(**found)
