"""Processes share the descriptors that are not kept back for clients and the daemon itself."""

import pytest

from taskmaster.openfiles import OpenFiles, kept_back, most_connections


@pytest.mark.parametrize(
    ("limit", "kept", "connections"),
    [(16, 32, 12), (64, 32, 12), (256, 64, 44), (1024, 256, 236), (1 << 20, 532, 512)],
)
def test_a_quarter_is_kept_back_within_bounds(limit: int, kept: int, connections: int) -> None:
    assert kept_back(limit) == kept
    assert most_connections(limit) == connections


def test_who_finds_no_room_gets_nothing_until_somebody_gives_back() -> None:
    files = OpenFiles(32 + 3 + 1)

    assert files.take(1, "a", 2, ())
    assert not files.take(2, "a", 2, ())
    assert files.take(3, "a", 1, ())
    files.give_back(1)
    files.give_back(1)
    assert files.take(4, "a", 2, ())
    assert not files.take(5, "a", 1, ())


def test_a_log_that_several_share_is_one_descriptor() -> None:
    files = OpenFiles(32 + 3 + 1)

    assert files.take(1, "a", 1, ["a.log"])
    assert files.take(2, "a", 1, ["a.log", "a.log"])
    assert not files.take(3, "a", 1, ["b.log"])
    files.give_back(1)
    assert not files.take(4, "a", 1, ["b.log"])
    files.give_back(2)
    assert files.take(5, "a", 1, ["b.log", "c.log"])


def test_the_history_of_a_process_stays_when_it_has_ended() -> None:
    files = OpenFiles(32 + 3)

    assert files.take(1, "a", 1, ())
    files.give_back(1)
    assert not files.take(2, "b", 2, ())
    files.forget("a")
    assert files.take(2, "b", 2, ())


def test_a_limit_below_what_is_kept_back_leaves_no_room() -> None:
    assert not OpenFiles(16).take(1, "a", 1, ())
