"""The model of a screen, and what stands on it: the same however the bytes come."""

from pty_mux.lookout import Lookout
from pty_mux.mirror import Mirror
from pty_mux.ring import Ring
from pty_mux.session import Session
from pty_mux.vt.terminal import MAX_STRING_LENGTH, Terminal
from pty_mux.winsize import Winsize
from taskmaster.state import from_plain, to_plain
from tests.fuzz.source import Source
from tests.pty_mux.vt.test_paint import is_paintable, painted, state
from tests.pty_mux.vt.test_terminal import _check, _whole

_NUMBERS = ["", "0", "1", "2", "7", "25", "47", "1048", "1049", "65535", "99999999999", "1;2", ";"]
_FINALS = "ABCDEFGHIJKLMPSTXZ`abcdefghlmnpqrstu@"


def stream(source: Source) -> bytes:
    """Return what a program may write: the bytes themselves, or sequences chosen by them."""
    if source.byte() % 2:
        return source.rest()
    written = b""
    while not source.is_empty:
        match source.byte() % 8:
            case 0 | 1:
                private = source.pick(["", "", "?", ">", "=", "<"])
                number = source.pick(_NUMBERS)
                between = source.pick(["", "", "", " ", "!", "$", "\n"])
                written += f"\x1b[{private}{number}{between}{source.pick(_FINALS)}".encode()
            case 2:
                written += source.pick(
                    [b"\r\n", b"\n", b"\r", b"\b", b"\t", b"\x0e", b"\x18", b"\x1b"]
                )
            case 3:
                written += b"\x1b" + source.pick(list("78DEHMNOZc=>()#]PX^_\\%")).encode()
            case 4:
                written += source.pick(
                    ["漢字", "e\u0301", "\U0001f468\u200d\U0001f469", "ｱ"]
                ).encode()
            case 5:
                written += source.take(source.below(8))
            case _:
                written += source.pick(
                    [b"x", b"text ", b"y" * 100, b"1;2", b"2;title\x07", b"\x1b\\"]
                )
    return written


def _size(source: Source) -> tuple[int, int]:
    return 1 + source.below(9), 2 + source.below(20)


def screen(data: bytes) -> None:
    """A screen is the same however the bytes are cut, and whole, and of bounded size."""
    source = Source(data)
    rows, columns = _size(source)
    sizes = [_size(source) for _ in range(source.below(3))]
    written = stream(source)
    pieces = Source(data[::-1]).pieces(written)
    whole, cut = Terminal(rows, columns), Terminal(rows, columns)
    whole.feed(written)
    for piece in pieces:
        cut.feed(piece)
        assert len(cut._held) <= MAX_STRING_LENGTH + 2
    assert _whole(cut) == _whole(whole)
    for size in sizes:
        whole.resize(*size)
        _check(whole)
        whole.feed(written[:50])
        _check(whole)


def painting(data: bytes) -> None:
    """A screen that is painted on another terminal is the same there."""
    source = Source(data)
    size = _size(source)
    terminal = Terminal(*size)
    terminal.feed(stream(source))
    if is_paintable(terminal):
        assert state(painted(terminal)) == state(terminal)


def model_of_ring(data: bytes) -> None:
    """A model that reads a small ring, in slices, is what it is without one."""
    source = Source(data)
    capacity, limit = 1 + source.below(300), 1 + source.below(100)
    rows, columns = _size(source)
    written = stream(source)
    ring = Ring(bytearray(capacity))
    mirror = Mirror(ring, Winsize(rows, columns))
    for piece in Source(data[::-1]).pieces(written):
        for start in range(0, len(piece), max(capacity // 2, 1)):
            part = piece[start : start + max(capacity // 2, 1)]
            mirror.make_room(ring, len(part))
            ring.append(part)
        mirror.catch_up(ring, limit)
    mirror.load_history(ring)
    whole = Terminal(rows, columns)
    whole.feed(written)
    assert state(mirror.terminal) == state(whole)


def terminal_of_process(data: bytes) -> None:
    """Another core finds a terminal as this one left it, at any moment."""
    source = Source(data)
    capacity, rest = 40 + source.below(300), source.below(4)
    rows, columns = _size(source)
    size = Winsize(rows, columns)
    written = stream(source)
    ring = Ring(bytearray(capacity))
    one = Session(capacity, size, ring)
    typed: list[bytes] = []
    one.on_terminal(lambda _: None, typed.append)
    pieces = Source(data[::-1]).pieces(written)
    for piece in pieces[rest:]:
        one.feed(piece)
    one.flush()
    if one.needs_checkpoint:
        one.checkpoint()
    again = from_plain(type(one.state), to_plain(one.state))
    assert again == one.state
    other = Session.restored(ring, again)
    if is_paintable(one.screen):
        assert state(other.screen) == state(one.screen)
    other.on_terminal(lambda _: None, typed.append)
    for piece in pieces[:rest]:
        other.feed(piece)
    other.painted(with_history=True)


def looking(data: bytes) -> None:
    """What is seen in a stream at once is seen too where it comes byte by byte."""
    source = Source(data)
    size = Winsize(4, 100)  # what is longer than the whole screen is not seen byte by byte
    pattern = source.pick(["x+y", "^x$", "text", "漢", "[12];", "x x"])
    written = stream(source)[:300]
    once, slowly = Lookout(pattern, size), Lookout(pattern, size)
    if once.feed(written):
        assert any(slowly.feed(written[n : n + 1]) for n in range(len(written)))
