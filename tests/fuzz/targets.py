"""What must hold whatever comes in, one function for each: it takes bytes, and raises where not.

`tests/fuzz/test_targets.py` calls each with a few inputs of hypothesis; ``python -m tests.fuzz``
calls one for as long as one likes. What a function lets pass is named where it is caught.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress

from ctl.keys import KeyFilter
from ctl.modes import TerminalModes
from ctl.probe import AnswerFilter
from pty_mux.asciicast import Recording
from pty_mux.ground import Ground
from pty_mux.lineends import LineEnds
from pty_mux.queries import Query, QueryFilter
from pty_mux.textlog import TextLines
from taskmaster.config.shellwords import find_shell_word
from taskmaster.config.values import BadValue
from taskmaster.keeper import wire
from taskmaster.names import select
from taskmaster.protocol import frames, messages
from tests.fuzz import configs, rings, saved, screens
from tests.fuzz.source import Source

Target = Callable[[bytes], None]


def violated(read: Callable[[], object]) -> object:
    """Return what is read, or the words of its refusal."""
    try:
        return read()
    except (frames.ProtocolViolation, wire.WireViolation) as exc:
        return f"refused: {exc}"


# --- protocols ----------------------------------------------------------------------------------


def frame_stream(data: bytes) -> None:
    """Frames and lines are the same however they are cut, and held only as long as one is."""
    source = Source(data)
    stream = b""
    while source.byte() % 4:
        kind = source.pick([*frames.FrameType, 0, 99])
        payload = source.take(source.below(20))
        length = source.pick([len(payload), len(payload), 2**18, 2**18 + 1, 2**32 - 1])
        stream += bytes([kind]) + length.to_bytes(4, "big") + payload
    pieces = source.pieces(stream + source.rest())

    def read(cut: bool, decoder: frames.FrameDecoder | frames.LineDecoder) -> list[object]:
        found: list[object] = []
        try:
            for piece in pieces if cut else [b"".join(pieces)]:
                found += decoder.feed(piece)
        except frames.ProtocolViolation as exc:
            found.append(str(exc))
        return found

    assert read(True, frames.FrameDecoder()) == read(False, frames.FrameDecoder())
    assert read(True, frames.LineDecoder(30)) == read(False, frames.LineDecoder(30))
    for frame in read(False, frames.FrameDecoder()):
        if isinstance(frame, frames.Frame):
            assert list(frames.FrameDecoder().feed(frames.encode_frame(*vars(frame).values())))
            violated(lambda frame=frame: frames.decode_report(frame.payload))  # type: ignore[misc]
            violated(lambda frame=frame: frames.decode_size(frame.payload))  # type: ignore[misc]


def _line(source: Source, message: object) -> bytes:
    text = json.dumps(message, ensure_ascii=source.byte() % 2 == 0)
    line = text.encode("utf-8", "surrogatepass")
    match source.byte() % 8:
        case 0:
            return b"[" * 3000 + line
        case 1:  # keys may come twice, anything may be cut off
            return line[: source.below(len(line) + 1)] + source.rest()
        case 2:
            return line.replace(b'"', b'"id":1,"', 1)
    return line


def requests(data: bytes) -> None:
    """A line is a request that travels, or a refusal that can be sent."""
    source = Source(data)
    method = source.pick([*messages.REQUESTS, "", "nosuch"])
    fields = getattr(messages.REQUESTS.get(method), "FIELDS", {})
    params = {name: _plausible(source, str(kind)) for name, kind in fields.items()}
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    changed = message if source.byte() % 4 == 0 else source.mutated(message)
    line = data if source.byte() % 8 == 0 else _line(source, changed)
    try:
        request_id, request = messages.decode_request(line)
    except messages.UndecodableRequest as exc:
        answer = messages.encode_error(exc.request_id, exc)
        assert b"\n" not in answer
        said = messages.decode_from_daemon(answer, "status")
        assert isinstance(said, messages.Response)
        assert said.error is not None
        return
    again = messages.encode_request(request, 1)
    assert messages.decode_request(again) == (1, request)
    strictly(messages.encode_result(request_id, None))
    strictly(again)


def strictly(line: bytes) -> object:
    """Read JSON as others do: they know no NaN and no Infinity (RFC 8259)."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON: {line[:200]!r}")

    return json.loads(line, parse_constant=refuse)


def _plausible(source: Source, kind: str) -> object:
    if source.byte() % 4 == 0:
        return source.json()
    if "tuple" in kind:
        return [source.text() for _ in range(source.below(3))]
    if "bool" in kind:
        return source.pick([True, False])
    if "int" in kind:
        return source.below(300)
    return source.pick([0.5, 3, 1e308]) if "float" in kind else source.text()


