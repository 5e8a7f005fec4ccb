"""What one process writes, into two logs at once, each in its own form."""

from pty_mux.logfile import LogStream


class LogPair:
    """Two streams that get the same; as a `LogStream`."""

    def __init__(self, first: LogStream, second: LogStream) -> None:
        """Take two streams over; each needs a journal of its own (`journal.divided`)."""
        self._streams = (first, second)

    @property
    def has_partial_line(self) -> bool:
        """Whether something is held back that `flush` would write."""
        return any(stream.has_partial_line for stream in self._streams)

    def resume(self, now: float) -> None:
        """Go on where others with these journals stopped."""
        for stream in self._streams:
            stream.resume(now)

    def write(self, data: bytes, now: float) -> None:
        """Take what the process has written, cut anywhere."""
        for stream in self._streams:
            stream.write(data, now)

    def flush_after(self, seconds: float, now: float) -> None:
        """Write what is held back, unless the process went on writing within that many seconds."""
        for stream in self._streams:
            stream.flush_after(seconds, now)

    def close(self, now: float) -> None:
        """Write what is held back, and leave both logs."""
        for stream in self._streams:
            stream.close(now)
