"""The section ``alerts:``: who is told of what, and how. Pure, but for `doubts`.

Each alert has exactly one target, whose keys are a mapping of its own (``alertkeys``). Problems of
an alert, which may hold a secret, come without the line of the file.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from taskmaster.alerts.model import (
    MERGED_PAUSE_SECONDS,
    Alert,
    Command,
    Email,
    Facility,
    Http,
    Security,
    Syslog,
    Target,
    Transport,
)
from taskmaster.config import readers
from taskmaster.config.alertkeys import ALERT_KEYS, NAME, TARGET_KEYS, TARGETS
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Text
from taskmaster.config.errors import Place, Problem, Severity
from taskmaster.config.keys import read_keys
from taskmaster.config.readers import Surroundings
from taskmaster.names import matches

_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.ASCII)


def read_alerts(node: Node | None, around: Surroundings) -> dict[str, Alert]:
    """Return the alerts by name; problems gather in `around`."""
    alerts: dict[str, Alert] = {}
    if node is None or (isinstance(node, Text) and node.is_null):
        return alerts
    if not isinstance(node, MappingNode):
        around.error(node.place, "alerts", f"expected alerts by name, got {readers.shown(node)}")
        return alerts
    for name, body in node.items:
        if name.text.startswith("x-"):
            continue
        if not re.fullmatch(NAME, name.text):
            message = "the name of an alert is of letters, digits, _, . and -"
            around.error(name.place, f"alerts.{name.text}", message)
            continue
        own = Surroundings(around.constants, around.home)
        alert = _read_alert(name, body, own)
        around.problems += map(_without_line, own.problems)
        if alert is not None:
            alerts[name.text] = alert
    return alerts


def _without_line(problem: Problem) -> Problem:
    """Show no line: an alert may hold a secret in any of its lines."""
    place = problem.place
    return replace(problem, place=Place(place.file, place.line, place.column))


def _read_alert(name: Text, body: Node, around: Surroundings) -> Alert | None:
    key = f"alerts.{name.text}"
    found = read_keys(body, key, ALERT_KEYS, around)
    if not isinstance(body, MappingNode):
        return None
    given = [k for k, _ in body.items if k.text in TARGETS]
    if len(given) != 1:
        place = given[1].place if given else name.place
        message = f"it needs one target, {', '.join(TARGETS[:-1])} or {TARGETS[-1]}"
        hint = f"make {len(given)} alerts of it" if given else ""
        around.error(place, key, f"{message}, and has {len(given) or 'none'}", hint)
        return None
    kind = given[0].text
    target = _read_target(kind, found, f"{key}.{kind}", given[0].place, around)
    if target is None or around.errors:
        return None
    options = {k: v for k, v in found.items() if k not in TARGETS}
    options.setdefault("pause", MERGED_PAUSE_SECONDS[type(target)])
    return Alert(name=name.text, target=target, **options)


def _read_target(
    kind: str, found: Mapping[str, Any], key: str, place: Place, around: Surroundings
) -> Target | None:
    if kind not in found:
        return None  # it could not be read, and that was told
    match kind:
        case "command":
            return Command(words=found[kind])
        case "email":
            return _email(
                read_keys(found[kind], key, TARGET_KEYS[kind], around), key, place, around
            )
        case "http":
            return _http(read_keys(found[kind], key, TARGET_KEYS[kind], around), key, place, around)
        case _:
            node = found[kind]
            empty = isinstance(node, Text) and node.is_null
            keys = {} if empty else read_keys(node, key, TARGET_KEYS[kind], around)
            transport, address, port = keys.get("address", (Transport.UNIX, "/dev/log", 0))
            facility = keys.get("facility", Facility.DAEMON)
            return Syslog(transport=transport, address=address, port=port, facility=facility)


def _email(keys: dict[str, Any], key: str, place: Place, around: Surroundings) -> Email | None:
    security = keys.get("security", Security.STARTTLS)
    missing = [name for name in ("host", "from", "to") if name not in keys]
    for name in missing:
        if not any(problem.key == f"{key}.{name}" for problem in around.problems):
            around.error(place, key, f"it needs {name}:")
    if "user" in keys and ("password_file" in keys) == ("password_env" in keys):
        message = "a user needs a password_file or a password_env, and not both"
        around.error(place, key, message)
    if "user" not in keys and ("password_file" in keys or "password_env" in keys):
        around.error(place, key, "a password means nothing without a user")
    host = keys.get("host", "")
    if "user" in keys and security is Security.NONE and not _LOOPBACK.fullmatch(host):
        message = "without TLS anybody on the way could read the password"
        around.error(place, key, message, "leave security out, or write security: tls")
    variable = keys.get("password_env")
    if variable is not None and not around.constants.get(f"ENV_{variable}"):
        message = f"the daemon's environment has no {variable}"
        around.error(place, f"{key}.password_env", message)
    if missing:
        return None
    return Email(
        host=host,
        port=keys.get("port", _PORTS[security]),
        security=security,
        sender=keys["from"],
        recipients=keys["to"],
        **{k: v for k, v in keys.items() if k in ("user", "ca_file", *_PASSWORDS)},
    )


_PASSWORDS: Final = ("password_file", "password_env")


def _http(keys: dict[str, Any], key: str, place: Place, around: Surroundings) -> Http | None:
    if "secret" in keys and "secret_file" in keys:
        around.error(place, key, "secret and secret_file are two; leave one of them out")
    if "url" not in keys:
        if not any(problem.key == f"{key}.url" for problem in around.problems):
            around.error(place, key, "it needs url:")
        return None
    return Http(**keys)


# --- what is doubtful -------------------------------------------------------------------------


def doubts(
    node: Node | None, alerts: Mapping[str, Alert], names: Iterable[str]
) -> Iterator[Problem]:
    """Yield a warning for what will probably not do what was meant; looks at the machine.

    Args:
        node: of the section, for the places.
        alerts: as read.
        names: of all processes.
    """
    places = {k.text: k.place for k, _ in node.items} if isinstance(node, MappingNode) else {}
    known = list(names)
    for name, alert in alerts.items():
        for word in alert.programs:
            if not any(matches(word, process) for process in known):
                yield _warning(places[name], f"alerts.{name}.programs", f"{word} is no program")
        target = alert.target
        for key in ("password_file", "secret_file", "ca_file"):
            path = getattr(target, key, "")
            if path and not os.access(path, os.R_OK):
                yield _warning(places[name], f"alerts.{name}.{key}", f"{path} cannot be read")


def _warning(place: Place, key: str, message: str) -> Problem:
    return _without_line(Problem(place, key, message, "", Severity.WARNING))