def answers(data: bytes) -> None:
    """A line of the daemon is understood, or of another version."""
    source = Source(data)
    method = source.pick(list(messages.RESULTS))
    kind = messages.RESULTS[method]
    fields: Mapping[str, object] = getattr(kind, "FIELDS", {})
    result: object = {name: _plausible(source, str(one)) for name, one in fields.items()}
    result = [result] if source.byte() % 2 else result
    message = source.mutated({"jsonrpc": "2.0", "id": 1, "result": result})
    line = data if source.byte() % 8 == 0 else _line(source, message)
    with suppress(messages.ProtocolMismatch):
        messages.decode_from_daemon(line, method)


def keeper_wire(data: bytes) -> None:
    """The wire gives messages whose fields have their types, or a violation; cut anywhere."""
    source = Source(data)
    stream = b""
    for _ in range(source.below(4)):
        kind = source.pick(list(wire._KINDS))
        names = wire._KINDS[kind]._fields
        hints = wire._KINDS[kind].__annotations__
        fields = {name: _of_wire(source, str(hints[name])) for name in names}
        message = fields | {"kind": kind, "descriptors": source.below(3)}
        message = message if source.byte() % 3 else source.mutated(message)
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        stream += len(body).to_bytes(4, "big") + body
    pieces = source.pieces(stream + source.rest())

    def read(cut: bool) -> list[object]:
        found: list[object] = []
        decoder = wire.Decoder()
        try:
            for piece in pieces if cut else [b"".join(pieces)]:
                found += decoder.feed(piece)
        except wire.WireViolation as exc:
            found.append(str(exc))
        return found

    whole = read(False)
    assert repr(whole) == repr(read(True))
    for item in whole:
        if isinstance(item, tuple) and not isinstance(item[0], wire.Announced):
            for name, value in item[0]._asdict().items():
                hint = str(type(item[0]).__annotations__[name])
                assert _has_type(value, hint), (item, name)


def _of_wire(source: Source, hint: str) -> object:
    if "Mapping" in hint:
        return {source.text(): source.text() for _ in range(source.below(3))}
    if "list" in hint:
        one = source.text if "str" in hint else source.byte
        return [one() for _ in range(source.below(3))]
    return source.byte() if "int" in hint or "float" in hint else source.text()


def _has_type(value: object, hint: str) -> bool:
    if "Mapping" in hint:
        inner = "str | None" if "None" in hint else "class 'str'"
        return isinstance(value, dict) and all(_has_type(v, inner) for v in value.values())
    if "list" in hint:
        return isinstance(value, list) and all(_has_type(v, hint[5:-1]) for v in value)
    if value is None:
        return "None" in hint
    return type(value).__name__ in hint or ("float" in hint and type(value) is int)


# --- what comes from a terminal -----------------------------------------------------------------


def queries(data: bytes) -> None:
    """Questions are the same however the stream is cut, and no byte of it is lost."""
    source = Source(data)
    pieces = source.pieces(source.rest())

    def parts(pieces: list[bytes]) -> list[bytes | Query]:
        filter_ = QueryFilter()
        found: list[bytes | Query] = [b""]
        for piece in [*pieces, None]:
            for part in filter_.feed(piece) if piece is not None else [filter_.flush()]:
                if isinstance(part, Query) or isinstance(found[-1], Query):
                    found.append(part)
                else:
                    found[-1] += part
            assert len(filter_._held) < 5000
        return [part for part in found if part]

    whole = b"".join(pieces)
    found = parts([whole])
    assert b"".join(part.text if isinstance(part, Query) else part for part in found) == whole
    assert parts(pieces) == found
    assert parts([whole[n : n + 1] for n in range(len(whole))]) == found


def text_log(data: bytes) -> None:
    """The lines of a log are the same however the stream is cut."""
    source = Source(data)
    pieces = source.pieces(source.rest())

    def lines(pieces: list[bytes]) -> bytes:
        text = TextLines()
        settled = b"".join(text.feed(piece) for piece in pieces)
        return settled + text.flush()

    whole = lines([b"".join(pieces)])
    assert lines(pieces) == whole
    assert lines([data[n : n + 1] for n in range(len(data))]) == lines([data])
    assert b"\x1b" not in whole
    whole.decode()


