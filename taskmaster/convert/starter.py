"""The config that ``taskmasterctl init`` writes where nothing is converted. Pure.

It runs as it stands, and shows the keys that are wanted first, each with its default and what it
means, from the one table of keys.
"""

from collections.abc import Iterator
from typing import Final

from taskmaster.config.forms import Json
from taskmaster.config.keys import Keys
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS

_SHOWN: Final = (
    *("numprocs", "autostart", "autorestart", "exitcodes", "starttime", "startretries"),
    *("stopsignal", "stoptime", "stdout", "stderr", "env", "workingdir", "umask", "user"),
)
_SHOWN_SETTINGS: Final = ("logfile", "loglevel", "socket")
_HEAD: Final = """\
# A config of Taskmaster, which works as it stands:
#   taskmasterd                       start it, from this folder
#   taskmasterctl status              what runs
#   taskmasterctl attach shell        sit at its terminal; Ctrl-] leaves it
#   taskmasterctl tail -f clock       follow a log
#   taskmasterd -t                    check this file after a change ...
#   taskmasterctl reload              ... and have it taken over; what did not change runs on
#   taskmasterctl shutdown            the end of everything

programs:
  clock:                              # its process is called clock:0
    cmd: [sh, -c, "while :; do date; sleep 1; done"]
  shell:
    cmd: sh -i                        # a text is split into words; no shell reads it
    stopsignal: HUP                   # an interactive shell ignores TERM
    autorestart: always
  # web:
  #   cmd: python3 -m http.server 8000
"""
_END: Final = """\

# More: man taskmaster.yaml, or hover over a key in an editor that reads the first line.
"""


def starter() -> str:
    """Return the config, without the line for editors."""
    keys = "".join(f"  #   {line}\n" for line in _lines(_SHOWN, PROGRAM_KEYS))
    settings = "".join(f"#   {line}\n" for line in _lines(_SHOWN_SETTINGS, SETTING_KEYS))
    return f"{_HEAD}{keys}\n# taskmaster:   # the daemon's own settings\n{settings}{_END}"


def _lines(names: tuple[str, ...], keys: Keys) -> Iterator[str]:
    for name in names:
        key = keys[name]
        value = key.example if key.default is None else key.default
        yield f"{f'{name}: {_written(value)}':<30}  # {key.meaning}"


def _written(value: Json) -> str:
    """Return a value in YAML's short form."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ", ".join(f"{k}: {_written(v)}" for k, v in value.items()) + "}"
        case list():
            return f"[{', '.join(map(_written, value))}]"
        case _:
            return str(value)
