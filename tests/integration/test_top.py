"""The dashboard in a terminal of tmux, pressed and looked at as a user does."""

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.integration.conftest import Site, kill_core, wait_for
from tests.integration.pane import Pane, pane

PROGRAMS = """\
  sh: {cmd: [bash, --norc, -i], stopsignal: HUP, env: {PS1: 'at> '}, starttime: 0}
  web: {cmd: "sh -c 'echo up; exec cat'", numprocs: 3, starttime: 0, stdout: web.log}
  bad: {cmd: "sh -c 'echo oh; exit 3'", startretries: 0, starttime: 1}
  off: {cmd: cat, autostart: false}"""


@pytest.fixture(params=[(60, 15), (80, 24), (200, 50)], ids=["60x15", "80x24", "200x50"])
def board(site: Site, request: pytest.FixtureRequest) -> Iterator[Pane]:
    columns, rows = request.param
    site.start(PROGRAMS)
    site.wait_state("bad:0", "FATAL")
    with open_board(site, columns, rows) as shown:
        yield shown


def open_board(site: Site, columns: int = 100, rows: int = 30) -> AbstractContextManager[Pane]:
    environment = site.environment | {"EDITOR": f"sh {site.folder}/editor"}
    return pane(site.folder, [*site.client, "top"], environment, columns=columns, rows=rows)


def test_states_reasons_and_the_screen_of_the_first(board: Pane) -> None:
    board.wait(r"sh:0 +RUNNING")
    board.wait(r"web +3/3")
    shown = board.wait(r"at>")
    assert "5 RUNNING" not in shown
    assert re.search(r"4 RUNNING +1 FATAL", shown)
    board.keys("End", "Up")
    board.wait(r"bad:0 +FATAL +exit status 3 after")


def test_enter_attaches_and_the_detach_key_comes_back_to_the_row(board: Pane) -> None:
    board.wait("at>")
    board.keys("Enter")
    board.wait_gone("STATE")
    board.enter("echo $((6*7))")
    board.wait("^42$")
    board.keys("C-]")
    board.wait(r"sh:0 +RUNNING")
    board.wait(r"─ sh:0")
    board.wait(r"^.*42$")


def test_stop_start_and_restart(board: Pane, site: Site) -> None:
    board.wait(r"sh:0 +RUNNING")
    board.keys("x")
    board.wait("sh:0: stopped")
    board.wait(r"sh:0 +STOPPED")
    board.keys("s")
    board.wait(r"sh:0 +RUNNING")
    before = site.status("sh:0")["pid"]
    board.keys("r")
    wait_for(lambda: site.status("sh:0")["pid"] not in (before, None), "another shell")
    board.wait(r"sh:0: started")


def test_several_are_stopped_only_after_a_yes(board: Pane, site: Site) -> None:
    board.wait(r"web +3/3")
    board.keys("Down", "x")
    board.wait(r"stop 3 processes\? y/n")
    board.keys("n")
    board.wait("nothing was done")
    board.keys("x")
    board.wait(r"y/n")
    board.keys("y")
    board.wait(r"web +0/3")
    assert site.status("web:1")["state"] == "STOPPED"


def test_a_signal_by_name(board: Pane, site: Site) -> None:
    board.wait(r"web +3/3")
    board.keys("/")
    board.type("web:1")
    board.keys("Enter")
    board.wait("filter: web:1")
    board.keys("k")
    board.type("kill")
    board.keys("Enter")
    board.wait("web:1: signalled")
    wait_for(lambda: site.status("web:1")["restarts"] == 1, "it to be started again")


def test_log_events_help_and_leaving(board: Pane) -> None:
    board.wait(r"─ sh:0")
    board.keys("l")
    board.wait(r"─ sh:0 +log")
    board.keys("v")
    board.wait(r"─ sh:0 +events")
    board.wait("spawned: 'sh:0'")
    board.keys("w")
    board.wait(r"─ sh:0 +details")
    board.wait("sh:0 is RUNNING")
    board.keys("v")
    board.keys("?")
    board.wait("Ctrl-] comes back here")
    board.keys("q")
    board.wait(r"─ sh:0 +events")
    board.keys("q")
    assert board.wait_end() == 0
    assert "STATE" not in board.screen


