"""The requests, responses and notifications of the control protocol, as values.

A request is a frozen value with a `METHOD`; its fields are the JSON-RPC ``params`` by name.
What a response holds is a value too, or a list of them. `encode_*` gives a line without its
newline, `decode_*` takes one and checks every field: nothing unchecked gets past this module.

| request | result |
| --- | --- |
| `Status` | list of `ProcessStatus` |
| `Reload`, `Reread`, `Update` | `ReloadReport` |
| `Add`, `Remove` | list of `Outcome`, one for each name |
| `Available` | list of `ConfiguredProcess` |
| `Groups` | list of `Group` |
| `Start`, `Stop`, `Restart` | list of `Outcome`; with ``progress`` each also as `Settled` |
| `Why` | `Story` |
| `Signal`, `Clear`, `Record`, `TryAlerts` | list of `Outcome` |
| `Upgrade` | nothing: the connection ends with the core that was asked |
| `Shutdown` | null, once everything has stopped; then the connection ends |
| `Tail`, `MainTail` | `LogText`, then with ``follow`` notifications `LogAppended` |
| `Pid` | list of `ProcessPid`; without names the keeper's alone, called ``taskmaster`` |
| `Version` | `Hello`, the same as in the greeting |
| `Subscribe` | null, then notifications `EventLogged` |
| `Attach` | `Attached`, then frames in both directions |
| `Screen` | `ScreenShown` |
| `Send`, `Wait` | null; a wait that is over in vain is the error `TIMED_OUT` |
| `Clients`, `Detach` | list of `ClientSeat`: those there are, those that were put out |
| `Metrics` | `MetricsText` |

Bytes travel as base64 text. Times of day are seconds since the epoch.
"""

import binascii
import enum
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, TypeAlias

from taskmaster.protocol.values import Value

PROTOCOL_VERSION: Final = 1

MAX_TAIL_BYTES: Final = 512 * 1024
"""The most that `Tail` and `MainTail` give at once; in base64 it still fits into a message."""

_TEXTS: Final = tuple[str, ...]
_AS_THEY_ARE: Final = (str, int, bool)
Json: TypeAlias = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class ErrorCode(enum.IntEnum):
    """The ``code`` of an error response: those of JSON-RPC 2.0, section 5.1, and ours from 1."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603
    NO_SUCH_NAME = 1
    NOT_ONE_PROCESS = 2
    """A command that needs exactly one process was given a name of several."""
    BAD_CONFIG = 3
    """The config has errors; they are the message, a line or more each, and nothing was changed."""
    NO_LOG = 4
    SHUTTING_DOWN = 5
    TOO_MANY_CONNECTIONS = 6
    NOT_PERMITTED = 7
    NOT_RUNNING = 8
    TIMED_OUT = 9
    NO_UPGRADE = 10
    """The new code cannot take over; the old one goes on, and nothing was changed."""


class RequestError(Exception):
    """The request cannot be served; its text is for the person at the keyboard."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Verdict(enum.Enum):
    """How an order ended for one process."""

    DONE = "done"
    ALREADY = "already"
    """The process was in the wanted state; supervisorctl counts this as success, and so do we."""
    FAILED = "failed"
    NO_SUCH_NAME = "no such name"


# --- requests ---------------------------------------------------------------------------------


class Status(Value):
    """The state of the named processes, or of all.

    Attributes:
        usage: have CPU time and memory looked up too.
    """

    METHOD: ClassVar[str] = "status"
    names: tuple[str, ...] = ()
    usage: bool = False


class Start(Value):
    """Start, and wait for the outcome.

    Attributes:
        order: a text that nobody else takes, or none: asked again with the same one, by a client
            whose core died, it is no second order.
        progress: have each outcome told by a notification `Settled` as soon as it is there.
    """

    METHOD: ClassVar[str] = "start"
    names: tuple[str, ...]
    order: str = ""
    progress: bool = False


class Stop(Value):
    """Stop, and wait for the outcome."""

    METHOD: ClassVar[str] = "stop"
    names: tuple[str, ...]
    order: str = ""
    progress: bool = False


class Restart(Value):
    """Stop what is up, start, and wait for the outcome."""

    METHOD: ClassVar[str] = "restart"
    names: tuple[str, ...]
    order: str = ""
    progress: bool = False


class Signal(Value):
    """Send a signal to the processes; `signal` is a name, with or without SIG, or a number."""

    METHOD: ClassVar[str] = "signal"
    signal: str
    names: tuple[str, ...]


