"""What keys send, by name: as xterm does, and measured against tmux."""

import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pty_mux.vt.keys import UnknownKey, is_key, key_bytes

MODIFIERS = ["", "S-", "M-", "M-S-", "C-", "C-S-", "C-M-", "C-M-S-"]
"""In the order of xterm's parameter: 1 to 8."""

SPECIAL = {
    "Up": "CSI A", "Down": "CSI B", "Right": "CSI C", "Left": "CSI D", "Home": "CSI H",
    "End": "CSI F", "IC": "CSI 2~", "Insert": "CSI 2~", "DC": "CSI 3~", "Delete": "CSI 3~",
    "PPage": "CSI 5~", "PageUp": "CSI 5~", "PgUp": "CSI 5~", "NPage": "CSI 6~",
    "PageDown": "CSI 6~", "PgDn": "CSI 6~", "F1": "SS3 P", "F2": "SS3 Q", "F3": "SS3 R",
    "F4": "SS3 S", "F5": "CSI 15~", "F6": "CSI 17~", "F7": "CSI 18~", "F8": "CSI 19~",
    "F9": "CSI 20~", "F10": "CSI 21~", "F11": "CSI 23~", "F12": "CSI 24~",
}  # fmt: skip
CURSOR = ["Up", "Down", "Right", "Left", "Home", "End"]
KEYPAD = {
    "KP0": "p", "KP1": "q", "KP2": "r", "KP3": "s", "KP4": "t", "KP5": "u", "KP6": "v", "KP7": "w",
    "KP8": "x", "KP9": "y", "KP+": "k", "KP-": "m", "KP*": "j", "KP/": "o", "KP.": "n",
    "KPEnter": "M",
}  # fmt: skip
TYPED = {
    "a": b"a", "Z": b"Z", "^": b"^", "-": b"-", ";": b";", "é": "é".encode(), "中": "中".encode(),
    "Enter": b"\r", "Tab": b"\t", "BTab": b"\x1b[Z", "Space": b" ", "BSpace": b"\x7f",
    "Escape": b"\x1b", "C-c": b"\x03", "C-C": b"\x03", "c-c": b"\x03", "^c": b"\x03",
    "^C": b"\x03", "C-@": b"\0", "C-Space": b"\0", "C-2": b"\0", "^[": b"\x1b", "C-3": b"\x1b",
    "C-\\": b"\x1c", "C-]": b"\x1d", "C-^": b"\x1e", "^^": b"\x1e", "C-6": b"\x1e", "C-_": b"\x1f",
    "C-/": b"\x1f", "C--": b"\x1f", "C-?": b"\x7f", "C-8": b"\x7f", "C-BSpace": b"\x08",
    "M-a": b"\x1ba", "M-^": b"\x1b^", "M-é": "\x1bé".encode(), "M-Enter": b"\x1b\r",
    "M-BSpace": b"\x1b\x7f", "C-M-a": b"\x1b\x01", "M-C-a": b"\x1b\x01", "M-^a": b"\x1b\x01",
    "^M-a": b"\x1b\x01", "M-C-Space": b"\x1b\0", "S-a": b"A", "S-Tab": b"\x1b[Z",
    "M-BTab": b"\x1b\x1b[Z",
}  # fmt: skip
LOST = {
    "C-Enter": (b"\r", b"\x1b[13;5u"), "S-Enter": (b"\r", b"\x1b[13;2u"),
    "C-M-Enter": (b"\x1b\r", b"\x1b[13;7u"), "S-Space": (b" ", b"\x1b[32;2u"),
    "S-BSpace": (b"\x7f", b"\x1b[127;2u"), "S-Escape": (b"\x1b", b"\x1b[27;2u"),
    "C-Tab": (b"\t", b"\x1b[9;5u"), "C-S-Tab": (b"\x1b[Z", b"\x1b[9;6u"),
    "C-BTab": (b"\x1b[Z", b"\x1b[9;6u"), "C-1": (b"1", b"\x1b[49;5u"),
    "C-S-a": (b"\x01", b"\x1b[97;6u"), "C-S-A": (b"\x01", b"\x1b[97;6u"),
    "C-é": ("é".encode(), b"\x1b[233;5u"), "S-1": (b"1", b"\x1b[49;2u"),
}  # fmt: skip
"""Keys with a modifier that only the extended form can tell; its code is of the key unshifted."""


def sequence(text: str) -> bytes:
    return text.replace("CSI ", "\x1b[").replace("SS3 ", "\x1bO").encode()


