"""A message as each kind of target takes it: JSON, the templates of services, RFC 5322, RFC 5424.

Pure. The JSON document, which commands get too::

    {"version": 1, "id": "...", "alert": "ops", "host": "web1", "sample": false, "dropped": 0,
     "subject": "[web1] web:0: died unexpectedly: exit status 3",
     "events": [{"kinds": ["died", "restarted"], "process": "web:0", "program": "web",
       "time": "2026-11-24T18:52:15.123Z", "first_time": "...", "count": 1, "pid": 4242,
       "what": "died unexpectedly: exit status 3", "lived_seconds": 12.5, "attempt": null,
       "attempts": null, "restarts": 1, "next": "it is started again now", "related": [],
       "last_lines": ["..."], "screen": ["..."]}]}

`process` and `program` are "" where it is about the daemon, `id` is the same in each try.
"""

import email.header
import email.utils
import hashlib
import hmac
import json
import time
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from taskmaster.alerts import message as words
from taskmaster.alerts.mailbox import Entry
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Email, Facility, Kind, Template

SIGNATURE_HEADER: Final = "X-Taskmaster-Signature"

_SLACK_CHARACTERS: Final = 3500
_DISCORD_CHARACTERS: Final = 1900
"""A message is refused from 2000 characters on."""

_NTFY_BYTES: Final = 3900
"""More than 4096 become an attachment."""

_SYSLOG_CHARACTERS: Final = 900
"""RFC 5424, 6.1: 2048 bytes are taken by nearly everybody."""

_SEVERITIES: Final = {
    Kind.CORE: 2,
    Kind.FATAL: 3,
    Kind.LOG: 3,
    Kind.CONFIG: 3,
    Kind.DIED: 4,
    Kind.BACKOFF: 4,
    Kind.RESTARTED: 5,
}
"""RFC 5424, table 2: critical, error, warning, notice."""

_NTFY_PRIORITIES: Final = {Kind.CORE: "5", Kind.FATAL: "5", Kind.RESTARTED: "2"}


def document(message: Message) -> bytes:
    """Return the JSON document, its line ended."""
    content = {
        "version": 1,
        "id": message.key,
        "alert": message.alert,
        "host": message.host,
        "sample": message.sample,
        "dropped": message.dropped,
        "subject": words.subject(message),
        "events": [_event(entry) for entry in message.entries],
    }
    return json.dumps(content).encode("ascii") + b"\n"


def _event(entry: Entry) -> dict[str, Any]:
    report = entry.report
    return {
        "kinds": [kind.value for kind in report.kinds],
        "process": report.process,
        "program": report.program,
        "time": _timestamp(report.at),
        "first_time": _timestamp(entry.first_at),
        "count": entry.count,
        "pid": report.pid,
        "what": report.what,
        "lived_seconds": report.lived,
        "attempt": report.attempt or None,
        "attempts": report.attempts or None,
        "restarts": report.restarts,
        "next": report.next,
        "related": list(report.related),
        "last_lines": list(words.last_lines(report.tail)),
        "screen": list(report.screen),
    }


def _timestamp(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03}Z"


# --- HTTP -------------------------------------------------------------------------------------


def post(message: Message, template: Template) -> tuple[bytes, dict[str, str]]:
    """Return the body of a POST, and the headers that go with it."""
    if template is Template.JSON:
        return document(message), {"Content-Type": "application/json"}
    subject, text = words.subject(message), words.text(message)
    if template is Template.NTFY:
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Title": email.header.Header(subject, "utf-8", maxlinelen=10_000).encode()
            if not subject.isascii()
            else subject,
            "Priority": _NTFY_PRIORITIES.get(_gravest(message), "3"),
        }
        return _shortened(text.encode("utf-8", "replace"), _NTFY_BYTES), headers
    if template is Template.SLACK:
        body = {"text": f"*{_for_slack(subject)}*\n{_code(_for_slack(text), _SLACK_CHARACTERS)}"}
    else:
        # Nobody is called by what a program writes: @everyone stays a word.
        content = f"**{subject[:200]}**\n{_code(text, _DISCORD_CHARACTERS - 210)}"
        body = {"content": content, "allowed_mentions": {"parse": []}}  # type: ignore[dict-item]
    return json.dumps(body).encode("ascii"), {"Content-Type": "application/json"}


def signature(body: bytes, secret: bytes) -> str:
    """Return the value of the header that proves the body to whoever knows the secret."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _gravest(message: Message) -> Kind:
    kinds = [kind for entry in message.entries for kind in entry.report.kinds]
    return min(kinds, key=lambda kind: _SEVERITIES[kind])


def _for_slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str, most: int) -> str:
    shown = text.replace("```", "'''")
    if len(shown) > most:
        shown = shown[: most - 4] + "\n..."
    return f"```\n{shown}\n```"


def _shortened(data: bytes, most: int) -> bytes:
    return data if len(data) <= most else data[:most].decode("utf-8", "ignore").encode() + b"\n..."


# --- mail -------------------------------------------------------------------------------------


def mail(message: Message, target: Email, now: float) -> bytes:
    """Return a message of RFC 5322; `now` is in seconds since the epoch."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = target.sender
    letter["To"] = ", ".join(target.recipients)
    letter["Subject"] = words.subject(message)
    letter["Date"] = email.utils.formatdate(now, localtime=True)
    host = message.host if message.host.isascii() else "localhost"
    letter["Message-ID"] = f"<{message.key}@{host or 'localhost'}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers from the absent
    letter.set_content(words.text(message).encode("utf-8", "replace").decode())
    return letter.as_bytes()


# --- syslog -----------------------------------------------------------------------------------


def syslog_line(message: Message, entry: Entry, facility: Facility, pid: int) -> bytes:
    """Return a message of RFC 5424: what happened, what comes next, the last lines."""
    report = entry.report
    priority = facility.value * 8 + _SEVERITIES[report.kinds[0]]
    text = f"{words.one_line(report)}; {words.details(report)}"
    if entry.count > 1:
        text += f"; {entry.count} times since {_timestamp(entry.first_at)}"
    lines = " | ".join(words.last_lines(report.tail, 5))
    if lines:
        text += f"; last lines: {words.printable(lines)}"
    head = f"{_timestamp(report.at)} {_name(message.host, 255)} taskmaster {pid}"
    body = text[:_SYSLOG_CHARACTERS].encode("utf-8", "replace")
    return f"<{priority}>1 {head} {report.kinds[0].value} - ".encode("ascii") + body


def _name(text: str, most: int) -> str:
    """Return a name as RFC 5424, 6, has it: printable US-ASCII without blanks, or ``-``."""
    return "".join(char for char in text if "!" <= char <= "~")[:most] or "-"
