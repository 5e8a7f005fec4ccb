"""Every message survives its line, and no line gets past the decoders unchecked."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.protocol import messages
from taskmaster.protocol.frames import MAX_MESSAGE_BYTES
from taskmaster.protocol.messages import (
    MAX_TAIL_BYTES,
    NOTIFICATIONS,
    REQUESTS,
    RESULTS,
    ErrorCode,
    LogAppended,
    LogText,
    Notification,
    Outcome,
    ProtocolMismatch,
    Request,
    RequestError,
    Response,
    Result,
    Status,
    Tail,
    UndecodableRequest,
    Verdict,
    decode_from_daemon,
    decode_request,
    encode_error,
    encode_notification,
    encode_request,
    encode_result,
    to_json,
)

whole = st.integers(-(2**70), 2**70)
decimals = st.floats(allow_nan=False, allow_infinity=False)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: whole,
    bool: st.booleans(),
    float: decimals,
    bytes: st.binary(),
    Verdict: st.sampled_from(Verdict),
    tuple[str, ...]: st.lists(st.text(), max_size=4).map(tuple),
    int | None: st.none() | whole,
    float | None: st.none() | decimals,
}


def values(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: BY_TYPE[declared] for name, declared in kind.FIELDS.items()})


def results(method: str) -> st.SearchStrategy[Any]:
    kind = RESULTS[method]
    if kind is None:
        return st.none()
    one_each = (
        messages.Hello,
        messages.ReloadReport,
        LogText,
        messages.Attached,
        messages.ScreenShown,
        messages.MetricsText,
        messages.Story,
    )
    return values(kind) if kind in one_each else st.lists(values(kind), max_size=4)


requests = st.sampled_from(list(REQUESTS.values())).flatmap(values)
notifications = st.sampled_from(list(NOTIFICATIONS.values())).flatmap(values)
ids = st.none() | whole | st.text()
methods = st.sampled_from(list(RESULTS))
answers = methods.flatmap(lambda method: st.tuples(st.just(method), results(method)))

anything = st.recursive(
    st.none() | st.booleans() | whole | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
names = sorted({name for kind in REQUESTS.values() for name in kind.FIELDS})
params = anything | st.dictionaries(st.sampled_from(names), anything, max_size=4)
nearly_requests = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": methods},
    optional={"id": anything, "params": params},
)
result_names = sorted({name for kind in RESULTS.values() if kind for name in kind.FIELDS})
pieces = anything | st.dictionaries(st.sampled_from(result_names), anything, max_size=4)
nearly_answers = st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "result": pieces | st.lists(pieces, max_size=2),
        "error": anything | st.fixed_dictionaries({"code": anything, "message": anything}),
    },
)
nearly_notifications = st.fixed_dictionaries(
    {"method": st.sampled_from(list(NOTIFICATIONS)) | st.text(), "params": pieces}
)
lines = st.binary() | anything.map(lambda value: json.dumps(value).encode())
NO_JSON = [b"", b"{", b"status", b"\xff\x00", b"[" * 100_000, b"9" * 5000, b'{"a":1}{}']


def line_of(method: object, params: object, **more: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params} | more).encode()


def request_or_refusal(line: bytes) -> Request | UndecodableRequest:
    try:
        return decode_request(line)[1]
    except UndecodableRequest as refused:
        return refused


def refusal(line: bytes) -> UndecodableRequest:
    outcome = request_or_refusal(line)
    assert isinstance(outcome, UndecodableRequest)
    return outcome


# --- there and back ---------------------------------------------------------------------------


@given(requests, whole)
def test_any_request_is_one_line_and_decodes_to_itself(request: Request, number: int) -> None:
    line = encode_request(request, number)

    assert line.isascii()
    assert b"\n" not in line
    assert decode_request(line) == (number, request)


@given(answers, ids)
def test_any_result_decodes_to_itself(answer: tuple[str, Result], number: int | str | None) -> None:
    method, result = answer

    assert decode_from_daemon(encode_result(number, result), method) == Response(number, result)


@given(notifications, methods)
def test_any_notification_decodes_to_itself_whatever_was_asked(
    notification: Notification, method: str
) -> None:
    assert decode_from_daemon(encode_notification(notification), method) == notification


@given(st.sampled_from(ErrorCode), st.text(), ids, methods)
def test_any_error_decodes_to_its_code_and_text(
    code: ErrorCode, text: str, number: int | str | None, method: str
) -> None:
    response = decode_from_daemon(encode_error(number, RequestError(code, text)), method)

    assert isinstance(response, Response)
    assert response.error is not None
    assert (response.request_id, response.result) == (number, None)
    assert (response.error.code, response.error.message) == (code, text)


def test_every_request_has_a_result_and_every_result_its_request() -> None:
    assert RESULTS.keys() == REQUESTS.keys()


def test_what_a_later_version_of_the_daemon_adds_is_passed_over() -> None:
    answer = {
        "result": {"program": "taskmaster", "version": "9", "protocol": 1, "pid": 1, "mood": 2}
    }

    response = decode_from_daemon(json.dumps(answer).encode(), "version")

    assert isinstance(response, Response)
    assert response.result == messages.Hello("taskmaster", "9", 1, 1)


def test_the_longest_tail_fits_into_a_message() -> None:
    line = encode_result(2**60, LogText(bytes(MAX_TAIL_BYTES)))

    assert len(line) <= MAX_MESSAGE_BYTES


def test_the_lines_are_those_of_json_rpc() -> None:
    error = RequestError(ErrorCode.NO_LOG, "none")

    assert json.loads(encode_request(Tail("web:0", limit_bytes=9), 7)) == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "tail",
        "params": {"name": "web:0", "limit_bytes": 9},
    }
    assert json.loads(encode_result(7, [Outcome("web:0", Verdict.FAILED, "no")])) == {
        "jsonrpc": "2.0",
        "id": 7,
        "result": [{"name": "web:0", "verdict": "failed", "text": "no"}],
    }
    assert json.loads(encode_error(None, error)) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": 4, "message": "none"},
    }
    assert json.loads(encode_notification(LogAppended(b"\xff\n", 3))) == {
        "jsonrpc": "2.0",
        "method": "log",
        "params": {"data": "/wo=", "skipped_bytes": 3},
    }


def test_what_no_message_holds_has_no_json() -> None:
    with pytest.raises(TypeError, match="no message holds set"):
        to_json([{"a": {1}}])


# --- requests that are refused ----------------------------------------------------------------


@given(lines | nearly_requests.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_request_or_a_refusal_that_can_be_answered(line: bytes) -> None:
    outcome = request_or_refusal(line)

    if isinstance(outcome, UndecodableRequest):
        answer = decode_from_daemon(encode_error(outcome.request_id, outcome), "status")
        assert isinstance(answer, Response)
        assert answer.request_id == outcome.request_id
    else:
        assert type(outcome) is REQUESTS[outcome.METHOD]


@pytest.mark.parametrize("line", NO_JSON, ids=lambda line: line[:10])
def test_what_is_no_json_is_a_parse_error(line: bytes) -> None:
    refused = refusal(line)

    assert (refused.code, refused.request_id) == (ErrorCode.PARSE_ERROR, None)
    assert "not a line of JSON" in refused.message


@pytest.mark.parametrize(
    ("line", "code", "request_id", "words"),
    [
        (b"[]", ErrorCode.INVALID_REQUEST, None, "is a JSON object"),
        (b'{"id": 5}', ErrorCode.INVALID_REQUEST, 5, '"jsonrpc": "2.0"'),
        (b'{"id": 5, "method": "status"}', ErrorCode.INVALID_REQUEST, 5, '"jsonrpc": "2.0"'),
        (line_of("stop", {}, id="a", jsonrpc="1.0"), ErrorCode.INVALID_REQUEST, "a", "jsonrpc"),
        (line_of(["status"], {}, id=5), ErrorCode.INVALID_REQUEST, 5, '"method"'),
        (line_of("status", {}, id=[5]), ErrorCode.INVALID_REQUEST, None, "id must be"),
        (line_of("status", {}, id=True), ErrorCode.INVALID_REQUEST, None, "id must be"),
        (line_of("status", {}, id=1.5), ErrorCode.INVALID_REQUEST, None, "id must be"),
        (line_of("stat", {}, id=5), ErrorCode.METHOD_NOT_FOUND, 5, "no such method: stat"),
        (line_of("status", [], id=5), ErrorCode.INVALID_PARAMS, 5, "status: params must be"),
        (line_of("status", None, id="a"), ErrorCode.INVALID_PARAMS, "a", "status: params must be"),
    ],
)
def test_a_refusal_says_why_and_whom_to_answer(
    line: bytes, code: ErrorCode, request_id: int | str | None, words: str
) -> None:
    refused = refusal(line)

    assert (refused.code, refused.request_id) == (code, request_id)
    assert words in refused.message


SAMPLES: list[Any] = [None, True, 1, 1.0, "x", ["x"], ["x", 1], [], {}, {"x": "y"}]
TYPE_OF_SAMPLE: dict[Any, list[Any]] = {
    str: ["x"],
    int: [1],
    bool: [True],
    float: [1.0, 1],
    tuple[str, ...]: [["x"], []],
}


@pytest.mark.parametrize("kind", REQUESTS.values())
def test_a_parameter_is_taken_with_its_own_type_alone(kind: type[Request]) -> None:
    valid = {name: TYPE_OF_SAMPLE[declared][0] for name, declared in kind.FIELDS.items()}
    for name, declared in kind.FIELDS.items():
        for sample in SAMPLES:
            line = line_of(kind.METHOD, valid | {name: sample})

            if any(repr(sample) == repr(accepted) for accepted in TYPE_OF_SAMPLE[declared]):
                decode_request(line)
            else:
                refused = refusal(line)
                assert refused.code == ErrorCode.INVALID_PARAMS
                assert refused.message.startswith(f"{kind.METHOD}: {name}: ")


def test_parameters_that_have_a_default_may_be_left_out() -> None:
    assert decode_request(b'{"jsonrpc": "2.0", "method": "status"}') == (None, Status())
    assert decode_request(line_of("tail", {"name": "web:0"}, id=1)) == (1, Tail("web:0"))


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("start", {}, "start: missing parameter: names"),
        ("signal", {}, "signal: missing parameter: signal, names"),
        ("tail", {"follow": True}, "tail: missing parameter: name"),
        ("reload", {"self": 1}, "reload: unknown parameter: self"),
        ("start", {"name": "x"}, "start: unknown parameter: name"),
        ("start", {"METHOD": "stop"}, "start: unknown parameter: METHOD"),
        ("start", {"n" * 999: 1}, "start: unknown parameter: " + "n" * 100),
        ("n" * 999, {}, "no such method: " + "n" * 100),
    ],
)
def test_the_parameter_that_is_missing_or_unknown_is_named(
    method: str, params: object, text: str
) -> None:
    assert refusal(line_of(method, params)).message == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_time_that_no_clock_reaches_is_refused(number: str) -> None:
    """Python's JSON reads them, and a timer for NaN has no place among the others."""
    line = b'{"jsonrpc":"2.0","method":"wait","params":{"name":"a","timeout":%b}}'

    refused = refusal(line % number.encode())

    assert "timeout: " in refused.message
    assert "is no number to reckon with" in refused.message


