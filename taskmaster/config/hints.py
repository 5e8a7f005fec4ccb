"""What was perhaps meant by a word that Taskmaster does not know. Pure."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

OTHERS_WORDS: Final[Mapping[str, str]] = {
    "command": "cmd",
    "exec": "cmd",
    "startsecs": "starttime",
    "start_period": "starttime",
    "directory": "workingdir",
    "working_dir": "workingdir",
    "cwd": "workingdir",
    "environment": "env",
    "stopwaitsecs": "stoptime",
    "stop_grace_period": "stoptime",
    "stop_signal": "stopsignal",
    "stdout_logfile": "stdout",
    "stderr_logfile": "stderr",
    "stdout_logfile_maxbytes": "stdout_maxbytes",
    "stderr_logfile_maxbytes": "stderr_maxbytes",
    "stdout_logfile_backups": "stdout_backups",
    "stderr_logfile_backups": "stderr_backups",
    "stdout_events_enabled": "stdout_events",
    "stderr_events_enabled": "stderr_events",
    "restart": "autorestart",
    "ready_log_line": "ready",
    "replicas": "numprocs",
    "instances": "numprocs",
    "max_restarts": "startretries",
}
"""Words of supervisord, compose and pm2 for what has another name here."""

OTHERS_IDEAS: Final[Mapping[str, str]] = {
    "redirect_stderr": "leave stderr out and it goes with stdout, on one terminal",
    "password": "write it into a file, and its path behind password_file",
    "result_handler": "a listener that answers OK has taken an event, and else rejected it",
    "process_name": "processes are called program:index",
    "numprocs_start": "the index counts from 0",
    **dict.fromkeys(
        ("socket_owner", "socket_mode", "socket_backlog"),
        "it goes into socket: {listen: ..., owner: ..., mode: ..., backlog: ...}",
    ),
    "stdout_syslog": "write stdout: syslog, or stdout: [PATH, syslog]",
    "stderr_syslog": "write stderr: syslog, or stderr: [PATH, syslog]",
    "depends_on": "a lower priority starts earlier and stops later",
}


def meant_key(key: str, known: Iterable[str]) -> str:
    """Return the key that was perhaps meant by one that does not exist, or ''."""
    ours = OTHERS_WORDS.get(key)
    if ours in (words := list(known)):
        return ours or ""
    return "" if key in OTHERS_IDEAS else _nearest(key, words)


def unknown_key_hint(key: str, known: Iterable[str]) -> str:
    """Return what to say of a key that does not exist, or ''."""
    meant = meant_key(key, known)
    if meant and OTHERS_WORDS.get(key) == meant:
        return f"here it is called {meant}"
    return f"did you mean {meant}?" if meant else OTHERS_IDEAS.get(key, "")


def did_you_mean(text: str, words: Iterable[str]) -> str:
    """Return a question for the nearest of these words, or ''."""
    near = _nearest(text, list(words))
    return f"did you mean {near}?" if near else ""


def _nearest(text: str, words: list[str]) -> str:
    return next(iter(difflib.get_close_matches(text.lower(), words, 1)), "")
