"""A recording is lines of JSON that players of asciicast v2 take, however the output was cut."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pty_mux.asciicast import Recording


def events(recorded: bytes) -> list[Any]:
    return [json.loads(line) for line in recorded.decode().split("\n")[:-1]]


def test_the_header_says_how_the_terminal_is() -> None:
    header = Recording(start=100.0).header(24, 80, 1504467315.9, "xterm-256color", "web")

    assert header == (
        b'{"version": 2, "width": 80, "height": 24, "timestamp": 1504467315, '
        b'"env": {"TERM": "xterm-256color"}, "title": "web"}\n'
    )


def test_a_title_that_is_no_text_is_recorded_all_the_same() -> None:
    header = Recording(start=0.0).header(24, 80, 0, "dumb", "caf\udce9 日")

    assert json.loads(header)["title"] == "caf? 日"


def test_events_have_the_seconds_since_the_start() -> None:
    recording = Recording(start=1000.25)

    recorded = (
        recording.output(b"\x1b[1mhi\r\n", 1000.25)
        + recording.resize(30, 100, 1001.0)
        + recording.output(b'"\\', 1062.750000123)
    )

    assert recorded == (
        b'[0.000000, "o", "\\u001b[1mhi\\r\\n"]\n'
        b'[0.750000, "r", "100x30"]\n'
        b'[62.500000, "o", "\\"\\\\"]\n'
    )


def test_time_never_goes_back() -> None:
    recording = Recording(start=10.0)

    recorded = b"".join(recording.output(b"x", at) for at in (9.0, 12.0, 11.0, 12.5))

    assert [event[0] for event in events(recorded)] == [0.0, 2.0, 2.0, 2.5]


def test_a_character_cut_in_two_is_in_the_event_of_its_end() -> None:
    recording = Recording(start=0.0)

    recorded = [recording.output(data, 1.0) for data in (b"\xe2", b"\x82", b"\xaca\xe2")]

    assert recorded == [b"", b"", '[1.000000, "o", "€a"]\n'.encode()]
    assert events(recording.output(b"x", 1.0)) == [[1.0, "o", "\ufffdx"]]


@given(st.lists(st.binary(max_size=5) | st.text(max_size=3).map(str.encode)))
def test_the_events_together_are_what_was_written(chunks: list[bytes]) -> None:
    recording = Recording(start=0.0)

    recorded = b"".join(recording.output(chunk, 0.0) for chunk in [*chunks, b"."])

    told = "".join(text for _, kind, text in events(recorded) if kind == "o")
    assert told == b"".join([*chunks, b"."]).decode(errors="replace")
