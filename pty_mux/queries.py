"""Questions that programs put to a terminal, and how to take them out of a replay.

A program asks by escape sequences and the terminal answers as if the user had typed. Shown again
from history, an old question would be answered again, and the answer typed into whatever runs now.
Sources: ECMA-48 (DSR, DA), DEC STD 070 (DECRQM, DECRQSS), xterm's ctlseqs (XTVERSION, XTGETTCAP,
window reports, colour queries), the kitty keyboard protocol (``CSI ? u``).
"""

import re
from typing import Final

_QUERY: Final = re.compile(
    rb"\x1b\[(?:"
    rb"[>=]?[0-9;]*c"  # device attributes, primary, secondary and tertiary
    rb"|\??[0-9;]*n"  # device status, cursor position
    rb"|\??[0-9;]*\$p"  # DECRQM
    rb"|>[0-9;]*q"  # XTVERSION
    rb"|\?[0-9;]*u"  # kitty keyboard flags
    rb"|\?[0-9;]*m"  # XTQMODKEYS
    rb"|(?:1[1345689]|2[01])(?:;[0-9;]*)?t"  # window reports
    rb"|[01]?x"  # DECREQTPARM
    rb"|[0-9;]*\*y"  # DECRQCRA
    rb")"
    rb"|\x1bZ"  # DECID
    rb"|\x1bP[$+]q[^\x1b\x07]{0,4096}(?:\x1b\\|\x07)"  # DECRQSS, XTGETTCAP
    rb"|\x1b\](?:4;[0-9;]*|5;[0-9;]*|1[0-9]|52;[a-z0-9]*);\?[^\x1b\x07]{0,4096}(?:\x1b\\|\x07)"
    rb"|\x05"  # ENQ
)


def strip_queries(data: bytes) -> bytes:
    """Return the bytes without the complete questions in them."""
    if b"\x1b" not in data and b"\x05" not in data:
        return data
    return _QUERY.sub(b"", data)
