"""Where a child finds our HTTP server, as supervisord tells it in the environment. Pure.

Of several listeners it is the one by which most can be done: one that takes orders before one that
is read-only, one whose password we can tell, or that asks for none, before one of which we know
only the hash; and a UNIX socket before an address.

supervisord tells nobody the user name and the password: they are written into the environment of
the listeners that need them, by hand. Here event listeners are told, since that is what they are
for, and no other program: whatever it runs, down to the last CGI script, would have control over
every process.
"""

import ipaddress
from collections.abc import Sequence
from typing import Final

from taskmaster.config.model import Address, HttpListener

_HASH: Final = "{SHA}"
_URL: Final = "SUPERVISOR_SERVER_URL"
_USERNAME: Final = "SUPERVISOR_USERNAME"
_PASSWORD: Final = "SUPERVISOR_PASSWORD"


def access(listeners: Sequence[HttpListener], *, trusted: bool) -> dict[str, str | None]:
    """Return the variables; None for one that a child must not have from us by chance.

    Args:
        listeners: where HTTP is served.
        trusted: tell the user name and the password too.
    """
    found: dict[str, str | None] = dict.fromkeys((_URL, _USERNAME, _PASSWORD))
    chosen = min(listeners, key=_worth, default=None)
    if chosen is None:
        return found
    found[_URL] = _url(chosen.listen)
    if trusted and chosen.password is not None and not _is_hash(chosen):
        found |= {_USERNAME: chosen.username, _PASSWORD: chosen.password}
    return found


def _worth(listener: HttpListener) -> tuple[bool, bool, bool]:
    return _is_hash(listener), listener.read_only, isinstance(listener.listen, Address)


def _is_hash(listener: HttpListener) -> bool:
    return listener.password is not None and listener.password.startswith(_HASH)


def _url(listen: Address | str) -> str:
    if isinstance(listen, str):
        return f"unix://{listen}"
    host = ipaddress.ip_address(listen.host)
    if host.is_unspecified:  # every address of this machine; it is asked by one
        return f"http://{Address('127.0.0.1' if host.version == 4 else '::1', listen.port)}"
    return f"http://{listen}"
