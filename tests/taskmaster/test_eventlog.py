"""The event log: one event, one line, in a file and for whoever listens."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.model import LogLevel, Settings
from taskmaster.eventlog import EventLog, format_line
from taskmaster.records import Record

NOON = 1_764_158_400.123


@pytest.fixture(scope="module", autouse=True)
def _nowhere_in_particular() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def settings(logfile: Path, **others: Any) -> Settings:
    return Settings(socket="/s", logfile=str(logfile), **others)


def info(text: str) -> Record:
    return Record(LogLevel.INFO, text)


# --- lines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (LogLevel.DEBUG, "DEBG"),
        (LogLevel.INFO, "INFO"),
        (LogLevel.WARNING, "WARN"),
        (LogLevel.ERROR, "ERRO"),
    ],
)
def test_a_line_looks_as_supervisords(level: LogLevel, name: str) -> None:
    assert format_line(Record(level, "hello"), NOON) == f"2025-11-26 12:00:00,123 {name} hello"


def test_milliseconds_have_three_digits() -> None:
    assert format_line(info("x"), 7.0625).startswith("1970-01-01 00:00:07,062 ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\r", r"two\nlines\r"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u2028", r"\u2028"),
        ("na\u00efve \u8a9e", "na\u00efve \u8a9e"),
        ("caf\udce9\n", "caf\udce9\\n"),
        ("\ud800", r"\ud800"),
    ],
)
def test_control_characters_are_shown_and_text_and_undecodable_bytes_are_kept(
    text: str, shown: str
) -> None:
    assert format_line(info(text), NOON).partition("INFO ")[2] == shown


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_told_is_one_line_that_can_be_written(text: str) -> None:
    line = format_line(info(text), NOON)

    assert len(line.splitlines()) == 1
    line.encode("utf-8", "surrogateescape")


# --- the file and the listeners --------------------------------------------------------------


def test_a_record_goes_to_the_file_the_listeners_and_the_echo(tmp_path: Path) -> None:
    heard: list[str] = []
    echoed: list[str] = []
    log = EventLog(settings(tmp_path / "log"), echoed.append)
    log.listen(heard.append)

    log.write(info("caf\udce9"))

    line = heard[0].encode("utf-8", "surrogateescape")
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO caf\xe9", line)
    assert (tmp_path / "log").read_bytes() == line + b"\n"
    assert heard == echoed


def test_nothing_is_opened_before_the_first_line(tmp_path: Path) -> None:
    EventLog(settings(tmp_path / "log"), None)

    assert not (tmp_path / "log").exists()


def test_less_than_the_level_is_told_to_nobody(tmp_path: Path) -> None:
    heard: list[str] = []
    log = EventLog(settings(tmp_path / "log", loglevel=LogLevel.WARNING), heard.append)

    for level in LogLevel:
        log.write(Record(level, level.name))

    assert [line.rpartition(" ")[2] for line in heard] == ["WARNING", "ERROR"]
    assert (tmp_path / "log").read_text().splitlines() == heard


def test_who_listens_no_more_is_told_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    log = EventLog(settings(tmp_path / "log"), None)
    log.listen(heard.append)

    log.unlisten(heard.append)
    log.write(info("x"))

    assert heard == []


def test_a_log_that_cannot_be_written_is_told_to_who_listens(tmp_path: Path) -> None:
    heard: list[str] = []
    log = EventLog(settings(tmp_path / "no" / "log"), heard.append)

    log.write(info("x"))

    assert len(heard) == 2
    assert f"ERRO log {tmp_path}/no/log cannot be opened: no such file" in heard[1]


# --- a reload --------------------------------------------------------------------------------


def test_another_file_is_gone_on_with(tmp_path: Path) -> None:
    log = EventLog(settings(tmp_path / "old"), None)
    log.write(info("one"))

    log.take_over(settings(tmp_path / "new"))
    log.write(info("two"))

    assert (tmp_path / "old").read_text().endswith("one\n")
    assert (tmp_path / "new").read_text().endswith("two\n")


def test_another_level_and_other_limits_keep_the_file(tmp_path: Path) -> None:
    log = EventLog(settings(tmp_path / "log"), None)
    file = log.file

    log.take_over(
        settings(tmp_path / "log", loglevel=LogLevel.DEBUG, logfile_maxbytes=7, logfile_backups=2)
    )
    log.write(Record(LogLevel.DEBUG, "x"))

    assert log.file is file
    assert (file.maxbytes, file.backups) == (7, 2)
    assert (tmp_path / "log").read_text().endswith("DEBG x\n")
