"""What supervisord's ``getAllConfigInfo`` tells of a program: its options under their names."""

import asyncio
import shlex
from collections.abc import Iterator
from typing import Final

from taskmaster.config.expand import expand
from taskmaster.config.model import Config, Program, StderrChannel
from taskmaster.config.portions import by_group, group_priority
from taskmaster.http.xmlcalls import Value
from taskmaster.keeper.identity import look_up

_NONE: Final = "none"
_AT_ONCE: Final = 100
"""So many processes before others get their turn: a few milliseconds."""


async def config_infos(known: Config, active: Config) -> list[dict[str, Value]]:
    """Return the fields of each process by name; `active` has the groups that are there now.

    Others have their turns in between.
    """
    there = by_group(active)
    told = (
        info
        for group, programs in by_group(known).items()
        for program in programs
        for info in _infos(program, group, group_priority(known, group), in_use=group in there)
    )
    infos: list[dict[str, Value]] = []
    for info in told:
        infos.append(info)
        if len(infos) % _AT_ONCE == 0:
            await asyncio.sleep(0)
    return sorted(infos, key=lambda info: str(info["name"]))


def _infos(
    program: Program, group: str, group_priority: int, *, in_use: bool
) -> Iterator[dict[str, Value]]:
    uid = _uid(program.user)
    for index in range(program.numprocs):
        launch = expand(program, index)
        command = program.command
        yield {
            "autostart": program.autostart,
            "directory": launch.workingdir or _NONE,
            "uid": uid,
            "command": _text(command, launch.argv),
            "exitcodes": sorted(program.exitcodes),
            "group": group,
            "group_prio": group_priority,
            "inuse": in_use,
            "killasgroup": program.killasgroup,
            "name": program.short_name(index),
            "process_prio": program.priority,
            "redirect_stderr": program.stderr_channel is StderrChannel.TERMINAL,
            "startretries": program.startretries,
            "startsecs": _seconds(program.starttime),
            "stdout_capture_maxbytes": 0,
            "stdout_events_enabled": program.stdout_events,
            "stdout_logfile": launch.stdout or _NONE,
            "stdout_logfile_backups": program.stdout_backups,
            "stdout_logfile_maxbytes": program.stdout_maxbytes,
            "stdout_syslog": program.stdout_syslog,
            "stopsignal": program.stopsignal,
            "stopwaitsecs": _seconds(program.stoptime),
            "stderr_capture_maxbytes": 0,
            "stderr_events_enabled": program.stderr_events,
            "stderr_logfile": launch.stderr or _NONE,
            "stderr_logfile_backups": program.stderr_backups,
            "stderr_logfile_maxbytes": program.stderr_maxbytes,
            "stderr_syslog": program.stderr_syslog,
            "serverurl": _NONE,
        }


def _text(command: str | tuple[str, ...], argv: tuple[str, ...]) -> str:
    """Return a command as it was written, unless something was filled in."""
    if isinstance(command, str) and "%" not in command:
        return command
    return shlex.join(argv)


def _seconds(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds


def _uid(user: str | None) -> int | str:
    if user is None:
        return _NONE
    try:
        return look_up(user).uid
    except KeyError:
        return _NONE