class Reload(Value):
    """Read the config again and apply it."""

    METHOD: ClassVar[str] = "reload"


class Reread(Value):
    """Read the config again and say what `Reload` would do."""

    METHOD: ClassVar[str] = "reread"


class Update(Value):
    """Read the config again and apply it: all of it, or only these programs and groups."""

    METHOD: ClassVar[str] = "update"
    names: tuple[str, ...] = ()


class Add(Value):
    """Read the config again and take these programs and groups over, which are new."""

    METHOD: ClassVar[str] = "add"
    names: tuple[str, ...]


class Remove(Value):
    """Forget these programs and groups, of which nothing runs."""

    METHOD: ClassVar[str] = "remove"
    names: tuple[str, ...]


class Available(Value):
    """Read the config again and say which processes are in it."""

    METHOD: ClassVar[str] = "avail"


class Groups(Value):
    """The groups of the config that counts."""

    METHOD: ClassVar[str] = "groups"


class Upgrade(Value):
    """Have another core, of the code that is installed now, take everything over.

    Whoever asked finds it by connecting again: `Hello.core` is another one.
    """

    METHOD: ClassVar[str] = "upgrade"


class Shutdown(Value):
    """Stop everything, then the daemon."""

    METHOD: ClassVar[str] = "shutdown"


class Tail(Value):
    """The last `limit_bytes` of a process's log; where it has no log file, of its ring.

    Attributes:
        stream: ``stdout`` or ``stderr``.
        follow: go on with `LogAppended` until the client closes the connection.
    """

    METHOD: ClassVar[str] = "tail"
    name: str
    stream: str = "stdout"
    limit_bytes: int = 1600
    follow: bool = False


class MainTail(Value):
    """The last `limit_bytes` of the event log."""

    METHOD: ClassVar[str] = "maintail"
    limit_bytes: int = 1600
    follow: bool = False


class Clear(Value):
    """Empty the logs of the processes."""

    METHOD: ClassVar[str] = "clear"
    names: tuple[str, ...]


class Pid(Value):
    """The process ids of the named processes; without names that of the daemon (its keeper)."""

    METHOD: ClassVar[str] = "pid"
    names: tuple[str, ...] = ()


class Version(Value):
    """Who answers."""

    METHOD: ClassVar[str] = "version"


class Subscribe(Value):
    """Tell this connection every line of the event log from now on."""

    METHOD: ClassVar[str] = "subscribe"


class Attach(Value):
    """Sit at the terminal of a process.

    Attributes:
        rows: of the client's terminal, 0 where it has none; likewise `columns`.
        width_pixels: of its window, 0 where unknown; likewise `height_pixels`.
        read_only: neither type nor set the size.
        take: put everybody else out.
        history: have the lines above the screen too.
    """

    METHOD: ClassVar[str] = "attach"
    name: str
    rows: int = 0
    columns: int = 0
    read_only: bool = False
    take: bool = False
    width_pixels: int = 0
    height_pixels: int = 0
    history: bool = True


class Screen(Value):
    """What the terminal of a process shows.

    Attributes:
        scrollback: how many of the lines above the screen are wanted too.
        ansi: lines with their colours and attributes as escape sequences.
        unless: a `ScreenShown.version`: while the screen is of that, the answer waits, at most
            until this connection asks for something else.
    """

    METHOD: ClassVar[str] = "screen"
    name: str
    scrollback: int = 0
    ansi: bool = False
    unless: str = ""


class Send(Value):
    """Type into the terminal of a process.

    Attributes:
        words: texts, typed one after the other with nothing in between.
        keys: words that are names of keys (tmux's) are typed as those keys.
        paste: as a paste, bracketed where the process has asked for that.
        enter: the Enter key follows.
    """

    METHOD: ClassVar[str] = "send"
    name: str
    words: tuple[str, ...]
    keys: bool = False
    paste: bool = False
    enter: bool = False


class Wait(Value):
    """Wait until all that is asked for is so; what is not asked for is empty or 0.

    Attributes:
        states: one of these states.
        text: a regular expression that is found on the screen.
        idle: seconds without output.
        timeout: seconds after which the wait is over in vain; 0: never.
    """

    METHOD: ClassVar[str] = "wait"
    name: str
    states: tuple[str, ...] = ()
    text: str = ""
    idle: float = 0.0
    timeout: float = 0.0


