"""Pools: who gets what, what waits, what is dropped, what comes back."""

from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from supervisor.childutils import get_headers

from taskmaster.config.model import Program
from taskmaster.listeners.exchange import (
    MAX_BUFFER_CHARACTERS,
    MAX_SAVED_CHARACTERS,
    Action,
    Dropped,
    Exchange,
    Numbered,
    Say,
    Send,
    Wait,
    envelope,
)
from taskmaster.listeners.kinds import Event
from taskmaster.listeners.talk import Phase, Talk

OK = b"RESULT 2\nOKREADY\n"
FAIL = b"RESULT 4\nFAILREADY\n"
TICK = Event("TICK_5", "when:5")
OTHER = Event("REMOTE_COMMUNICATION", "type:x\n")


def program(name: str, *events: str, size: int = 10) -> Program:
    return Program(name=name, command="cat", events=events, buffer_size=size)


def exchange(*programs: Program, running: Callable[[str], bool] = lambda _: True) -> Exchange:
    made = Exchange(running)
    made.configure({program.name: program for program in programs})
    return made


def ready(made: Exchange, *names: str) -> list[Action]:
    actions: list[Action] = []
    for name in names:
        made.began(name)
        actions += made.heard(name, b"READY\n")
    return actions


def sent_to(actions: list[Action]) -> list[tuple[str, int]]:
    """Who is sent which serial."""
    return [
        (action.name, int(get_headers(action.data.decode().split("\n")[0])["serial"]))
        for action in actions
        if isinstance(action, Send)
    ]


def test_one_ready_process_of_each_pool_gets_it() -> None:
    made = exchange(program("a", "TICK"), program("b", "EVENT"), program("c", "PROCESS_STATE"))
    ready(made, "a:1", "a:0", "b:0", "c:0")

    assert sent_to(made.happened(TICK)) == [("a:0", 0), ("b:0", 0)]
    assert sent_to(made.happened(TICK)) == [("a:1", 1)]


def test_the_header_is_supervisords() -> None:
    made = exchange(program("a", "TICK_5"), program("b", "EVENT"))
    ready(made, "a:0")
    made.happened(OTHER)

    (action,) = made.happened(TICK)

    assert action == Send(
        "a:0",
        b"ver:3.0 server:taskmaster serial:1 pool:a poolserial:0 eventname:TICK_5 len:6\nwhen:5",
    )


def test_events_that_nobody_wants_have_no_serial() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0")

    assert made.happened(OTHER) == []
    assert sent_to(made.happened(TICK)) == [("a:0", 0)]


def test_only_a_process_that_runs_is_told() -> None:
    running = False
    made = exchange(program("a", "TICK_5"), running=lambda _: running)
    ready(made, "a:0")
    assert made.happened(TICK) == []

    running = True

    assert sent_to(made.go_on("a")) == [("a:0", 0)]


def test_a_full_buffer_drops_the_oldest() -> None:
    made = exchange(program("a", "TICK_5", size=2))

    actions = [action for _ in range(4) for action in made.happened(TICK)]

    assert actions == [Dropped("a", 0), Dropped("a", 1)]
    assert sent_to(ready(made, "a:0")) == [("a:0", 2)]


