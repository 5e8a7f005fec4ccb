"""The methods of the namespace ``supervisor``, under their names; `methods` has their table.

Each returns its value, or where it waits for something a coroutine of it.
"""

from collections.abc import Awaitable, Sequence
from typing import Final

from pty_mux.logfile import LogFile
from pty_mux.session import Session
from taskmaster import __version__
from taskmaster.candidate import AlreadyActive, StillRunning
from taskmaster.config.model import LogLevel
from taskmaster.config.portions import by_group
from taskmaster.control.logsources import clear_logs, log_source
from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.http.configinfo import config_infos
from taskmaster.http.faults import Fault, FaultCode
from taskmaster.http.logtexts import read_text, tail_text
from taskmaster.http.namespecs import Names
from taskmaster.http.orders import Orders
from taskmaster.http.processinfo import process_info
from taskmaster.http.xmlcalls import Value
from taskmaster.listeners import payloads
from taskmaster.process.state import State
from taskmaster.protocol.messages import RequestError
from taskmaster.supervisor import Entry

API_VERSION: Final = "3.0"
"""supervisorctl wants exactly that."""

_RUNNING: Final = 1

# ruff: noqa: N802, D102 - the names are the protocol's, and `methods` says what each does


class Interface:
    """What a call comes to."""

    def __init__(self, driver: Driver, services: Services) -> None:
        self._driver = driver
        self._services = services
        self._candidate = services.candidate
        self._orders = Orders(driver)

    @property
    def is_shutting_down(self) -> bool:
        """Whether every method is refused by now."""
        return self._driver.supervisor.shutting_down

    # --- the daemon ---------------------------------------------------------------------------

    def getAPIVersion(self) -> str:
        return API_VERSION

    def getSupervisorVersion(self) -> str:
        return __version__

    def getIdentification(self) -> str:
        return "taskmaster"

    def getState(self) -> dict[str, Value]:
        return {"statecode": _RUNNING, "statename": "RUNNING"}

    def getPID(self) -> int:
        return self._services.hello().pid

    def readLog(self, offset: int, length: int) -> str:
        return read_text(self._services.event_file, offset, length)

    def clearLog(self) -> bool:
        try:
            self._services.event_file.clear()
        except OSError:
            raise Fault(FaultCode.FAILED) from None
        return True

    def shutdown(self) -> bool:
        self._services.shut_down()
        return True

    def restart(self) -> bool:
        try:
            self._services.reload()
        except RequestError as exc:
            raise Fault(FaultCode.CANT_REREAD, str(exc)) from None
        self._orders.restart_everything()
        return True

    # --- groups -------------------------------------------------------------------------------

    def reloadConfig(self) -> Value:
        try:
            changes = self._candidate.read_again("reloadConfig")
        except RequestError as exc:
            raise Fault(FaultCode.CANT_REREAD, str(exc)) from None
        return [[list(changes.added), list(changes.changed), list(changes.removed)]]

    async def addProcessGroup(self, name: str) -> bool:
        if name not in by_group(self._candidate.known):
            raise Fault(FaultCode.BAD_NAME, name)
        try:
            self._candidate.add(name, "addProcessGroup")
        except AlreadyActive:
            raise Fault(FaultCode.ALREADY_ADDED, name) from None
        await self._orders.spawned(self._names.members(name))
        return True

    def removeProcessGroup(self, name: str) -> bool:
        if name not in by_group(self._candidate.active):
            raise Fault(FaultCode.BAD_NAME, name)
        try:
            self._candidate.remove(name, "removeProcessGroup")
        except StillRunning:
            raise Fault(FaultCode.STILL_RUNNING, name) from None
        return True

    async def getAllConfigInfo(self) -> Value:
        return await config_infos(self._candidate.known, self._candidate.active)

    # --- processes ----------------------------------------------------------------------------

    def getProcessInfo(self, name: str) -> Value:
        entry = self._one(name)
        return process_info(entry, self._names.group(entry), self._services.clocks())

    def getAllProcessInfo(self) -> Value:
        clocks = self._services.clocks()
        names = self._names
        return [process_info(entry, names.group(entry), clocks) for entry in names.by_group()]

    async def startProcess(self, name: str, wait: bool) -> Value:
        found = self._names.find(name)
        if isinstance(found, list):
            return await self._orders.start_all(found, wait=wait)
        await self._orders.start(name, found, wait=wait)
        return True

    def startProcessGroup(self, name: str, wait: bool) -> Awaitable[Value]:
        return self._orders.start_all(self._group(name), wait=wait)

    def startAllProcesses(self, wait: bool) -> Awaitable[Value]:
        return self._orders.start_all(self._all(), wait=wait)

    async def stopProcess(self, name: str, wait: bool) -> Value:
        found = self._names.find(name)
        if isinstance(found, list):
            return await self._orders.stop_all(found, wait=wait)
        await self._orders.stop(name, found, wait=wait)
        return True

    def stopProcessGroup(self, name: str, wait: bool) -> Awaitable[Value]:
        return self._orders.stop_all(self._group(name), wait=wait)

    def stopAllProcesses(self, wait: bool) -> Awaitable[Value]:
        return self._orders.stop_all(self._all(), wait=wait)

    def signalProcess(self, name: str, signal: str) -> Value:
        found = self._names.find(name)
        if isinstance(found, list):
            return self._orders.signal_all(found, signal)
        self._orders.signal(name, found, signal)
        return True

    def signalProcessGroup(self, name: str, signal: str) -> Value:
        return self._orders.signal_all(self._group(name), signal)

    def signalAllProcesses(self, signal: str) -> Value:
        return self._orders.signal_all(self._all(), signal)

    # --- their logs and terminals -------------------------------------------------------------

    def readProcessStdoutLog(self, name: str, offset: int, length: int) -> str:
        return read_text(self._log(name, "stdout"), offset, length)

    def readProcessStderrLog(self, name: str, offset: int, length: int) -> str:
        return read_text(self._log(name, "stderr"), offset, length)

    def tailProcessStdoutLog(self, name: str, offset: int, length: int) -> Value:
        source = log_source(self._driver, self._one(name).name, "stdout")
        return tail_text(source, offset, length)

    def tailProcessStderrLog(self, name: str, offset: int, length: int) -> Value:
        source = log_source(self._driver, self._one(name).name, "stderr")
        return tail_text(source, offset, length)

    def clearProcessLogs(self, name: str) -> bool:
        try:
            clear_logs(self._driver, self._one(name).name)
        except OSError:
            raise Fault(FaultCode.FAILED, name) from None
        return True

    def clearAllProcessLogs(self) -> Value:
        results = []
        for entry in self._all():
            try:
                clear_logs(self._driver, entry.name)
                results.append(self._orders.result(entry, None))
            except OSError as exc:
                fault = Fault(FaultCode.FAILED, f"{exc.filename or 'log'}: {exc.strerror}")
                results.append(self._orders.result(entry, fault))
        return results

    def sendProcessStdin(self, name: str, chars: str) -> bool:
        entry = self._one(name)
        pump = self._driver.pump(entry.name)
        process = entry.process
        if process.pid is not None and entry.program.events:
            raise Fault(FaultCode.NO_FILE, name)  # what is typed would be no event
        if process.pid is None or process.state is State.STOPPING or pump is None:
            raise Fault(FaultCode.NOT_RUNNING, name)
        if pump.is_closed:
            raise Fault(FaultCode.NO_FILE, name)
        if not pump.input_has_room:
            raise Fault(FaultCode.FAILED, f"{name} does not read what was typed before")
        self._driver.type_text(entry.name, chars)
        return True

    def sendRemoteCommEvent(self, type: str, data: str) -> bool:  # noqa: A002
        text = f"remote communication event {type[:100]!r}, {len(data)} characters"
        self._services.record(LogLevel.DEBUG, text)
        self._services.listeners.tell(payloads.remote(type, data))
        return True

    # --- names --------------------------------------------------------------------------------

    @property
    def _names(self) -> Names:
        return self._orders.names

    def _one(self, name: str) -> Entry:
        return self._names.find_one(name)

    def _group(self, name: str) -> Sequence[Entry]:
        return self._names.members(name)

    def _all(self) -> Sequence[Entry]:
        return self._names.by_priority()

    def _log(self, name: str, stream: str) -> LogFile | Session:
        source = log_source(self._driver, self._one(name).name, stream)
        if source is None:
            raise Fault(FaultCode.NO_FILE)
        return source
