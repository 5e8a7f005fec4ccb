"""Where the log of a process is, for those who read it or empty it."""

from pty_mux.logfile import LogFile
from pty_mux.session import Session
from taskmaster.driver import Driver


def log_source(driver: Driver, name: str, stream: str) -> LogFile | Session | None:
    """Return where the log of a stream is read: its file, for stdout else the terminal itself.

    An event listener has no terminal; where there is no file what it wrote to its standard error is
    all that there is.

    None: there is no such log. `stream` is ``stdout`` or ``stderr``.
    """
    entry = driver.supervisor.entries[name]
    program, launch = entry.program, entry.launch
    if stream == "stderr":
        if launch.stderr is None:
            return driver.session(name) if program.events else None
        return driver.logs.file(launch.stderr, program.stderr_maxbytes, program.stderr_backups)
    if launch.stdout is None:
        return driver.session(name)
    return driver.logs.file(launch.stdout, program.stdout_maxbytes, program.stdout_backups)


def clear_logs(driver: Driver, name: str) -> None:
    """Empty the log files of a process, running or not.

    Raises:
        OSError: one cannot be emptied.
    """
    for stream in ("stdout", "stderr"):
        source = log_source(driver, name, stream)
        if isinstance(source, LogFile):
            source.clear()
