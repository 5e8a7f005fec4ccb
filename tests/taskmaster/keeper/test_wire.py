"""Messages of keeper and core survive the wire, however cut, and nonsense is told from them."""

import itertools
import json
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmaster.keeper.wire import (
    DESCRIPTOR,
    MAX_DESCRIPTORS,
    MAX_MESSAGE_BYTES,
    Announced,
    Decoder,
    Message,
    MessageTooLong,
    OrphanReaped,
    Release,
    SignalReceived,
    Spawn,
    SpawnFailed,
    WireViolation,
    announce,
    encode,
)

KINDS = get_args(Message)
# Paths and environments are whatever bytes exec(3) takes, as Python's surrogate escapes.
texts = st.text(max_size=8) | st.binary(max_size=8).map(
    lambda b: b.decode(errors="surrogateescape")
)
whole = st.integers(-(2**63) + 1, 2**63 - 1)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: whole,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    list[int]: st.lists(whole, max_size=4),
    list[str]: st.lists(texts, max_size=4),
    Mapping[str, str]: st.dictionaries(texts, texts, max_size=4),
    Mapping[str, str | None]: st.dictionaries(texts, st.none() | texts, max_size=4),
    str | None: st.none() | texts,
    int | None: st.none() | whole,
}


def values(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: BY_TYPE[hint] for name, hint in get_type_hints(kind).items()})


said = st.tuples(st.sampled_from(KINDS).flatmap(values), st.integers(0, 2))
anything = st.recursive(
    st.none() | st.booleans() | whole | st.floats(allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
names = sorted({name for kind in KINDS for name in kind._fields})
nearly_messages = st.builds(
    lambda head, body: body | head,
    st.fixed_dictionaries(
        {"kind": st.sampled_from([kind.__name__ for kind in KINDS]) | anything},
        optional={"descriptors": st.integers(0, 2) | anything},
    ),
    st.dictionaries(st.sampled_from(names), anything, max_size=3),
)
bodies = st.binary() | (anything | nearly_messages).map(lambda value: json.dumps(value).encode())


def framed(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


@given(st.lists(said, max_size=4), st.lists(st.integers(0, 600), max_size=12))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_cutting_of_the_stream_gives_the_same_messages(
    sent: list[tuple[Message, int]], places: list[int]
) -> None:
    stream = b"".join(encode(message, descriptors) for message, descriptors in sent)
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    decoder = Decoder()

    received = [
        pair for start, end in itertools.pairwise(edges) for pair in decoder.feed(stream[start:end])
    ]

    assert received == sent
    assert [type(message) for message, _ in received] == [type(message) for message, _ in sent]


def test_a_message_is_four_bytes_of_length_and_an_object_that_names_its_kind() -> None:
    body = b'{"pid":7,"status":256,"kind":"OrphanReaped","descriptors":2}'

    assert encode(OrphanReaped(7, 256), 2) == framed(body)


@given(bodies)
def test_any_body_is_a_message_or_a_violation(body: bytes) -> None:
    with suppress(WireViolation):
        ((message, descriptors),) = Decoder().feed(framed(body))
        assert type(message) in KINDS
        assert type(descriptors) is int


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"kind":"Release","ticket":1}',
        b'{"descriptors":0,"ticket":1}',
        b'{"descriptors":0,"kind":"Message","ticket":1}',
        b'{"descriptors":0,"kind":["Release"],"ticket":1}',
        b'{"descriptors":null,"kind":"Release","ticket":1}',
        b'{"descriptors":-1,"kind":"Release","ticket":1}',
        b'{"descriptors":1e400,"kind":"Release","ticket":1}',
        b'{"descriptors":"1","kind":"Release","ticket":1}',
        b'{"descriptors":true,"kind":"Release","ticket":1}',
        b'{"descriptors":251,"kind":"Release","ticket":1}',
        b'{"descriptors":0,"kind":"Release"}',
        b'{"descriptors":0,"kind":"Release","ticket":1,"number":9}',
        b'{"descriptors":0,"kind":"Release","ticket":"1"}',
        b'{"descriptors":0,"kind":"Release","ticket":true}',
        b'{"descriptors":0,"kind":"Release","ticket":null}',
        b'{"descriptors":0,"kind":"Save","key":"k","value":1}',
        b'{"descriptors":0,"kind":"Save","key":null,"value":null}',
        b'{"descriptors":0,"kind":"SignalOrphans","group":1,"pids":[1,"2"],"number":9}',
        b'{"descriptors":0,"kind":"SignalOrphans","group":1,"pids":{},"number":9}',
        b'{"descriptors":0,"kind":"Exited","ticket":1,"status":0,"at":"1","cpu_seconds":0}',
    ],
    ids=lambda body: body[:60],
)
def test_what_is_no_message_is_a_violation_that_shows_it(body: bytes) -> None:
    with pytest.raises(WireViolation, match="no message") as caught:
        list(Decoder().feed(framed(body)))

    assert repr(body[:200]) in str(caught.value)