class Record(Value):
    """Record what the terminal of a process shows, until it ends or `Record` comes again.

    Attributes:
        path: of the file, absolute; with '' a recording under way ends.
    """

    METHOD: ClassVar[str] = "record"
    name: str
    path: str = ""


class Clients(Value):
    """Who sits at the terminal of a process."""

    METHOD: ClassVar[str] = "clients"
    name: str


class Detach(Value):
    """Put clients out of the terminal of a process: the one of that number, or with 0 all."""

    METHOD: ClassVar[str] = "detach"
    name: str
    number: int = 0


class Metrics(Value):
    """What is measured, of the processes and of the daemon, now."""

    METHOD: ClassVar[str] = "metrics"


class Why(Value):
    """The story of one process: why it is as it is."""

    METHOD: ClassVar[str] = "why"
    name: str


class TryAlerts(Value):
    """Send a sample to the alerts of these names, or to all; wait for the outcome of each."""

    METHOD: ClassVar[str] = "alert"
    names: tuple[str, ...] = ()


Request: TypeAlias = (
    Status
    | Start
    | Stop
    | Restart
    | Signal
    | Reload
    | Reread
    | Update
    | Add
    | Remove
    | Available
    | Groups
    | Upgrade
    | Shutdown
    | Tail
    | MainTail
    | Clear
    | Pid
    | Version
    | Subscribe
    | Attach
    | Screen
    | Send
    | Wait
    | Record
    | Clients
    | Detach
    | Metrics
    | TryAlerts
    | Why
)

REQUESTS: Final[Mapping[str, type[Request]]] = {
    kind.METHOD: kind
    for kind in (
        Status,
        Start,
        Stop,
        Restart,
        Signal,
        Reload,
        Reread,
        Update,
        Add,
        Remove,
        Available,
        Groups,
        Upgrade,
        Shutdown,
        Tail,
        MainTail,
        Clear,
        Pid,
        Version,
        Subscribe,
        Attach,
        Screen,
        Send,
        Wait,
        Record,
        Clients,
        Detach,
        Metrics,
        TryAlerts,
        Why,
    )
}


# --- results and notifications ----------------------------------------------------------------


class Hello(Value):
    """Who the daemon is: its greeting, and the answer to `Version`.

    Attributes:
        pid: of the keeper, whom signals go to.
        core: of the process that answers, which may be followed by another one.
        config: path of the config on the daemon's machine.
    """

    METHOD: ClassVar[str] = "hello"
    program: str
    version: str
    protocol: int
    pid: int
    core: int = 0
    config: str = ""


class ProcessStatus(Value):
    """What `status` tells of one process.

    Attributes:
        name: ``nginx:0``.
        state: one of supervisord's eight states, in capitals.
        description: what stands behind the state in ``status``: pid and uptime, or a reason.
        pid: None unless the process has one.
        uptime: seconds since it was spawned, None unless it has a pid.
        since: when it entered the state.
        exit_status: that of the last end: 0 to 255, or minus the number of the signal; None if it
            never ended.
        restarts: how often it was started again without being told to since the daemon started.
        attached: how many clients sit at its terminal.
        cpu_seconds: user and system time of its process so far, without children; only where
            `Status.usage` asked for it and the system says it.
        resident_bytes: of its memory, what is in RAM; likewise.
        command: what it is, or would be, started with, as one line.
        reason: why it is not up, such as ``exit status 1 after 0.2 s``; empty where there is
            nothing to tell.
        next_try_in: seconds until it is started again by itself, or None.
        failures: failed starts in a row; `tries` of them are made before it is given up.
    """

    name: str
    program: str
    index: int
    state: str
    description: str
    pid: int | None
    uptime: float | None
    since: float
    exit_status: int | None
    restarts: int
    attached: int
    cpu_seconds: float | None = None
    resident_bytes: int | None = None
    command: str = ""
    reason: str = ""
    next_try_in: float | None = None
    failures: int = 0
    tries: int = 0


class Outcome(Value):
    """How an order ended for one process, or for one name that is no process.

    Attributes:
        text: what to print behind the name: ``started``, ``stopped``, ``cleared``; or the reason,
            such as ``already started``, without the word ERROR.
    """

    name: str
    verdict: Verdict
    text: str


