"""The log files of all processes: one `LogFile` a path, however many write into it.

Which file a process writes into may change, at a reload or at the start that follows it. Whoever
follows the log of a process watches for that (`watch`) and asks again where it is.
"""

from collections.abc import Callable, Sequence

from pty_mux.journal import Journal
from pty_mux.logfile import LogFile, LogStream, Trouble
from pty_mux.pipes import Pipes
from pty_mux.pump import Pump
from pty_mux.textlog import TextLines
from taskmaster.config.model import Launch, LogFormat, Program, StderrChannel


class LogFiles:
    """Every log file of the processes, by path.

    Attributes:
        on_trouble: told of what goes wrong with what a process writes, and of its end.
    """

    def __init__(self, on_trouble: Trouble, stamp: Callable[[], bytes]) -> None:
        """Open nothing yet; `stamp` gives the time before a line where one is wanted."""
        self.on_trouble = on_trouble
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
        journal: Journal | None = None,
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
        resumed: bool = False,
    ) -> None:
        """Have the output of a process logged where its config says; what it had before ends.

        Args:
            pump: moves its bytes.
            journals: keep what is held back of its standard output and of its standard error.
            program: what governs it.
            launch: with its paths.
            now: monotonic seconds.
            resumed: what is in the journals is to be logged too.
        """
        old = (pump.stdout_log, pump.stderr_log)
        second = program.stderr_channel is StderrChannel.SECOND_TERMINAL
        pump.stdout_log = pump.stderr_log = None
        if launch.stdout is not None:
            limits = (program.stdout_maxbytes, program.stdout_backups)
            pump.stdout_log = self.stream(
                launch.stdout,
                *limits,
                now,
                terminal=isinstance(pump, Pump),
                text=self._text(program),
                journal=journals[0],
            )
        if launch.stderr is not None:
            limits = (program.stderr_maxbytes, program.stderr_backups)
            pump.stderr_log = self.stream(
                launch.stderr,
                *limits,
                now,
                terminal=second,
                text=self._text(program),
                journal=journals[1],
            )
        for stream in old:
            if stream is not None:
                stream.close(now)
        for stream in (pump.stdout_log, pump.stderr_log):
            if stream is not None and resumed:
                stream.resume(now)
        self.moved()

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
