"""Texts in cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth

from ctl.dashboard.text import cut, from_ansi, left, piece, plain, right, width_of

TEXTS = st.text(alphabet="ab \u4e16\U0001f600\x1b\te\u0301")


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("nginx", 5, "nginx"),
        ("nginx", 4, "ngi…"),
        ("nginx", 1, "…"),
        ("nginx", 0, ""),
        ("世界", 3, "世…"),
        ("世界", 4, "世界"),
        ("世界", 2, "…"),
    ],
)
def test_a_text_is_cut_where_it_does_not_fit(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


@given(TEXTS, st.integers(0, 20))
def test_left_and_right_have_their_width(text: str, width: int) -> None:
    assert get_cwidth(left(text, width)) == get_cwidth(right(text, width)) == width


def test_nothing_moves_the_cursor() -> None:
    assert plain("a\x1b[2Jb\r\n") == "a·[2Jb··"


@given(st.lists(st.tuples(st.just(""), TEXTS)), st.integers(0, 30), st.integers(0, 30))
def test_a_piece_has_its_width(line: list[tuple[str, str]], start: int, width: int) -> None:
    shown = [(style, plain(text)) for style, text in line]
    assert width_of(piece(shown, start, width)) == width


def test_a_wide_character_that_is_cut_in_two_is_blank() -> None:
    assert piece([("x", "a世b")], 0, 2) == [("x", "a"), ("x", " ")]
    assert piece([("x", "a世b")], 2, 2) == [("x", " "), ("x", "b")]


def test_colours_become_styles() -> None:
    assert from_ansi("\x1b[1;31mno\x1b[0m way") == [("ansired bold", "no"), ("", " way")]