class ReloadReport(Value):
    """What a reload did, or for `Reread` would do.

    Attributes:
        changes: one line each, such as ``web: added`` or ``db: restarted (cmd, env)``; empty if
            nothing changed.
        warnings: of the config, a text each, with its place.
    """

    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class ConfiguredProcess(Value):
    """A process of the config as it is written now.

    Attributes:
        group: as supervisord's users know it: the first that names its program, or the program.
        in_use: its program is there.
    """

    name: str
    group: str
    in_use: bool
    autostart: bool
    priority: int


class Group(Value):
    """A group of programs."""

    name: str
    programs: tuple[str, ...]


class ProcessPid(Value):
    """The pid of one process; 0 where it has none, as in supervisorctl."""

    name: str
    pid: int


class LogText(Value):
    """A piece of a log, cut anywhere.

    Attributes:
        both: it is what the terminal showed, standard error with the rest.
    """

    data: bytes
    both: bool = False


class LogAppended(Value):
    """Notification: what was appended to the followed log.

    Attributes:
        skipped_bytes: how much was lost before `data` because this client did not read in time.
    """

    METHOD: ClassVar[str] = "log"
    data: bytes
    skipped_bytes: int = 0


class EventLogged(Value):
    """Notification: a line of the event log, without its newline."""

    METHOD: ClassVar[str] = "event"
    line: str


class Attached(Value):
    """The attachment stands; from here on the connection carries frames."""

    name: str
    state: str
    pid: int | None = None


class ScreenShown(Value):
    """What a terminal shows.

    Attributes:
        cursor_row: counted from 0, as `cursor_column`.
        alternate: the alternate screen is shown.
        modes: what else is set, in words such as ``bracketed paste``.
        lines: the rows of the screen; `scrollback` those above it, oldest first.
        version: changes whenever something was written, and with the size; for `Screen.unless`.
    """

    name: str
    rows: int
    columns: int
    cursor_row: int
    cursor_column: int
    cursor_visible: bool
    alternate: bool
    title: str
    folder: str
    modes: tuple[str, ...]
    scrollback: tuple[str, ...]
    lines: tuple[str, ...]
    version: str = ""


class ClientSeat(Value):
    """One client at a terminal.

    Attributes:
        number: of this client, for `Detach`.
        rows: of its terminal, 0 where unknown; likewise `columns`.
        since: when it attached.
        leads: the terminal has the size of its window.
    """

    number: int
    user: str
    pid: int
    rows: int
    columns: int
    since: float
    read_only: bool
    leads: bool


class MetricsText(Value):
    """Measurements in Prometheus' text format, version 0.0.4."""

    text: str


class Story(Value):
    """The story of one process, as far as the daemon remembers it.

    Attributes:
        since: when it entered the state, as all times here since the epoch.
        reason: why it is not up; "": there is nothing to tell.
        ending: how it ended last, ``terminated by SIGKILL after 0:12:00``; "": it never did.
        order: the last order that did something to it, with who gave it; "": there was none.
        waits_for: what must come so that something happens to it; "": nothing.
        ran_well: whether it was ever RUNNING as far as is remembered.
        changes: what is otherwise in its config than when it was RUNNING last, a line each.
        past: what happened to it last, oldest first, a line each with its local time.
    """

    name: str
    program: str
    state: str
    since: float
    pid: int | None
    uptime: float | None
    restarts: int
    attached: int
    command: str
    reason: str
    ending: str
    ended_at: float | None
    order: str
    ordered_at: float | None
    waits_for: str
    ran_well: bool
    changes: tuple[str, ...]
    past: tuple[str, ...]


class Settled(Value):
    """Notification: the outcome of an order for one process, before the others have theirs."""

    METHOD: ClassVar[str] = "settled"
    name: str
    verdict: Verdict
    text: str


Notification: TypeAlias = Hello | LogAppended | EventLogged | Settled
NOTIFICATIONS: Final[Mapping[str, type[Notification]]] = {
    kind.METHOD: kind for kind in (Hello, LogAppended, EventLogged, Settled)
}

Result: TypeAlias = (
    None
    | Hello
    | ReloadReport
    | LogText
    | Attached
    | Sequence[ProcessStatus]
    | Sequence[Outcome]
    | Sequence[ProcessPid]
    | Sequence[ConfiguredProcess]
    | Sequence[Group]
    | ScreenShown
    | Sequence[ClientSeat]
    | MetricsText
    | Story
)

