"""Whether a command can be started at all: what supervisord looks at before it tries.

It looks as the core, which may have fewer rights than the keeper that will start the process. So
only what is certain counts: that nothing is there, a folder, a file that nobody may execute.
"""

import os
import stat
from collections.abc import Mapping

from taskmaster.config.model import Launch
from taskmaster.http.faults import Fault, FaultCode


def check_command(launch: Launch, environment: Mapping[str, str]) -> None:
    """Return if the command may well be started.

    Args:
        launch: of a process.
        environment: the daemon's.

    Raises:
        Fault: it cannot.
    """
    program = launch.argv[0]
    found = _look_up(program, launch, environment)
    try:
        mode = os.stat(found).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise Fault(FaultCode.NO_FILE, f"can't find command {program!r}") from None
    except OSError:
        return
    if stat.S_ISDIR(mode):
        raise Fault(FaultCode.NOT_EXECUTABLE, f"command at {found!r} is a directory")
    if not mode & 0o111:
        raise Fault(FaultCode.NOT_EXECUTABLE, f"command at {found!r} is not executable")


def _look_up(program: str, launch: Launch, environment: Mapping[str, str]) -> str:
    if "/" in program:
        return os.path.join(launch.workingdir or "", program)
    path = dict(launch.environment).get("PATH", environment.get("PATH", os.defpath))
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder, program)
        if os.path.exists(candidate):
            return candidate
    return program
