"""Texts to durations, sizes, signals, masks and sizes of terminals."""

import signal
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config import values
from taskmaster.config.model import TerminalSize
from taskmaster.config.values import BadValue

READERS: list[Callable[[str], object]] = [
    values.boolean,
    values.seconds,
    values.byte_size,
    values.signal_number,
    values.umask,
    values.terminal_size,
    lambda text: values.whole(text, 0, 10),
]


@pytest.mark.parametrize("reader", READERS)
@given(text=st.one_of(st.text(), st.from_regex(r"[0-9a-zA-Z.:x +-]{0,12}", fullmatch=True)))
def test_any_text_is_a_value_or_a_bad_value(reader: Callable[[str], object], text: str) -> None:
    with suppress(BadValue):
        assert reader(text) is not None


@pytest.mark.parametrize("text", ["true", "True", "yes", "ON", "y", "1"])
def test_true(text: str) -> None:
    assert values.boolean(text) is True


@pytest.mark.parametrize("text", ["false", "No", "off", "n", "0"])
def test_false(text: str) -> None:
    assert values.boolean(text) is False


@pytest.mark.parametrize("text", ["", "maybe", "2", "truee"])
def test_neither_true_nor_false(text: str) -> None:
    with pytest.raises(BadValue, match="true or false"):
        values.boolean(text)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_whole_numbers_within_bounds(number: int, least: int) -> None:
    if number >= least:
        assert values.whole(str(number), least) == number
    else:
        with pytest.raises(BadValue, match=f"from {least}"):
            values.whole(str(number), least)


@pytest.mark.parametrize("text", ["1.0", "0x10", "1e3", "two", "", "٣", "9" * 40])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(BadValue, match="a whole number from 0 to 9"):
        values.whole(text, 0, 9)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5),
        ("0", 0),
        ("0.25", 0.25),
        (".5", 0.5),
        ("1m30s", 90),
        ("2h", 7200),
        ("1d", 86400),
        ("500ms", 0.5),
        ("1m 30s", 90),
        ("1.5h", 5400),
        ("1h2m3s4ms", 3723.004),
    ],
)
def test_durations(text: str, number: float) -> None:
    assert values.seconds(text) == pytest.approx(number)


@pytest.mark.parametrize(
    "text", ["", "-1", "s", "1x", "30s1m", "1:30", "inf", "nan", "1e9", "9999d"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(BadValue, match="1m30s"):
        values.seconds(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("4096", 4096),
        ("1KB", 1024),
        ("1k", 1024),
        ("1KiB", 1024),
        ("50MB", 50 << 20),
        ("50 mb", 50 << 20),
        ("2GiB", 2 << 30),
        ("7b", 7),
    ],
)
def test_sizes(text: str, number: int) -> None:
    assert values.byte_size(text) == number


@pytest.mark.parametrize("text", ["", "-1", "MB", "1.5MB", "1PB", "1 M B", "9" * 30])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(BadValue, match="50MB"):
        values.byte_size(text)


def test_a_size_below_the_least() -> None:
    with pytest.raises(BadValue, match="at least 4096"):
        values.byte_size("1KB", 4096)


@given(st.sampled_from(sorted(signal.Signals)))
def test_every_signal_by_every_name(number: signal.Signals) -> None:
    for text in (
        number.name,
        number.name.lower(),
        number.name.removeprefix("SIG"),
        str(int(number)),
    ):
        assert values.signal_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "TERMINATE", "SIG", "-9", "999", "SIG_DFL"])
def test_what_is_no_signal(text: str) -> None:
    with pytest.raises(BadValue, match="signal"):
        values.signal_number(text)


@given(st.integers(0, 0o777))
def test_every_mask_octal_as_written(mask: int) -> None:
    for text in (f"{mask:o}", f"{mask:03o}", f"{mask:04o}", f"0o{mask:o}"):
        assert values.umask(text) == mask


@pytest.mark.parametrize("text", ["", "8", "1000", "0x1f", "-1", "rwx", "00000"])
def test_what_is_no_mask(text: str) -> None:
    with pytest.raises(BadValue, match="octal"):
        values.umask(text)


@given(st.integers(2, values.MAX_COLUMNS), st.integers(2, values.MAX_ROWS))
def test_columns_stand_before_rows(columns: int, rows: int) -> None:
    assert values.terminal_size(f"{columns}x{rows}") == TerminalSize(rows, columns)


@pytest.mark.parametrize(
    "text", ["", "80", "80X24", "1x24", "80x1", "1001x24", "80x501", "80x24x2"]
)
def test_what_is_no_size_of_a_terminal(text: str) -> None:
    with pytest.raises(BadValue, match="80x24"):
        values.terminal_size(text)