SPAWN = Spawn(1, ["cat"], {"A": None}, {"B": "c"}, None, None, None, 24, 80, "terminal")


@pytest.mark.parametrize(
    "changed",
    [
        {"argv": "cat"},
        {"argv": ["cat", None]},
        {"environment": []},
        {"environment": {"A": 1}},
        {"overrides": {"B": None}},
        {"workingdir": 1},
        {"umask": "022"},
        {"rows": 24.0},
        {"stderr": None},
    ],
    ids=str,
)
def test_a_field_of_another_type_is_a_violation(changed: dict[str, Any]) -> None:
    """The keeper acts on what it is told: a wrong type was an exception in the midst of a spawn."""
    assert list(Decoder().feed(encode(SPAWN))) == [(SPAWN, 0)]
    with pytest.raises(WireViolation, match="a field that is"):
        list(Decoder().feed(encode(SPAWN._replace(**changed))))


def test_the_messages_before_a_violation_are_given() -> None:
    given_out = Decoder().feed(encode(Release(3)) + encode(SignalReceived(15), 1) + framed(b"{}"))

    assert next(given_out) == (Release(3), 0)
    assert next(given_out) == (SignalReceived(15), 1)
    with pytest.raises(WireViolation):
        next(given_out)


def test_descriptors_are_announced_in_four_bytes_between_messages() -> None:
    stream = encode(Release(3)) + announce(MAX_DESCRIPTORS) + encode(Release(4), 2)
    decoder = Decoder()

    given_out = [pair for byte in stream for pair in decoder.feed(bytes([byte]))]

    assert given_out == [(Release(3), 0), (Announced(MAX_DESCRIPTORS), 0), (Release(4), 2)]
    for length in (1 << 31, (1 << 31) + MAX_DESCRIPTORS + 1):
        with pytest.raises(WireViolation, match="a message of"):
            list(Decoder().feed(struct.pack("!I", length)))


def test_a_length_of_exactly_the_limit_is_waited_for_and_one_more_is_refused_at_once() -> None:
    assert list(Decoder().feed(struct.pack("!I", MAX_MESSAGE_BYTES))) == []
    with pytest.raises(WireViolation, match=f"a message of {MAX_MESSAGE_BYTES + 1} bytes"):
        list(Decoder().feed(struct.pack("!I", MAX_MESSAGE_BYTES + 1)))


def test_text_takes_the_bytes_that_it_has_anyway() -> None:
    """As JSON escapes, 3,000,000 times an accented letter were 18 MB: more than a message has."""
    letters = "\N{LATIN SMALL LETTER E WITH ACUTE}" * 3_000_000
    said = SpawnFailed(1, letters, 0, "\udcff\ud83d\ude00")

    stream = encode(said)

    assert len(stream) < 2 * len(letters) + 100
    assert list(Decoder().feed(stream)) == [(said, 0)]


def test_what_the_other_side_would_not_take_is_not_made() -> None:
    with pytest.raises(MessageTooLong, match=r"SpawnFailed: \d{8} bytes"):
        encode(SpawnFailed(1, "x" * MAX_MESSAGE_BYTES, 0, ""))


def test_what_is_as_usual_is_left_out() -> None:
    """A keeper of the version before takes a field that it does not know for no message."""
    assert b"stdin" not in encode(SPAWN)
    assert b'"stdin":"descriptor"' in encode(SPAWN._replace(stdin=DESCRIPTOR), 1)
