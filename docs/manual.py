"""The manual pages, of the same tables as the reference."""

from collections.abc import Iterable

from ctl.__main__ import OPTIONS
from ctl.commands import COMMANDS
from docs import reference
from docs.blocks import Block, Code, Heading, Paragraph, Terms, roff
from docs.facts import CLIENT_STATUSES, FILES, VARIABLES
from taskmaster.__main__ import EXIT_STATUSES, SIGNALS, parser
from taskmaster.config.alertkeys import ALERT_KEYS, TARGET_KEYS
from taskmaster.config.httplistening import KEYS as HTTP_KEYS
from taskmaster.config.keys import Keys
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS
from taskmaster.config.sections import SECTIONS

_EXAMPLE = """\
programs:
  web:
    cmd: nginx -g 'daemon off;'
    stopsignal: QUIT
    stdout: log/web.log
  worker:
    cmd: ./worker --queue %(process_num)d
    numprocs: 4
    env: {LEVEL: info}
"""


def taskmasterd() -> str:
    """Return the manual page of the daemon."""
    return roff("taskmasterd", 1, [
        *_name("taskmasterd", "start programs, each on its own terminal, and keep them alive"),
        Heading("SYNOPSIS"),
        Paragraph("**taskmasterd** [`-n` | `-t` | `--shell`] [`-s` PATH] [CONFIG]"),
        Heading("DESCRIPTION"),
        Paragraph(f"{parser().description}".strip()),
        Heading("OPTIONS"),
        _terms(reference.daemon_options()),
        Heading("SIGNALS"),
        _terms(SIGNALS.items()),
        Heading("EXIT STATUS"),
        _terms((str(status), meaning) for status, meaning in EXIT_STATUSES.items()),
        *_surroundings(),
        *_see_also("taskmasterctl(1)", "taskmaster.yaml(5)"),
    ])  # fmt: skip


def taskmasterctl() -> str:
    """Return the manual page of the client."""
    commands: list[Block] = []
    for command in COMMANDS.values():
        texts = " ".join(reference.command_texts(command))
        options = [f"`{option}`: {meaning}" for option, meaning in command.options.items()]
        told = f"{texts} {'; '.join(options)}{'.' if options else ''}".strip()
        commands.append(Terms(("", ""), [(f"`{command.usage}`", told)]))
    return roff("taskmasterctl", 1, [
        *_name("taskmasterctl", "list, manage and sit down at the processes of taskmasterd"),
        Heading("SYNOPSIS"),
        Paragraph("**taskmasterctl** [`-s` SOCKET] [`--json`] [COMMAND ARG...]"),
        Heading("DESCRIPTION"),
        Paragraph(
            "One command, or without one the interactive shell; where standard input is not a "
            "terminal, a command a line from it."
        ),
        Paragraph(reference.NAMES),
        Heading("OPTIONS"),
        _terms(OPTIONS.items()),
        Heading("COMMANDS"),
        *commands,
        Heading("EXIT STATUS"),
        _terms((str(status), meaning) for status, meaning in CLIENT_STATUSES.items()),
        *_surroundings(),
        *_see_also("taskmasterd(1)", "taskmaster.yaml(5)"),
    ])  # fmt: skip


def taskmaster_yaml() -> str:
    """Return the manual page of the config."""
    smaller = [
        (title.partition(" of ")[2] or title, keys) for title, keys in reference.SMALL.values()
    ]
    smaller += [("taskmaster.http", HTTP_KEYS)]
    smaller += [(f"alerts.NAME.{name}", keys) for name, keys in TARGET_KEYS.items()]
    return roff("taskmaster.yaml", 5, [
        *_name("taskmaster.yaml", "the config of taskmasterd"),
        Heading("DESCRIPTION"),
        reference.config()[2],
        _terms((f"`{name}:`", section.meaning) for name, section in SECTIONS.items()),
        Heading("PROGRAMS"),
        _keys(PROGRAM_KEYS),
        Heading("EXPANSIONS"),
        reference.expansions(),
        Heading("TASKMASTER"),
        _keys(SETTING_KEYS),
        Heading("ALERTS"),
        Paragraph("An alert has exactly one target."),
        _keys(ALERT_KEYS),
        Heading("KEYS OF VALUES"),
        *(block for title, keys in smaller for block in (Heading(title, 3), _keys(keys))),
        Heading("RELOAD"),
        _terms((f"`{name}`", reference.reload_cost(name)) for name in PROGRAM_KEYS),
        Heading("EXAMPLE"),
        Code(_EXAMPLE),
        *_see_also("taskmasterd(1)", "taskmasterctl(1)"),
    ])  # fmt: skip


def _name(name: str, what: str) -> list[Block]:
    return [Heading("NAME"), Paragraph(f"{name} - {what}")]


def _terms(rows: Iterable[tuple[str, str]]) -> Terms:
    return Terms(("", ""), list(rows))


def _keys(keys: Keys) -> Terms:
    rows = []
    for name, meaning, kind, told in reference.key_rows(keys):
        takes = "; ".join(filter(None, (kind, told)))
        rows.append((name, f"{reference.sentence(meaning)} {reference.sentence(takes)}"))
    return Terms(("", ""), rows)


def _surroundings() -> list[Block]:
    return [
        Heading("ENVIRONMENT"),
        _terms(VARIABLES.items()),
        Heading("FILES"),
        _terms(FILES.items()),
    ]


def _see_also(*pages: str) -> list[Block]:
    return [
        Heading("SEE ALSO"),
        Paragraph(", ".join(f"**{page[:-3]}**{page[-3:]}" for page in pages)),
    ]