@pytest.mark.parametrize("name", SPECIAL)
def test_a_special_key_sends_its_sequence_with_the_modifiers_inside(name: str) -> None:
    plain = sequence(SPECIAL[name])
    inside = plain[2:-1] or b"1"

    sent = [key_bytes(modifiers + name) for modifiers in MODIFIERS]

    assert sent[0] == plain
    for parameter, data in enumerate(sent[1:], 2):
        assert data == b"\x1b[%s;%d%s" % (inside, parameter, plain[-1:])


@pytest.mark.parametrize("name", SPECIAL)
def test_application_mode_is_for_cursor_keys_without_modifiers(name: str) -> None:
    plain = key_bytes(name)
    expected = plain.replace(b"[", b"O") if name in CURSOR else plain

    assert key_bytes(name, application_cursor=True) == expected
    assert key_bytes("C-" + name, application_cursor=True) == key_bytes("C-" + name)
    assert key_bytes(name, application_keypad=True, extended=True) == plain


@pytest.mark.parametrize("name", KEYPAD)
def test_the_keypad_types_characters_or_sequences(name: str) -> None:
    char = name.removeprefix("KP").replace("Enter", "\r").encode()
    application = sequence(f"SS3 {KEYPAD[name]}")

    assert key_bytes(name) == key_bytes("C-" + name) == char
    assert key_bytes("M-" + name) == b"\x1b" + char
    assert key_bytes(name, application_keypad=True) == application
    assert key_bytes("M-" + name, application_keypad=True) == b"\x1b" + application


@pytest.mark.parametrize("name", TYPED)
def test_what_bytes_can_tell_is_the_same_in_every_mode(name: str) -> None:
    for cursor, keypad, extended in product([False, True], repeat=3):
        sent = key_bytes(
            name, application_cursor=cursor, application_keypad=keypad, extended=extended
        )
        assert sent == TYPED[name]


@pytest.mark.parametrize("name", LOST)
def test_a_modifier_that_bytes_cannot_tell_is_lost_unless_asked_for(name: str) -> None:
    assert (key_bytes(name), key_bytes(name, extended=True)) == LOST[name]


@pytest.mark.parametrize("name", ["up", "UP", "c-up", "pgup", "kpenter", "BSPACE", "f12", "m-s-f5"])
def test_names_are_known_in_any_case(name: str) -> None:
    assert is_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "hello", "C-", "^C-", "C-cc", "^^a", "X-Up", "F0", "F13", "KP", "KPA", " Up", "Up\n",
        "\t", "\n", "\x7f", "\x85", "\udcff", "e\u0301", "None", "Any", "0x41", "MouseDown1Pane",
        "\u017f-Up",
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused(name: str) -> None:
    assert not is_key(name)
    with pytest.raises(UnknownKey, match=r"is no key.*; accepted are a single character, Up "):
        key_bytes(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("PgUpp", "PgUp"), ("C-Entr", "C-Enter"), ("^backspace", "^BSpace"), ("esc", "Escape")],
)
def test_the_complaint_says_what_was_perhaps_meant(name: str, meant: str) -> None:
    with pytest.raises(UnknownKey, match="perhaps") as caught:
        key_bytes(name)

    assert str(caught.value).startswith(f"{name!r} is no key, perhaps {meant} was meant; accepted")


@given(st.text(max_size=8), st.booleans())
def test_any_text_is_a_key_that_sends_something_or_is_refused(name: str, extended: bool) -> None:
    if is_key(name):
        assert key_bytes(name, extended=extended)
    else:
        with pytest.raises(UnknownKey):
            key_bytes(name, extended=extended)


# tmux. A window of a private server runs READER, which passes on what it is sent; the names are
# sent one by one with a separator after each, and the bytes compared.

SEPARATOR = b"\xfe\xfd\xfe"
READER = """
import os, sys, tty
tty.setraw(0)
out = os.open(sys.argv[1], os.O_WRONLY)
os.write(1, sys.argv[2].encode() + b"\\x1b[5n")
answer = b""
while not answer.endswith(b"\\x1b[0n"):  # now tmux has seen the modes
    answer += os.read(0, 1)
os.write(out, bytes.fromhex("fefdfe"))
while data := os.read(0, 4096):
    os.write(out, data)
"""
NAMES = [
    modifiers + key
    for key in [
        *SPECIAL, *KEYPAD, "Enter", "Tab", "BTab", "Space", "BSpace", "Escape", "é", "中",
        *map(chr, range(0x21, 0x7F)),
    ]
    for modifiers in MODIFIERS
] + [
    "^a", "^A", "^@", "^[", "^?", "^", "^^", "^Space", "^M-a", "^S-Up", "^Up", "M-^a", "S-^a",
    "M-C-a", "S-M-C-Up", "C-C-a", "up", "UP", "c-up", "m-a", "pgup", "f5", "C-", "^C-", "^^a",
    "hello", "None", "Any", "F13", "0x41", "e\u0301",
]  # fmt: skip

