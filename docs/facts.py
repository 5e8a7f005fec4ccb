"""What the reference tells that no table of the code has in one place; a test compares."""

from typing import Final

from ctl.__main__ import EXIT_NO_DAEMON
from ctl.attach import EXIT_LOST
from ctl.context import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_NO_SUCH_NAME,
    EXIT_NOT_RUNNING,
    EXIT_UNUSABLE,
)

CLIENT_STATUSES: Final = {
    EXIT_DONE: "done (also: already started, not running)",
    EXIT_FAILED: "something failed",
    EXIT_UNUSABLE: "unusable command line",
    EXIT_NOT_RUNNING: "`status`: not everything that was asked about is RUNNING",
    EXIT_NO_SUCH_NAME: "`status`: no such name",
    EXIT_NO_DAEMON: "no daemon answers; how to start one is said",
    EXIT_LOST: "the connection was lost while attached",
    130: "interrupted by Ctrl-C; what was ordered goes on in the daemon",
}

VARIABLES: Final = {
    "TASKMASTER_SOCKET": "the control socket, of daemon and client, where none is named; in each "
    "process that of its daemon",
    "TASKMASTER_PROCESS": "in each process its own name, such as `nginx:0`",
    "TASKMASTER_PROGRAM": "in each process the name of its program",
    "TASKMASTER_TOKEN_FILE": "the client's token for `tls://` and `tcp://`, where `--token-file` "
    "names none",
    "TASKMASTER_CA": "who vouches for a daemon's certificate, where `--ca` does not say it",
    "TASKMASTER_SSH": "the ssh that `-s ssh://...` runs, with options of its own",
    "TASKMASTER_REMOTE": "where taskmasterctl is on the other machine of `-s ssh://...`",
    "XDG_RUNTIME_DIR": "the default control socket is `taskmaster/taskmaster.sock` in it; root's "
    "is `/run/taskmaster/taskmaster.sock`, and without the variable it is in `/tmp/taskmaster-UID`",
    "XDG_STATE_HOME": "the event log, the shell's history and remembered certificates are in "
    "`taskmaster` below it, else below `~/.local/state`",
    "NO_COLOR": "no colours, if it is set to anything",
    "VISUAL, EDITOR": "what edits the config from the dashboard",
}
"""Variables of the environment that mean something."""

FILES: Final = {
    "taskmaster.yaml": "the config that taskmasterd takes in the present folder where none is "
    "named",
    "/run/taskmaster/taskmaster.sock": "root's control socket; see XDG_RUNTIME_DIR for others",
    "/var/log/taskmaster/taskmaster.log": "root's event log; see XDG_STATE_HOME for others",
    "taskmaster.token, taskmaster.pem": "beside the event log, with `listen:` where the config "
    "names no others: what clients must know, and the certificate with its key",
}
