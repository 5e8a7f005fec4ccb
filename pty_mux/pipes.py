"""Move bytes of a process that has three pipes and no terminal (asyncio): it talks to a program.

Its standard output goes to whoever talks to it (`Pipes.on_output`), and as it is into its log; its
standard error, which is for people, into its log and its session. What is written to its standard
input waits until the pipe takes it: whoever writes gives one thing at a time and waits for an
answer, so that is the bound.

After the process's end what is left in the pipes is read, and then they are closed: a descendant
that holds them is told by SIGPIPE.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Final

from pty_mux.logfile import LogStream
from pty_mux.logpair import LogPair
from pty_mux.session import Session

READ_BYTES: Final = 64 * 1024
_DRAIN_BYTES: Final = 1024 * 1024
PARTIAL_LINE_SECONDS: Final = 0.2


class Pipes:
    """The bytes of one life of a process. Owns the descriptors that it is given.

    Attributes:
        on_output: told what the process writes to its standard output.
        on_error_output: told what it writes to its standard error.
        on_written: called when its standard input has taken all of what had to wait.
    """

    def __init__(
        self,
        stdout: int,
        stderr: int,
        stdin: int,
        session: Session,
        on_closed: Callable[[], None],
    ) -> None:
        """Start to read in the next turn of the loop; `on_closed` is called once all is closed."""
        self.stdout_log: LogStream | LogPair | None = None
        self.stderr_log: LogStream | LogPair | None = None
        self.on_output: Callable[[bytes], None] | None = None
        self.on_error_output: Callable[[bytes], None] | None = None
        self.on_written: Callable[[], None] = _nobody_waits
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._stdout, self._stderr, self._stdin = stdout, stderr, stdin
        self._unwritten = memoryview(b"")
        self._on_closed = on_closed
        self._is_over = False
        self._line_timer: asyncio.TimerHandle | None = None
        for end in (stdout, stderr, stdin):
            os.set_blocking(end, False)
        self._loop.add_reader(stdout, self._read_stdout)
        self._loop.add_reader(stderr, self._read_stderr)

    @property
    def is_closed(self) -> bool:
        """Whether every descriptor is closed."""
        return self._is_over

    # --- outwards -----------------------------------------------------------------------------

    def _read_stdout(self) -> int:
        data = _read(self._stdout) if self._stdout >= 0 else None
        if data:
            if self.stdout_log is not None:
                self._log(self.stdout_log, data)
            if self.on_output is not None:
                self.on_output(data)
        elif data is not None:
            self._close_stdout()
        return len(data or b"")

    def _read_stderr(self) -> int:
        data = _read(self._stderr) if self._stderr >= 0 else None
        if data:
            if self.stderr_log is not None:
                self._log(self.stderr_log, data)
            if self.on_error_output is not None:
                self.on_error_output(data)
            self._session.feed(data.replace(b"\n", b"\r\n"))  # as a terminal would have it
        elif data is not None:
            self._close_stderr()
        return len(data or b"")

    def _log(self, stream: LogStream | LogPair, data: bytes) -> None:
        stream.write(data, self._loop.time())
        self._watch_partial_lines()

    def _watch_partial_lines(self) -> None:
        if self._line_timer is None and any(stream.has_partial_line for stream in self._logs):
            self._line_timer = self._loop.call_later(PARTIAL_LINE_SECONDS, self._on_line_timer)

    def _on_line_timer(self) -> None:
        self._line_timer = None
        for stream in self._logs:
            stream.flush_after(PARTIAL_LINE_SECONDS, self._loop.time())
        self._watch_partial_lines()

    @property
    def _logs(self) -> list[LogStream | LogPair]:
        return [stream for stream in (self.stdout_log, self.stderr_log) if stream is not None]

    # --- inwards ------------------------------------------------------------------------------

    @property
    def unwritten(self) -> bytes:
        """What the pipe has not taken yet."""
        return bytes(self._unwritten)

    def write(self, data: bytes) -> bool:
        """Write to its standard input, now or when the pipe takes it; return whether it is open."""
        if self._stdin < 0:
            return False
        self._unwritten = memoryview(bytes(self._unwritten) + data)
        self._write_stdin()
        return self._stdin >= 0

    def _write_stdin(self) -> None:
        try:
            self._unwritten = self._unwritten[os.write(self._stdin, self._unwritten) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._close_stdin()
            return
        if self._unwritten:
            self._loop.add_writer(self._stdin, self._write_stdin)
        elif self._loop.remove_writer(self._stdin):
            self.on_written()

    # --- the end ------------------------------------------------------------------------------

    def process_ended(self) -> None:
        """Read what the process wrote last, and close everything."""
        for read in (self._read_stdout, self._read_stderr):
            allowed = _DRAIN_BYTES
            while allowed > 0 and (length := read()):
                allowed -= length
        self.close()

    def close(self) -> None:
        """Close everything now; what is still unread is lost."""
        if self._is_over:
            return
        self._is_over = True
        self._close_stdin()
        self._close_stdout()
        self._close_stderr()
        self._session.flush()
        if self._line_timer is not None:
            self._line_timer.cancel()
        for stream in self._logs:
            stream.close(self._loop.time())
        self.stdout_log = self.stderr_log = None
        self._on_closed()

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            self._loop.remove_writer(self._stdin)
            os.close(self._stdin)
            self._stdin, self._unwritten = -1, memoryview(b"")

    def _close_stdout(self) -> None:
        if self._stdout >= 0:
            self._loop.remove_reader(self._stdout)
            os.close(self._stdout)
            self._stdout = -1

    def _close_stderr(self) -> None:
        if self._stderr >= 0:
            self._loop.remove_reader(self._stderr)
            os.close(self._stderr)
            self._stderr = -1


def _nobody_waits() -> None:
    """What is written is all that there is."""


def _read(descriptor: int) -> bytes | None:
    """Return what waits, b"" at the end, None if nothing waits."""
    try:
        return os.read(descriptor, READ_BYTES)
    except BlockingIOError:
        return None
