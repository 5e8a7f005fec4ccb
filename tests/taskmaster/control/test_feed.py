"""A follower gets everything in order, or is told how much it missed; nobody waits for it."""

import asyncio
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.control import feed as module
from taskmaster.control.feed import MAX_WAITING_BYTES, Feed, Portion, WholeLines


def take(feed: Feed, limit: int) -> Portion:
    """Take what is there already.

    Raises:
        TimeoutError: nothing is, and the feed would wait.
    """

    async def at_once() -> Portion:
        async with asyncio.timeout(0):
            return await feed.take(limit)

    return asyncio.run(at_once())


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1), st.data())
def test_whatever_the_pieces_and_portions_the_bytes_come_in_order(
    offered: list[bytes], data: st.DataObject
) -> None:
    everything = b"".join(offered)
    feed = Feed()
    for piece in offered:
        feed.offer(piece)

    taken = b""
    while len(taken) < len(everything):
        limit = data.draw(st.integers(1, 50))
        expected = everything[len(taken) : len(taken) + limit]
        assert take(feed, limit) == Portion(expected, 0)
        taken += expected

    with pytest.raises(TimeoutError):
        take(feed, 1)


@given(st.lists(st.binary(min_size=1, max_size=14) | st.integers(1, 14), max_size=40))
def test_each_byte_is_either_taken_or_counted_as_skipped(steps: list[bytes | int]) -> None:
    """A limit of ten bytes makes losing likely; a step offers bytes or takes that many."""
    feed = Feed()
    everything, told = b"", 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_WAITING_BYTES", 10)

        for step in [*steps, 10, 10]:
            if isinstance(step, bytes):
                feed.offer(step)
                everything += step
            elif told < len(everything):
                behind = len(everything) - told
                portion = take(feed, step)
                assert len(portion.data) == min(step, behind - portion.skipped_bytes)
                assert (portion.skipped_bytes > 0) is (behind > 10)
                told += portion.skipped_bytes
                assert everything[told:].startswith(portion.data)
                told += len(portion.data)

    assert told == len(everything)


def test_exactly_the_limit_waits_and_a_byte_more_costs_the_oldest() -> None:
    feed = Feed()
    feed.offer(b"old")
    feed.offer(b"x" * (MAX_WAITING_BYTES - 3))
    assert take(feed, 1) == Portion(b"o", 0)
    feed.offer(b"y")
    assert take(feed, 1) == Portion(b"l", 0)

    feed.offer(b"zz")

    assert take(feed, 2) == Portion(b"xx", 1)
    rest = take(feed, 2 * MAX_WAITING_BYTES)
    assert rest == Portion(b"x" * (MAX_WAITING_BYTES - 5) + b"yzz", 0)


def test_of_a_piece_longer_than_the_limit_the_end_waits() -> None:
    feed = Feed()

    feed.offer(b"x" * (MAX_WAITING_BYTES + 1))

    assert take(feed, 2 * MAX_WAITING_BYTES) == Portion(b"x" * MAX_WAITING_BYTES, 1)


@pytest.mark.parametrize("length", [1, 100, 40_000])
def test_memory_is_bounded_whatever_the_pieces(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte at a time, what waited was counted by its bytes and cost some hundred times more.

    Each piece was the result of a read of 64 KiB, which had been shrunk in place.
    """
    limit = 128 * 1024
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", limit)
    feed = Feed()
    tracemalloc.start()
    try:
        for _ in range(2 * limit // length):
            feed.offer(b"x" * length)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 2 * limit


@given(st.lists(st.text("äb\r", max_size=5)), st.integers(1, 7))
def test_lines_are_whole_however_they_were_cut(lines: list[str], size: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    whole = WholeLines()

    given_out = [
        line
        for start in range(0, len(data), size)
        for line in whole.feed(Portion(data[start : start + size], 0))
    ]

    assert given_out == lines


def test_a_line_that_a_loss_has_torn_is_left_out() -> None:
    whole = WholeLines()

    assert whole.feed(Portion(b"one\ntw", 0)) == ["one"]
    assert whole.feed(Portion(b"r", 7)) == []
    assert whole.feed(Portion(b"ee\nfour\nfi", 0)) == ["four"]
    assert whole.feed(Portion(b"ve\n", 0)) == ["five"]


def test_a_taker_waits_for_news_again_and_again() -> None:
    async def scenario() -> None:
        feed = Feed()
        for news in (b"one", b"two"):
            taker = asyncio.create_task(feed.take(100), name="taker")
            await asyncio.sleep(0)
            assert not taker.done()

            feed.offer(news)

            async with asyncio.timeout(10):  # so that a feed that sleeps on fails and does not hang
                assert await taker == Portion(news, 0)

    asyncio.run(scenario())


def test_a_taker_that_gave_up_takes_nothing_with_it() -> None:
    feed = Feed()
    with pytest.raises(TimeoutError):
        take(feed, 100)

    feed.offer(b"later")

    assert take(feed, 100) == Portion(b"later", 0)