RESULTS: Final[Mapping[str, type[Any] | None]] = {
    "status": ProcessStatus,
    "start": Outcome,
    "stop": Outcome,
    "restart": Outcome,
    "signal": Outcome,
    "clear": Outcome,
    "reload": ReloadReport,
    "reread": ReloadReport,
    "update": ReloadReport,
    "add": Outcome,
    "remove": Outcome,
    "avail": ConfiguredProcess,
    "groups": Group,
    "upgrade": None,
    "shutdown": None,
    "tail": LogText,
    "maintail": LogText,
    "pid": ProcessPid,
    "version": Hello,
    "subscribe": None,
    "attach": Attached,
    "screen": ScreenShown,
    "send": None,
    "wait": None,
    "record": Outcome,
    "clients": ClientSeat,
    "detach": ClientSeat,
    "metrics": MetricsText,
    "alert": Outcome,
    "why": Story,
}
"""What a request's result is, or is a list of."""


_COME_IN_LISTS: Final = (
    ProcessStatus,
    Outcome,
    ProcessPid,
    ClientSeat,
    ConfiguredProcess,
    Group,
)


class Response(Value):
    """An answer as it came: the request's id and its result or its error, one of the two."""

    request_id: int | str | None
    result: Result = None
    error: RequestError | None = None


# --- values to JSON ---------------------------------------------------------------------------


def to_json(value: object) -> Json:
    """Return a result or a notification as the JSON document that ``--json`` prints."""
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if isinstance(value, bytes):
        return binascii.b2a_base64(value, newline=False).decode("ascii")
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(name): to_json(item) for name, item in value.items()}
    if isinstance(value, Value):
        return {name: to_json(item) for name, item in vars(value).items()}
    raise TypeError(f"no message holds {type(value).__name__}")


def _encode(message: Mapping[str, object]) -> bytes:
    whole = {"jsonrpc": "2.0", **message}
    return json.dumps(whole, separators=(",", ":"), default=_plain).encode("ascii")


def _plain(value: object) -> object:
    """Return a value as what json.dumps takes: ten times as fast as `to_json` for a long list."""
    return vars(value) if isinstance(value, Value) else to_json(value)


def encode_request(request: Request, request_id: int) -> bytes:
    """Return the line of a request.

    What is as it would be anyway is left out: a daemon that is to be upgraded may not know it.
    """
    params = {
        name: to_json(value)
        for name in request.FIELDS
        if (value := getattr(request, name)) != getattr(type(request), name, ...)
    }
    return _encode({"id": request_id, "method": request.METHOD, "params": params})


def encode_result(request_id: int | str | None, result: Result) -> bytes:
    """Return the line of a response to a request that was served."""
    return _encode({"id": request_id, "result": result})


def encode_error(request_id: int | str | None, error: RequestError) -> bytes:
    """Return the line of a response to a request that was not served."""
    return _encode({"id": request_id, "error": {"code": error.code, "message": error.message}})


def encode_notification(notification: Notification) -> bytes:
    """Return the line of a notification."""
    return _encode({"method": notification.METHOD, "params": to_json(notification)})


# --- JSON to values ---------------------------------------------------------------------------


def decode_request(line: bytes) -> tuple[int | str | None, Request]:
    """Return the id and the value of a request.

    Raises:
        UndecodableRequest: it is no JSON, no request, of an unknown method, or a parameter is
            missing, unknown or of the wrong type. It says which, and with what id to answer.
    """
    try:
        message = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as exc:
        raise UndecodableRequest(
            None, ErrorCode.PARSE_ERROR, f"not a line of JSON: {exc}"
        ) from None
    if not isinstance(message, dict):
        raise UndecodableRequest(None, ErrorCode.INVALID_REQUEST, "a request is a JSON object")
    request_id = message.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, int | str | None):
        raise UndecodableRequest(None, ErrorCode.INVALID_REQUEST, "id must be a number or a text")
    method = message.get("method")
    if message.get("jsonrpc") != "2.0" or not isinstance(method, str):
        text = 'a request has "jsonrpc": "2.0" and a "method"'
        raise UndecodableRequest(request_id, ErrorCode.INVALID_REQUEST, text)
    kind = REQUESTS.get(method)
    if kind is None:
        text = f"no such method: {method[:100]}"
        raise UndecodableRequest(request_id, ErrorCode.METHOD_NOT_FOUND, text)
    try:
        return request_id, _build(kind, message.get("params", {}))
    except ProtocolMismatch as exc:
        text = f"{method}: {exc}"
        raise UndecodableRequest(request_id, ErrorCode.INVALID_PARAMS, text) from None


