"""The keys about access over TCP: addresses, and what must go together. Pure.

Addresses are IP addresses or ``localhost``, which is 127.0.0.1: another name would have to be
looked up, and a daemon that waits for a name server at a reload serves nobody meanwhile.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from taskmaster.config import forms
from taskmaster.config.document import Node, Sequence
from taskmaster.config.errors import Place
from taskmaster.config.model import Address, Settings
from taskmaster.config.readers import Bad, Fault, Surroundings, each, reads, text_of, unexpected

_HOST_AND_PORT: Final = r"(?:\[([^\]]*)\]|([^:\[\]]+)):([0-9]{1,5})"
_EXAMPLES: Final = "host:port such as 127.0.0.1:9001, [::1]:9001 or 0.0.0.0:9001"
_MAX_PORT: Final = 65535
_LOCALHOST: Final = forms.any_case(("localhost",)).strip("^$")
ADDRESS_PATTERN: Final = rf"(?:\[[^\]]+\]|[0-9.]+|{_LOCALHOST}):[0-9]{{1,5}}"
_LOOPBACK_PATTERN: Final = rf"(?:\[[^\]]+\]|127\.[0-9.]+|{_LOCALHOST}):[0-9]{{1,5}}"


@reads(forms.one_or_list(forms.text_only("host:port", ADDRESS_PATTERN)))
def addresses(node: Node, around: Surroundings) -> tuple[Address, ...]:
    """Read an address, or a list of them."""
    return tuple(each(_items(node), address))


@reads(forms.one_or_list(forms.text_only("host:port", _LOOPBACK_PATTERN)))
def loopback(node: Node, around: Surroundings) -> tuple[Address, ...]:
    """Read an address of this machine's loopback interface, or a list of them."""
    return tuple(each(_items(node), _loopback_address))


def check(settings: Settings, places: Mapping[str, Place], around: Surroundings) -> None:
    """Note what does not go together.

    Args:
        settings: as read.
        places: of the values that were given, by key.
        around: where problems gather.
    """
    seen: set[Address] = set()
    for key in ("listen", "listen_plain"):
        for address in getattr(settings, key):
            if address in seen:
                around.error(places[key], f"taskmaster.{key}", f"{address} is here a second time")
            seen.add(address)
    for key, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
        if key in places and other not in places:
            message = f"it means nothing without {other}"
            around.error(places[key], f"taskmaster.{key}", message, "name both files, or neither")


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


def address(node: Node) -> Address:
    """Read one address."""
    text = text_of(node)
    match = re.fullmatch(_HOST_AND_PORT, text)
    if match is None:
        raise unexpected(node, _EXAMPLES)
    in_brackets, bare, port = match.groups()
    if not 1 <= int(port) <= _MAX_PORT:
        raise unexpected(node, f"a port from 1 to {_MAX_PORT}")
    if bare is not None and bare.lower() == "localhost":
        return Address("127.0.0.1", int(port))
    try:
        host = ipaddress.ip_address(in_brackets or bare)
    except ValueError:
        hint = "names are not looked up, but for localhost"
        raise unexpected(node, _EXAMPLES, hint) from None
    if (host.version == 6) is not (in_brackets is not None):
        raise unexpected(node, _EXAMPLES)
    return Address(str(host), int(port))


def _loopback_address(node: Node) -> Address:
    found = address(node)
    if not ipaddress.ip_address(found.host).is_loopback:
        message = f"{found} is no loopback address, and without TLS anybody could listen in"
        raise Bad(Fault(node.place, message, "listen: serves it over TLS"))
    return found
