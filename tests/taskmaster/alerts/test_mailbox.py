"""When a message may go, what becomes one, and what is dropped."""

from taskmaster.alerts.mailbox import MOST_PAUSE_SECONDS, Mailbox
from taskmaster.alerts.model import Kind
from taskmaster.alerts.report import Report


def report(number: int = 0, process: str = "web:0", kind: Kind = Kind.DIED) -> Report:
    return Report((kind,), float(number), f"number {number}", "", process=process)


def test_the_first_goes_at_once_and_the_next_after_the_pause() -> None:
    box = Mailbox(60)
    assert box.due() is None
    box.put(report(), 100)
    assert (box.due() or 0) <= 100

    box.take(100)
    box.put(report(), 101)

    assert box.due() == 160


def test_like_reports_become_one_entry_with_the_last_of_them() -> None:
    box = Mailbox(60)
    box.put(report(1).with_picture(b"tail", ("screen",)), 0)
    box.put(report(2), 1)
    box.put(report(3, kind=Kind.FATAL), 2)

    died, fatal = box.take(2)

    assert (died.count, died.first_at, died.report.what) == (2, 1.0, "number 2")
    assert died.report.screen == ("screen",)
    assert (fatal.count, fatal.report.kinds) == (1, (Kind.FATAL,))
    assert len(box) == 0


def test_who_flaps_for_an_hour_is_a_handful_of_messages() -> None:
    for every in (1, 90):
        box, messages, told = Mailbox(60), 0, 0
        for now in range(3600):
            if now % every == 0:
                box.put(report(now), now)
            due = box.due()
            if due is not None and due <= now:
                messages += 1
                told += sum(entry.count for entry in box.take(now))
        assert messages <= 7
        assert told + len(box) == 3600 // every


def test_after_a_quiet_time_the_pause_is_short_again() -> None:
    box = Mailbox(60)
    now = 0.0
    for _ in range(20):
        box.put(report(), now)
        now = max(now, box.due() or 0)
        box.take(now)
    box.put(report(), now)
    assert box.due() == now + MOST_PAUSE_SECONDS
    box.take(now + MOST_PAUSE_SECONDS)

    quiet = now + 3 * MOST_PAUSE_SECONDS
    box.put(report(), quiet)
    box.take(quiet)
    box.put(report(), quiet + 1)

    assert box.due() == quiet + 60


def test_without_a_pause_every_report_is_an_entry() -> None:
    box = Mailbox(0)
    for number in range(3):
        box.put(report(number), 0)

    assert [entry.report.what for entry in box.take(0)] == ["number 0", "number 1", "number 2"]
    box.put(report(), 0)
    assert box.due() == 0


def test_what_has_no_room_is_dropped_the_oldest_first_and_counted() -> None:
    box = Mailbox(0, most_entries=2)
    for number in range(5):
        box.put(report(number), 0)

    assert box.take_dropped() == 3
    assert box.take_dropped() == 0
    assert [entry.report.what for entry in box.take(0)] == ["number 3", "number 4"]


def test_what_waits_moves_to_another_box() -> None:
    old, new = Mailbox(60), Mailbox(5)
    old.put(report(1), 0)
    old.put(report(2), 0)

    new.put_back(old.entries, 0)

    assert len(new) == 2
