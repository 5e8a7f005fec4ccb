"""Features of terminals and their edges, as what a program would write.

Each is for a screen of `ROWS` rows and `COLUMNS` columns, often filled with letters first, so that
one sees what moves. They are cases of the comparison with libghostty, and food for other tests.
`single_features` has those that stand alone; here are the ones that come in families.
"""

from typing import Final

from tests.pty_mux.vt.single_features import FILLED, FULL_ROW, SINGLE, WIDE

_AFTER: Final = {
    "nothing": b"",
    "CR": b"\r",
    "LF": b"\n",
    "CR LF": b"\r\n",
    "VT": b"\v",
    "FF": b"\f",
    "BS": b"\b",
    "BS BS": b"\b\b",
    "HT": b"\t",
    "BEL": b"\a",
    "NUL": b"\0",
    "SGR": b"\x1b[31m",
    "CUU": b"\x1b[A",
    "CUU 0": b"\x1b[0A",
    "CUD": b"\x1b[B",
    "CUF": b"\x1b[C",
    "CUB": b"\x1b[D",
    "CNL": b"\x1b[E",
    "CPL": b"\x1b[F",
    "CHA same": b"\x1b[12G",
    "CUP same": b"\x1b[2;12H",
    "VPA": b"\x1b[3d",
    "HPA": b"\x1b[12`",
    "VPR": b"\x1b[1e",
    "HPR": b"\x1b[1a",
    "CHT": b"\x1b[I",
    "CBT": b"\x1b[Z",
    "IND": b"\x1bD",
    "NEL": b"\x1bE",
    "RI": b"\x1bM",
    "HTS": b"\x1bH",
    "EL 0": b"\x1b[K",
    "EL 1": b"\x1b[1K",
    "EL 2": b"\x1b[2K",
    "ED 0": b"\x1b[J",
    "ED 1": b"\x1b[1J",
    "ED 2": b"\x1b[2J",
    "ED 3": b"\x1b[3J",
    "ECH": b"\x1b[X",
    "ICH": b"\x1b[@",
    "DCH": b"\x1b[P",
    "IL": b"\x1b[L",
    "DL": b"\x1b[M",
    "SU": b"\x1b[S",
    "SD": b"\x1b[T",
    "REP": b"\x1b[3b",
    "DECSC DECRC": b"\x1b7\x1b8",
    "DECSC home DECRC": b"\x1b7\x1b[H\x1b8",
    "SCOSC home SCORC": b"\x1b[s\x1b[H\x1b[u",
    "DECSTBM": b"\x1b[2;4r",
    "DECAWM off": b"\x1b[?7l",
    "DECAWM off and on": b"\x1b[?7l\x1b[?7h",
    "DECOM": b"\x1b[?6h",
    "IRM": b"\x1b[4h",
    "LNM": b"\x1b[20h",
    "DECTCEM": b"\x1b[?25l",
    "DECSCNM": b"\x1b[?5h",
    "DECKPAM": b"\x1b=",
    "SO": b"\x0e",
    "designate": b"\x1b(0",
    "1047": b"\x1b[?1047h",
    "1049": b"\x1b[?1049h",
    "1049 and back": b"\x1b[?1049h\x1b[?1049l",
    "1048": b"\x1b[?1048h\x1b[?1048l",
    "47 and back": b"\x1b[?47h\x1b[?47l",
    "DECSTR": b"\x1b[!p",
    "RIS": b"\x1bc",
    "DECALN": b"\x1b#8",
    "OSC": b"\x1b]2;title\x07",
    "DCS": b"\x1bP$qm\x1b\\",
    "TBC": b"\x1b[3g",
    "XTSAVE": b"\x1b[?7s\x1b[?7r",
    "mark": "\u0301".encode(),
    "wide": "漢".encode(),
}


