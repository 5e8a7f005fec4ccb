"""The sockets of supervisord's: where it serves HTTP, and those of FastCGI programs. Pure.

Values that the daemon would read otherwise, or not at all, are noted and left out; a server whose
password cannot be kept is left out whole.
"""

import ipaddress
import re
from typing import Final

from taskmaster.convert import values
from taskmaster.convert.expansions import escaped
from taskmaster.convert.findings import Findings
from taskmaster.convert.ini import Section
from taskmaster.convert.programs import Shared
from taskmaster.convert.section import Options
from taskmaster.convert.yamltext import Value

FCGI_OPTIONS: Final = ("socket", "socket_backlog", "socket_owner", "socket_mode")
_SHA: Final = re.compile(r"\{SHA\}[0-9a-fA-F]{40}", re.ASCII)
_OWNER: Final = re.compile(r"[^\s:]+(:[^\s:]+)?")


def convert_server(section: Section, shared: Shared, findings: Findings) -> dict[str, Value] | None:
    """Return a listener for HTTP, or None where there can be none; differences are noted."""
    options = Options(section, shared.names(), findings)
    is_unix = section.name.startswith("unix")
    option = "file" if is_unix else "port"
    if not options.has(option):
        options.refuse("", f"it needs a {option}")
    if is_unix:
        path = options.read(option, str.strip, "")
        found: dict[str, Value] = {"listen": shared.path(escaped(path), options, option)}
        found |= _rights(options)
    else:
        found = {"listen": _address(options, "port", options.read(option, values.http_address, ""))}
    access = _access(options)
    options.note_unknown()
    if access is None or not found["listen"]:
        return None
    return found | access


def convert_fcgi(section: Section, shared: Shared, name: str, findings: Findings) -> "Value | None":
    """Return the ``socket`` of a FastCGI program, or None where there can be none.

    Args:
        section: of the program.
        shared: what it has from elsewhere.
        name: of our program.
        findings: where to note.
    """
    names = shared.names()
    theirs = section.name.partition(":")[2]
    (names.kept if theirs == name else names.filled)["program_name"] = theirs
    options = Options(section, names, findings)
    backlog = options.read("socket_backlog", values.integer, None)
    if backlog is not None and not 1 <= backlog <= 0xFFFF:
        options.refuse("socket_backlog", "it must be from 1 to 65535")
    owner = options.read("socket_owner", _owner, None)
    mode = options.read("socket_mode", values.umask, None)
    if not options.has("socket"):
        options.refuse("", "it needs a socket")
    plain = options.read("socket", values.fcgi_socket, "")
    if plain.startswith("tcp:"):
        for option in ("socket_owner", "socket_mode"):
            if options.has(option):
                options.refuse(option, "it is for a UNIX socket")
        address = _address(options, "socket", plain.removeprefix("tcp://"))
        listen = f"tcp://{address}" if address else ""
    else:
        listen = options.text("socket") or ""
    if not listen:
        return None
    given = {"owner": owner, "mode": mode, "backlog": backlog}
    more: dict[str, Value] = {key: value for key, value in given.items() if value is not None}
    return {"listen": listen} | more if more else listen


def _owner(text: str) -> str:
    if not _OWNER.fullmatch(text):
        raise ValueError(f"expected user or user:group, got {text!r}")
    return text


def _rights(options: Options) -> dict[str, Value]:
    found: dict[str, Value] = {}
    if options.has("chmod"):
        found["mode"] = options.read("chmod", values.umask, "700")
    user, _, group = options.read("chown", _owner, "").partition(":")
    if user:
        text = "the socket belongs to who the daemon runs as" + (
            f", with the group {group}" if group else ""
        )
        options.note("chown", text)
    if group:
        found["group"] = group
    return found


def _address(options: Options, option: str, text: str) -> str:
    """Return an address as we take it, or '' where a name would have to be looked up."""
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if bare in ("", "localhost"):
        return text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        options.note(option, f"left out: names are not looked up here; write the address of {bare}")
        return ""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def _access(options: Options) -> dict[str, Value] | None:
    """Return username and password; None where there are some that we cannot ask for."""
    if options.has("username") != options.has("password"):
        options.refuse("", "username and password go together")
    username = options.read("username", str, "")
    password = options.secret("password")
    if not options.has("username") or not options.has("password"):
        return {}
    if not username or ":" in username or not username.isprintable():
        options.note("username", "left out, with the server: it cannot be asked for here")
        return None
    if not password or (password.startswith("{SHA}") and not _SHA.fullmatch(password)):
        options.note("password", "left out, with the server: it cannot be asked for here")
        return None
    return {"username": username, "password": password}
