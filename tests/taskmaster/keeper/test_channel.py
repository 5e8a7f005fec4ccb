"""Messages and their descriptors cross in order, over any socket, and nothing stays open."""

import errno
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmaster.keeper.channel import Channel, ChannelClosed
from taskmaster.keeper.wire import Message, Release, SpawnFailed, WireViolation, encode

Arrived: TypeAlias = list[tuple[Message, list[str]]]


@contextmanager
def talk(send_buffer: int | None = None) -> Iterator[tuple[Channel, Channel]]:
    """Two ends of a channel; both are closed at the end, and then no descriptor may be left."""
    before = open_descriptors()
    ours, its = socket.socketpair()
    if send_buffer is not None:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    here, there = Channel(ours), Channel(its)
    try:
        yield here, there
    finally:
        here.close()
        there.close()
    assert open_descriptors() <= before


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def labelled(text: str) -> int:
    """Return a descriptor from which its label can be read."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


def label(descriptor: int) -> str:
    """Read the label, once, and close the descriptor."""
    text = os.read(descriptor, 100).decode()
    os.close(descriptor)
    return text


def message(ticket: int, size: int = 0) -> Message:
    return SpawnFailed(ticket, "x" * size, 0, "")


def labels(ticket: int, count: int) -> list[str]:
    return [f"{ticket}.{number}" for number in range(count)]


def enqueue(channel: Channel, ticket: int, size: int, count: int) -> None:
    """Add a message whose descriptors are labelled as its own; ours are closed at once."""
    descriptors = tuple(labelled(text) for text in labels(ticket, count))
    channel.enqueue(message(ticket, size), descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


def received(channel: Channel) -> Arrived:
    return [(said, [label(own) for own in descriptors]) for said, descriptors in channel.receive()]


def carry(here: Channel, there: Channel) -> Arrived:
    """Send and receive in turns until everything has arrived."""
    arrived = received(there)
    for _ in range(10_000):
        if not here.wants_write:
            return arrived
        here.flush()
        arrived += received(there)
    raise AssertionError("it does not end")


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """Let this process open only that many descriptors more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = [os.dup(0) for _ in range(count + 1)]  # the lowest free numbers, in order
    for descriptor in free:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[-1], hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- order ------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 2), st.sampled_from("-FR"))))
def test_any_talk_arrives_in_order_each_message_with_its_own_descriptors(
    script: list[tuple[int, int, str]],
) -> None:
    """After a message of that size and number of descriptors: nothing, a flush, or a reading too.

    The sending buffer is the least that Linux allows, so most flushes send a part.
    """
    with talk(send_buffer=1) as (here, there):
        arrived: Arrived = []

        for ticket, (size, count, then) in enumerate(script):
            enqueue(here, ticket, size, count)
            if then != "-":
                here.flush()
            if then == "R":
                arrived += received(there)
        arrived += carry(here, there)

        assert arrived == [
            (message(ticket, size), labels(ticket, count))
            for ticket, (size, count, _) in enumerate(script)
        ]


def test_hundreds_of_descriptors_that_wait_for_one_flush_all_arrive() -> None:
    with talk() as (here, there):
        for ticket in range(300):
            enqueue(here, ticket, 0, 2)
        assert here.waiting == 300

        here.flush()

        assert carry(here, there) == [(message(n), labels(n, 2)) for n in range(300)]


def test_a_full_socket_keeps_what_it_does_not_take_until_there_is_room() -> None:
    """More messages wait than leave together: what is left of those goes before the others."""
    with talk(send_buffer=1) as (here, there):
        for ticket in range(100):
            enqueue(here, ticket, 3000, 2)

        here.flush()
        assert 0 < here.waiting <= 100
        arrived = received(there)
        assert len(arrived) < 100

        arrived += carry(here, there)
        assert arrived == [(message(n, 3000), labels(n, 2)) for n in range(100)]
        assert (here.waiting, here.wants_write) == (0, False)


def test_a_message_that_is_enqueued_leaves_with_the_next_flush() -> None:
    with talk() as (here, there):
        here.enqueue(message(1))
        assert (here.waiting, received(there)) == (1, [])

        here.send(message(2))

        assert (here.waiting, received(there)) == (0, [(message(1), []), (message(2), [])])


def test_messages_that_wait_leave_in_one_system_call() -> None:
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # which keeps calls apart
    channel = Channel(ours)
    for ticket in range(3):
        channel.enqueue(message(ticket))

    channel.flush()

    assert its.recv(10_000) == b"".join(encode(message(ticket)) for ticket in range(3))
    channel.close()
    its.close()


def test_both_ends_talk_at_once() -> None:
    with talk() as (here, there):
        here.send(message(1))
        there.send(message(2))

        assert (received(here), received(there)) == ([(message(2), [])], [(message(1), [])])


# --- descriptors ------------------------------------------------------------------------------


def test_a_descriptor_that_arrived_is_not_inherited_by_children() -> None:
    with talk() as (here, there):
        enqueue(here, 1, 0, 1)
        here.flush()

        ((_, (descriptor,)),) = there.receive()

        assert not os.get_inheritable(descriptor)
        os.close(descriptor)


