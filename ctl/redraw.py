"""Lines that are drawn over in place, at a terminal without its alternate screen. Pure."""

from collections.abc import Sequence


def redraw(before: Sequence[str], after: Sequence[str]) -> str:
    """Return what turns lines that are shown into others; a line that stays is not written again.

    The cursor is at the beginning of the row below the lines, before and behind. None of them may
    be wider than the terminal, and all of them with the cursor's row must fit into its height.
    """
    written: list[str] = []
    at = lowest = len(before)
    for row, line in enumerate(after):
        if row < len(before) and before[row] == line:
            continue
        written.append(_move(at, row, lowest) + "\x1b[K" + line)
        at, lowest = row, max(lowest, row)
    if written or len(after) != len(before):
        written.append(_move(at, len(after), lowest))
        at = len(after)
    if len(after) < len(before):
        written.append("\x1b[J")
    return "".join(written)


def _move(at: int, row: int, lowest: int) -> str:
    """Return what moves to the beginning of a row; one below the lowest is made."""
    if row < at:
        return f"\x1b[{at - row}A\r"
    down = min(row, lowest) - at
    return (f"\x1b[{down}B" if down > 0 else "") + "\r" + "\n" * (row - max(at, lowest))
