"""Where a daemon is: the path of a socket, or a host behind ``tls:``, ``tcp:`` or ``ssh:``. Pure.

What goes to ssh is held to letters that neither it nor a shell takes for anything else.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Final, NamedTuple

_TCP: Final = r"(?P<scheme>tls|tcp)://(?:\[(?P<six>[0-9A-Za-z:.%]+)\]|(?P<host>[^\[\]:/@\s]+)):(?P<port>\d{1,5})/?"
_SSH: Final = (
    r"ssh://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@)?"
    r"(?:\[(?P<six>[0-9A-Fa-f:]+(?:%[A-Za-z0-9]+)?)\]|(?P<host>[A-Za-z0-9_][A-Za-z0-9_.-]*))"
    r"(?::(?P<port>\d{1,5}))?(?P<path>/.*)?"
)
"""Texts, and compiled when an address is looked at: a socket's path needs neither."""


class BadAddress(Exception):
    """It names no daemon; the text says what is accepted."""


class TcpAddress(NamedTuple):
    """A daemon that listens; `tls` or not."""

    host: str
    port: int
    tls: bool

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class SshAddress(NamedTuple):
    """A daemon on a machine that ssh reaches; `path` of its socket, '' for the default one."""

    user: str
    host: str
    port: str
    path: str


def is_remote(named: str) -> bool:
    """Whether it is no path."""
    return "://" in named


def parse_address(named: str) -> TcpAddress | SshAddress:
    """Return what an address that is no path means.

    Raises:
        BadAddress: nothing.
    """
    if match := re.fullmatch(_TCP, named, re.ASCII):
        host = (match["six"] or match["host"]).lower()
        port = int(match["port"])
        if not host.startswith("-") and 1 <= port <= 65535:
            return TcpAddress(host, port, tls=match["scheme"] == "tls")
    if match := re.fullmatch(_SSH, named, re.ASCII):
        path = match["path"] or ""
        if path.isprintable() or not path:
            host = match["six"] or match["host"]
            return SshAddress(match["user"] or "", host, match["port"] or "", path.rstrip("/"))
    accepted = "tls://HOST:PORT, tcp://HOST:PORT, ssh://[USER@]HOST[:PORT][/PATH/OF/SOCKET]"
    raise BadAddress(
        f"{named}: no address of a daemon; accepted are the path of a socket, {accepted}"
    )


def ssh_words(address: SshAddress, environment: Mapping[str, str]) -> list[str]:
    """Return the command that runs ``taskmasterctl relay`` over there.

    TASKMASTER_SSH names another program than ssh, perhaps with options; TASKMASTER_REMOTE how
    taskmasterctl is run over there, where it is not in the PATH: words for that machine's shell.

    Raises:
        BadAddress: TASKMASTER_SSH cannot be split into words.
    """
    try:
        words = shlex.split(environment.get("TASKMASTER_SSH") or "ssh")
    except ValueError as exc:
        raise BadAddress(f"TASKMASTER_SSH: {str(exc).lower()}") from None
    words += ["-T"]
    words += ["-p", address.port] if address.port else []
    words += ["-l", address.user] if address.user else []
    remote = environment.get("TASKMASTER_REMOTE") or "taskmasterctl"
    socket = f" -s {shlex.quote(address.path)}" if address.path else ""
    return [*words, "--", address.host, f"{remote}{socket} relay"]
