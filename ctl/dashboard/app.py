"""The application: keys and news in, the drawing out, at most ten times a second.

This is the one place that knows prompt_toolkit's application, and the one that knows the time. What
is drawn is compared with what was drawn before, and nothing is sent where nothing changed.
"""

import asyncio
import contextlib
import io
import os
import sys
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from prompt_toolkit.application import Application
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import Layout, Window
from prompt_toolkit.mouse_events import MouseButton, MouseEvent, MouseEventType
from prompt_toolkit.styles import Style

from ctl import seats
from ctl.connection import ConnectionLost, NoDaemon
from ctl.context import EXIT_DONE, EXIT_UNUSABLE, Context, Unusable, ask
from ctl.dashboard import editing, source
from ctl.dashboard.actions import Action, Apply, Edit, Give, Kind, Leave, Sit
from ctl.dashboard.board import Board, Pane
from ctl.dashboard.looking import Looking
from ctl.dashboard.window import WholeWindow
from ctl.render import outcome_lines
from ctl.words import no_words
from taskmaster.protocol import messages
from taskmaster.protocol.messages import RequestError, Verdict

_REDRAW_SECONDS: Final = 0.1
_DRAWING_PART: Final = 8
"""What changes by itself may take this part of a processor for being drawn, and no more."""

_SETTLE_SECONDS: Final = 0.05
"""Who runs through the rows with a key held down looks at none of them on the way."""

_DOUBLE_CLICK_SECONDS: Final = 0.4
_ESCAPE_SECONDS: Final = 0.05

_Application: TypeAlias = Application[Action]

_STYLE: Final = Style.from_dict({
    "title": "reverse",
    "note": "bold",
    "heading": "bold",
    "border": "ansibrightblack",
    "program": "bold",
    "selected": "reverse",
    "marked": "bold",
    "running": "ansigreen",
    "starting": "ansicyan",
    "stopping": "ansicyan",
    "backoff": "ansiyellow",
    "fatal": "ansired bold",
    "unknown": "ansired bold",
    "exited": "ansiyellow",
    "stopped": "ansibrightblack",
    "reason": "",
    "cursor": "reverse",
    "keys": "",
    "key": "bold",
    "question": "bold",
    "message": "bold",
    "bad": "bold ansired",
})  # fmt: skip


def top(context: Context, words: list[str]) -> int:
    """Show the dashboard until the user leaves it."""
    no_words(words)
    if context.as_json:
        raise Unusable("it is for people, and no JSON document")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        context.fail("top: it needs a terminal")
        return EXIT_UNUSABLE
    connection = context.connect()
    hello, where = connection.hello, connection.path
    connection.close()
    board = Board(daemon=f"taskmaster {os.path.basename(hello.config) or where}")
    while True:
        match _Dashboard(context, board).run():
            case Leave():
                return EXIT_DONE
            case Sit(name):
                _sit(context, board, name)
            case Edit():
                editing.edit(context, board, hello.config, where)


def _sit(context: Context, board: Board, name: str) -> None:
    """Attach to a process; what is said of a failure is shown on the dashboard afterwards."""
    complaints = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaints):
            status = seats.sit(context, [name])
    except Exception as exc:
        if not isinstance(exc, RequestError | NoDaemon | ConnectionLost):
            raise
        board.tell(str(exc), is_bad=True)
        return
    if status != EXIT_DONE and (said := complaints.getvalue().strip()):
        board.tell(said.splitlines()[-1], is_bad=True)


