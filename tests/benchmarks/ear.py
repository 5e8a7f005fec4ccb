"""An event listener that costs little: it takes every event, and adds a byte to a file for each."""

import os
import sys


def main() -> None:
    counted = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(1, b"READY\n")
    data = b""
    while piece := os.read(0, 65536):
        data += piece
        header, newline, rest = data.partition(b"\n")
        length = int(header.rpartition(b"len:")[2]) if newline else 0
        if newline and len(rest) >= length:
            data = rest[length:]
            os.write(counted, b"x")
            os.write(1, b"RESULT 2\nOKREADY\n")


if __name__ == "__main__":
    main()