DIFFERENCES = {
    # tmux's programs run with TERM=screen: khome=\E[1~ in every mode. Ours run with
    # TERM=xterm-256color: khome=\EOH in application mode, and so CSI H outside of it.
    "Home": "CSI 1~",
    "End": "CSI 4~",
    # tmux's keypad types a line feed; xterm's, like a VT220's, a carriage return, as Enter does.
    "KPEnter": "\n",
    "M-KPEnter": "\x1b\n",
    # Shift on a letter outside ASCII; tmux drops it.
    "S-é": "é",
    "M-S-é": "\x1bé",
    # tmux takes code points in hexadecimal. A text such as 0x41 is more likely to be meant.
    "0x41": "A",
}
"""Keys that tmux 3.3a sends otherwise, what it sends, and why we do not.

Apart from those whose modifiers tmux cannot encode: for them it sends nothing (C-Enter, C-1) or
types their name (S-Enter, C-S-a, C-M-/, and M-^a, whose caret it does not read). No terminal does
that; ours sends what an xterm does, the key without the modifier that cannot be told.
"""


def is_tmux_3_3a() -> bool:
    if shutil.which("tmux") is None:
        return False
    return subprocess.run(["tmux", "-V"], capture_output=True, check=False).stdout == b"tmux 3.3a\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's tmp_path may be too long for a socket's name
    with tempfile.TemporaryDirectory(prefix="keys") as name:
        yield Path(name)


def sent_by_tmux(folder: Path, modes: str) -> dict[str, bytes]:
    """Send every name through a tmux of our own; return what the program in it was sent."""
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(folder / "socket")]
    environ = {key: value for key, value in os.environ.items() if key != "TMUX"}
    pipe = os.open(fifo, os.O_RDWR)  # both ways, so that opening waits for nobody

    def run(*arguments: str) -> None:
        subprocess.run([*tmux, *arguments], env=environ, check=True)

    def read(count: int) -> list[bytes]:
        data = b""
        while data.count(SEPARATOR) < count:
            assert select.select([pipe], [], [], 20)[0], f"tmux sent only {data!r}"
            data += os.read(pipe, 65536)
        return data.split(SEPARATOR)[:-1]

    try:
        run("new-session", "-d", "-x80", "-y24", sys.executable, "-c", READER, str(fifo), modes)
        read(1)
        sent: dict[str, bytes] = {}
        for start in range(0, len(NAMES), 50):
            some = NAMES[start : start + 50]
            commands: list[str] = []
            for name in some:
                literal = name[:-1] + r"\;" if name.endswith(";") else name
                commands += ["send-keys", "--", literal, ";", "send-keys", "-H", "fe", "fd", "fe"]
                commands.append(";")
            run(*commands[:-1])
            sent |= zip(some, read(len(some)), strict=True)
        return sent
    finally:
        os.close(pipe)
        subprocess.run([*tmux, "kill-server"], env=environ, check=False, capture_output=True)


@pytest.mark.skipif(not is_tmux_3_3a(), reason="the differences were measured with tmux 3.3a")
@pytest.mark.parametrize("application", [False, True], ids=["normal", "application"])
def test_keys_send_what_they_send_in_tmux_but_for_the_differences(
    folder: Path, application: bool
) -> None:
    sent = sent_by_tmux(folder, "\x1b[?1h\x1b=" if application else "")

    differences: dict[str, bytes] = {}
    for name, data in sent.items():
        ours = name.encode()  # the caller types what is no key, as tmux does
        if is_key(name):
            ours = key_bytes(name, application_cursor=application, application_keypad=application)
        if data != ours:
            differences[name] = data
    cannot = [name for name, data in differences.items() if data in (b"", name.encode())]

    assert all("C-" in name or "S-" in name or "^" in name for name in cannot)
    expected = {name: sequence(text) for name, text in DIFFERENCES.items()}
    if application:  # then both send SS3 M
        del expected["KPEnter"], expected["M-KPEnter"]
    assert {name: differences[name] for name in differences if name not in cannot} == expected
