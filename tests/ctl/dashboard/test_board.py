"""What keys do to the board, and what they ask for."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ctl.dashboard.actions import (
    Apply,
    Confirming,
    Edit,
    Filtering,
    Give,
    Kind,
    Leave,
    Mending,
    Naming,
    Sheet,
    Sit,
)
from ctl.dashboard.board import Board, Pane
from ctl.dashboard.drawing import draw
from ctl.dashboard.rows import Sorting
from ctl.dashboard.text import width_of
from tests.ctl.dashboard.processes import screen, site, status

WORKERS = ("worker:0", "worker:1", "worker:2", "worker:3")


@pytest.fixture
def board() -> Board:
    return new_board()


def new_board() -> Board:
    board = Board("taskmaster c.yaml")
    board.take_all(site(), 1.0)
    return board


def shown(board: Board) -> list[str]:
    return [row.key for row in board.rows()]


def press(board: Board, *keys: str) -> object:
    done: object = None
    for key in keys:
        done = board.press(key)
    return done


def test_processes_stand_below_their_program(board: Board) -> None:
    rows = ["nginx:0", "worker", *WORKERS, "game:0", "db:0", "mail:0", "off:0"]
    assert shown(board) == rows


def test_arrows_choose_and_stop_at_the_ends(board: Board) -> None:
    press(board, "up")
    assert board.shown_name() == "nginx:0"
    press(board, "down", "down")
    assert board.selected == "worker:0"
    press(board, "end", "down")
    assert board.selected == "off:0"
    press(board, "home")
    assert board.selected == "nginx:0"
    press(board, "pagedown", "pageup")
    assert board.selected == "nginx:0"


def test_a_program_can_be_folded_and_unfolded_from_any_of_its_rows(board: Board) -> None:
    press(board, "down", "down", "left")
    assert board.selected == "worker"
    assert shown(board) == ["nginx:0", "worker", "game:0", "db:0", "mail:0", "off:0"]
    press(board, "right")
    assert "worker:0" in shown(board)


def test_an_order_is_for_the_selected_row(board: Board) -> None:
    assert press(board, "s") == Give(Kind.START, ("nginx:0",))
    assert press(board, "x") == Give(Kind.STOP, ("nginx:0",))
    assert press(board, "enter") == Sit("nginx:0")
    assert press(board, "q") == Leave()
    assert press(board, "e") == Edit()


@pytest.mark.parametrize(("key", "kind"), [("x", Kind.STOP), ("r", Kind.RESTART)])
def test_what_ends_several_processes_is_asked_once(board: Board, key: str, kind: Kind) -> None:
    assert press(board, "down", key) is None
    assert isinstance(board.question, Confirming)
    assert "4 processes" in board.question.text
    assert press(board, "y") == Give(kind, WORKERS)
    assert board.question is None


def test_no_is_no(board: Board) -> None:
    assert press(board, "down", "x", "n") is None
    assert board.question is None
    assert board.message == "nothing was done"


def test_a_start_of_several_is_not_asked(board: Board) -> None:
    assert press(board, "down", "s") == Give(Kind.START, WORKERS)


def test_marks_take_the_place_of_the_selected_row(board: Board) -> None:
    press(board, " ")
    assert board.selected == "worker"
    press(board, "end", " ")
    assert board.marked == {"nginx:0", "off:0"}
    assert press(board, "s") == Give(Kind.START, ("nginx:0", "off:0"))
    assert not board.marked


def test_to_mark_a_program_marks_what_of_it_is_not_and_then_nothing(board: Board) -> None:
    press(board, "down", "down", " ", "home", "down", " ")
    assert board.marked == set(WORKERS)
    press(board, "home", "down", " ")
    assert not board.marked


def test_a_signal_is_named(board: Board) -> None:
    press(board, "k", *"usr", "backspace", "c-u", *"usr1")
    assert board.question == Naming(("nginx:0",), "usr1")
    assert press(board, "enter") == Give(Kind.SIGNAL, ("nginx:0",), "usr1")
    assert press(board, "k", "enter") == Give(Kind.SIGNAL, ("nginx:0",), "HUP")
    assert press(board, "k", "escape") is None
    assert board.question is None


def test_a_filter_is_seen_while_it_is_typed_and_can_be_dropped(board: Board) -> None:
    press(board, "/", *"work run")
    assert isinstance(board.question, Filtering)
    assert shown(board) == ["worker", "worker:0", "worker:1", "worker:2"]
    press(board, "enter")
    assert press(board, "s") == Give(Kind.START, WORKERS[:3])
    press(board, "/", *"zzz")
    assert shown(board) == []
    assert press(board, "escape", "s") == Give(Kind.START, WORKERS[:3])
    press(board, "escape")
    assert len(shown(board)) == 10


def test_sorted_by_what_needs_somebody(board: Board) -> None:
    press(board, "o")
    assert board.sorting is Sorting.STATE
    assert shown(board)[:3] == ["mail:0", "db:0", "worker:3"]
    assert shown(board)[-1] == "off:0"


def test_sorted_by_figures(board: Board) -> None:
    busier = [status(s.name, s.state, cpu_seconds=9.0) if s.name == "game:0" else s for s in site()]
    board.take_all(busier, 2.0)
    press(board, "o", "o")
    assert (board.sorting, shown(board)[0]) == (Sorting.CPU, "game:0")
    press(board, "o")
    assert (board.sorting, shown(board)[0]) == (Sorting.MEMORY, "nginx:0")


def test_the_pane_is_switched(board: Board) -> None:
    seen = []
    for key in ("l", "w", "w", "tab", "tab"):
        press(board, key)
        seen.append(board.pane)
    assert seen == [Pane.LOG, Pane.DETAILS, Pane.SCREEN, Pane.LOG, Pane.EVENTS]


def test_any_key_leaves_the_help(board: Board) -> None:
    press(board, "?")
    assert board.sheet is not None
    assert press(board, "q") is None
    assert board.sheet is None


def test_a_changed_config_is_applied_only_by_a_yes(board: Board) -> None:
    for answer, action in (("y", Apply()), ("n", None), ("escape", None)):
        board.sheet = Sheet("what the config would change", ("web: would be added",))
        board.question = Confirming(Apply(), "apply it? y/n")
        assert press(board, answer) == action
        assert board.sheet is None


def test_a_config_with_errors_is_edited_again_or_left(board: Board) -> None:
    for answer, action in (("e", Edit()), ("q", None)):
        board.sheet, board.question = Sheet("errors", ("c.yaml:1:1: no",)), Mending()
        assert press(board, answer) == action
        assert board.sheet is None


def test_who_has_left_the_config_is_forgotten(board: Board) -> None:
    press(board, "end", " ")
    board.take_all(site()[:1], 2.0)
    assert board.marked == set()
    assert board.shown_name() == "nginx:0"


LETTERS = [*"sxrkqewlvzmo/?yn 世\x00"]
NAMES = ["up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "escape"]
KEYS = st.sampled_from([*LETTERS, *NAMES, "tab", "backspace", "c-c", "c-u"])


@settings(deadline=None, max_examples=200)
@example(keys=["s"], width=24, height=4)
@given(st.lists(KEYS, max_size=30), st.integers(1, 210), st.integers(1, 60))
def test_whatever_is_pressed_fills_a_window_of_any_size(
    keys: list[str], width: int, height: int
) -> None:
    board = new_board()
    board.picture = screen(lines=("\x1b[31m世界\x1b[0m " * 30, "x" * 300))
    board.log = ("a\tb", "世" * 100, "\x1b[2J")
    board.events.extend(["2026 INFO spawned: 'nginx:0' with pid 1", "worker:1 and worker:11"])
    for key in keys:
        board.press(key)
        drawing = draw(board, width, height)
        assert len(drawing.lines) == height
        assert {width_of(line) for line in drawing.lines} == {width}
        assert all(row < height for row in drawing.rows)