def test_long_events_are_dropped_earlier() -> None:
    made = exchange(program("a", "EVENT", size=100))
    long = Event("REMOTE_COMMUNICATION", "x" * (MAX_BUFFER_CHARACTERS // 2))

    actions = [action for _ in range(3) for action in made.happened(long)]

    assert actions == [Dropped("a", 0)]


def test_a_rejected_event_comes_back_first_and_only_to_its_pool() -> None:
    made = exchange(program("a", "TICK_5"), program("b", "TICK_5"))
    ready(made, "a:0", "b:0")
    made.happened(TICK)
    made.happened(TICK)

    actions = made.heard("a:0", FAIL)

    assert sent_to(actions) == [("a:0", 0)]
    assert sent_to(made.heard("a:0", OK)) == [("a:0", 1)]


def test_who_rejects_it_again_and_again_is_asked_once_a_second() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0")
    made.happened(TICK)
    made.heard("a:0", FAIL)

    again = made.heard("a:0", FAIL)

    assert [action for action in again if not isinstance(action, Say)] == [Wait("a")]
    assert made.happened(TICK) == made.go_on("a") == []
    assert sent_to(made.go_on("a", waited=True)) == [("a:0", 0)]
    assert sent_to(made.heard("a:0", OK)) == [("a:0", 1)]


def test_who_dies_over_an_event_leaves_it_to_others() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0", "a:1")
    made.happened(TICK)

    assert sent_to(made.ended("a:0")) == [("a:1", 0)]


def test_who_says_nonsense_is_told_nothing_more_and_others_get_its_event() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0", "a:1")
    made.happened(TICK)

    actions = made.heard("a:0", b"nonsense\n")

    assert sent_to(actions) == [("a:1", 0)]
    (said,) = [action for action in actions if isinstance(action, Say)]
    assert said.text == (
        "a:0: has entered the UNKNOWN state and will no longer receive events until it is "
        "restarted: it said 'nonsense\\n' where it may say RESULT and its length"
    )
    made.heard("a:1", OK)
    made.heard("a:0", b"READY\n")
    assert sent_to(made.happened(TICK)) == [("a:1", 1)]


def test_a_new_life_begins_anew() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0")
    made.heard("a:0", b"nonsense\n")
    made.ended("a:0")
    ready(made, "a:0")

    assert sent_to(made.happened(TICK)) == [("a:0", 0)]


def test_who_has_closed_its_input_is_passed_over() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0", "a:1")
    made.happened(TICK)

    assert sent_to(made.unsent("a:0")) == [("a:1", 0)]


def test_a_reload_keeps_what_waits() -> None:
    made = exchange(program("a", "TICK_5"))
    for _ in range(5):
        made.happened(TICK)

    made.configure({"a": program("a", "EVENT", size=2)})

    assert sent_to(ready(made, "a:0")) == [("a:0", 3)]
    made.configure({})
    assert made.happened(TICK) == made.heard("a:0", FAIL)[1:] == []


def test_another_core_goes_on_with_what_waits_and_with_what_is_rejected() -> None:
    made = exchange(program("a", "TICK_5"))
    ready(made, "a:0")
    made.happened(TICK)
    made.happened(TICK)

    other = exchange(program("a", "TICK_5"))
    other.resume("a:0", Talk(Phase.BUSY), surely=True)
    other.restore(made.state)

    assert other.state == made.state
    assert sent_to(other.heard("a:0", FAIL)) == [("a:0", 0)]
    assert sent_to(other.heard("a:0", OK)) == [("a:0", 1)]
    other.heard("a:0", OK)
    assert sent_to(other.happened(TICK)) == [("a:0", 2)]


def test_what_is_handed_over_is_bounded() -> None:
    made = exchange(program("a", "EVENT", size=100), program("b", "EVENT", size=100))
    ready(made, "a:0")
    for number in range(8):
        payload = str(number) + "x" * (MAX_SAVED_CHARACTERS // 8)
        made.happened(Event("REMOTE_COMMUNICATION", payload))

    state, lost = made.hand_over()

    kept = [
        item.event.payload[0]
        for pool in state.pools.values()
        for item in (*pool.busy.values(), *pool.waiting)
    ]
    assert kept == ["0", "2", "3", "4", "5", "6", "7"]
    assert len(lost) == 16 - len(kept)
    assert made.state.next_serial == state.next_serial == 8


def test_a_core_that_does_not_know_the_last_word_tells_it_all_the_same() -> None:
    made = exchange(program("a", "TICK_5"))
    made.resume("a:0", Talk(), surely=False)

    assert sent_to(made.happened(TICK)) == [("a:0", 0)]
    assert sent_to(made.heard("a:0", b"READY\n" + OK)) == []
    assert sent_to(made.happened(TICK)) == [("a:0", 1)]


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        ("café", "café"),
        ("a\r\nb\r\r\n", "a\nb\n"),
        ("a\r", "a\n"),
        ("\udc80", "?"),
        ("a\rb", "a\nb"),
    ],
)
def test_what_reads_characters_of_a_text_reads_all(payload: str, read: str) -> None:
    import io

    data = envelope("p", Numbered(Event("TICK_5", payload), 0, 0))
    stream = io.TextIOWrapper(io.BytesIO(data + b"ver:3.0 next\n"), encoding="utf-8")

    length = int(get_headers(stream.readline())["len"])

    assert stream.read(length) == read
    assert stream.readline() == "ver:3.0 next\n"


class Anything(RuleBasedStateMachine):
    """Whatever happens, an event is with one listener or in one buffer, and these are bounded."""

    def __init__(self) -> None:
        super().__init__()
        self.made = exchange(program("a", "EVENT", size=3), program("b", "TICK", size=2))
        self.gone = 0

    def note(self, actions: list[Action]) -> None:
        for action in actions:
            self.gone += isinstance(action, Dropped)

    names = st.sampled_from(["a:0", "a:1", "b:0"])

    @rule(event=st.sampled_from([TICK, OTHER]))
    def happens(self, event: Event) -> None:
        self.note(self.made.happened(event))

    @rule(name=names)
    def begins(self, name: str) -> None:
        self.note(self.made.ended(name))
        self.made.began(name)

    @rule(name=names, data=st.sampled_from([b"READY\n", OK, FAIL, b"x", b"RESULT 2\n", b"OK"]))
    def says(self, name: str, data: bytes) -> None:
        listener = self.made.listeners.get(name)
        had = listener is not None and listener.has is not None
        actions = self.made.heard(name, data)
        self.note(actions)
        after = self.made.listeners.get(name)
        done = had and after is not None and after.has is None
        rejected = any(isinstance(action, Say) for action in actions)
        self.gone += bool(done or (had and sent_to(actions))) and not rejected

    @rule(name=names)
    def closes(self, name: str) -> None:
        if name in self.made.listeners:
            self.note(self.made.unsent(name))

    @rule(pool=st.sampled_from(["a", "b"]))
    def waits(self, pool: str) -> None:
        self.note(self.made.go_on(pool, waited=True))

    @invariant()
    def none_is_lost_or_doubled(self) -> None:
        there = 0
        for name, pool in self.made.state.pools.items():
            items = [*pool.waiting, *pool.busy.values()]
            serials = [item.pool_serial for item in items]
            assert len(serials) == len(set(serials)), name
            assert len(pool.waiting) <= 3
            there += len(items)
        taken = sum(pool.next_serial for pool in self.made.state.pools.values())
        assert there + self.gone == taken

    @invariant()
    def who_has_an_event_is_busy(self) -> None:
        for listener in self.made.listeners.values():
            assert (listener.has is not None) == (listener.talk.phase is Phase.BUSY)


TestAnything = Anything.TestCase
