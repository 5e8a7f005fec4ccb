"""What a listener may say and when: supervisord's own dispatcher is the peer."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from supervisor import states
from supervisor.dispatchers import PEventListenerDispatcher
from supervisor.tests.base import DummyOptions, DummyPConfig, DummyProcess

from taskmaster.listeners.talk import (
    MAX_RESULT_BYTES,
    Answered,
    Broke,
    Heard,
    Phase,
    Talk,
    hear,
    resumed,
    sent,
)

OK = b"RESULT 2\nOK"
FAIL = b"RESULT 4\nFAIL"
WORDS = st.sampled_from([b"READY\n", OK, FAIL, b"REA", b"DY\n", b"RESULT ", b"2\n", b"OK", b"x"])


def said(talk: Talk, *pieces: bytes) -> tuple[Talk, list[Heard]]:
    news: list[Heard] = []
    for piece in pieces:
        talk, more = hear(talk, piece)
        news += more
    return talk, news


BUSY = sent(Talk(Phase.READY))


def test_ready_makes_it_ready() -> None:
    assert said(Talk(), b"READY\n") == (Talk(Phase.READY), [])


@pytest.mark.parametrize(
    ("result", "accepted"),
    [(OK, True), (FAIL, False), (b"RESULT 0\n", False), (b"RESULT 3\nOKK", False),
     (b"RESULT 2\nok", False), (b"RESULT  2 \nOK", True), (b"RESULT 5000\n" + b"O" * 5000, False)],
)  # fmt: skip
def test_a_result_says_whether_it_was_taken(result: bytes, accepted: bool) -> None:
    assert said(BUSY, result) == (Talk(), [Answered(accepted)])
    assert said(BUSY, result + b"READY\n") == (Talk(Phase.READY), [Answered(accepted)])


@pytest.mark.parametrize(
    ("talk", "words"),
    [
        (Talk(), b"x"),
        (Talk(), b"READX"),
        (Talk(), b"hello, world\n"),
        (Talk(), OK),
        (Talk(Phase.READY), b"R"),
        (Talk(Phase.READY), b"READY\n"),
        (Talk(Phase.READY), OK),
        (BUSY, b"READY\n"),
        (BUSY, b"RESULT\n"),
        (BUSY, b"RESULT two\n"),
        (BUSY, b"RESULT -2\nOK"),
        (BUSY, b"1234567 2\nOK"),
        (BUSY, b"RESULT " + b"1" * 40),
        (BUSY, f"RESULT {MAX_RESULT_BYTES + 1}\n".encode()),
        (BUSY, OK + b"READY\nx"),
    ],
)
def test_anything_else_ends_the_talk(talk: Talk, words: bytes) -> None:
    after, news = said(talk, words)

    assert after == Talk(Phase.UNKNOWN)
    assert isinstance(news[-1], Broke)
    assert said(after, b"READY\n") == (after, [])


@given(st.lists(st.one_of(WORDS, st.binary(max_size=5))), st.data())
def test_it_does_not_matter_where_it_is_cut(words: list[bytes], data: st.DataObject) -> None:
    text = b"".join(words)
    start = data.draw(st.sampled_from([Talk(), Talk(Phase.READY), BUSY]))
    start = replace(start, forgives=data.draw(st.booleans()))
    pieces = [text[i : i + 1] for i in range(len(text))]

    whole, at_once = said(start, text)
    cut, bit_by_bit = said(start, *pieces)

    assert [type(heard) for heard in at_once] == [type(heard) for heard in bit_by_bit]
    assert (whole.phase, whole.left, whole.begun) == (cut.phase, cut.left, cut.begun)
    assert whole.held == cut.held


@given(st.lists(st.binary(max_size=5000)))
def test_nothing_makes_it_keep_much(pieces: list[bytes]) -> None:
    for start in (Talk(), Talk(Phase.READY), BUSY, replace(BUSY, forgives=True)):
        talk, _ = said(start, *pieces)

        assert len(talk.held) + len(talk.begun) < 40


_PHASES = {
    states.EventListenerStates.ACKNOWLEDGED: Phase.ACKNOWLEDGED,
    states.EventListenerStates.READY: Phase.READY,
    states.EventListenerStates.BUSY: Phase.BUSY,
    states.EventListenerStates.UNKNOWN: Phase.UNKNOWN,
}


class Peer:
    """supervisord's dispatcher, with nothing around it."""

    def __init__(self) -> None:
        options = DummyOptions()
        self.process = DummyProcess(DummyPConfig(options, "listener", "/bin/listener"))
        self.process.group = type("Group", (), {"config": self})()
        self.answers: list[bool] = []
        self.dispatcher = PEventListenerDispatcher(self.process, "stdout", 0)
        self.options = options

    def result_handler(self, event: object, result: bytes) -> None:
        self.answers.append(result == b"OK")

    def hear(self, data: bytes) -> Phase:
        self.options.readfd_result = data
        self.dispatcher.handle_read_event()
        return _PHASES[self.process.listener_state]


@given(st.lists(st.sampled_from([b"READY\n", OK, FAIL, OK + b"READY\n", b"garbage\n"])))
@example([b"READY\n", OK + b"READY\n", FAIL, b"READY\n", b"READY\n"])
def test_supervisord_hears_the_same(words: list[bytes]) -> None:
    peer, talk, answers = Peer(), Talk(), []

    for word in words:
        if talk.phase is Phase.READY:
            talk = sent(talk)
            peer.process.listener_state = states.EventListenerStates.BUSY
        phase = peer.hear(word)
        talk, news = hear(talk, word)
        answers += [heard.accepted for heard in news if isinstance(heard, Answered)]

        assert talk.phase is phase, words
    assert answers == peer.answers


# --- another core ------------------------------------------------------------------------------


def test_one_that_was_not_yet_ready_is_taken_for_it_and_may_still_say_so() -> None:
    talk = resumed(Talk())

    assert talk.phase is Phase.READY
    assert said(talk, b"REA", b"DY\n") == (Talk(Phase.READY), [])
    assert said(sent(talk), b"READY\n", OK) == (Talk(), [Answered(accepted=True)])
    assert said(sent(talk), b"RE", b"ADY\n" + OK)[0] == Talk()
    assert said(sent(talk), OK) == (Talk(), [Answered(accepted=True)])


def test_it_is_forgiven_once() -> None:
    assert said(resumed(Talk()), b"READY\n", b"READY\n")[0].phase is Phase.UNKNOWN
    assert said(sent(resumed(Talk())), OK, OK)[0].phase is Phase.UNKNOWN


def test_a_result_of_an_event_that_was_sent_and_not_saved_is_passed_over() -> None:
    assert said(resumed(Talk(Phase.READY)), b"RES", b"ULT 2\nOK") == (
        Talk(),
        [Answered(accepted=True)],
    )


@pytest.mark.parametrize("talk", [BUSY, Talk(Phase.UNKNOWN), replace(BUSY, left=7, begun=b"OK")])
def test_what_else_is_known_stays(talk: Talk) -> None:
    assert resumed(talk) == talk