def test_another_size_is_drawn_at_once(board: Pane) -> None:
    board.wait(r"─ sh:0")
    for columns, rows in ((62, 16), (150, 40), (80, 24)):
        board.resize(columns, rows)
        board.wait(r"─ sh:0.*─{3}")
        wait_for(
            lambda: max(map(len, board.screen.splitlines())) <= columns,  # noqa: B023
            "no line to be wider",
        )


@pytest.fixture
def wide(site: Site) -> Iterator[Pane]:
    site.start(PROGRAMS)
    with open_board(site, 120, 30) as shown:
        shown.wait(r"sh:0 +RUNNING")
        yield shown


def editor(site: Site, script: str) -> None:
    (site.folder / "editor").write_text(script)


def test_an_edited_config_is_shown_before_it_is_applied(wide: Pane, site: Site) -> None:
    editor(site, "echo '  new: {cmd: cat, starttime: 0}' >> $1\n")
    wide.keys("e")
    wide.wait("new: would be added")
    wide.keys("n")
    wide.wait("nothing was done")
    assert "new:0" not in site.ctl("status").stdout

    editor(site, "exit 0\n")
    wide.keys("e")
    wide.wait("new: would be added")
    wide.keys("y")
    wide.wait("new:0 +RUNNING")


def test_a_config_with_errors_can_be_edited_again(wide: Pane, site: Site) -> None:
    editor(site, "cp $1 $1.good; echo '  new: {cmd: cat, nmprocs: 2}' >> $1\n")
    wide.keys("e")
    wide.wait("unknown key")
    wide.wait(r"numprocs\?\)")
    editor(site, "cp $1.good $1\n")
    wide.keys("e")
    wide.wait("nothing would change")


def test_a_click_selects_and_two_attach(wide: Pane) -> None:
    row = wide.screen.splitlines().index(
        next(line for line in wide.screen.splitlines() if "web:1" in line)
    )
    click = f"\x1b[<0;5;{row + 1}M\x1b[<0;5;{row + 1}m"
    wide.type(click)
    wide.wait(r"─ web:1")
    wide.type(click + click)
    wide.wait_gone("STATE")
    wide.keys("C-]")
    wide.wait(r"─ web:1")


def test_the_wheel_moves(wide: Pane) -> None:
    wide.type("\x1b[<65;5;5M")
    wide.wait(r"─ web:0")


def test_it_says_when_the_daemon_is_gone_and_goes_on_with_the_next_core(
    wide: Pane, site: Site
) -> None:
    before = kill_core(site)
    wait_for(lambda: f"core {before}" not in site.ctl("version").stdout, "another core")
    wide.keys("x")
    wide.wait(r"sh:0 +STOPPED")

    site.end()
    wide.wait("no daemon answers")
    wide.keys("q")
    assert wide.wait_end() == 0


def test_what_stands_in_the_terminals_of_others_stays_in_its_pane(site: Site) -> None:
    site.start(
        "  a: {cmd: \"printf '\\\\033[31mred\\\\033[2J\\\\033[5;5Hcorner'\", autorestart: never}\n"
        "  b: {cmd: cat, starttime: 0}"
    )
    with open_board(site) as shown:
        shown.wait("corner")
        assert "NAME" in shown.screen
        shown.keys("Down")
        shown.wait(r"─ b:0")
        shown.wait_gone("corner")


def test_it_needs_a_terminal(site: Site) -> None:
    site.start("  a: {cmd: cat}")
    done = site.ctl("top")
    assert (done.returncode, done.stderr) == (2, "top: it needs a terminal\n")


def test_nothing_is_written_while_nothing_changes(site: Site) -> None:
    """What is drawn the same is not drawn: the client's terminal is silent but for the uptimes."""
    site.write("  off: {cmd: cat, autostart: false}")
    text = site.config.read_text().replace("{socket", "{loglevel: debug, socket")
    site.config.write_text(text)
    assert site.daemon().returncode == 0
    with open_board(site) as shown:
        shown.wait(r"off:0 +STOPPED")
        client = client_of(site)
        before = written_by(client)
        asked = site.events().count("command: status")
        more = asked + 3
        wait_for(lambda: site.events().count("command: status") >= more, "statuses asked for")
        assert written_by(client) - before < 200


def client_of(site: Site) -> int:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"top" in words and os.fsencode(site.socket) in words:
                return int(entry.name)
    pytest.fail("there is no client")


def written_by(pid: int) -> int:
    """How many bytes it wrote so far, to sockets and threads' wake-ups as well."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(re.search(r"^wchar: (\d+)", text, re.MULTILINE)[1])  # type: ignore[index]
