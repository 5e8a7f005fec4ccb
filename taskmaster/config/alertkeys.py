"""The keys of an alert and of its targets, and how the values of each are read. Pure.

What could be a secret is never shown: passwords have no key, and what may hold a secret is refused
in words of its own. How an alert is put together is in ``alerting``.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from taskmaster.alerts.model import Facility, Kind, Security, Template, Transport
from taskmaster.config import forms, readers, values
from taskmaster.config.document import Mapping as MappingNode
from taskmaster.config.document import Node, Sequence, Text
from taskmaster.config.hints import did_you_mean
from taskmaster.config.keys import Key, Keys, form_of
from taskmaster.config.readers import Bad, Fault, Surroundings, each, reads, text_of, unexpected

TARGETS: Final = ("email", "http", "syslog", "command")
NAME: Final = "(?!-)[A-Za-z0-9_.-]+"
_SYSLOG_PORT: Final = 514
_MOST_SECONDS: Final = 86_400.0
_HOST: Final = "[A-Za-z0-9._:-]{1,253}"
_ADDRESS: Final = r"[!#-'*+/-9=?A-Z^-~.-]+@[A-Za-z0-9\[\]._:-]+"
_HEADER: Final = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SYSLOG_URL: Final = r"(udp|tcp)://(\[[^\]]+\]|[^:/\[\]]+)(?::([0-9]{1,5}))?"
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


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


@reads(forms.one_or_list(forms.words(*(kind.value for kind in Kind)), 1))
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


@reads(forms.one_or_list({**forms.FILLED, "title": "a name or a pattern"}, 1))
def _programs(node: Node, around: Surroundings) -> tuple[str, ...]:
    words = tuple(each(_items(node), text_of))
    if not words or not all(words):
        raise unexpected(node, "names of programs or processes, or patterns such as web*")
    return () if "all" in words else words


@reads(forms.text("the name or address of a host", _HOST))
def _host(node: Node, around: Surroundings) -> str:
    if not re.fullmatch(_HOST, text_of(node)):
        raise unexpected(node, "the name or address of a host")
    return text_of(node)


_MAIL_ADDRESS: Final = forms.text_only("an address such as ops@example.org", _ADDRESS)


def _address(node: Node) -> str:
    if not re.fullmatch(_ADDRESS, text_of(node)):
        raise unexpected(node, "an address such as ops@example.org")
    return text_of(node)


@reads(_MAIL_ADDRESS)
def _sender(node: Node, around: Surroundings) -> str:
    return _address(node)


@reads(forms.one_or_list(_MAIL_ADDRESS, 1))
def _recipients(node: Node, around: Surroundings) -> tuple[str, ...]:
    found = tuple(each(_items(node), _address))
    if not found:
        raise unexpected(node, "at least one address")
    return found


@reads(
    forms.text_only("a URL of http or https", r"[hH][tT][tT][pP][sS]?://[^/?#@]+(?:[/?#].*)?|%\(.*")
)
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


_NAMES_AND_VALUES: Final[forms.Form] = {
    "title": "names and values",
    "type": "object",
    "propertyNames": {"pattern": rf"^(?:{forms.MERGE}|{_HEADER})$"},
    "properties": {forms.MERGE: forms.ANY},
    "additionalProperties": forms.TEXT,
}


@reads(_NAMES_AND_VALUES)
def _headers(node: Node, around: Surroundings) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, MappingNode):
        raise Bad(Fault(node.place, "expected names and values"))

    def read(pair: tuple[Text, Node]) -> tuple[str, str]:
        name, value = pair
        if not re.fullmatch(_HEADER, name.text):
            raise Bad(Fault(name.place, "expected the name of a header"))
        text = _filled(value, around)
        if not text.isprintable() or not text.isascii():
            message = f"the value of {name.text} is not of printable ASCII characters"
            raise Bad(Fault(value.place, message))
        return name.text, text

    return tuple(each(node.items, read))


@reads(forms.FILLED)
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


@reads(
    forms.text_only("a path, udp://host:port or tcp://host:port", rf"(?!.*://).*/.*|{_SYSLOG_URL}")
)
def _syslog_address(node: Node, around: Surroundings) -> tuple[Transport, str, int]:
    text = text_of(node)
    match = re.fullmatch(_SYSLOG_URL, text)
    if match is not None:
        port = int(match[3] or _SYSLOG_PORT)
        if 1 <= port <= 65535 and re.fullmatch(_HOST, host := match[2].strip("[]")):
            return Transport(match[1]), host, port
    elif "://" not in text and "/" in text:
        return Transport.UNIX, readers.socket_path(node, around), 0
    raise unexpected(node, "a path such as /dev/log, udp://host:514 or tcp://host:514")


@reads(forms.words(*(member.name.lower() for member in Facility)))
def _facility(node: Node, around: Surroundings) -> Facility:
    known = {member.name.lower(): member for member in Facility}
    text = text_of(node).lower()
    if text not in known:
        raise unexpected(node, f"one of {', '.join(known)}", did_you_mean(text, known))
    return known[text]


_WORDS: Final[forms.Form] = {
    "title": "a list of words",
    "type": "array",
    "items": (forms.FILLED,),
    "additionalItems": forms.TEXT,
    "minItems": 1,
}


@reads(_WORDS)
def _words(node: Node, around: Surroundings) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        example = "a list of words such as [notify, --quiet]; no shell reads it"
        raise unexpected(node, example)
    read = tuple(each(node.items, lambda item: readers.template(item, around).replace("%%", "%")))
    if not read or not read[0]:
        raise unexpected(node, "at least the name of a program")
    return read


def _seconds(least: float) -> readers.Reader[float]:
    form = {**forms.SECONDS, "minimum": least, "maximum": _MOST_SECONDS}
    return readers.scalar(lambda text: _within_a_day(text, least), form)


def _within_a_day(text: str, least: float) -> float:
    seconds = values.seconds(text)
    if not least <= seconds <= _MOST_SECONDS:
        raise values.BadValue(f"a time from {least:g} s to a day")
    return seconds


_EMAIL_KEYS: Final[Keys] = {
    "host": Key(_host, "the mail server", example="mail.example.org"),
    "port": Key(readers.count(1, 65535), "left out: 587, 465 or 25, by security", example=587),
    "security": Key(readers.one_of(Security), "how the way to it is encrypted", "starttls"),
    "user": Key(readers.text, "to log in as", example="taskmaster"),
    "password_file": Key(
        readers.setting_path, "its first line is the password", example="mail.password"
    ),
    "password_env": Key(
        readers.text, "the variable that holds the password", example="MAIL_PASSWORD"
    ),
    "from": Key(_sender, "the sender", example="taskmaster@example.org"),
    "to": Key(_recipients, "one recipient or several", example=["ops@example.org"]),
    "ca_file": Key(readers.setting_path, "certificates to trust", example="ca.pem"),
}
_HTTP_KEYS: Final[Keys] = {
    "url": Key(_url, "where to post", example="https://hooks.example.org/T0/B0"),
    "headers": Key(_headers, "sent along", example={"Authorization": "Bearer %(ENV_TOKEN)s"}),
    "secret": Key(_secret, "signs what is sent", example="%(ENV_HOOK_SECRET)s"),
    "secret_file": Key(readers.setting_path, "its first line is the secret", example="hook.secret"),
    "template": Key(readers.one_of(Template), "for whom the document is made", "json"),
    "ca_file": Key(readers.setting_path, "certificates to trust", example="ca.pem"),
}
_SYSLOG_KEYS: Final[Keys] = {
    "address": Key(
        _syslog_address,
        "a path, udp://host:port or tcp://host:port",
        "/dev/log",
        "udp://log.example.org:514",
    ),
    "facility": Key(_facility, "the facility of its messages", "daemon", "local0"),
}
TARGET_KEYS: Final[Mapping[str, Keys]] = {
    "email": _EMAIL_KEYS,
    "http": _HTTP_KEYS,
    "syslog": _SYSLOG_KEYS,
}
_TARGET_FORMS: Final[Mapping[str, forms.Form]] = {
    "email": form_of(
        _EMAIL_KEYS,
        forms.needs("host", "from", "to"),
        forms.at_most_one("password_file", "password_env"),
        forms.beside("user", "password_file", "password_env"),
        forms.beside("password_file", "user"),
        forms.beside("password_env", "user"),
    ),
    "http": form_of(_HTTP_KEYS, forms.needs("url"), forms.at_most_one("secret", "secret_file")),
    "syslog": forms.or_nothing(form_of(_SYSLOG_KEYS)),
}
_TARGET_MEANINGS: Final = {
    "email": "a mail to these",
    "http": "a POST of JSON",
    "syslog": "a line in the system's log",
}


def _kept(section: str) -> readers.Reader[Node]:
    """Return the reader of a target, which leaves it to `_read_target`, under its own name."""
    return readers.Reader(lambda node, _: node, _TARGET_FORMS[section])


ALERT_KEYS: Final[Keys] = {
    "events": Key(_events, "what it is about; left out: everything", example=["died", "fatal"]),
    "programs": Key(_programs, "names or patterns; left out: all", example=["web*", "db"]),
    "pause": Key(
        _seconds(0.0),
        "between two messages; left out: 1m for mail, 10 for http and command, 0 for syslog",
        example="5m",
    ),
    "timeout": Key(_seconds(0.1), "for one try to deliver", 10),
    "retries": Key(readers.count(0, 100), "how often it is tried again", 8),
    "command": Key(
        _words, "a program that gets the event as JSON", example=["/usr/local/bin/notify"]
    ),
    **{name: Key(_kept(name), meaning) for name, meaning in _TARGET_MEANINGS.items()},
}
FORM: Final = forms.named(form_of(ALERT_KEYS, forms.one_of(*TARGETS)), NAME)
"""Of the whole section."""
