"""The core: the order of its start and its end, and what binds its parts together.

Start: bind the socket, be told to begin, write the pid file, open the event log, meet the keeper,
start what starts by itself, accept clients, report ready. End: everything is stopped, clients are
let go, socket and pid file are removed. A start that fails at any step undoes the ones before and
says why, to whoever started the daemon.

Signals reach the keeper, whose pid the pid file names, and come here as its messages; sent to the
core itself they mean the same.
"""

import asyncio
import contextlib
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any, Final, NoReturn

from pty_mux.logfile import LogFile
from taskmaster import __version__
from taskmaster.alerts.service import Alerts
from taskmaster.candidate import Candidate
from taskmaster.config.diff import describe, diff
from taskmaster.config.errors import ConfigRejected
from taskmaster.config.load import Loaded, load
from taskmaster.config.model import Config, LogLevel
from taskmaster.control import handlers
from taskmaster.control.handlers import Clocks
from taskmaster.control.listener import ControlSocket, SocketRefused
from taskmaster.control.server import Server
from taskmaster.driver import Driver
from taskmaster.eventlog import EventLog, prepare
from taskmaster.http.site import site
from taskmaster.keeper import wire
from taskmaster.keeper.channel import Channel
from taskmaster.keeper.client import KeeperClient
from taskmaster.lastrites import stop_orphans
from taskmaster.legacy import Legacy, await_turn
from taskmaster.listeners.exchange import State
from taskmaster.listeners.service import Listeners
from taskmaster.measure import measure
from taskmaster.memory import PIDFILE, SOCKET, Remembered
from taskmaster.openings import Openings
from taskmaster.orders import Step
from taskmaster.pidfile import PidFile
from taskmaster.protocol.messages import (
    PROTOCOL_VERSION,
    ErrorCode,
    Hello,
    ReloadReport,
    RequestError,
)
from taskmaster.records import Record, signal_name
from taskmaster.succession import meet, take_over
from taskmaster.upgrade import NoUpgrade, loadable_version

_EXIT_FAILURE: Final = 1
_SIGNALS: Final = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGHUP,
    signal.SIGUSR2,
)


