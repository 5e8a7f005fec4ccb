"""The table of states for people: golden ones for review, and what holds at any width."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctl.cells import cells
from ctl.statustable import percents, reason, size, span, table
from taskmaster.protocol.messages import ProcessStatus
from tests.integration.pane import check_golden

STATES = (
    "RUNNING", "STARTING", "STOPPING", "BACKOFF", "EXITED", "FATAL", "UNKNOWN", "STOPPED",
)  # fmt: skip


def process(name: str, state: str, **more: Any) -> ProcessStatus:
    known: dict[str, Any] = {
        "program": name.rpartition(":")[0],
        "index": 0,
        "description": "Nov 26 12:00 PM",
        "pid": None,
        "uptime": None,
        "since": 0.0,
        "exit_status": None,
        "restarts": 0,
        "attached": 0,
        "tries": 4,
    }
    return ProcessStatus(name=name, state=state, **(known | more))


def running(name: str, pid: int, **more: Any) -> ProcessStatus:
    known = {"uptime": 5.2, "cpu_seconds": 0.26, "resident_bytes": 12_900_000}
    return process(name, "RUNNING", pid=pid, **(known | more))


QUICK = "exit status 1 after 0.2 s"
NOPE = "cannot start: /usr/bin/nope: no such file or directory"
SEVERAL = [
    running("nginx:0", 4242),
    running("nginx:1", 4243, uptime=400_000, cpu_seconds=390_000, restarts=12, attached=2),
    running("vogsphere-worker:0", 4194304, resident_bytes=3 << 30, cpu_seconds=None),
    process("nginx:2", "STARTING", pid=4244, uptime=0.1, cpu_seconds=0.0, resident_bytes=4096),
    process("quick:0", "BACKOFF", reason=QUICK, failures=2, next_try_in=1.6, exit_status=1),
    process("nope:0", "FATAL", reason=NOPE),
    process("once:0", "EXITED", exit_status=0),
    process("killed:0", "EXITED", exit_status=-9),
    process("bad:0", "EXITED", reason="exit status 3 after 0:02:00", exit_status=3),
    process("paced:0", "EXITED", reason=QUICK, exit_status=1, next_try_in=0.3),
    process("idle:0", "STOPPED", description="Not started"),
    process("stubborn:0", "STOPPING", pid=77, uptime=61.0, reason="'up' not on its screen in 3 s"),
    process("root:0", "UNKNOWN", pid=78, uptime=61.0, reason="cannot be signalled"),
    process("日本語:0", "FATAL", reason="cannot start: /日本/\x1b[2Jevil\n: no such file"),
    process("a-name-that-is-longer-than-anybody-would-like-to-type:117", "STOPPED"),
]


@pytest.mark.parametrize("width", [30, 60, 80, 200])
def test_the_table_is_as_it_was_looked_at(width: int) -> None:
    check_golden(f"status.{width}", "\n".join(table(SEVERAL, width, colour=False)))


def test_the_colours_are_as_they_were_looked_at() -> None:
    shown = "\n".join(table(SEVERAL, 80, colour=True))
    check_golden("status.80.colour", shown.replace("\x1b", "<ESC>"))


names = st.text(max_size=40) | st.sampled_from(["日本:0", "\x1b]0;x\x07", "web:0"])
processes = st.builds(
    process,
    names,
    st.sampled_from(STATES) | st.text(max_size=12),
    reason=st.text(max_size=80) | st.just(""),
    pid=st.none() | st.integers(1, 4194304),
    uptime=st.none() | st.floats(0, 1e9),
    cpu_seconds=st.none() | st.floats(0, 1e9),
    resident_bytes=st.none() | st.integers(0, 1 << 50),
    restarts=st.integers(0, 1 << 20),
    next_try_in=st.none() | st.floats(0, 1e4),
    exit_status=st.none() | st.integers(-64, 255),
    tries=st.sampled_from([0, 4]),
    attached=st.integers(0, 3),
)


@settings(max_examples=60)
@given(st.lists(processes, max_size=3), st.integers(1, 120))
def test_no_line_is_wider_than_the_terminal_or_holds_a_control(
    several: list[ProcessStatus], width: int
) -> None:
    plain = table(several, width, colour=False)
    coloured = table(several, width, colour=True)

    assert len(plain) == (len(several) + 1 if several else 0)
    for line, painted in zip(plain, coloured, strict=True):
        assert cells(line) <= width
        assert line.isprintable()
        assert re.sub("\x1b\\[[0-9;]*m", "", painted) == line


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (process("a:0", "STOPPED", tries=0, description="Not started"), "Not started"),
        (running("a:0", 7, tries=0, description="pid 7, uptime 0:00:05"), ""),
        (process("a:0", "BACKOFF", tries=0, description="no; try 3 in 2 s"), "no; try 3 in 2 s"),
    ],
)
def test_an_older_daemon_has_a_description_only(told: ProcessStatus, words: str) -> None:
    assert reason(told) == words


def test_two_samples_tell_what_was_used_in_between() -> None:
    before = {"a:0": running("a:0", 7, cpu_seconds=1.0), "b:0": running("b:0", 8)}
    now = [running("a:0", 7, cpu_seconds=1.5), running("b:0", 9), running("c:0", 10)]

    assert percents(before, now, 2.0) == {"a:0": 25.0}
    assert percents(before, now, 0.0) == {}


def test_the_last_moments_count_where_they_are_known() -> None:
    (_, line) = table([running("a:0", 7)], 80, colour=False, percents={"a:0": 250.0})

    assert " 250.0 " in line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00:00"), (86399, "23:59:59"), (86400, "1d 00:00"), (1e9, "11574d"), (-1, "0:00:00")],
)
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == words


@given(st.integers(0, 1 << 52))
def test_a_size_has_its_place(number: int) -> None:
    assert len(size(number)) <= 7


def test_sizes() -> None:
    told = [size(number) for number in (0, 4096, 12_900_000, 104_000_000, 3 << 30, 5 << 40)]
    assert told == ["0K", "4K", "12.3M", "99.2M", "3.0G", "5.0T"]
