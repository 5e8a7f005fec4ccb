"""Edit the config in the user's editor, and see what that would change before it is applied."""

import os
import shlex
import subprocess

from ctl.address import is_remote
from ctl.connection import ConnectionLost, NoDaemon
from ctl.context import Context, ask
from ctl.dashboard.actions import Apply, Confirming, Mending, Sheet
from ctl.dashboard.board import Board
from ctl.render import reload_text
from taskmaster.protocol import messages
from taskmaster.protocol.messages import ErrorCode, RequestError


def edit(context: Context, board: Board, config: str, daemon: str) -> None:
    """Run the editor; then have the board show what would change, or what is wrong, and ask.

    Args:
        context: the way to the daemon.
        board: shows it.
        config: the path of the config.
        daemon: where the daemon is.
    """
    if is_remote(daemon):
        board.tell("the config is on another machine: edit it there", is_bad=True)
        return
    if not os.access(config, os.R_OK):
        board.tell(f"cannot read the config: {config}", is_bad=True)
        return
    words = [*editor(os.environ), config]
    try:
        status = subprocess.run(words, check=False).returncode
    except OSError as exc:
        board.tell(f"{words[0]}: {(exc.strerror or str(exc)).lower()}; set EDITOR", is_bad=True)
        return
    if status != 0:
        board.tell(f"{words[0]} ended with status {status}: nothing was applied", is_bad=True)
        return
    review(context, board)


def editor(environment: "os._Environ[str] | dict[str, str]") -> list[str]:
    """Return the words that run the user's editor: VISUAL, EDITOR, or vi, as git has it."""
    return shlex.split(environment.get("VISUAL") or environment.get("EDITOR") or "vi")


def review(context: Context, board: Board) -> None:
    """Ask whether to apply what the config would change; where it has errors, show those."""
    try:
        report = ask(context, messages.Reread())
    except RequestError as exc:
        if exc.code is not ErrorCode.BAD_CONFIG:
            board.tell(exc.message, is_bad=True)
            return
        board.sheet = Sheet("errors of the config", tuple(exc.message.splitlines()))
        board.question = Mending()
        return
    except (NoDaemon, ConnectionLost) as exc:
        board.tell(str(exc), is_bad=True)
        return
    assert isinstance(report, messages.ReloadReport)
    if not report.changes:
        board.tell("nothing would change")
        return
    changes = reload_text(report, is_preview=True).splitlines()
    board.sheet = Sheet("what the config would change", (*changes, *report.warnings))
    board.question = Confirming(Apply(), "apply it? y/n")