class Daemon:
    """The core's parts and their order.

    Attributes:
        alerts: tell people elsewhere what happens.
        candidate: the config that was read last.
        listeners: programs that are told what happens.
    """

    def __init__(
        self,
        config: Config,
        legacy: Legacy,
        remembered: Remembered | None,
        *,
        socket: str | None,
        foreground: bool,
        started_by: int,
    ) -> None:
        """Prepare a core that may still be told that it is not needed.

        Args:
            config: what to supervise.
            legacy: what the keeper told; what it tells later comes in there.
            remembered: what a core before has saved, or None.
            socket: the control socket of the command line, instead of the config's.
            foreground: events are also told on standard error.
            started_by: the user id of whoever started the daemon.
        """
        self._loop = asyncio.get_running_loop()
        self._socket_override = socket
        self._started_by = started_by
        self._config = config
        self._settings = config.settings
        self._legacy = legacy
        self._remembered = remembered
        self._ended = asyncio.Event()
        self._exit_status = 0
        self._keeper_pid = os.getppid()
        self._keeper: KeeperClient | None = None
        self._openings: Openings | None = None
        self._eventlog = EventLog(self._settings, echo if foreground else None)
        end = self._ended.set
        socket_path = self._settings.socket
        self._driver = Driver(config, self._eventlog, socket_path, lambda: self.alerts.end(end))
        self.alerts = Alerts(self._driver, self.record)
        self.candidate = Candidate(self, lambda: self._driver.supervisor.entries)
        self.listeners = Listeners(self._driver, self.record)
        self._driver.on_step = self._on_step
        self._driver.onlookers.on_connected = self.listeners.connected
        self._eventlog.on_failure = self.alerts.log_failed
        if remembered is not None:
            take_over(self._driver, legacy, remembered)

    async def run(self, channel: Channel, report_ready: Callable[[], None]) -> int:
        """Serve until the end; return the exit status.

        Raises:
            AlreadyRunning, SocketRefused: socket or pid file cannot be had; nothing was started.
            OSError: pid file or event log cannot be written; nothing was started.
        """
        held = self._legacy.held.pop(SOCKET, None)
        with ControlSocket(self._settings.socket, held) as control:
            pidfile: PidFile | None = None
            server = Server(control.listening, self._driver, self)
            await_turn(self._legacy, channel)
            keeper = KeeperClient(channel, self._on_message, self._on_keeper_lost)
            routes = site(self._driver, self)
            openings = Openings(control, server, routes, self.record, keeper.send)
            self._openings = openings
            try:
                pidfile = self._pidfile()
                if self._remembered is None:
                    prepare(self._settings.logfile)
                if pidfile is not None:
                    keeper.send(wire.Hold(PIDFILE), (pidfile.descriptor,))
                is_first = self._remembered is None
                openings.open(self._settings, self._legacy.held, is_first=is_first)
                self._begin(keeper)
                openings.start()
                keeper.send(wire.Ready())
                report_ready()
                await self._ended.wait()
                self.record(LogLevel.INFO, "taskmasterd has ended")
                keeper.send(wire.Ending())
            except Exception as exc:
                if not isinstance(exc, OSError | SocketRefused):  # these are told to the starter
                    self._on_mistake(self._loop, {"message": "it ends", "exception": exc})
                raise
            finally:
                # First the names, then the clients: who hears of the end may start a new daemon.
                control.unbind()
                if pidfile is not None:
                    pidfile.remove()
                await openings.close()
                self._driver.close()
                keeper.close()
        return self._exit_status

    def _begin(self, keeper: KeeperClient) -> None:
        self._loop.set_exception_handler(self._on_mistake)
        self._keeper = keeper
        keeper.send(wire.LogPath(self._eventlog.file.path))
        for number in _SIGNALS:
            self._loop.add_signal_handler(number, self._on_signal, number)
        self.alerts.apply(self._config.alerts)
        core, begin = f"core {os.getpid()}", self._legacy.begin
        if self._remembered is None:
            text = f"taskmasterd {__version__} started with pid {self._keeper_pid}, {core}"
            self.record(LogLevel.INFO, f"{text}, config {self._config.path}")
            if os.geteuid() == 0 and self._settings.user is None:
                text = "everything runs as root; `user: NAME` below `taskmaster:` changes that"
                self.record(LogLevel.WARNING, text)
        else:
            there = sum(entry.process.pid is not None for entry in self._remembered.entries)
            text = f"{core} takes over {there} process{'es' if there != 1 else ''}"
            level = LogLevel.INFO if begin.why == wire.HANDED_OVER else LogLevel.WARNING
            self.record(level, f"{text}; the one before {begin.why}")
            if begin.why != wire.HANDED_OVER:
                self.alerts.core_restarted(begin.why, there)
        self._driver.connect(keeper)
        if (remembered := self._remembered) is not None:
            surely = begin.why == wire.HANDED_OVER
            self.listeners.take_over(self._config, remembered.listeners, surely=surely)
            meet(self._driver, self._legacy, remembered)
            self.alerts.go_on(remembered.alerts)
            self.listeners.go_on(remembered.events)
            self._forget_waiting()
        else:
            self.listeners.begin(self._config)
            self._driver.autostart()
        self._legacy.close()
        for message, descriptors in self._legacy.early:
            self._on_message(message, descriptors)

    def _pidfile(self) -> PidFile | None:
        if self._settings.pidfile is None:
            return None
        descriptor = self._legacy.held.pop(PIDFILE, None)
        return PidFile(self._settings.pidfile, self._keeper_pid, descriptor)

    # --- what the server asks for (control.connection.Services) -----------------------------------

    def hello(self) -> Hello:
        """Return who the daemon is."""
        pids = (self._keeper_pid, os.getpid())
        return Hello("taskmaster", __version__, PROTOCOL_VERSION, *pids, self._config.path)

    def clocks(self) -> Clocks:
        """Return both clocks, read together."""
        return Clocks(self._loop.time(), time.time())

    async def metrics(self) -> str:
        """Return what is measured, as Prometheus text (`taskmaster.metrics`)."""
        cores = self._legacy.begin.cores
        return await measure(self._driver, __version__, cores, self.clocks())

    def reload(self) -> ReloadReport:
        """Read the config again and apply it; on any error nothing changes.

        Raises:
            RequestError: the config has errors, all of them in the text; or a port cannot be had.
        """
        if self._openings is not None:
            self._openings.renew()  # also where the config is broken: how else could one ask?
        loaded = self._load_again("reload")
        if self._openings is not None:
            self._openings.reload(loaded.config.settings)
        lines = self.adopt(loaded.config, "reload")
        return ReloadReport(lines, tuple(problem.render() for problem in loaded.warnings))

    @property
    def config(self) -> Config:
        """The config that counts."""
        return self._config

    def read_config(self, why: str) -> Config:
        """Read the config again and change nothing.

        Raises:
            RequestError: it has errors, all of them in the text.
        """
        return self._load_again(why).config

    def adopt(self, config: Config, why: str) -> tuple[str, ...]:
        """Apply another config; return what changed, a line each."""
        changes = diff(self._config, config)
        lines = describe(changes)
        told = f"{len(lines)} changes" if len(lines) != 1 else "1 change"
        self.record(LogLevel.INFO, f"{why}: {self._config.path}: {told}")
        for line in lines:
            self.record(LogLevel.INFO, f"{why}: {line}")
        self._config = config
        self._eventlog.take_over(config.settings)
        if self._keeper is not None:
            self._keeper.send(wire.LogPath(self._eventlog.file.path))
        self.alerts.apply(config.alerts)
        self.listeners.apply(config)
        self._driver.apply(config, changes)
        return lines

    def reread(self) -> ReloadReport:
        """Say what `reload` would do.

        Raises:
            RequestError: the config has errors, all of them in the text.
        """
        loaded = self._load_again("reread")
        lines = describe(diff(self._config, loaded.config))
        return ReloadReport(lines, tuple(problem.render() for problem in loaded.warnings))

    async def upgrade(self) -> NoReturn:
        """Have a core of the code that is installed now take over, and be ended.

        Raises:
            RequestError: it cannot take over, and we go on.
        """
        why = ""
        try:
            # A core that is another user now may not be able to read what a new one will run.
            may_look = os.geteuid() == self._started_by
            version = await loadable_version() if may_look else "what is installed"
        except NoUpgrade as exc:
            why = str(exc)
        else:
            handlers.refuse_while_shutting_down(self._driver.supervisor)
            text = f"upgrade: core {os.getpid()} hands over to {version}"
            self.record(LogLevel.INFO, text)
            self._driver.save_all()
            self._driver.memory.alerts(self.alerts.waiting())
            self._driver.memory.events(self.listeners.hand_over())
            if self._keeper is not None:
                why = f"the new core {self._keeper.hand_over()}"
        self._forget_waiting()
        self.record(LogLevel.ERROR, f"upgrade failed, core {os.getpid()} goes on: {why}")
        raise RequestError(ErrorCode.NO_UPGRADE, f"{why}\nnothing was changed")

    def shut_down(self) -> None:
        """Begin to stop everything."""
        self._driver.shut_down()

    async def ended(self) -> None:
        """Wait until everything is stopped."""
        await self._ended.wait()

    @property
    def event_file(self) -> LogFile:
        """The file of the event log."""
        return self._eventlog.file

    def listen(self, listener: Callable[[str], None]) -> None:
        """Tell a listener every line of the event log."""
        self._eventlog.listen(listener)

    def unlisten(self, listener: Callable[[str], None]) -> None:
        """Tell it nothing more."""
        self._eventlog.unlisten(listener)

    def record(self, level: LogLevel, text: str) -> None:
        """Write a line into the event log."""
        self._eventlog.write(Record(level, text))

    def _forget_waiting(self) -> None:
        """Have the next core know nothing of what waits: by then it will be told."""
        self._driver.memory.alerts({})
        self._driver.memory.events(State())

    # --- what happens -------------------------------------------------------------------------

    def _on_step(self, step: Step) -> None:
        self.listeners.on_step(step)
        self.alerts.on_step(step)

    def _on_message(self, message: wire.Message, descriptors: list[int]) -> None:
        if isinstance(message, wire.SignalReceived):
            self._on_signal(message.number)
            self._driver.send(wire.SignalTaken(message.number))
        else:
            self._driver.on_message(message, descriptors)

    def _on_signal(self, number: int) -> None:
        name = signal_name(number)
        match number:
            case signal.SIGHUP if self._driver.supervisor.shutting_down:
                self.record(LogLevel.WARNING, f"ignored {name}: shutdown in progress")
            case signal.SIGHUP:
                self.record(LogLevel.INFO, f"received {name} indicating reload request")
                with contextlib.suppress(RequestError):  # told in the event log by then
                    self.reload()
            case signal.SIGUSR2:
                self.record(LogLevel.INFO, f"received {name} indicating log reopen request")
                self._eventlog.file.reopen(self._loop.time())
                self._driver.logs.reopen(self._loop.time())
            case _:
                self.record(LogLevel.WARNING, f"received {name} indicating exit request")
                self._driver.shut_down()

    def _on_mistake(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An exception that nobody expected: told where people look, and the daemon goes on."""
        exc = context.get("exception")
        lines = traceback.format_exception(exc) if isinstance(exc, BaseException) else []
        text = f"a mistake of taskmasterd itself: {context.get('message')}\n{''.join(lines)}"
        for line in text.rstrip().splitlines():
            self.record(LogLevel.ERROR, line)

    def _on_keeper_lost(self) -> None:
        """Without the keeper nobody can start or reap: end everything in good order."""
        self.record(LogLevel.ERROR, "the keeper is gone; stopping every process")
        self._exit_status = _EXIT_FAILURE
        entries = tuple(self._driver.supervisor.entries.values())
        last_rites = stop_orphans(entries, self.record, self._driver.type_text)
        task = self._loop.create_task(last_rites, name="last rites")
        task.add_done_callback(lambda _: self.alerts.end(self._ended.set))

    # --- parts --------------------------------------------------------------------------------

    def _load_again(self, why: str) -> Loaded:
        try:
            loaded = load(self._config.path, os.environ, self._started_by)
        except ConfigRejected as exc:
            for problem in exc.problems:
                self.record(LogLevel.ERROR, f"{why}: config rejected: {problem}")
            if why == "reload":
                self.alerts.config_rejected(self._config.path, [str(p) for p in exc.problems])
            raise RequestError(ErrorCode.BAD_CONFIG, exc.render()) from None
        return loaded.with_socket(self._socket_override)


def echo(line: str) -> None:
    """Say something on standard error."""
    with contextlib.suppress(OSError):  # nobody reads it any more; the file has it too
        os.write(2, f"{line}\n".encode("utf-8", "surrogateescape"))
