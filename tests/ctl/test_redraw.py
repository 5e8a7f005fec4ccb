"""Lines drawn over in place give the new lines, whatever was there; what stays is not drawn."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ctl.redraw import redraw
from pty_mux.vt.paint import text_rows
from pty_mux.vt.terminal import Terminal

lines = st.lists(st.sampled_from(["", "a", "bb", "a much longer line"]), max_size=8)


@settings(max_examples=60)
@given(st.lists(lines, min_size=1, max_size=4), st.integers(0, 12))
def test_the_screen_shows_the_last_lines(pictures: list[list[str]], down: int) -> None:
    terminal = Terminal(12, 30)
    terminal.feed(b"\r\n" * down)
    before: list[str] = []
    for after in pictures:
        terminal.feed(redraw(before, after).encode())
        before = after

    screen = terminal.screen
    rows = [row.rstrip() for row in text_rows(screen, screen.lines)]
    assert screen.column == 0
    assert rows[screen.row - len(before) : screen.row] == before
    assert not any(rows[screen.row :])


@given(lines)
def test_nothing_is_drawn_where_nothing_changed(before: list[str]) -> None:
    assert redraw(before, before) == ""


def test_a_changed_row_is_drawn_alone() -> None:
    assert redraw(["a", "b", "c"], ["a", "x", "c"]) == "\x1b[2A\r\x1b[Kx\x1b[2B\r"
