"""The table of methods: what each takes, gives and changes; and calls checked by it. Pure.

Names, parameters and types are supervisord's; the sentences are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from taskmaster.http.faults import Fault, FaultCode
from taskmaster.http.xmlcalls import Value

_MAX_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Method:
    """A method.

    Attributes:
        text: what it does, in a sentence.
        returns: the type of its result.
        parameters: their types and names, in order; the ones called ``wait`` may be left out.
        changes: whether a read-only listener refuses it.
        attribute: of `interface.Interface`, where an alias is not called like it.
    """

    text: str
    returns: str
    parameters: tuple[tuple[str, str], ...] = ()
    changes: bool = False
    attribute: str = ""

    @property
    def signature(self) -> list[Value]:
        """The types, of the result first."""
        return [self.returns, *(kind for kind, _ in self.parameters)]

    @property
    def help(self) -> str:
        """What it does, with its parameters and its result, in the form that is used there."""
        lines = [f" {self.text}", ""]
        lines += [f"@param {kind} {name}" for kind, name in self.parameters]
        return "\n".join([*lines, f"@return {self.returns} result"])

    def arguments(self, given: Sequence[Value]) -> list[Value]:
        """Return the parameters of a call, each of its type.

        Raises:
            Fault: there are too many or too few, or one is of another type.
        """
        least = sum(name != "wait" for _, name in self.parameters)
        if not least <= len(given) <= len(self.parameters):
            raise Fault(FaultCode.INCORRECT_PARAMETERS)
        pairs = zip(self.parameters, given, strict=False)
        taken = [_as_kind(kind, name, value) for (kind, name), value in pairs]
        return taken + [True] * (len(self.parameters) - len(taken))


def _as_kind(kind: str, name: str, value: Value) -> Value:
    """Return a value as a type, also where a client without that type says it otherwise."""
    match kind:
        case "int" if isinstance(value, int):
            return int(value)
        case "int" if isinstance(value, str) and value.lstrip("-").isdecimal():
            if len(value) <= _MAX_DIGITS:
                return int(value)
        case "boolean" if isinstance(value, int):
            return bool(value)
        case "string" if isinstance(value, str):
            return value
        case "string" if isinstance(value, bytes):
            return value.decode("utf-8", "surrogateescape")
        case "string" if isinstance(value, int) and name == "signal":
            return str(int(value))
        case "array" if isinstance(value, list):
            return value
    raise Fault(FaultCode.INCORRECT_PARAMETERS, f"expected {kind}")


_NAME: Final = (("string", "name"),)
_WAIT: Final = (("boolean", "wait"),)
_SIGNAL: Final = (("string", "signal"),)
_PIECE: Final = (("int", "offset"), ("int", "length"))

_READ_STDOUT: Final = Method(
    "Return length bytes of the log of a process from offset; the last ones with a negative offset",
    "string",
    (*_NAME, *_PIECE),
    attribute="readProcessStdoutLog",
)
_TAIL_STDOUT: Final = Method(
    "Return the end of the log of a process as [text, size of the log, whether there was more]",
    "array",
    (*_NAME, *_PIECE),
    attribute="tailProcessStdoutLog",
)
_READ_LOG: Final = Method(
    "Return length bytes of the event log from offset; the last ones with a negative offset",
    "string",
    _PIECE,
    attribute="readLog",
)
_CLEAR: Final = Method(
    "Empty the logs of a process", "boolean", _NAME, changes=True, attribute="clearProcessLogs"
)
_VERSION: Final = Method("Return the version of this API", "string", attribute="getAPIVersion")

SUPERVISOR: Final[Mapping[str, Method]] = {
    "getAPIVersion": _VERSION,
    "getVersion": _VERSION,
    "getSupervisorVersion": Method("Return the version of taskmaster", "string"),
    "getIdentification": Method("Return what answers here", "string"),
    "getState": Method("Return the state of the daemon as statecode and statename", "struct"),
    "getPID": Method("Return the pid of the daemon", "int"),
    "readLog": _READ_LOG,
    "readMainLog": _READ_LOG,
    "clearLog": Method("Empty the event log", "boolean", changes=True),
    "shutdown": Method("Stop everything, and then the daemon", "boolean", changes=True),
    "restart": Method(
        "Apply the config as it is now, and start everything anew", "boolean", changes=True
    ),
    "reloadConfig": Method(
        "Read the config and return the names of groups as [[added, changed, removed]]", "array"
    ),
    "addProcessGroup": Method(
        "Take a group over from the config that was read last", "boolean", _NAME, changes=True
    ),
    "removeProcessGroup": Method(
        "Forget a group of which nothing runs", "boolean", _NAME, changes=True
    ),
    "startProcess": Method("Start a process", "boolean", (*_NAME, *_WAIT), changes=True),
    "startProcessGroup": Method("Start a group", "array", (*_NAME, *_WAIT), changes=True),
    "startAllProcesses": Method("Start every process", "array", _WAIT, changes=True),
    "stopProcess": Method("Stop a process", "boolean", (*_NAME, *_WAIT), changes=True),
    "stopProcessGroup": Method("Stop a group", "array", (*_NAME, *_WAIT), changes=True),
    "stopAllProcesses": Method("Stop every process", "array", _WAIT, changes=True),
    "signalProcess": Method("Signal a process", "boolean", (*_NAME, *_SIGNAL), changes=True),
    "signalProcessGroup": Method("Signal a group", "array", (*_NAME, *_SIGNAL), changes=True),
    "signalAllProcesses": Method("Signal every process", "array", _SIGNAL, changes=True),
    "getAllConfigInfo": Method("Return the options of every process", "array"),
    "getProcessInfo": Method("Return what is known of a process", "struct", _NAME),
    "getAllProcessInfo": Method("Return what is known of every process", "array"),
    "readProcessStdoutLog": _READ_STDOUT,
    "readProcessLog": _READ_STDOUT,
    "readProcessStderrLog": Method(
        "Return length bytes of the log of a process's standard error from offset",
        "string",
        (*_NAME, *_PIECE),
    ),
    "tailProcessStdoutLog": _TAIL_STDOUT,
    "tailProcessLog": _TAIL_STDOUT,
    "tailProcessStderrLog": Method(
        "Return the end of the log of a process's standard error", "array", (*_NAME, *_PIECE)
    ),
    "clearProcessLogs": _CLEAR,
    "clearProcessLog": _CLEAR,
    "clearAllProcessLogs": Method("Empty the logs of every process", "array", changes=True),
    "sendProcessStdin": Method(
        "Type into the terminal of a process",
        "boolean",
        (*_NAME, ("string", "chars")),
        changes=True,
    ),
    "sendRemoteCommEvent": Method(
        "Tell an event to who listens to such",
        "boolean",
        (("string", "type"), ("string", "data")),
        changes=True,
    ),
}

SYSTEM: Final[Mapping[str, Method]] = {
    "listMethods": Method("Return the names of all methods", "array"),
    "methodHelp": Method("Return what a method does", "string", _NAME),
    "methodSignature": Method(
        "Return the types of a method's result and of its parameters", "array", _NAME
    ),
    "multicall": Method(
        "Make several calls, each a struct of methodName and params, one after the other",
        "array",
        (("array", "calls"),),
    ),
}

ALL: Final[Mapping[str, Method]] = {f"supervisor.{name}": m for name, m in SUPERVISOR.items()} | {
    f"system.{name}": method for name, method in SYSTEM.items()
}


def documented(name: str) -> Method:
    """Return the method of that full name.

    Raises:
        Fault: there is none, in the words of the methods that describe methods.
    """
    if name not in ALL:
        raise Fault(FaultCode.SIGNATURE_UNSUPPORTED)
    return ALL[name]
