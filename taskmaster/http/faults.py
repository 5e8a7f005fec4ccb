"""supervisord's faults, by its numbers and names (its ``xmlrpc.Faults``). Pure."""

import enum


class FaultCode(enum.IntEnum):
    """What a call may fail of."""

    UNKNOWN_METHOD = 1
    INCORRECT_PARAMETERS = 2
    BAD_ARGUMENTS = 3
    SIGNATURE_UNSUPPORTED = 4
    SHUTDOWN_STATE = 6
    BAD_NAME = 10
    BAD_SIGNAL = 11
    NO_FILE = 20
    NOT_EXECUTABLE = 21
    FAILED = 30
    ABNORMAL_TERMINATION = 40
    SPAWN_ERROR = 50
    ALREADY_STARTED = 60
    NOT_RUNNING = 70
    SUCCESS = 80
    ALREADY_ADDED = 90
    STILL_RUNNING = 91
    CANT_REREAD = 92


class Fault(Exception):
    """A call that fails; the text is ``NAME`` or ``NAME: extra``, as there."""

    def __init__(self, code: FaultCode, extra: str | None = None) -> None:
        super().__init__(code.name if extra is None else f"{code.name}: {extra}")
        self.code = code