class _Dashboard:
    """One time on the screen: from when it takes the terminal until it gives it back."""

    def __init__(self, context: Context, board: Board) -> None:
        self._context = context
        self._board = board
        self._window = WholeWindow(board, self._on_mouse)
        self._app: _Application = Application(
            layout=Layout(Window(self._window, always_hide_cursor=True)),
            key_bindings=self._bindings(),
            style=_STYLE,
            full_screen=True,
            before_render=self._will_render,
            after_render=self._rendered,
            mouse_support=Condition(lambda: board.mouse),
        )
        self._app.ttimeoutlen = _ESCAPE_SECONDS
        self._looking = Looking(context.connect, self._tell)
        self._looked_at: tuple[Pane, str] | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._redrawing: asyncio.TimerHandle | None = None
        self._drawn_at = 0.0
        self._drawing_seconds = 0.0
        self._rendering_at = 0.0
        self._clicked: tuple[str, float] = ("", 0.0)
        self._orders: set[asyncio.Task[None]] = set()

    def run(self) -> Action:
        """Show it until something has to be done elsewhere; return that."""
        try:
            return self._app.run(pre_run=self._begin, handle_sigint=False)
        finally:
            self._looking.close()

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._board.events.clear()
        self._looking.begin()

    # --- news -----------------------------------------------------------------------------------

    def _tell(self, news: source.News) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile, nobody listens
            self._loop.call_soon_threadsafe(self._take, news)

    def _take(self, news: source.News) -> None:
        board = self._board
        match news:
            case source.All(statuses, at):
                board.take_all(statuses, at)
            case source.Some(statuses):
                board.take_some(statuses)
            case source.Shown(screen):
                board.picture = screen
            case source.Logged(name, lines) if name == board.shown_name():
                board.log = lines
            case source.Explained(name, lines) if name == board.shown_name():
                board.details = lines
            case source.Happened(lines):
                board.events.extend(lines)
                self._looking.happened(lines)
            case source.Lost(why):
                board.lost = why
        self._look()
        self._redraw_soon()

    def _look(self) -> None:
        """Have the pane follow the selected process, once the user stays at a row."""
        if self._settling is None and self._wanted() != self._looked_at:
            self._settling = self._loop.call_later(_SETTLE_SECONDS, self._settled)

    def _wanted(self) -> tuple[Pane, str]:
        return self._board.pane, self._board.shown_name()

    def _settled(self) -> None:
        self._settling = None
        self._looked_at = self._wanted()
        self._board.log = self._board.details = ()
        self._looking.look_at(*self._looked_at)

    # --- drawing --------------------------------------------------------------------------------

    def _redraw_soon(self) -> None:
        """Draw what has changed by itself, not too often and not at too high a price."""
        if self._redrawing is None:
            pause = max(_REDRAW_SECONDS, self._drawing_seconds * _DRAWING_PART)
            wait = max(0.0, self._drawn_at + pause - self._loop.time())
            self._redrawing = self._loop.call_later(wait, self._redraw)

    def _redraw(self) -> None:
        if self._redrawing is not None:
            self._redrawing.cancel()
            self._redrawing = None
        self._drawn_at = self._loop.time()
        size = self._app.output.get_size()
        is_other = self._window.draw(size.columns, size.rows)
        self._drawing_seconds = self._loop.time() - self._drawn_at
        if is_other:
            self._app.invalidate()

    def _will_render(self, app: _Application) -> None:
        self._rendering_at = self._loop.time()

    def _rendered(self, app: _Application) -> None:
        self._drawing_seconds += self._loop.time() - self._rendering_at

    # --- keys and mouse -------------------------------------------------------------------------

    def _bindings(self) -> KeyBindings:
        bindings = KeyBindings()

        def bind(key: Keys | str, name: str) -> None:
            @bindings.add(key, eager=name == "escape")
            def _(event: KeyPressEvent) -> None:
                self.press(name)

        for key, name in _KEYS.items():
            bind(key, name)

        @bindings.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            if len(event.data) == 1:
                self.press(event.data)

        @bindings.add(Keys.BracketedPaste)
        def _(event: KeyPressEvent) -> None:
            for char in event.data if self._board.question is not None else "":
                if char.isprintable():
                    self.press(char)

        return bindings

    def press(self, key: str) -> None:
        """Take a key, and show at once what it did."""
        self._do(self._board.press(key))
        self._look()
        self._redraw()

    def _do(self, action: Action | None) -> None:
        match action:
            case Leave() | Sit() | Edit():
                self._app.exit(result=action)
            case Give():
                self._begin_order(lambda: self._order(action))
            case Apply():
                self._begin_order(self._apply)

    def _begin_order(self, order: Callable[[], str]) -> None:
        task = self._loop.create_task(self._carry_out(order))
        self._orders.add(task)
        task.add_done_callback(self._orders.discard)

    async def _carry_out(self, order: Callable[[], str]) -> None:
        try:
            self._board.tell(await asyncio.to_thread(order))
        except (RequestError, NoDaemon, ConnectionLost) as exc:
            self._board.tell(str(exc).replace("\n", "; "), is_bad=True)
        self._looking.hurry()
        self._redraw()

    def _order(self, order: Give) -> str:
        request: messages.Request
        token = os.urandom(8).hex()
        match order.kind:
            case Kind.START:
                request = messages.Start(order.names, token)
            case Kind.STOP:
                request = messages.Stop(order.names, token)
            case Kind.RESTART:
                request = messages.Restart(order.names, token)
            case Kind.SIGNAL:
                request = messages.Signal(order.signal, order.names)
        outcomes = ask(self._context, request)
        assert isinstance(outcomes, list)
        failed = [outcome for outcome in outcomes if outcome.verdict is not Verdict.DONE]
        shown = outcome_lines(failed or outcomes).splitlines()
        if failed:
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise RequestError(messages.ErrorCode.INVALID_PARAMS, shown[0] + more)
        return shown[0] if len(shown) == 1 else f"{len(shown)} processes: {outcomes[0].text}"

    def _apply(self) -> str:
        report = ask(self._context, messages.Reload())
        assert isinstance(report, messages.ReloadReport)
        return "; ".join(report.changes) or "nothing changed"

    def _on_mouse(self, event: MouseEvent) -> None:
        """Take the mouse: a click selects or presses, two attach, the wheel moves."""
        drawing = self._window.drawing
        line, column = event.position.y, event.position.x
        match event.event_type:
            case MouseEventType.SCROLL_UP | MouseEventType.SCROLL_DOWN:
                up = event.event_type is MouseEventType.SCROLL_UP
                self.press("up" if up else "down")
            case MouseEventType.MOUSE_UP if event.button is MouseButton.LEFT:
                if line == len(drawing.lines) - 1:
                    for button in drawing.buttons:
                        if button.start <= column < button.end:
                            self.press(button.key)
                            return
                elif column < drawing.list_cells and (key := drawing.rows.get(line)):
                    self._click_row(key)

    def _click_row(self, key: str) -> None:
        before, at = self._clicked
        now = time.monotonic()
        self._clicked = (key, now)
        self._board.select(key)
        if before == key and now - at < _DOUBLE_CLICK_SECONDS:
            self.press("enter")
            return
        self._look()
        self._redraw()


_KEYS: Final[dict[Keys | str, str]] = {
    Keys.Up: "up",
    Keys.Down: "down",
    Keys.Left: "left",
    Keys.Right: "right",
    Keys.PageUp: "pageup",
    Keys.PageDown: "pagedown",
    Keys.Home: "home",
    Keys.End: "end",
    Keys.Enter: "enter",
    Keys.Escape: "escape",
    Keys.Backspace: "backspace",
    Keys.Tab: "tab",
    Keys.ControlC: "c-c",
    Keys.ControlU: "c-u",
    Keys.SIGINT: "c-c",
}