def decode_from_daemon(line: bytes, method: str) -> Response | Notification:
    """Return what the daemon said, a notification or the response to a request of that method.

    Raises:
        ProtocolMismatch: it is neither, or not as this version knows it.
    """
    try:
        message = json.loads(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as exc:
        raise ProtocolMismatch(f"the daemon's answer is no JSON: {exc}") from None
    if not isinstance(message, dict):
        raise ProtocolMismatch("the daemon's answer is no JSON object")
    if "method" in message:
        name = message["method"]
        kind = NOTIFICATIONS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise ProtocolMismatch(f"an unknown notification: {str(name)[:100]}")
        notification: Notification = _build(kind, message.get("params", {}), is_newer=True)
        return notification
    request_id = message.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, int | str | None):
        raise ProtocolMismatch("the daemon's answer has an id that is no number and no text")
    if "error" in message:
        error = message["error"]
        try:
            code = ErrorCode(error["code"])
            text = str(error["message"])
        except (KeyError, TypeError, ValueError):
            raise ProtocolMismatch(f"an error as this version does not know it: {error}") from None
        return Response(request_id, error=RequestError(code, text))
    result = message.get("result")
    kind_of_result = RESULTS[method]
    if kind_of_result is None:
        return Response(request_id)
    if kind_of_result in _COME_IN_LISTS:
        if not isinstance(result, list):
            raise ProtocolMismatch(f"the daemon's answer to {method} is no list")
        items = [_build(kind_of_result, item, is_newer=True) for item in result]
        return Response(request_id, items)
    return Response(request_id, _build(kind_of_result, result, is_newer=True))


class ProtocolMismatch(Exception):
    """What arrived is not what this version of the protocol says."""


class UndecodableRequest(RequestError):
    """A request that could not be understood; `request_id` is None where not even that could."""

    def __init__(self, request_id: int | str | None, code: ErrorCode, message: str) -> None:
        super().__init__(code, message)
        self.request_id = request_id


def _build(kind: type[Any], params: object, *, is_newer: bool = False) -> Any:  # noqa: ANN401
    """Make a value of one of the classes above, checking that each field has its type.

    With `is_newer` it may come from a later version: a client lives on over an upgrade of the
    daemon, and passes over fields that it does not know.
    """
    if not isinstance(params, dict):
        raise ProtocolMismatch("params must be an object with a name for each parameter")
    known = kind.FIELDS
    if is_newer:
        params = {name: value for name, value in params.items() if name in known}
    for name in params:
        if name not in known:
            raise ProtocolMismatch(f"unknown parameter: {str(name)[:100]}")
    arguments = {name: _convert(name, known[name], value) for name, value in params.items()}
    try:
        return kind(**arguments)
    except TypeError:
        missing = [n for n in known if n not in params and not hasattr(kind, n)]
        raise ProtocolMismatch(f"missing parameter: {', '.join(missing)}") from None


def _convert(name: str, declared: Any, value: object) -> object:  # noqa: ANN401 - a type
    """Check one JSON value against the type its field is declared with, and convert it."""
    if declared in _AS_THEY_ARE and type(value) is declared:
        return value  # nearly all of a status of thousands of processes
    kinds = getattr(declared, "__args__", (declared,)) if declared != _TEXTS else (declared,)
    if value is None and type(None) in kinds:
        return None
    kind = kinds[0]
    if kind == _TEXTS and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ProtocolMismatch(f"{name}: too great a number") from None
    if isinstance(value, float) and not math.isfinite(value):
        # Python reads NaN, Infinity and 1e999, of which the first two are no JSON.
        raise ProtocolMismatch(f"{name}: {value} is no number to reckon with")
    if kind in (bool, int, float, str) and type(value) is kind:
        return value
    if kind is bytes and isinstance(value, str):
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except (binascii.Error, ValueError):
            raise ProtocolMismatch(f"{name}: not base64") from None
    if kind is Verdict:
        try:
            return Verdict(value)
        except ValueError:
            raise ProtocolMismatch(f"{name}: unknown verdict {value!r}") from None
    wanted = "a list of texts" if kind == _TEXTS else kind.__name__
    raise ProtocolMismatch(f"{name}: {type(value).__name__} instead of {wanted}")
