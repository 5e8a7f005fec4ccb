"""Text in cells: nothing that moves a cursor, and never wider than there is room for."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ctl.cells import cells, cut, cut_middle, harmless, left, right

texts = st.text(st.characters() | st.sampled_from("日本e\u0301\x1b\n\u202e"), max_size=30)


@given(texts)
def test_what_is_harmless_holds_nothing_that_is_no_plain_character(text: str) -> None:
    shown = harmless(text)

    assert shown.isprintable()
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if text.isprintable():
        assert shown == text


def test_controls_are_written_as_escapes() -> None:
    assert harmless("a\x1b[31mb\nc\u202ed\udcff") == "a\\x1b[31mb\\nc\\u202ed\\udcff"


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert [cells(text) for text in ("abc", "日本", "e\u0301", "")] == [3, 4, 1, 0]


@given(texts, st.integers(0, 40))
def test_what_is_cut_fits(text: str, width: int) -> None:
    text = harmless(text)

    for made in (cut(text, width), cut_middle(text, width)):
        assert cells(made) <= width
        if cells(text) <= width:
            assert made == text


def test_a_cut_says_that_it_is_one_and_keeps_the_index_of_a_name() -> None:
    assert cut("exit status 1", 6) == "exit …"
    assert cut_middle("a-rather-long-name:117", 13) == "a-rath…me:117"
    assert cut("日本日本", 4) == "日…"


@given(texts, st.integers(60, 80))
def test_padding_gives_the_width(text: str, width: int) -> None:
    text = harmless(text)[:20]

    assert cells(left(text, width)) == cells(right(text, width)) == width
