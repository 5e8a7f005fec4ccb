"""The pages of the reference: what the code has in its tables, in blocks. See `manual` for man."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, cast

from ctl.commands import ALIASES, COMMANDS
from ctl.context import Command
from docs.blocks import Block, Code, Heading, Paragraph, Terms
from docs.events import event_lines
from docs.facts import CLIENT_STATUSES, FILES, VARIABLES
from taskmaster.__main__ import EXIT_STATUSES, SIGNALS, parser
from taskmaster.config.alertkeys import ALERT_KEYS, TARGET_KEYS
from taskmaster.config.forms import Json
from taskmaster.config.httplistening import KEYS as HTTP_KEYS
from taskmaster.config.keys import Key, Keys
from taskmaster.config.lifecycle import READY_KEYS, STEP_KEYS
from taskmaster.config.model import Program, ReloadCost
from taskmaster.config.schema import FIELDS, PROGRAM_KEYS, SETTING_KEYS
from taskmaster.config.sections import SECTIONS
from taskmaster.config.sockets import KEYS as SOCKET_KEYS

PACKAGE: Final = Path(__file__).parents[1] / "taskmaster"
MADE: Final = Paragraph("Made of the code by `python -m docs`; what is written here is lost.")
NAMES: Final = (
    "A NAME is `nginx:0` (one process), `nginx` or `nginx:*` (all of a program), the name of a "
    "group, a pattern such as `'web*'` or `'*:0'`, or `all`."
)
_COSTS: Final = {
    ReloadCost.IN_PLACE: "taken over in place",
    ReloadCost.COUNT: "starts what is missing, stops the surplus",
    ReloadCost.RESTART: "restarts what is up",
}
SMALL: Final = {
    "ready": ("programs.NAME.ready", READY_KEYS),
    "stop": ("each step of programs.NAME.stop", STEP_KEYS),
    "socket": ("programs.NAME.socket", SOCKET_KEYS),
}
"""Keys of programs whose values have keys of their own."""

# --- the config ------------------------------------------------------------------------------


def shown(value: Json) -> str:
    """Return a value as one would write it."""
    return value if isinstance(value, str) and value.isprintable() else json.dumps(value)


def kind_of(key: Key) -> str:
    """Return what a key takes, in words."""
    form = key.read.form
    title = form.get("title")
    if isinstance(title, str):
        return title
    return "keys and values" if "properties" in json.dumps(form) else "a text"


def reload_cost(name: str) -> str:
    """Return what a change of a program's key costs at a reload."""
    fields = {field.name: field for field in dataclasses.fields(Program)}
    field = fields.get("stderr_channel" if name == "stderr_tty" else FIELDS.get(name, name))
    return _COSTS[cast("ReloadCost", field.metadata["reload"])] if field else ""


