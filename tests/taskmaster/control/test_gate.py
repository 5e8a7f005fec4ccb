"""Strangers: few places, refusals that wait longer and longer, a bounded number of lines."""

from taskmaster.control.gate import (
    FORGET_SECONDS,
    FREE_FAILURES,
    LEAST_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MOST_LINES,
    MOST_REMEMBERED,
    SECONDS_A_LINE,
    Gate,
    Lines,
)


def test_the_oldest_of_the_address_that_has_most_leaves_first_and_not_at_once() -> None:
    gate = Gate(3)
    gate.enter("1.1.1.1", 0.0)
    second = gate.enter("2.2.2.2", 1.0)
    gate.enter("2.2.2.2", 2.0)

    assert gate.is_full
    assert gate.next_to_leave() == (second, 1.0 + LEAST_SECONDS)
    gate.leave(second)
    assert not gate.is_full


def test_a_subscriber_of_ipv6_is_one_address() -> None:
    gate = Gate(3)
    gate.enter("1.1.1.1", 0.0)
    first = gate.enter("2001:db8::1", 1.0)
    gate.enter("2001:db8::2", 1.0)

    assert gate.next_to_leave() == (first, 1.0 + LEAST_SECONDS)


def test_refusals_wait_longer_with_each_failure_of_their_address() -> None:
    gate = Gate()

    pauses = [gate.failed("1.1.1.1", 0.0) for _ in range(FREE_FAILURES + 5)]

    assert pauses == [0.0] * FREE_FAILURES + [0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE_SECONDS]
    assert gate.failed("2.2.2.2", 0.0) == 0.0
    assert gate.failed("1.1.1.1", FORGET_SECONDS + 1.0) == 0.0


def test_no_more_addresses_are_remembered_than_is_said() -> None:
    gate = Gate()

    for number in range(3 * MOST_REMEMBERED):
        gate.failed(f"10.0.{number // 256}.{number % 256}", 0.0)

    assert len(gate._failures) == MOST_REMEMBERED


def test_a_flood_of_refusals_gets_few_lines() -> None:
    lines = Lines()

    allowed = sum(lines.allows(100.0) for _ in range(1000))

    assert (allowed, lines.unsaid) == (MOST_LINES, 1000 - MOST_LINES)
    assert lines.allows(100.0 + SECONDS_A_LINE)
    assert not lines.allows(100.0 + SECONDS_A_LINE)
