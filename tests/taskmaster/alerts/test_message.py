"""What a message says."""

from taskmaster.alerts.mailbox import Entry
from taskmaster.alerts.message import Message, last_lines, subject, text
from taskmaster.alerts.model import Kind
from taskmaster.alerts.report import Report

DIED = Report(
    (Kind.DIED, Kind.BACKOFF), 60.0, "died unexpectedly: exit status 3", "again in 1 s",
    process="web:0", pid=42, lived=3725.0, attempt=2, attempts=4, restarts=7,
    tail="one\r\n\x1b[31mtwo\x1b[m\r\nlast", screen=("row 1", "", "row 3"),
)  # fmt: skip


def message(*entries: Entry, dropped: int = 0) -> Message:
    return Message("k", "ops", "web1", entries, dropped)


def test_one_report_is_told_whole() -> None:
    one = message(Entry(DIED, 1, 60.0))

    assert subject(one) == "[web1] web:0: died unexpectedly: exit status 3"
    lines = text(one).splitlines()
    assert lines[0].endswith(" web:0: died unexpectedly: exit status 3")
    assert lines[1].strip() == (
        "pid 42; it had lived 1:02:05; try 2 of 4 comes next; restarts so far: 7; "
        "next: again in 1 s"
    )
    assert lines[2:] == [
        "", "--- last lines of web:0", "one", "two", "last",
        "", "--- last screen of web:0", "row 1", "", "row 3",
        "", "alert ops of taskmaster on web1",
    ]  # fmt: skip


def test_many_are_counted() -> None:
    core = Report((Kind.CORE,), 0.0, "the core died", "it goes on")
    many = message(Entry(DIED, 340, 0.0), Entry(core, 1, 0.0), dropped=5)

    assert subject(many) == "[web1] 341 events: web:0, taskmaster (died 340, core 1)"
    told = text(many)
    assert "340 times from" in told
    assert "5 events before them were dropped" in told
    assert "taskmaster: the core died" in told


def test_a_subject_names_a_few() -> None:
    entries = [Entry(Report((Kind.DIED,), 0.0, "", "", process=f"p:{n}")) for n in range(9)]

    assert subject(message(*entries)) == "[web1] 9 events: p:0, p:1, p:2 and 6 more (died 9)"


def test_control_characters_do_not_pass() -> None:
    nasty = Report((Kind.DIED,), 0.0, "a\nSubject: b\x1b[2J\udc80", "", process="p:0")

    assert subject(message(Entry(nasty))) == "[web1] p:0: a?Subject: b?[2J?"


def test_last_lines_are_text() -> None:
    assert last_lines("") == ()
    assert last_lines("10%\r50%\r100%\r\n\r\n\xff\r\n") == ("100%", "\ufffd")
    assert last_lines("".join(f"{n}\r\n" for n in range(50)), 2) == ("48", "49")
