"""Undo what the line discipline did to line ends: CR LF back to LF (termios(3), ONLCR). Pure."""


class LineEnds:
    """Takes what came out of a terminal, cut anywhere, and gives it back as it was written.

    A CR that the program wrote itself stays; only one before an LF goes. A CR at the end of what
    was fed is held until the next byte tells.
    """

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what is certain by now."""
        data = self.held + data
        self.held = b"\r" if data.endswith(b"\r") else b""
        if self.held:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n")

    def flush(self) -> bytes:
        """Return what was held: nothing follows it."""
        held, self.held = self.held, b""
        return held