# --- answers that are refused -----------------------------------------------------------------


@given(
    lines | (nearly_answers | nearly_notifications).map(lambda value: json.dumps(value).encode()),
    methods,
)
def test_any_line_of_the_daemon_is_known_or_a_mismatch(line: bytes, method: str) -> None:
    with suppress(ProtocolMismatch):
        said = decode_from_daemon(line, method)
        assert isinstance(said, (Response, *NOTIFICATIONS.values()))


@pytest.mark.parametrize("line", NO_JSON, ids=lambda line: line[:10])
def test_an_answer_that_is_no_json_is_a_mismatch(line: bytes) -> None:
    with pytest.raises(ProtocolMismatch, match="no JSON"):
        decode_from_daemon(line, "status")


STATUS = {
    "name": "web:0", "program": "web", "index": 0, "state": "RUNNING", "description": "",
    "pid": 9, "uptime": 2, "since": 5, "exit_status": None, "restarts": 0, "attached": 0,
}  # fmt: skip


def test_a_whole_number_serves_as_a_decimal_and_null_where_it_may() -> None:
    answer = decode_from_daemon(json.dumps({"result": [STATUS]}).encode(), "status")

    assert isinstance(answer, Response)
    assert isinstance(answer.result, list)
    (status,) = answer.result
    assert isinstance(status.uptime, float)
    assert (status.uptime, status.since, status.exit_status) == (2.0, 5.0, None)


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        ("status", {"result": [STATUS | {"name": None}]}, "name: NoneType instead of str"),
        ("status", {"result": [STATUS | {"pid": True}]}, "pid: bool instead of int"),
        ("status", {"result": [STATUS | {"since": True}]}, "since: bool instead of float"),
        ("status", {"result": [STATUS | {"since": 10**400}]}, "since: too great a number"),
        ("status", {"result": STATUS}, "the daemon's answer to status is no list"),
        ("pid", {"result": None}, "the daemon's answer to pid is no list"),
        ("version", {"result": []}, "params must be an object"),
        ("status", {"id": [], "result": []}, "an id that is no number and no text"),
        ("status", {"id": {}, "error": {}}, "an id that is no number and no text"),
        ("status", {"method": []}, r"an unknown notification: \[\]"),
        ("status", {"result": [STATUS | {"since": None}]}, "since: NoneType instead of float"),
        ("status", {"result": [STATUS, 3]}, "must be an object"),
        ("start", {"result": [{"name": "a", "verdict": "fine", "text": ""}]}, "verdict 'fine'"),
        ("start", {"result": [{"name": "a", "text": ""}]}, "missing parameter: verdict"),
        ("tail", {"result": {"data": "YQ"}}, "data: not base64"),
        ("tail", {"result": {"data": "YQ==\n"}}, "data: not base64"),
        ("tail", {"result": {"data": "YQ==YQ=="}}, "data: not base64"),
        ("tail", {"result": {"data": "é"}}, "data: not base64"),
        ("tail", {"result": {"data": [97]}}, "data: list instead of bytes"),
        ("tail", {"result": None}, "must be an object"),
        ("tail", {}, "must be an object"),
        ("shutdown", {"error": {"code": 99, "message": "?"}}, "as this version does not know it"),
        ("shutdown", {"error": "no"}, "as this version does not know it"),
        ("shutdown", {"error": {"code": 1}}, "as this version does not know it"),
        ("shutdown", {"method": "news", "params": {}}, "unknown notification: news"),
        ("shutdown", {"method": "log", "params": {"skipped": 1}}, "missing parameter: data"),
        ("shutdown", [], "no JSON object"),
    ],
)
def test_an_answer_of_another_shape_is_a_mismatch(method: str, answer: object, words: str) -> None:
    with pytest.raises(ProtocolMismatch, match=words):
        decode_from_daemon(json.dumps(answer).encode(), method)


def test_a_line_is_utf_8_whatever_it_looks_like() -> None:
    """json.loads takes bytes for UTF-16 or UTF-32 where they look so, and finds a codec for it."""
    request = '{"jsonrpc": "2.0", "id": 1, "method": "version"}'

    for encoding in ("utf-16", "utf-32-be", "utf-8-sig"):
        with pytest.raises(UndecodableRequest, match="not a line of JSON"):
            decode_request(request.encode(encoding))
