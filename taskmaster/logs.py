"""The log files of all processes: one `LogFile` a path, however many write into it.

Which file a process writes into may change, at a reload or at the start that follows it. Whoever
follows the log of a process watches for that (`watch`) and asks again where it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pty_mux.journal import Half, Journal, divided
from pty_mux.logfile import LogFile, LogStream, Trouble
from pty_mux.logpair import LogPair
from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from pty_mux.textlog import TextLines
from taskmaster.config.model import Launch, LogFormat, Program, StderrChannel
from taskmaster.syslog import Syslog, SyslogLines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Where one output of a process is to go: into a file, to syslog, both or neither."""

    path: str | None
    maxbytes: int
    backups: int
    syslog: SyslogLines | None
    journal: Journal
    terminal: bool


class LogFiles:
    """Every log file of the processes, by path.

    Attributes:
        on_trouble: told of what goes wrong with what a process writes, and of its end.
        syslog: where lines go that are for syslog.
    """

    def __init__(self, on_trouble: Trouble, stamp: Callable[[], bytes]) -> None:
        """Open nothing yet; `stamp` gives the time before a line where one is wanted."""
        self.on_trouble = on_trouble
        self.syslog = Syslog(on_trouble)
        self._stamp = stamp
        self._files: dict[str, LogFile] = {}
        self._watchers: list[Callable[[], None]] = []

    def file(self, path: str, maxbytes: int, backups: int) -> LogFile:
        """Return the file of that path; where several name it, the last limits count for all."""
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = LogFile(path, maxbytes, backups, self.on_trouble)
        file.maxbytes = maxbytes
        file.backups = backups
        return file

    def stream(
        self,
        path: str,
        maxbytes: int,
        backups: int,
        now: float,
        *,
        terminal: bool,
        text: TextLines | None = None,
        journal: Journal | Half | None = None,
    ) -> LogStream:
        """Return a new stream into the file of that path, and open it if that can be done."""
        file = self.file(path, maxbytes, backups)
        file.open(now)
        return LogStream(file, terminal=terminal, text=text, journal=journal)

    def connect(
        self,
        pump: Pump | Pipes,
        journals: Sequence[Journal],
        program: Program,
        launch: Launch,
        now: float,
        *,
        ident: str,
        resumed: bool = False,
    ) -> None:
        """Have the output of a process logged where its config says; what it had before ends.

        Args:
            pump: moves its bytes.
            journals: keep what is held back of its standard output and of its standard error.
            program: what governs it.
            launch: with its paths.
            now: monotonic seconds.
            ident: what syslog knows it as.
            resumed: what is in the journals is to be logged too.
        """
        old = (pump.stdout_log, pump.stderr_log)
        stdout = _Way(
            path=launch.stdout,
            maxbytes=program.stdout_maxbytes,
            backups=program.stdout_backups,
            syslog=SyslogLines(self.syslog, ident) if program.stdout_syslog else None,
            journal=journals[0],
            terminal=isinstance(pump, Pump),
        )
        stderr = _Way(
            path=launch.stderr,
            maxbytes=program.stderr_maxbytes,
            backups=program.stderr_backups,
            syslog=SyslogLines(self.syslog, ident) if program.stderr_syslog else None,
            journal=journals[1],
            terminal=program.stderr_channel is StderrChannel.SECOND_TERMINAL,
        )
        pump.stdout_log = self._begin(stdout, program, now, resumed=resumed)
        pump.stderr_log = self._begin(stderr, program, now, resumed=resumed)
        for stream in old:
            if stream is not None:
                stream.close(now)
        for stream in (pump.stdout_log, pump.stderr_log):
            if stream is not None and resumed:
                stream.resume(now)
        self.moved()

    def _begin(
        self, way: "_Way", program: Program, now: float, *, resumed: bool
    ) -> LogStream | LogPair | None:
        """Return a stream of a process's output to where it is to go, or None for nowhere."""
        halves: tuple[Journal | Half, Journal | Half] = (way.journal, way.journal)
        if way.path is not None and way.syslog is not None:
            halves = divided(way.journal, resumed=resumed)
        written = sent = None
        if way.path is not None:
            written = self.stream(
                way.path,
                way.maxbytes,
                way.backups,
                now,
                terminal=way.terminal,
                text=self._text(program),
                journal=halves[0],
            )
        if way.syslog is not None:
            text = TextLines()
            sent = LogStream(way.syslog, terminal=way.terminal, text=text, journal=halves[1])
        return LogPair(written, sent) if written and sent else written or sent

    def _text(self, program: Program) -> TextLines | None:
        if program.logformat is LogFormat.RAW:
            return None
        return TextLines(self._stamp if program.timestamps else None)

    def reopen(self, now: float) -> None:
        """Open every file that is in use by its name again."""
        for file in self._files.values():
            if file.streams:
                file.reopen(now)

    def keep_only(self, paths: set[str]) -> None:
        """Forget files that no process names any more and nothing writes into."""
        for path in [p for p, file in self._files.items() if p not in paths and not file.streams]:
            self._files.pop(path).close()
        self.moved()

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call this whenever a process may have got another log."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Call it no more."""
        self._watchers.remove(watcher)

    def moved(self) -> None:
        """Tell the watchers that a process may have got another log."""
        for watcher in self._watchers:
            watcher()