def _cases() -> dict[str, bytes]:
    cases = {f"pending wrap, {name}": FULL_ROW + after + b"Z" for name, after in _AFTER.items()}
    cases |= {
        f"pending wrap, {name}, then nothing": FULL_ROW + after for name, after in _AFTER.items()
    }
    cases |= {
        f"pending wrap of a wide character, {name}": b"\x1b[2;1H" + WIDE + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"in the middle, {name}": FILLED + b"\x1b[3;5H\x1b[44m" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"in a region, {name}": FILLED + b"\x1b[2;4r\x1b[3;5H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"at the end of a region, {name}": FILLED + b"\x1b[2;4r\x1b[4;5H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"above a region, {name}": FILLED + b"\x1b[3;4r\x1b[1;5H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"below a region, {name}": FILLED + b"\x1b[2;4r\x1b[6;5H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"origin mode, {name}": FILLED + b"\x1b[2;4r\x1b[?6h\x1b[2;5H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"on half of a wide character, {name}": b"\x1b[2;1H" + WIDE + b"\x1b[2;4H" + after + b"Z"
        for name, after in _AFTER.items()
    }
    cases |= {
        f"alternate screen, {name}": FILLED
        + b"\x1b[?1049h\x1b[31m12\x1b7"
        + after
        + b"Z\x1b[?1049lY"
        for name, after in _AFTER.items()
    }
    for command in "@PXLMSTbABCDEFGIZade`":
        for count in (0, 1, 2, 5, 11, 12, 13, 99999, 12345678901234567890):
            sequence = b"\x1b[%d%s" % (count, command.encode())
            cases[f"{command} {count}"] = FILLED + b"\x1b[42m\x1b[3;5H" + sequence + b"Z"
            cases[f"{command} {count} in a region"] = (
                FILLED + b"\x1b[42m\x1b[2;4r\x1b[3;5HQ" + sequence + b"Z"
            )
            cases[f"{command} {count} among wide characters"] = (
                b"\x1b[3;1H" + WIDE + b"\x1b[4;1H" + WIDE + b"\x1b[3;4H\x1b[42m" + sequence + b"Z"
            )
    for kind in "JK":
        for number in (0, 1, 2, 3, 4):
            for column in (1, 4, 5, 12):
                cases[f"{kind} {number} at column {column}"] = (
                    FILLED
                    + b"\x1b[3;1H"
                    + WIDE
                    + b"\x1b[3;%dH\x1b[45m\x1b[%d%s" % (column, number, kind.encode())
                    + b"Z"
                )
    return (
        cases
        | SINGLE
        | {f"SGR {codes}": b"a\x1b[%smb\x1b[0mc" % codes.encode() for codes in _SGR}
        | {
            f"SGR {codes} onto everything": _EVERYTHING + b"a\x1b[%smb" % codes.encode()
            for codes in _SGR
        }
    )


_EVERYTHING: Final = b"\x1b[1;2;3;4;5;7;8;9;53;31;42m\x1b[58:2::1:2:3m"
_SGR: Final = (
    "", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "22", "23", "24", "25", "27", "28",
    "29", "39", "49", "53", "55", "59", "30", "37", "90", "97", "40", "47", "100", "107",
    "4:0", "4:1", "4:2", "4:3", "4:4", "4:5", "4:6", "4:", "4:3;31", "4;3",
    "38;5;1", "38;5;200", "38:5:200", "48;5;200", "48:5:200", "58;5;200", "58:5:200", "38;5;256",
    "38;2;1;2;3", "38:2:1:2:3", "38:2::1:2:3", "38:2:0:1:2:3", "38:2::1:2:3:0:0", "48;2;1;2;3",
    "48:2::1:2:3", "58;2;1;2;3", "58:2::1:2:3", "58:2:1:2:3", "38;2;1;2;300", "38;2;1;2", "38;5",
    "38", "38;1", "38;2;;;", "38;5;", "38:5", "38:2", "38:2:1", "38:2:1:2",
    "31;", ";31", "1;;31", "0;1", "1;0", "01;31",
    "38;5;1;1", "38;2;1;2;3;4", "48;5;2;38;5;3;1", "38:5:1;1", "1:2", "31:5", "7;27", "1;2;22",
    "4;21", "21;24", "999", "31;999;1", "1;38;5;9;48;2;1;1;1;4:3", "10", "11", "20", "26",
    "50", "51", "52", "54", "73",
    "0;1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25",
    "1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;31",
)  # fmt: skip

CASES: Final = _cases()
