"""Scripts that look at a terminal, type into it and wait for it; and who sits there."""

import json
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ctl.connection import Connection
from taskmaster.protocol import messages
from tests.integration.conftest import DEADLINE_SECONDS, Site, wait_for
from tests.integration.seat import Seat
from tests.integration.test_attach import DETACH

BASH = "{cmd: [bash, --norc, -i], stopsignal: HUP, env: {PS1: 'at> '}, starttime: 0}"


@pytest.fixture
def sit(site: Site) -> Iterator[Callable[..., Seat]]:
    seats: list[Seat] = []

    def take(*words: str, rows: int = 24, columns: int = 80) -> Seat:
        seats.append(Seat([*site.client, *words], site.environment, rows=rows, columns=columns))
        return seats[-1]

    yield take
    for seat in seats:
        seat.close()


def succeeds(site: Site, *words: str) -> str:
    done = site.ctl(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_script_types_waits_and_reads(site: Site) -> None:
    site.start(f"  a: {BASH}")
    succeeds(site, "wait", "--text", "at>", "--timeout", "30", "a")

    succeeds(site, "send", "--enter", "a", "echo", "$((6", "*", "7))")

    succeeds(site, "wait", "--text", "(?m)^42$", "--timeout", "30", "a")
    assert succeeds(site, "screen", "a").splitlines() == ["at> echo $((6 * 7))", "42", "at>"]


def test_keys_go_by_their_names_and_heed_the_terminals_modes(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'stty -icanon -echo; cat -v'], starttime: 0}")

    succeeds(site, "send", "--keys", "a", "Up", "C-a", "F5", "text", "Enter")

    succeeds(site, "wait", "--text", r"\^\[\[A\^A\^\[\[15~text", "--timeout", "30", "a")


def test_a_paste_is_bracketed_where_the_program_asks_for_it(site: Site) -> None:
    site.start(
        """  a: {cmd: [sh, -c, 'stty -icanon -echo; printf "\\033[?2004hready"; cat -v'], """
        "starttime: 0}"
    )
    succeeds(site, "wait", "--text", "ready", "--timeout", "30", "a")

    succeeds(site, "send", "--paste", "a", "two words")

    succeeds(site, "wait", "--text", r"\^\[\[200~two words\^\[\[201~", "--timeout", "30", "a")


def test_the_screen_of_vim_with_its_colours_cursor_and_modes(site: Site) -> None:
    text = site.folder / "text"
    text.write_text("".join(f"line {number}\n" for number in range(1, 100)))
    site.start(
        f"  a: {{cmd: [vim, -u, NONE, -c, 'set mouse=a', {text}], starttime: 0, stopsignal: KILL}}"
    )
    succeeds(site, "wait", "--text", "line 23", "--timeout", "30", "a")
    succeeds(site, "send", "--keys", "a", "3", "j", "l")
    succeeds(site, "wait", "--idle", "0.2", "--timeout", "30", "a")

    shown = json.loads(succeeds(site, "--json", "screen", "a"))

    assert shown["lines"][:2] == ["line 1", "line 2"]
    assert (shown["cursor_row"], shown["cursor_column"]) == (3, 1)
    assert (shown["rows"], shown["columns"], shown["alternate"]) == (24, 80, True)
    assert {"mouse encoding 1006"} <= set(shown["modes"])


def test_colours_and_the_lines_above(site: Site) -> None:
    site.start(
        """  a: {cmd: [sh, -c, 'seq 40; printf "\\033[1;31mred\\033[0m\\n"; exec cat'], """
        "starttime: 0}"
    )
    succeeds(site, "wait", "--text", "red", "--timeout", "30", "a")

    plain = succeeds(site, "screen", "--scrollback", "3", "a").splitlines()
    coloured = succeeds(site, "screen", "--ansi", "a")

    assert plain[:4] == ["16", "17", "18", "19"]
    assert "\x1b[0;1;31mred\x1b[0m" in coloured


