"""Numbers as short texts and small graphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from ctl.dashboard.figures import Usage, graph, percent_text


@pytest.mark.parametrize(
    ("percent", "text"), [(0.0, "0.0%"), (9.94, "9.9%"), (9.96, "10%"), (1600.0, "1600%")]
)
def test_percents(percent: float, text: str) -> None:
    assert percent_text(percent) == text


def test_a_graph_ends_with_the_newest_and_shows_something_of_everything() -> None:
    assert graph([0, 50, 100], 4, 100) == " ▁▄█"
    assert graph([0.1], 2, 100) == " ▁"
    assert graph([1, 2, 3, 4], 2) == "▆█"
    assert graph([], 3) == "   "
    assert graph([0, 0], 2) == "▁▁"


@given(st.lists(st.floats(0, 1e12)), st.integers(0, 20), st.floats(0, 1e6))
def test_a_graph_has_its_width(values: list[float], width: int, top: float) -> None:
    assert get_cwidth(graph(values, width, top)) == width


def test_the_share_is_what_was_spent_between_two_samples_of_one_process() -> None:
    usage = Usage()
    usage.add(10.0, 7, 1.0, 1000)
    assert usage.percent == 0.0

    usage.add(12.0, 7, 1.5, 2000)
    assert usage.percent == 25.0
    assert usage.resident_bytes == 2000

    usage.add(13.0, 8, 0.1, 500)
    assert list(usage.percents) == [25.0]  # another process: no difference
    usage.add(14.0, 8, 0.2, 500)
    assert usage.percent == pytest.approx(10.0)


def test_what_has_ended_uses_nothing() -> None:
    usage = Usage()
    for at in (1.0, 2.0):
        usage.add(at, 7, at, 1000)
    usage.add(3.0, None, None, None)
    assert not usage.is_known
    assert (usage.percent, usage.resident_bytes) == (0.0, 0)