def test_closing_closes_what_waits_to_be_sent_or_was_never_read() -> None:
    with talk(send_buffer=1) as (here, _):
        enqueue(here, 1, 50_000, 2)
        here.flush()
        enqueue(here, 2, 0, 2)

        assert here.waiting == 2


def test_closing_closes_descriptors_whose_message_never_came() -> None:
    before = open_descriptors()
    ours, its = socket.socketpair()
    channel = Channel(ours)
    own = labelled("x")
    socket.send_fds(its, [encode(message(1), 1)[:-1]], [own])
    os.close(own)
    assert received(channel) == []

    channel.close()

    its.close()
    assert open_descriptors() <= before


def test_where_a_descriptor_cannot_be_duplicated_nothing_is_sent_or_left_open() -> None:
    with talk() as (here, there):
        own = (labelled("a"), labelled("b"))
        with room_for(1), pytest.raises(OSError) as caught:
            here.send(message(1), own)

        assert caught.value.errno == errno.EMFILE
        assert not here.wants_write
        here.send(message(2), own)
        assert received(there) == [(message(2), ["a", "b"])]
        for descriptor in own:
            os.close(descriptor)


def test_a_message_whose_descriptors_do_not_all_fit_comes_with_none() -> None:
    with talk() as (here, there):
        enqueue(here, 1, 0, 1)
        enqueue(here, 2, 0, 2)
        here.flush()
        enqueue(here, 3, 0, 0)
        here.flush()
        with room_for(2):
            arrived = list(there.receive())
        enqueue(here, 4, 0, 2)
        here.flush()

        assert [(said, [label(own) for own in descriptors]) for said, descriptors in arrived] == [
            (message(1), labels(1, 1)),
            (message(2), []),
            (message(3), []),
        ]
        assert received(there) == [(message(4), labels(4, 2))]


def test_descriptors_lost_before_the_end_of_their_message_are_not_replaced_by_others() -> None:
    """It was given those of the next message: a process would have had another one's terminal."""
    with talk() as (here, there):
        enqueue(here, 1, 1_000_000, 2)
        enqueue(here, 2, 0, 1)
        here.flush()
        assert here.wants_write
        with room_for(1):
            assert received(there) == []
        enqueue(here, 3, 0, 2)

        arrived = carry(here, there)

        assert arrived == [
            (message(1, 1_000_000), []),
            (message(2), []),
            (message(3), labels(3, 2)),
        ]


class Hesitating(socket.socket):
    """Fails to send in a way that passes."""

    number = errno.ETOOMANYREFS

    def sendmsg(self, *arguments: Any) -> int:
        if self.number:
            raise OSError(self.number, os.strerror(self.number))
        return super().sendmsg(*arguments)


@pytest.mark.parametrize("number", [errno.ETOOMANYREFS, errno.ENOBUFS, errno.ENOMEM, errno.EMFILE])
def test_a_failure_that_passes_loses_nothing(number: int) -> None:
    """Every failure was taken for the end of the other side, and what waited was thrown away."""
    before = open_descriptors()
    ours, its = socket.socketpair()
    hesitating = Hesitating(fileno=ours.detach())
    hesitating.number = number
    here, there = Channel(hesitating), Channel(its)
    enqueue(here, 1, 0, 2)

    here.flush()
    assert here.wants_write
    hesitating.number = 0

    assert carry(here, there) == [(message(1), labels(1, 2))]
    here.close()
    there.close()
    assert open_descriptors() <= before


# --- ends -------------------------------------------------------------------------------------


def test_nothing_that_arrived_is_nothing_and_not_the_end() -> None:
    with talk() as (_, there):
        assert received(there) == []


def test_everything_the_peer_said_is_given_before_its_end() -> None:
    """It leaves even with something unread, for which Linux answers ECONNRESET."""
    with talk() as (here, there):
        enqueue(here, 1, 0, 1)
        here.flush()
        here.send(Release(2))
        there.send(Release(3))
        here.close()

        given_out = there.receive()

        said, descriptors = next(given_out)
        assert (said, [label(own) for own in descriptors]) == (message(1), labels(1, 1))
        assert next(given_out) == (Release(2), [])
        with pytest.raises(ChannelClosed):
            next(given_out)


def test_an_end_in_the_middle_of_a_message_is_the_end() -> None:
    ours, its = socket.socketpair()
    channel = Channel(ours)
    its.sendall(encode(Release(1)) + encode(Release(2))[:-1])
    its.close()

    given_out = channel.receive()

    assert next(given_out) == (Release(1), [])
    with pytest.raises(ChannelClosed, match="end of the connection"):
        next(given_out)
    channel.close()


def test_what_is_said_to_a_peer_that_is_gone_is_lost_and_does_not_wait() -> None:
    with talk(send_buffer=1) as (here, there):
        enqueue(here, 1, 50_000, 2)
        here.flush()
        enqueue(here, 2, 0, 2)
        there.close()

        here.flush()

        assert not here.wants_write
        here.send(Release(3))
        assert not here.wants_write


def test_nonsense_is_told_from_the_messages_before_it() -> None:
    ours, its = socket.socketpair()
    channel = Channel(ours)
    its.sendall(encode(Release(1)) + b"\x00\x00\x00\x02{}")

    given_out = channel.receive()

    assert next(given_out) == (Release(1), [])
    with pytest.raises(WireViolation, match="no message"):
        next(given_out)
    channel.close()
    its.close()
