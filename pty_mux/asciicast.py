"""A recording of what a terminal was sent, in the format of asciinema: asciicast v2. Pure.

A line of JSON says how the terminal was, then each line is an event: ``[seconds, "o", text]`` for
output, ``[seconds, "r", "COLUMNSxROWS"]`` for another size. What was typed is never recorded: it
may be a password. Source: https://docs.asciinema.org/manual/asciicast/v2.

Not here: the clock, and the file that the lines are written to.
"""

import codecs
import json
from typing import Final

_VERSION: Final = 2


class Recording:
    """Turns what happens to one terminal into lines of a recording.

    Every method returns bytes to be appended to the file, whole lines or nothing.

    Args:
        start: when it begins, on the clock that the other times (`at`) are on, in seconds.
    """

    def __init__(self, start: float) -> None:
        self._start = start
        self._seconds = 0.0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def header(self, rows: int, columns: int, timestamp: float, term: str, title: str) -> bytes:
        """Return the first line; the timestamp is the time of day at the start (seconds, Unix)."""
        header = {
            "version": _VERSION,
            "width": columns,
            "height": rows,
            "timestamp": int(timestamp),
            "env": {"TERM": term},
            "title": title,
        }
        # A title made of a command line may hold bytes that are no text (PEP 383).
        return f"{_json(header)}\n".encode(errors="replace")

    def output(self, data: bytes, at: float) -> bytes:
        """Return the event of what the program wrote, cut anywhere.

        The beginning of a character at the end waits for its rest and is in the next event; what is
        no UTF-8 gives U+FFFD. b"" means that there is nothing to say yet.
        """
        text = self._decoder.decode(data)
        return self._event("o", text, at) if text else b""

    def go_on(self, at: float) -> None:
        """Go on with a recording that somebody else began; nothing is from before this time."""
        self._seconds = max(0.0, at - self._start)

    def resize(self, rows: int, columns: int, at: float) -> bytes:
        """Return the event of another size."""
        return self._event("r", f"{columns}x{rows}", at)

    def _event(self, kind: str, text: str, at: float) -> bytes:
        self._seconds = max(self._seconds, at - self._start)
        return f'[{self._seconds:.6f}, "{kind}", {_json(text)}]\n'.encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
