"""The client's small parts: where the socket is, what tables look like, what completes."""

import io
import sys
from pathlib import Path

import pytest

from ctl import render
from ctl.commands import COMMANDS, OTHERS_WORDS, find, unknown_command
from ctl.connection import Connection, NoDaemon, find_socket
from ctl.context import Context
from ctl.logs import _Output
from taskmaster.protocol.messages import Outcome, ProcessPid, ProcessStatus, ReloadReport, Verdict

# --- where the socket is ---------------------------------------------------------------------


def test_the_option_wins_then_the_environment_then_the_default() -> None:
    environment = {"TASKMASTER_SOCKET": "/env.sock", "XDG_RUNTIME_DIR": "/run/user/1000"}

    assert find_socket("/option.sock", environment, 1000) == "/option.sock"
    assert find_socket(None, environment, 1000) == "/env.sock"
    del environment["TASKMASTER_SOCKET"]
    assert find_socket(None, environment, 1000) == "/run/user/1000/taskmaster/taskmaster.sock"
    assert find_socket(None, environment, 0) == "/run/taskmaster/taskmaster.sock"
    assert find_socket(None, {}, 4242424) == "/tmp/taskmaster-4242424/taskmaster.sock"


def test_a_folder_that_others_may_write_to_is_not_trusted() -> None:
    uid = 987654321
    folder = Path(f"/tmp/taskmaster-{uid}")
    folder.mkdir()
    try:
        with pytest.raises(NoDaemon, match="not yours alone"):
            find_socket(None, {}, uid)
    finally:
        folder.rmdir()


# --- what is shown ---------------------------------------------------------------------------


def status(name: str, state: str, description: str, attached: int = 0) -> ProcessStatus:
    return ProcessStatus(
        name=name,
        program=name.partition(":")[0],
        index=0,
        state=state,
        description=description,
        pid=None,
        uptime=None,
        since=0.0,
        exit_status=None,
        restarts=0,
        attached=attached,
    )


def test_the_table_is_aligned_as_the_design_shows_it() -> None:
    table = render.status_table(
        [
            status("nginx:0", "RUNNING", "pid 4242, uptime 0:00:05"),
            status("a-much-longer-name:11", "STOPPED", "Not started", attached=2),
        ]
    )

    assert table.splitlines() == [
        "nginx:0                 RUNNING   pid 4242, uptime 0:00:05",
        "a-much-longer-name:11   STOPPED   Not started, 2 attached",
    ]


def test_no_process_is_no_line() -> None:
    assert render.status_table([]) == ""


def test_outcomes_in_words() -> None:
    assert render.outcome_lines([Outcome("a:0", Verdict.DONE, "started")]) == "a:0: started"
    failed = Outcome("a:0", Verdict.FAILED, "not running")
    assert render.outcome_lines([failed]) == "a:0: ERROR (not running)"
    assert render.pid_lines([ProcessPid("a:0", 7), ProcessPid("a:1", 0)]) == "7\n0"
    assert render.reload_text(ReloadReport(("a: added",), ())) == "a: added"
    assert render.reload_text(ReloadReport((), ())) == "nothing changed"


def test_a_preview_reads_as_one() -> None:
    lines = ("a: restarted (cmd)", "taskmaster.socket: changed, takes effect when it is started")

    assert render.reload_text(ReloadReport(lines, ()), is_preview=True).splitlines() == [
        "a: would be restarted (cmd)",
        "taskmaster.socket: would be changed, takes effect when it is started",
    ]
    assert render.reload_text(ReloadReport((), ()), is_preview=True) == "nothing would change"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("all",), ["b:0"]),
        (("*",), ["b:0"]),
        (("a:*",), ["b:0"]),
        (("a:",), ["b:0"]),
        (("a",), ["a:0", "a:1", "b:0"]),
        (("a:1",), ["a:1", "b:0"]),
        (("all", "a:0"), ["a:0", "b:0"]),
    ],
)
def test_what_a_pattern_found_in_the_wanted_state_is_not_told(
    words: tuple[str, ...], told: list[str]
) -> None:
    outcomes = [
        Outcome("a:0", Verdict.ALREADY, "already started"),
        Outcome("a:1", Verdict.ALREADY, "already started"),
        Outcome("b:0", Verdict.DONE, "started"),
    ]

    assert [outcome.name for outcome in render.worth_telling(outcomes, words)] == told


# --- what is not understood ---------------------------------------------------------------


def test_a_misspelt_command_gets_a_hint() -> None:
    assert unknown_command("statsu") == "no such command: statsu; did you mean status?"
    assert unknown_command("zzz") == "no such command: zzz; try help"
    assert unknown_command("stat") == "no such command: stat; did you mean status?"
    assert unknown_command("sta") == "no such command: sta; did you mean status or start?"


def test_supervisorctl_s_words_are_translated() -> None:
    for word, meant in [
        ("fg", "attach"),
        ("open", "-s"),
    ]:
        assert meant in unknown_command(word)
    assert find("quit") is COMMANDS["exit"]
    assert find("?") is COMMANDS["help"]
    assert not set(OTHERS_WORDS) & set(COMMANDS)


def test_every_command_is_described() -> None:
    for name, command in COMMANDS.items():
        assert command.usage.startswith(name)
        assert command.summary


# --- what is printed of a log ----------------------------------------------------------------


def printed(pieces: list[bytes], monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> bytes:
    buffer = io.BytesIO()
    stdout = io.TextIOWrapper(buffer)
    monkeypatch.setattr(stdout, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stdout", stdout)
    output = _Output(Context(_nobody))
    for piece in pieces:
        output.write(piece)
    output.end()
    return buffer.getvalue()


def _nobody() -> Connection:
    raise NoDaemon("in a test")


def test_a_log_that_sets_modes_leaves_the_user_s_terminal_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`tail vim` left the shell on the alternate screen, with the mouse on."""
    log = [b"text\x1b[?10", b"49h\x1b[?1000h\n"]

    shown = printed(log, monkeypatch, is_terminal=True)

    assert shown.startswith(b"".join(log))
    assert b"\x1b[?1049l" in shown
    assert b"\x1b[?1000l" in shown


def test_nothing_is_added_where_no_terminal_could_suffer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed([b"\x1b[?1049h"], monkeypatch, is_terminal=False) == b"\x1b[?1049h"
    assert printed([b"text\n"], monkeypatch, is_terminal=True) == b"text\n"
