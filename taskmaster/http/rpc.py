"""``/RPC2``: a call out of a request, its method found and called, its value or fault answered.

Nothing here holds the loop for long: a long call is read, and an answer of many values written, in
pieces, and between two calls of a ``system.multicall`` the others have their turn. One that waits
for a process delays its own client only.
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from typing import Final

from taskmaster.config.model import LogLevel
from taskmaster.http.faults import Fault, FaultCode
from taskmaster.http.interface import Interface
from taskmaster.http.methods import ALL, documented
from taskmaster.http.parsing import Refused, Request, Response
from taskmaster.http.xmlcalls import Encoded, NoCall, Reading, Value, answer, fault, written

MAX_LIST_CHARACTERS: Final = 64 * 1024 * 1024
"""Of a list of processes: three times what getAllConfigInfo tells of 10,000 ordinary ones."""

MAX_ANSWER_CHARACTERS: Final = 4 * 1024 * 1024
"""Of a multicall: a short request must not cost any amount of memory; to put together as much holds
the loop for some 25 ms."""

_AT_ONCE: Final = 100
_READ_AT_ONCE: Final = 16 * 1024
"""Of the shortest elements this takes 4 ms."""

_SHOWN: Final = 100

Record = Callable[[LogLevel, str], None]


class Rpc:
    """Answers calls."""

    def __init__(self, interface: Interface, record: Record) -> None:
        self._interface = interface
        self._record = record

    async def respond(self, request: Request) -> Response:
        """Answer a POST.

        Raises:
            Refused: its body is no call.
        """
        try:
            method, parameters = await _read(request.body)
        except NoCall as exc:
            raise Refused(400, f"no XML-RPC call: {exc}") from None
        try:
            body = answer(await self._call(method, parameters, request))
        except Fault as exc:
            body = fault(exc.code, str(exc))
        return Response(body, "text/xml")

    async def _call(self, name: str, given: Sequence[Value], request: Request) -> Value:
        method = ALL.get(name)
        if method is None:
            raise Fault(FaultCode.UNKNOWN_METHOD)
        namespace, _, short = name.partition(".")
        arguments = method.arguments(given)
        if namespace == "system":
            return await self._system(short, arguments, request)
        level = LogLevel.INFO if method.changes else LogLevel.DEBUG
        about = f" {arguments[0][:_SHOWN]}" if arguments and isinstance(arguments[0], str) else ""
        self._record(level, f"command: {name}{about} (HTTP, {request.peer})")
        if self._interface.is_shutting_down and short != "sendRemoteCommEvent":
            raise Fault(FaultCode.SHUTDOWN_STATE)
        if method.changes and request.read_only:
            raise Fault(FaultCode.FAILED, f"this listener is read-only, and {name} is not for it")
        value = getattr(self._interface, method.attribute or short)(*arguments)
        return await _in_pieces(await value if inspect.isawaitable(value) else value)

    async def _system(self, name: str, arguments: Sequence[Value], request: Request) -> Value:
        match name:
            case "listMethods":
                return sorted(ALL)
            case "methodHelp":
                return documented(arguments[0]).help
            case "methodSignature":
                return documented(arguments[0]).signature
        return await self._several(arguments[0], request)

    async def _several(self, calls: Sequence[Value], request: Request) -> Value:
        results: list[Value] = []
        room = MAX_ANSWER_CHARACTERS
        for call in calls:
            try:
                value = written(await self._call(*_one_of_several(call, room), request))
            except Fault as exc:
                value = written({"faultCode": int(exc.code), "faultString": str(exc)})
            room -= len(value)
            results.append(Encoded(value))
            await asyncio.sleep(0)
        return results


async def _read(body: bytes) -> tuple[str, Sequence[Value]]:
    """Return the method and the parameters of a call.

    Raises:
        NoCall: it is none.
    """
    reading = Reading()
    for begin in range(0, len(body), _READ_AT_ONCE):
        reading.feed(body[begin : begin + _READ_AT_ONCE])
        await asyncio.sleep(0)
    return reading.end()


def _one_of_several(call: Value, room: int) -> tuple[str, Sequence[Value]]:
    if room <= 0:
        text = f"the answers together have more than {MAX_ANSWER_CHARACTERS} characters"
        raise Fault(FaultCode.FAILED, text)
    if not isinstance(call, dict) or not isinstance(call.get("methodName"), str):
        raise Fault(FaultCode.INCORRECT_PARAMETERS, "No methodName")
    name, parameters = call["methodName"], call.get("params", [])
    if name == "system.multicall":
        text = "Recursive system.multicall forbidden"
        raise Fault(FaultCode.INCORRECT_PARAMETERS, text)
    if not isinstance(parameters, list):
        raise Fault(FaultCode.INCORRECT_PARAMETERS)
    return name, parameters


async def _in_pieces(value: Value) -> Value:
    """Return a value with a long list in it written already, with turns for others in between."""
    if not isinstance(value, list) or len(value) <= _AT_ONCE:
        return value
    pieces: list[Value] = []
    room = MAX_LIST_CHARACTERS
    for begin in range(0, len(value), _AT_ONCE):
        texts = [written(item) for item in value[begin : begin + _AT_ONCE]]
        pieces += map(Encoded, texts)
        room -= sum(map(len, texts))
        if room < 0:
            text = f"the answer has more than {MAX_LIST_CHARACTERS} characters"
            raise Fault(FaultCode.FAILED, text)
        await asyncio.sleep(0)
    return pieces