def test_the_last_screen_of_what_is_down(site: Site) -> None:
    site.start(
        """  a: {cmd: [sh, -c, 'printf "\\033[2J\\033[5;10Hlast"'], starttime: 0, """
        "autorestart: never}"
    )
    site.wait_state("a", "EXITED")

    assert succeeds(site, "screen", "a").splitlines() == ["", "", "", "", "         last"]
    assert site.ctl("send", "a", "x").returncode == 1


def test_a_wait_that_is_over_in_vain(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}\n  b: {cmd: cat, autostart: false}")

    answer = site.ctl("wait", "--state", "FATAL", "--text", "never", "--timeout", "0.2", "a")

    assert answer.returncode == 1
    assert "it is RUNNING, not FATAL, 'never' is not on its screen" in answer.stderr
    assert site.ctl("wait", "--state", "STOPPED", "--timeout", "30", "b").returncode == 0
    assert site.ctl("wait", "--state", "GONE", "a").returncode == 1
    assert site.ctl("wait", "--text", "(", "a").returncode == 1
    assert site.ctl("wait", "a").returncode == 2


def test_a_wait_ends_with_the_change_that_it_waits_for(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    waiting = subprocess.Popen(
        [*site.client, "wait", "--state", "STOPPED", "--timeout", "60", "a"], env=site.environment
    )
    wait_for(lambda: "command: wait" in site.events() or True, "the daemon to hear of it")

    succeeds(site, "stop", "a")

    assert waiting.wait(30) == 0


def test_who_sits_there_and_who_is_put_out(site: Site, sit: Callable[..., Seat]) -> None:
    site.start(f"  a: {BASH}")
    first = sit("attach", "a", rows=30, columns=90)
    first.read_until(rb"at>")
    second = sit("attach", "--read-only", "a")
    second.read_until(rb"read only")

    wait_for(lambda: len(json.loads(site.ctl("--json", "clients", "a").stdout)) == 2, "both")
    listed = json.loads(succeeds(site, "--json", "clients", "a"))
    assert [(seat["columns"], seat["rows"]) for seat in listed] == [(90, 30), (80, 24)]
    assert [seat["read_only"] for seat in listed] == [False, True]
    assert [seat["leads"] for seat in listed] == [True, False]

    assert "detached: 2: " in succeeds(site, "detach", "a", "2")
    second.read_until(rb"\[detached from a:0 by ")
    assert second.wait() == 0
    assert site.ctl("detach", "a", "9").returncode == 1

    third = sit("attach", "--take", "a")
    first.read_until(rb"\[detached from a:0 by ")
    assert first.wait() == 0
    third.read_until(rb"at>")
    third.type(DETACH)
    third.wait()


QUESTIONS = r"""
import os, select, sys, tty
tty.setraw(0)
os.write(1, b"\033[6n\033[c\033[?2004$p\033]11;?\007")
told = b""
while told.count(b"\033") < 4 and select.select([0], [], [], 20)[0]:
    told += os.read(0, 1000)
os.write(1, repr(told).encode() + b"\r\n")
while select.select([0], [], [], 0.3)[0]:
    os.write(1, b"and " + repr(os.read(0, 1000)).encode())
os.write(1, b"done")
os.read(0, 1)
"""


@pytest.mark.parametrize("viewers", [0, 1, 3])
def test_a_program_that_asks_is_answered_once(
    site: Site, sit: Callable[..., Seat], viewers: int
) -> None:
    program = site.folder / "asks.py"
    program.write_text(QUESTIONS)
    site.start(f"  a: {{cmd: [python3, {program}], autostart: false, starttime: 0}}\n  b: {BASH}")
    seats = [sit("attach", "b") for _ in range(viewers)]
    for seat in seats:
        seat.read_until(rb"at>")
    for seat in seats[:1]:
        seat.type(f"clear; exec python3 {program}\r".encode())
    name = "b" if viewers else "a"
    if not viewers:
        succeeds(site, "start", "a")

    succeeds(site, "wait", "--text", "done", "--timeout", "30", name)

    shown = succeeds(site, "screen", name)
    assert "and b" not in shown
    assert r"\x1b[?62;22c\x1b[?2004;2$y\x1b]11;rgb:0000/0000/0000" in shown.replace("\n", "")
    for seat in seats:
        assert b"\x1b[6n" not in seat.read_rest()


def test_a_program_of_prompt_toolkit_does_not_wait_for_a_terminal(site: Site) -> None:
    code = "from prompt_toolkit import prompt; print('got', prompt('ask> '))"
    command = f'[{sys.executable}, -c, "{code}"]'
    site.start(f"  a: {{cmd: {command}, starttime: 0, autorestart: never}}")
    succeeds(site, "wait", "--text", "ask>", "--timeout", "30", "a")

    succeeds(site, "send", "--enter", "a", "hello")

    succeeds(site, "wait", "--text", "got hello", "--timeout", "30", "a")
    assert "CPR" not in succeeds(site, "screen", "a")


def test_a_recording_holds_what_was_shown_and_ends_with_the_process(site: Site) -> None:
    site.start(f"  a: {BASH}")
    succeeds(site, "wait", "--text", "at>", "--timeout", "30", "a")
    cast = site.folder / "a.cast"

    assert f"is recorded in {cast}" in succeeds(site, "record", "a", str(cast))
    succeeds(site, "send", "--enter", "a", "echo re''corded; exit 3")
    succeeds(site, "wait", "--text", "exit status 3; started", "--timeout", "30", "a")

    header, *events = map(json.loads, cast.read_text().splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    shown = "".join(text for _, kind, text in events if kind == "o")
    assert "at>" in events[0][2]
    assert "recorded\r\n" in shown
    assert "started with pid" not in shown
    assert site.ctl("record", "a", "off").returncode == 1
    assert site.ctl("record", "a", str(site.folder)).returncode == 1


def test_a_request_behind_a_wait_is_not_taken_for_leaving(site: Site) -> None:
    # The byte that was read to see whether the client leaves was the first of its next request.
    site.start("  a: {cmd: cat, starttime: 0}")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(site.socket))
        asked: tuple[dict[str, Any], ...] = (
            {"method": "wait", "params": {"name": "a", "idle": 0.3}},
            {"method": "send", "params": {"name": "a", "words": ["x"], "enter": True}},
            {"method": "version"},
        )
        lines = [json.dumps({"jsonrpc": "2.0", "id": n} | one) for n, one in enumerate(asked)]
        client.sendall("\n".join([*lines, ""]).encode())

        told = client.makefile().readline  # the greeting comes first
        answers = [json.loads(told()) for _ in range(1 + len(asked))][1:]

    assert [answer["id"] for answer in answers] == [0, 1, 2]
    assert all("result" in answer for answer in answers)


def test_who_has_seen_a_screen_hears_of_the_next_one(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    looking = Connection(str(site.socket))
    seen = look(looking, messages.Screen("a"))
    answers: queue.Queue[messages.ScreenShown] = queue.Queue()
    unless = messages.Screen("a", unless=seen.version)
    waiting = threading.Thread(target=lambda: answers.put(look(looking, unless)))
    waiting.start()

    succeeds(site, "send", "--enter", "a", "news")

    shown = answers.get(timeout=DEADLINE_SECONDS)
    assert shown.version != seen.version
    assert "news" in shown.lines[0]
    waiting.join()
    looking.close()


def test_who_waits_for_another_screen_may_ask_for_something_else(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}\n  b: {cmd: 'echo other', starttime: 0}")
    succeeds(site, "wait", "--text", "other", "--timeout", "30", "b")
    looking = Connection(str(site.socket))
    seen = look(looking, messages.Screen("a"))
    asked = [messages.Screen("a", unless=seen.version), messages.Screen("b")]

    lines = [messages.encode_request(one, number) for number, one in enumerate(asked)]
    looking.socket.sendall(b"\n".join([*lines, b""]))

    first, second = (looking.answer("screen") for _ in asked)
    assert (first.request_id, second.request_id) == (0, 1)
    assert isinstance(first.result, messages.ScreenShown)
    assert isinstance(second.result, messages.ScreenShown)
    assert first.result.version == seen.version
    assert second.result.lines[0] == "other"
    looking.close()


def look(connection: Connection, request: messages.Screen) -> messages.ScreenShown:
    shown = connection.request(request)
    assert isinstance(shown, messages.ScreenShown)
    return shown
