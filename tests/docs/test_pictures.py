"""The pictures: what a terminal shows is in the SVG, at its place and in its colour."""

import xml.etree.ElementTree as ET

import pytest

from docs.pictures import PICTURES, draw
from docs.svg import frame, svg
from pty_mux.vt.terminal import Terminal

SVG = "{http://www.w3.org/2000/svg}"


def texts(image: str) -> list[tuple[str, str | None]]:
    root = ET.fromstring(image)
    return [(found.text or "", found.get("fill")) for found in root.iter(f"{SVG}text")]


def drawn(data: bytes) -> str:
    terminal = Terminal(3, 20)
    terminal.feed(data)
    return svg([frame(terminal, "a <title>", 3)])


def test_text_has_its_colour_and_what_means_something_to_xml_is_only_text() -> None:
    image = drawn(b"\x1b[31mred\x1b[38;2;1;2;3m<b>&\x1b[38;5;231mw\x1b[m")

    assert texts(image) == [
        ("a <title>", "#9aa1ab"), ("red", "#e06c75"), ("<b>&", "#010203"), ("w", "#ffffff"),
    ]  # fmt: skip


def test_a_run_is_at_its_column_also_behind_wide_characters() -> None:
    image = drawn("\u6f22\u5b57 x    y".encode())

    root = ET.fromstring(image)
    placed = {found.text: float(found.get("x", 0)) for found in root.iter(f"{SVG}text")}

    cell = 8.4
    assert placed["\u6f22\u5b57 x"] == pytest.approx(12, abs=0.1)
    assert placed["y"] == pytest.approx(12 + 10 * cell, abs=0.1)


def test_inverse_and_the_cursor_are_boxes() -> None:
    def boxes(image: str) -> int:
        return len(list(ET.fromstring(image).iter(f"{SVG}rect")))

    assert boxes(drawn(b"a\x1b[?25l")) == 1
    assert boxes(drawn(b"a")) == 2
    assert boxes(drawn(b"\x1b[7ma\x1b[m")) == 3


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_can_be_drawn_again(name: str) -> None:
    shown = "\n".join(text for text, _ in texts(draw(name)))

    assert "web:0" in shown
    assert "RUNNING" in shown
    assert "cannot start: ./mailer" in shown