def key_rows(keys: Keys) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, meaning, what it takes, and default or example of each key."""
    for name, key in keys.items():
        told = ""
        if key.default is not None:
            told = f"default `{shown(key.default)}`"
        elif key.example is not None:
            told = f"such as `{shown(key.example)}`"
        yield f"`{name}`", key.meaning, kind_of(key), told


def _table(keys: Keys) -> Terms:
    return Terms(("key", "meaning", "takes", "default"), list(key_rows(keys)))


def config() -> list[Block]:
    """Return the page of every key of the config."""
    sections = [(f"`{name}:`", section.meaning) for name, section in SECTIONS.items()]
    blocks: list[Block] = [
        Heading("The config", 1),
        MADE,
        Paragraph(
            "YAML, in these sections. Durations are seconds, or such as `1m30s`; sizes are bytes, "
            "or such as `50MB` and `256KiB` (powers of 1024 both). Relative paths are relative "
            "to the folder of the file. Keys that begin with `x-` are your own; anchors and merge "
            "(`<<:`) work. Values are the text that is written: `022`, `yes` and `1.10` stay so in "
            "`env`."
        ),
        Terms(("section", "what is in it"), sections),
        Heading("programs.NAME"),
        _table(PROGRAM_KEYS),
        Heading("What a changed key costs at a reload", 3),
        Terms(("key", "a change of it"), [(f"`{k}`", reload_cost(k)) for k in PROGRAM_KEYS]),
        Heading("What may stand in texts", 3),
        expansions(),
    ]
    for title, keys in SMALL.values():
        blocks += [Heading(title, 3), _table(keys)]
    blocks += [Heading("taskmaster"), _table(SETTING_KEYS)]
    blocks += [Heading("each of taskmaster.http", 3), _table(HTTP_KEYS)]
    blocks += [Heading("alerts.NAME"), Paragraph("It has exactly one target."), _table(ALERT_KEYS)]
    for name, keys in TARGET_KEYS.items():
        blocks += [Heading(f"alerts.NAME.{name}", 3), _table(keys)]
    return blocks


def expansions() -> Paragraph:
    """Return what is filled in."""
    return Paragraph(
        "In `cmd`, `env` and paths `%(program_name)s`, `%(process_num)d` (with a width: "
        "`%(process_num)02d`), `%(process_name)s`, `%(here)s` (the folder of the file), "
        "`%(host_node_name)s` and `%(ENV_NAME)s` (of the daemon's environment) are filled in; a "
        "lone `%` is a `%`."
    )


# --- commands and options --------------------------------------------------------------------


def command_texts(command: Command) -> Sequence[str]:
    """Return what there is to say of a command, in sentences."""
    return [sentence(text) for text in (command.summary, command.details) if text]


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    return text if text.endswith(".") else f"{text[:1].upper()}{text[1:]}."


def commands() -> list[Block]:
    """Return the page of every command of taskmasterctl."""
    also = ", ".join(f"`{other}` for `{name}`" for other, name in ALIASES.items())
    blocks: list[Block] = [
        Heading("Commands of taskmasterctl", 1),
        MADE,
        Paragraph(f"{NAMES} Other words: {also}."),
    ]
    for name, command in COMMANDS.items():
        blocks += [
            Heading(name),
            Code(command.usage),
            Paragraph(" ".join(command_texts(command))),
        ]
        if command.options:
            rows = [(f"`{option}`", meaning) for option, meaning in command.options.items()]
            blocks.append(Terms(("option", "meaning"), rows))
    return blocks


def daemon_options() -> list[tuple[str, str]]:
    """Return the options of taskmasterd and their meanings."""
    found = []
    for action in parser()._actions:  # noqa: SLF001 - argparse shows them nowhere else
        value = f" {action.metavar}" if action.metavar and action.option_strings else ""
        names = ", ".join(action.option_strings) or str(action.metavar)
        found.append((f"`{names}{value}`", action.help or ""))
    return found


def daemon() -> list[Block]:
    """Return the page of taskmasterd."""
    return [
        Heading("taskmasterd", 1),
        MADE,
        Paragraph(f"{parser().description}".strip()),
        Heading("Options"),
        Terms(("option", "meaning"), daemon_options()),
        Heading("Signals"),
        Terms(("signal", "what it does"), [(f"`{k}`", v) for k, v in SIGNALS.items()]),
    ]


def statuses() -> list[Block]:
    """Return the page of exit statuses, variables and files."""
    return [
        Heading("Exit statuses, variables, files", 1),
        MADE,
        Heading("Exit statuses of taskmasterd"),
        Terms(("status", "meaning"), [(str(k), v) for k, v in EXIT_STATUSES.items()]),
        Heading("Exit statuses of taskmasterctl"),
        Terms(("status", "meaning"), [(str(k), v) for k, v in CLIENT_STATUSES.items()]),
        Heading("Environment variables"),
        Terms(("variable", "meaning"), [(f"`{k}`", v) for k, v in VARIABLES.items()]),
        Heading("Files"),
        Terms(("file", "what it is"), [(f"`{k}`", v) for k, v in FILES.items()]),
    ]


def events() -> list[Block]:
    """Return the page of every line of the event log."""
    rows = [(f"`{line.text}`", line.level) for line in event_lines(PACKAGE)]
    return [
        Heading("The event log", 1),
        MADE,
        Paragraph(
            "Each line is a time, a level and one of these texts; what is in capitals is filled "
            "in. The words are supervisord's where it has them. `DEBG` lines are there with "
            "`loglevel: debug` only."
        ),
        Code("2026-11-23 18:52:15,123 INFO spawned: 'nginx:0' with pid 4242"),
        Terms(("line", "level"), rows),
    ]
