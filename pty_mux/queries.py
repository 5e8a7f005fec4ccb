"""Questions that programs put to a terminal: found in the stream, and taken out of it. Pure.

A program asks by escape sequences, and the terminal answers as if the user had typed. Attached
terminals must never see a question: each would answer, and what is shown again later would be
answered again. So they are cut out before the stream goes into the ring (`QueryFilter`), and the
model of the screen answers (`pty_mux.vt.answers`).

Sources: ECMA-48 (DSR, DA), DEC STD 070 (DECRQM, DECRQSS), xterm's ctlseqs (XTVERSION, XTGETTCAP,
window reports, colour queries), the kitty protocols of keyboard (``CSI ? u``) and graphics (`a=q`).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_QUERY: Final = re.compile(
    rb"\x1b\[(?:"
    rb"[>=]?[0-9;]{0,60}c"  # device attributes, primary, secondary and tertiary
    rb"|\??[0-9;]{0,60}n"  # device status, cursor position
    rb"|\??[0-9;]{0,60}\$p"  # DECRQM
    rb"|>[0-9;]{0,60}q"  # XTVERSION
    rb"|\?u"  # kitty keyboard flags
    rb"|\?[0-9;]{0,60}[mS]"  # XTQMODKEYS, XTSMGRAPHICS
    rb"|(?:1[1345689]|2[01])(?:;[0-9;]{0,60})?t"  # window reports
    rb"|[01]?x"  # DECREQTPARM
    rb"|[0-9;]{0,60}\*y"  # DECRQCRA
    rb"|[0-9]{0,60}\$w"  # DECRQPSR
    rb")"
    rb"|\x1bZ"  # DECID
    rb"|\x1bP[$+]q[^\x1b\x07]{0,4096}(?:\x1b\\|\x07)"  # DECRQSS, XTGETTCAP
    rb"|\x1b\](?:[45];[0-9;]{0,60}|1[0-9]|52;[a-z0-9]{0,16});\?[^\x1b\x07]{0,4096}(?:\x1b\\|\x07)"
    rb"|\x1b_G(?:[A-Za-z]=[^\x1b;,]{1,12},){0,12}a=q[^\x1b]{0,4096}\x1b\\"  # kitty graphics
    rb"|\x05"  # ENQ
)
_CANDIDATE: Final = re.compile(
    rb"\x1b(?!\[(?:[0-9;:]*+[A-Z@`abdfghlmrsu]|\?[0-9;]*+[hlJKrs])|[(78=>M]|\][0278])"
)
"""What may begin a question: nearly no sequence of what programs write, so most data has none."""

_PARTIAL: Final = re.compile(
    rb"\x1b(?:"
    rb"\[[0-9;?>=]{0,64}[$*]?"
    rb"|P(?:[$+](?:q[^\x1b\x07]{0,4096}\x1b?)?)?"
    rb"|\](?:[0-9]{0,2}|(?:[45];[0-9;]{0,64}|1[0-9]|52;[a-z0-9]{0,16})"
    rb"(?:;(?:\?[^\x1b\x07]{0,4096}\x1b?)?)?)"
    rb"|_(?:G(?:[^\x1b;]{0,256}|(?:[A-Za-z]=[^\x1b;,]{1,12},){0,12}a=q[^\x1b]{0,4096}\x1b?))?"
    rb")?\Z"
)
"""The end of a stream that may be the beginning of a question; bounded as `_QUERY` is."""


class Query(NamedTuple):
    """One question, whole."""

    text: bytes


class QueryFilter:
    """Follows what one program writes, cut anywhere."""

    __slots__ = ("_held",)

    HOLD_SECONDS: Final = 0.05
    """How long the beginning of what may be a question is held back for its rest."""

    def __init__(self) -> None:
        self._held = b""

    @property
    def holds_back(self) -> bool:
        """Whether bytes wait for their rest; call `flush` after `HOLD_SECONDS`."""
        return bool(self._held)

    def feed(self, data: bytes) -> Iterator[bytes | Query]:
        """Yield the stream in order: bytes without questions, and the questions between them."""
        if self._held:
            data, self._held = self._held + data, b""
        if b"\x1b" not in data and b"\x05" not in data:
            yield data
            return
        if partial := _partial_query(data):
            data, self._held = data[: partial.start()], partial[0]
        if b"\x05" not in data and _CANDIDATE.search(data) is None:
            if data:
                yield data
            return
        position = 0
        for match in _QUERY.finditer(data):
            if match.start() > position:
                yield data[position : match.start()]
            yield Query(match[0])
            position = match.end()
        if position < len(data):
            yield data[position:] if position else data

    def flush(self) -> bytes:
        """Return what was held back: its rest did not come, so it is passed on as it is."""
        held, self._held = self._held, b""
        return held


def _partial_query(data: bytes) -> re.Match[bytes] | None:
    """Return the end of the data if it may be the beginning of a question."""
    last = data.rfind(b"\x1b")
    if last < 0:
        return None
    if last == len(data) - 1:
        # It may be the first byte of the terminator of a string.
        before = data.rfind(b"\x1b", 0, last)
        if before >= 0 and (match := _PARTIAL.match(data, before)):
            return match
    return _PARTIAL.match(data, last)
