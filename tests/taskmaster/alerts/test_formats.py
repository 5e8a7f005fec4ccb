"""A message as each kind of target takes it."""

import email
import email.policy
import json

from taskmaster.alerts.formats import document, mail, post, signature, syslog_line
from taskmaster.alerts.mailbox import Entry
from taskmaster.alerts.message import Message
from taskmaster.alerts.model import Email, Facility, Kind, Security, Template
from taskmaster.alerts.report import Report

REPORT = Report(
    (Kind.DIED, Kind.BACKOFF), 1.5, "died <!channel> @everyone ```", "nothing", process="wéb:0",
    pid=42, lived=2.5, attempt=2, attempts=4, restarts=7, tail="x" * 9000, screen=("\u4e2d",),
)  # fmt: skip
MESSAGE = Message("key", "ops", "web1", (Entry(REPORT, 3, 0.5),), 6)


def test_the_document_has_every_field() -> None:
    assert json.loads(document(MESSAGE)) == {
        "version": 1, "id": "key", "alert": "ops", "host": "web1", "sample": False, "dropped": 6,
        "subject": "[web1] 3 events: wéb:0 (died 3)",
        "events": [{
            "kinds": ["died", "backoff"], "process": "wéb:0", "program": "wéb",
            "time": "1970-01-01T00:00:01.500Z", "first_time": "1970-01-01T00:00:00.500Z",
            "count": 3, "pid": 42, "what": "died <!channel> @everyone ```", "lived_seconds": 2.5,
            "attempt": 2, "attempts": 4, "restarts": 7, "next": "nothing", "related": [],
            "last_lines": ["x" * 9000], "screen": ["\u4e2d"],
        }],
    }  # fmt: skip


def test_the_services_get_no_more_than_they_take_and_call_nobody() -> None:
    slack = json.loads(post(MESSAGE, Template.SLACK)[0])
    discord = json.loads(post(MESSAGE, Template.DISCORD)[0])
    ntfy, headers = post(MESSAGE, Template.NTFY)

    assert "<!channel>" not in slack["text"]
    assert slack["text"].count("```") == 2
    assert len(slack["text"]) < 4000
    assert discord["allowed_mentions"] == {"parse": []}
    assert len(discord["content"]) < 2000
    assert len(ntfy) < 4096
    assert headers["Title"].startswith("=?utf-8?")
    assert headers["Title"].isascii()
    assert "\n" not in headers["Title"]


def test_the_signature_is_hmac_sha256() -> None:
    """RFC 4231, test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert signature(b"what do ya want for nothing?", b"Jefe") == f"sha256={expected}"


def test_a_mail_has_the_headers_that_it_needs() -> None:
    target = Email(
        host="h", port=25, security=Security.NONE, sender="a@b.c", recipients=("d@e.f", "g@h.i")
    )

    letter = email.message_from_bytes(mail(MESSAGE, target, 0.0), policy=email.policy.default)

    assert letter["To"] == "d@e.f, g@h.i"
    assert letter["Subject"] == "[web1] 3 events: wéb:0 (died 3)"
    assert letter["Message-ID"] == "<key@web1>"
    assert letter["Auto-Submitted"] == "auto-generated"


def test_a_syslog_line_is_of_rfc_5424() -> None:
    line = syslog_line(MESSAGE, MESSAGE.entries[0], Facility.LOCAL0, 77).decode()

    head = "<132>1 1970-01-01T00:00:01.500Z web1 taskmaster 77 died - wéb:0: died <!channel>"
    assert line.startswith(head)
    assert len(line) < 1024
    nameless = Message("key", "ops", "h ö\n", MESSAGE.entries)
    assert " h taskmaster " in syslog_line(nameless, MESSAGE.entries[0], Facility.USER, 1).decode()
