"""Whose size counts: the last active writer's; and what may be asked of a terminal."""

import os
from dataclasses import dataclass

import pytest

from pty_mux.winsize import Winsize, choose, get_winsize, set_winsize


@dataclass
class Seat:
    winsize: Winsize
    read_only: bool = False
    last_active: int = 0


CURRENT = Winsize(24, 80)


def test_with_nobody_there_the_size_stays() -> None:
    assert choose([], CURRENT) == CURRENT


def test_the_last_active_counts() -> None:
    seats = [Seat(Winsize(50, 100), last_active=2), Seat(Winsize(30, 90), last_active=5)]

    assert choose(seats, CURRENT) == Winsize(30, 90)


def test_who_only_watches_does_not_count() -> None:
    seats = [
        Seat(Winsize(50, 100), last_active=2),
        Seat(Winsize(30, 90), read_only=True, last_active=5),
    ]

    assert choose(seats, CURRENT) == Winsize(50, 100)


def test_an_unknown_size_does_not_count() -> None:
    assert choose([Seat(Winsize(0, 0), last_active=5)], CURRENT) == CURRENT


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (Winsize(1, 1), Winsize(2, 2)),
        (Winsize(65535, 65535), Winsize(500, 1000)),
        (Winsize(24, 80, 640, 480), Winsize(24, 80, 640, 480)),
    ],
)
def test_what_is_asked_is_brought_within_reason(asked: Winsize, given: Winsize) -> None:
    assert choose([Seat(asked)], CURRENT) == given


def test_a_real_terminal_takes_the_size_with_its_pixels() -> None:
    master, slave = os.openpty()
    try:
        set_winsize(master, Winsize(33, 99, 800, 600))
        assert get_winsize(slave) == Winsize(33, 99, 800, 600)
    finally:
        os.close(master)
        os.close(slave)
