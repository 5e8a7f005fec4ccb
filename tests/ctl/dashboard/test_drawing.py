"""What the dashboard looks like, as it is kept for review in tests/golden."""

import pytest

from ctl.dashboard.board import Board
from ctl.dashboard.drawing import Drawing, draw
from ctl.dashboard.source import readable_lines
from tests.ctl.dashboard.processes import screen, site, status
from tests.integration.pane import check_golden

SIZES = ((60, 15), (80, 24), (200, 50))
SHELL = (
    "\x1b[32mada@box\x1b[0m:~$ ls",
    "\x1b[1;34mbin\x1b[0m  notes.txt  世界",
    "\x1b[32mada@box\x1b[0m:~$ ",
)


def text_of(drawing: Drawing) -> str:
    return "\n".join("".join(text for _, text in line) for line in drawing.lines)


def new_board() -> Board:
    board = Board("taskmaster c.yaml")
    for at in range(12):
        busy = [
            status(one.name, one.state, cpu_seconds=at * 0.1 * (1 + at % 3), restarts=one.restarts)
            if one.name == "game:0"
            else one
            for one in site()
        ]
        board.take_all(busy, float(at))
    board.take_all(site(), 12.0)
    board.picture = screen(lines=SHELL)
    return board


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_processes_and_a_screen(width: int, height: int) -> None:
    check_golden(f"top.screen.{width}x{height}", text_of(draw(new_board(), width, height)))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_filter_and_a_question(width: int, height: int) -> None:
    board = new_board()
    for key in ("/", *"work", "enter", " ", "k", *"usr"):
        board.press(key)
    check_golden(f"top.signal.{width}x{height}", text_of(draw(board, width, height)))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_log_and_sorted_by_state(width: int, height: int) -> None:
    board = new_board()
    for key in ("o", "l"):
        board.press(key)
    board.log = [f"line {number} of a log that goes on" for number in range(100)]
    check_golden(f"top.log.{width}x{height}", text_of(draw(board, width, height)))


def test_help_over_a_small_window() -> None:
    board = new_board()
    board.press("?")
    check_golden("top.help.60x15", text_of(draw(board, 60, 15)))


def test_the_cursor_is_drawn_where_it_is() -> None:
    board = new_board()
    lines = draw(board, 200, 50).lines
    cursors = [(row, text) for row, line in enumerate(lines) for s, text in line if "cursor" in s]
    assert cursors == [(4, "a")]


def test_a_screen_larger_than_the_pane_is_shown_around_its_cursor() -> None:
    board = new_board()
    board.picture = screen(lines=tuple(f"row {number}" for number in range(24)))
    shown = text_of(draw(board, 80, 15))
    assert "row 23" in shown
    assert "row 3" not in shown


def test_two_processes_are_not_taken_for_each_other_in_the_events() -> None:
    board = new_board()
    board.events.extend(["spawned: 'worker:1' with pid 7", "spawned: 'worker:11' with pid 8"])
    for key in ("down", "down", "down", "v"):
        board.press(key)
    shown = text_of(draw(board, 120, 20))
    assert "with pid 7" in shown
    assert "with pid 8" not in shown


def test_rows_and_buttons_are_where_the_mouse_finds_them() -> None:
    drawing = draw(new_board(), 80, 24)
    shown = text_of(drawing).splitlines()
    assert all(key in shown[row] for row, key in drawing.rows.items())
    pressed = {button.key: shown[-1][button.start : button.end] for button in drawing.buttons}
    assert pressed["s"] == "s start"
    assert pressed["q"].strip() == "q quit"


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"one\r\ntwo\n", ["one", "two"]),
        (b"10%\r50%\r100%\r\n", ["100%"]),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07text", ["red text"]),
        (b"\xff", ["\ufffd"]),
        (b"", []),
    ],
)
def test_a_log_is_shown_without_what_moves_the_cursor(data: bytes, lines: list[str]) -> None:
    assert readable_lines(data) == lines
