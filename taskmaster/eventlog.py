"""The event log: each `Record` becomes one line with its time, in a file and for whoever listens.

Lines look as supervisord's do: ``2026-11-23 18:52:15,123 INFO spawned: 'nginx:0' with pid 4242``,
in local time. This is the one place that reads the time of day.
"""

import os
import time
from collections.abc import Callable
from typing import Final

from pty_mux.logfile import LogFile
from taskmaster.config.model import LogLevel, Settings
from taskmaster.records import Record

Listener = Callable[[str], None]

_NAMES: Final = {
    LogLevel.DEBUG: "DEBG",
    LogLevel.INFO: "INFO",
    LogLevel.WARNING: "WARN",
    LogLevel.ERROR: "ERRO",
}
"""supervisord's four-letter names of the levels."""


class EventLog:
    """The daemon's own log.

    Attributes:
        file: where the lines go.
        on_failure: told what goes wrong with a log, the event log itself or a process's.
    """

    def __init__(self, settings: Settings, echo: Listener | None) -> None:
        """Open nothing yet; `echo` gets every line too (standard error in the foreground)."""
        self._level = settings.loglevel
        self._echo = echo
        self._listeners: list[Listener] = []
        self.on_failure: Listener | None = None
        self.file = LogFile(
            settings.logfile, settings.logfile_maxbytes, settings.logfile_backups, self._trouble
        )

    def write(self, record: Record) -> None:
        """Write one line, if its level is told at all."""
        if record.level < self._level:
            return
        line = format_line(record, time.time())
        for listener in (*self._listeners, *([self._echo] if self._echo else [])):
            listener(line)
        self.file.append(line.encode("utf-8", "surrogateescape") + b"\n", time.monotonic())

    def listen(self, listener: Listener) -> None:
        """Tell a listener every line from now on, without its newline."""
        self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Tell a listener nothing more."""
        self._listeners.remove(listener)

    def take_over(self, settings: Settings) -> None:
        """Go on with another level, another file or other limits."""
        self._level = settings.loglevel
        if self.file.path != settings.logfile:
            self.file.move(settings.logfile)
        self.file.maxbytes = settings.logfile_maxbytes
        self.file.backups = settings.logfile_backups

    def tell_of_log(self, text: str, is_good_news: bool) -> None:
        """Write how it goes with the log of a process (logfile.Trouble)."""
        self.write(_trouble_record(text, is_good_news))
        self._tell_of_failure(text, is_good_news)

    def _trouble(self, text: str, is_good_news: bool) -> None:
        """The event log itself cannot be written: whoever listens can still be told."""
        line = format_line(_trouble_record(text, is_good_news), time.time())
        for listener in (*self._listeners, *([self._echo] if self._echo else [])):
            listener(line)
        self._tell_of_failure(text, is_good_news)

    def _tell_of_failure(self, text: str, is_good_news: bool) -> None:
        if self.on_failure is not None and not is_good_news:
            self.on_failure(text)


def _trouble_record(text: str, is_good_news: bool) -> Record:
    return Record(LogLevel.INFO if is_good_news else LogLevel.ERROR, text)


def format_line(record: Record, when: float) -> str:
    """Return the line of a record; `when` is in seconds since the epoch."""
    text = record.text
    if not text.isprintable():
        text = "".join(char if char.isprintable() else _escaped(char) for char in text)
    return f"{_clock(when)} {_NAMES[record.level]} {text}"


def line_stamp() -> bytes:
    """Return the time of day as it stands before a line of a process's log, with a blank."""
    return f"{_clock(time.time())} ".encode("ascii")


def syslog_stamp() -> bytes:
    """Return the time of day as syslog(3) writes it: ``Nov  8 21:08:17`` (RFC 3164, 4.1.2)."""
    return time.strftime("%b %e %H:%M:%S", time.localtime(time.time())).encode("ascii")


def _clock(when: float) -> str:
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when))
    return f"{clock},{int(when * 1000) % 1000:03}"


def _escaped(char: str) -> str:
    """Keep one event one line, and terminals of readers safe from control characters."""
    return char if "\udc80" <= char <= "\udcff" else char.encode("unicode_escape").decode("ascii")


def prepare(path: str) -> None:
    """Make sure that there is an event log; later troubles with it stop nothing.

    Raises:
        OSError: it cannot be written.
    """
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    os.close(os.open(path, flags, 0o666))
