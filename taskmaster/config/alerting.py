"""The section ``alerts:``: who is told of what, and how. Pure, but for `doubts`.

Each alert has exactly one target, whose keys are a mapping of its own. What could be a secret is
never shown: passwords have no key, and problems of an alert that may hold one come without the
line of the file.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from taskmaster.alerts.model import (
    MERGED_PAUSE_SECONDS,
    Alert,
    Command,
    Email,
    Facility,
    Http,
    Kind,
    Security,
    Syslog,
    Target,
    Template,
    Transport,
)
from taskmaster.config import readers, values
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.errors import Place, Problem, Severity
from taskmaster.config.hints import did_you_mean
from taskmaster.config.readers import Bad, Fault, Surroundings, each, text_of, unexpected
from taskmaster.config.schema import Key, read_keys
from taskmaster.names import matches

_TARGETS: Final = ("email", "http", "syslog", "command")
_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}
_SYSLOG_PORT: Final = 514
_MOST_SECONDS: Final = 86_400.0
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}", re.ASCII)
_ADDRESS: Final = re.compile(r"[!#-'*+/-9=?A-Z^-~.-]+@[A-Za-z0-9\[\]._:-]+", re.ASCII)
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.ASCII)
_SYSLOG_URL: Final = re.compile(r"(udp|tcp)://(\[[^\]]+\]|[^:/\[\]]+)(?::(\d{1,5}))?", re.ASCII)
_OTHERS_KINDS: Final = {
    "crash": "died",
    "crashed": "died",
    "exit": "died",
    "exited": "died",
    "unexpected": "died",
    "gave-up": "fatal",
    "gave up": "fatal",
    "give-up": "fatal",
    "back-off": "backoff",
    "restart": "restarted",
    "started": "restarted",
    "logfile": "log",
    "reload": "config",
    "daemon": "core",
}

# --- values -----------------------------------------------------------------------------------


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


def _events(node: Node, around: Surroundings) -> tuple[Kind, ...]:
    known = {kind.value: kind for kind in Kind}

    def read(item: Node) -> Kind:
        text = text_of(item).lower()
        if text not in known:
            meant = _OTHERS_KINDS.get(text)
            hint = f"did you mean {meant}?" if meant else did_you_mean(text, known)
            raise unexpected(item, f"one of {', '.join(known)}", hint)
        return known[text]

    found = set(each(_items(node), read))
    if not found:
        raise unexpected(node, f"at least one of {', '.join(known)}")
    return tuple(kind for kind in Kind if kind in found)


def _texts(node: Node, around: Surroundings) -> tuple[str, ...]:
    return tuple(each(_items(node), text_of))


def _programs(node: Node, around: Surroundings) -> tuple[str, ...]:
    words = _texts(node, around)
    if not words or not all(words):
        raise unexpected(node, "names of programs or processes, or patterns such as web*")
    return () if "all" in words else words


def _host(node: Node, around: Surroundings) -> str:
    if not _HOST.fullmatch(text_of(node)):
        raise unexpected(node, "the name or address of a host")
    return text_of(node)


def _address(node: Node) -> str:
    if not _ADDRESS.fullmatch(text_of(node)):
        raise unexpected(node, "an address such as ops@example.org")
    return text_of(node)


def _sender(node: Node, around: Surroundings) -> str:
    return _address(node)


def _recipients(node: Node, around: Surroundings) -> tuple[str, ...]:
    found = tuple(each(_items(node), _address))
    if not found:
        raise unexpected(node, "at least one address")
    return found


def _url(node: Node, around: Surroundings) -> str:
    """Read a URL; it may hold a secret, so no message shows it."""
    text = _filled(node, around)
    try:
        at = urlsplit(text)
        usable = at.scheme in ("http", "https") and bool(at.hostname) and at.port != 0
    except ValueError:
        usable = False
    if not usable or not text.isascii() or not text.isprintable() or " " in text:
        raise Bad(Fault(node.place, "expected a URL that begins with http:// or https://"))
    if "@" in at.netloc:
        message = "a user and a password cannot stand in it"
        raise Bad(Fault(node.place, message, "put them into headers: {Authorization: ...}"))
    return text.partition("#")[0]


def _headers(node: Node, around: Surroundings) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, MappingNode):
        raise Bad(Fault(node.place, "expected names and values"))

    def read(pair: tuple[Text, Node]) -> tuple[str, str]:
        name, value = pair
        if not _HEADER.fullmatch(name.text):
            raise Bad(Fault(name.place, "expected the name of a header"))
        text = _filled(value, around)
        if not text.isprintable() or not text.isascii():
            message = f"the value of {name.text} is not of printable ASCII characters"
            raise Bad(Fault(value.place, message))
        return name.text, text

    return tuple(each(node.items, read))


def _secret(node: Node, around: Surroundings) -> str:
    if not isinstance(node, Text) or node.is_null or not node.text:
        raise Bad(Fault(node.place, "expected a text"))
    return _filled(node, around)


def _filled(node: Node, around: Surroundings) -> str:
    """Read a text in which ``%(ENV_X)s`` is filled in; it may hold a secret."""
    try:
        return readers.template(node, around).replace("%%", "%")
    except Bad:
        message = "expected a text, in which each %(NAME)s can be filled in"
        raise Bad(Fault(node.place, message)) from None


def _syslog_address(node: Node, around: Surroundings) -> tuple[Transport, str, int]:
    text = text_of(node)
    match = _SYSLOG_URL.fullmatch(text)
    if match is not None:
        port = int(match[3] or _SYSLOG_PORT)
        if 1 <= port <= 65535 and _HOST.fullmatch(host := match[2].strip("[]")):
            return Transport(match[1]), host, port
    elif "://" not in text and "/" in text:
        return Transport.UNIX, readers.socket_path(node, around), 0
    raise unexpected(node, "a path such as /dev/log, udp://host:514 or tcp://host:514")


def _facility(node: Node, around: Surroundings) -> Facility:
    known = {member.name.lower(): member for member in Facility}
    text = text_of(node).lower()
    if text not in known:
        raise unexpected(node, f"one of {', '.join(known)}", did_you_mean(text, known))
    return known[text]


def _words(node: Node, around: Surroundings) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        example = "a list of words such as [notify, --quiet]; no shell reads it"
        raise unexpected(node, example)
    read = tuple(each(node.items, lambda item: readers.template(item, around).replace("%%", "%")))
    if not read or not read[0]:
        raise unexpected(node, "at least the name of a program")
    return read


_SECONDS: Final = readers.scalar(lambda text: _within_a_day(text, 0.0))
_TIMEOUT: Final = readers.scalar(lambda text: _within_a_day(text, 0.1))


def _within_a_day(text: str, least: float) -> float:
    seconds = values.seconds(text)
    if not least <= seconds <= _MOST_SECONDS:
        raise values.BadValue(f"a time from {least:g} s to a day")
    return seconds


# --- targets ----------------------------------------------------------------------------------

_PORT: Final = readers.count(1, 65535)
_EMAIL_KEYS: Final[Mapping[str, Key]] = {
    "host": Key(_host, "the mail server"),
    "port": Key(_PORT, "left out: 587, 465 or 25, by security"),
    "security": Key(readers.one_of(Security), "starttls, tls or none"),
    "user": Key(lambda node, _: text_of(node), "to log in as"),
    "password_file": Key(readers.setting_path, "its first line is the password"),
    "password_env": Key(lambda node, _: text_of(node), "the variable that holds the password"),
    "from": Key(_sender, "the sender"),
    "to": Key(_recipients, "one recipient or several"),
    "ca_file": Key(readers.setting_path, "certificates to trust"),
}
_HTTP_KEYS: Final[Mapping[str, Key]] = {
    "url": Key(_url, "where to post"),
    "headers": Key(_headers, "sent along"),
    "secret": Key(_secret, "signs what is sent"),
    "secret_file": Key(readers.setting_path, "its first line is the secret"),
    "template": Key(readers.one_of(Template), "json, slack, discord or ntfy"),
    "ca_file": Key(readers.setting_path, "certificates to trust"),
}
_SYSLOG_KEYS: Final[Mapping[str, Key]] = {
    "address": Key(_syslog_address, "a path, udp://host:port or tcp://host:port"),
    "facility": Key(_facility, "daemon, user, local0 and so on"),
}
_ALERT_KEYS: Final[Mapping[str, Key]] = {
    "events": Key(_events, "what it is about; left out: everything"),
    "programs": Key(_programs, "names or patterns; left out: all"),
    "pause": Key(_SECONDS, "between two messages at least"),
    "timeout": Key(_TIMEOUT, "for one try to deliver"),
    "retries": Key(readers.count(0, 100), "how often it is tried again"),
    "command": Key(_words, "a program that gets the event as JSON"),
}


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
        if not _NAME.fullmatch(name.text) or name.text.startswith("-"):
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
    readers_of_keys = dict(_ALERT_KEYS)
    for section in ("email", "http", "syslog"):
        # Read below, under their own names; what they are called belongs into the hints.
        readers_of_keys[section] = Key(lambda node, _: node, "a target")
    found = read_keys(body, key, readers_of_keys, around)
    if not isinstance(body, MappingNode):
        return None
    given = [k for k, _ in body.items if k.text in _TARGETS]
    if len(given) != 1:
        place = given[1].place if given else name.place
        message = f"it needs one target, {', '.join(_TARGETS[:-1])} or {_TARGETS[-1]}"
        hint = f"make {len(given)} alerts of it" if given else ""
        around.error(place, key, f"{message}, and has {len(given) or 'none'}", hint)
        return None
    kind = given[0].text
    target = _read_target(kind, found, f"{key}.{kind}", given[0].place, around)
    if target is None or around.errors:
        return None
    options = {k: v for k, v in found.items() if k not in _TARGETS}
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
            return _email(read_keys(found[kind], key, _EMAIL_KEYS, around), key, place, around)
        case "http":
            return _http(read_keys(found[kind], key, _HTTP_KEYS, around), key, place, around)
        case _:
            node = found[kind]
            empty = isinstance(node, Text) and node.is_null
            keys = {} if empty else read_keys(node, key, _SYSLOG_KEYS, around)
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
