"""The whole window as prompt_toolkit wants it: what `draw` made of the board."""

from collections.abc import Callable

from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import UIContent, UIControl
from prompt_toolkit.mouse_events import MouseEvent

from ctl.dashboard.board import Board
from ctl.dashboard.drawing import Drawing, draw


class WholeWindow(UIControl):
    """Shows the board.

    Attributes:
        drawing: what is shown, and what is where.
    """

    def __init__(self, board: Board, on_mouse: Callable[[MouseEvent], None]) -> None:
        """Show a board; `on_mouse` hears of clicks and of the wheel."""
        self.drawing = Drawing(())
        self._board = board
        self._on_mouse = on_mouse
        self._size = (0, 0)

    def draw(self, width: int, height: int) -> bool:
        """Draw anew; return whether that looks otherwise than before."""
        before = self.drawing.lines
        self.drawing, self._size = draw(self._board, width, height), (width, height)
        return self.drawing.lines != before

    def create_content(self, width: int, height: int) -> UIContent:
        """Return what was drawn, or where the window has another size by now, a new drawing."""
        if self._size != (width, height):
            self.draw(width, height)
        lines = self.drawing.lines
        return UIContent(lambda line: list(lines[line]), len(lines), Point(0, 0))

    def mouse_handler(self, mouse_event: MouseEvent) -> None:
        """Pass the mouse on."""
        self._on_mouse(mouse_event)