def line_ends(data: bytes) -> None:
    """Line ends are undone however the stream is cut."""
    source = Source(data)
    pieces = source.pieces(source.rest())
    ends = LineEnds()
    found = b"".join(ends.feed(piece) for piece in pieces) + ends.flush()
    assert found == b"".join(pieces).replace(b"\r\n", b"\n")


def ground(data: bytes) -> None:
    """Where other output may be shown does not depend on the cut, nor is much held."""
    source = Source(data)
    pieces = source.pieces(source.rest())
    whole, cut = Ground(), Ground()
    whole.feed(b"".join(pieces))
    for piece in pieces:
        cut.feed(piece)
        assert len(cut._pending) <= 600
    assert cut.is_ground == whole.is_ground


def recording(data: bytes) -> None:
    """A recording is lines of JSON, and holds the text whole however it was cut."""
    source = Source(data)
    title, size = source.text(), source.below(65536)
    pieces = source.pieces(source.rest())
    recorded = Recording(0.0)
    lines = recorded.header(size, size, 1e9, "xterm", title)
    for number, piece in enumerate(pieces):
        lines += recorded.output(piece, source.pick([number, -5.0, 1e9]))
    lines += recorded.resize(size, 2, 3.0)
    header, *events = [strictly(line) for line in lines.splitlines()]
    assert isinstance(header, dict)
    shown = "".join(event[2] for event in events if isinstance(event, list) and event[1] == "o")
    assert b"".join(pieces).decode("utf-8", "replace").startswith(shown)
    times = [event[0] for event in events if isinstance(event, list)]
    assert times == sorted(times)


# --- what comes from the user -------------------------------------------------------------------


def typed_keys(data: bytes) -> None:
    """What is typed is passed on up to the detach key, however it is cut."""
    source = Source(data)
    key = source.pick([0x1D, 0x01, None])
    pieces = source.pieces(source.rest())

    def typed(pieces: list[bytes]) -> tuple[bytes, bool]:
        keys = KeyFilter(key)
        passed = b""
        for piece in pieces:
            data, detach = keys.feed(piece, 0.0)
            passed += data
            assert len(keys._held) <= 50
            if detach:
                return passed, True
        return passed + keys.flush(), False

    whole = b"".join(pieces)
    assert typed([whole]) == typed(pieces) == typed([bytes([byte]) for byte in whole])
    assert whole.startswith(typed(pieces)[0])


def told_by_terminal(data: bytes) -> None:
    """Answers of the terminal are cut out of what is typed, however it is cut."""
    source = Source(data)
    pieces = source.pieces(source.rest())

    def told(pieces: list[bytes]) -> tuple[bytes, object]:
        filter_ = AnswerFilter(asked=True)
        typed = b""
        for piece in pieces:
            typed += filter_.feed(piece)
            assert len(filter_._held) <= 100
        typed += filter_.flush()
        return typed, filter_.told

    whole = b"".join(pieces)
    assert told([whole]) == told(pieces) == told([bytes([byte]) for byte in whole])
    if (found := told([whole])[1]) is not None:
        assert isinstance(found, tuple)
        report = frames.encode_report(found[0], found[1], speaks_kitty=found[2])
        assert frames.decode_report(report) == found


def user_terminal(data: bytes) -> None:
    """What brings the user's terminal back does not depend on the cut."""
    source = Source(data)
    pieces = source.pieces(source.rest())
    whole, cut = TerminalModes(), TerminalModes()
    whole.feed(b"".join(pieces))
    for piece in pieces:
        cut.feed(piece)
    assert cut.restore() == whole.restore()


def words(data: bytes) -> None:
    """Words of people are understood or refused: names, numbers, commands."""
    source = Source(data)
    known = [f"{source.text() or 'a'}:{n}" for n in range(source.below(4))]
    written = [source.text() for _ in range(source.below(4))]
    selection = select(written, known)
    assert set(selection.names) <= set(known)
    assert set(selection.unknown) <= set(written)
    text = source.rest().decode("utf-8", "replace")
    for read in configs.VALUE_READERS:
        with suppress(BadValue):
            read(text)
    is_command = False
    with suppress(ValueError):
        is_command = bool(configs.split_words(text))
    if is_command:
        find_shell_word(text)


TARGETS: Mapping[str, Target] = {
    target.__name__: target
    for target in (
        frame_stream, requests, answers, keeper_wire, configs.config, configs.config_text,
        screens.screen, screens.painting, screens.model_of_ring, screens.terminal_of_process,
        screens.looking, queries, text_log, line_ends, ground, recording, rings.ring, saved.values,
        saved.memory, typed_keys, told_by_terminal, user_terminal, words,
    )
}  # fmt: skip
