"""The sections that run nothing: the daemon's own, and those of its clients and listeners. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from taskmaster.convert import values
from taskmaster.convert.expansions import NeedsNumber
from taskmaster.convert.findings import Findings
from taskmaster.convert.ini import Section
from taskmaster.convert.programs import Shared, read_environment, size_text
from taskmaster.convert.section import Options
from taskmaster.convert.yamltext import Value

_MAIN_INTERFACE: Final = "supervisor.rpcinterface:make_main_rpcinterface"

_WITHOUT_COUNTERPART: Final[Mapping[str, tuple[Callable[[str], object], object, str]]] = {
    "nodaemon": (values.boolean, False, "start it with taskmasterd -n"),
    "silent": (values.boolean, False, "send standard error of taskmasterd -n to /dev/null"),
    "minfds": (values.integer, 1024, "the limit is raised as far as it goes; processes get theirs"),
    "minprocs": (values.integer, 200, "set ulimit -u where taskmasterd is started"),
    "nocleanup": (values.boolean, False, "there are no log files of its own to clean up"),
    "childlogdir": (str, None, "output without a log file is kept in memory; taskmasterctl tail"),
    "identifier": (str, "supervisor", "a daemon is known by its control socket"),
    "profile_options": (str, "", "there is no profiler"),
}
"""Options of [supervisord]: how each is read, with which value it changes nothing, what to do."""


def convert_supervisord(
    section: Section, shared: Shared, findings: Findings
) -> tuple[dict[str, Value], Shared]:
    """Return the section ``taskmaster:``, and what every program gets from [supervisord]."""
    options = Options(section, shared.names(), findings)
    if directory := options.read("directory", str, None):
        shared = replace(shared, folder=shared.path(directory, options, "directory"))
        shared = replace(shared, workingdir=shared.folder)
    found: dict[str, Value] = {}
    for option in ("logfile", "pidfile"):
        path = options.text(option)
        if path is not None and path.lower() == "syslog" and option == "logfile":
            text = "left out: run taskmasterd -n below something that reads its standard error"
            options.note(option, text)
        elif path:
            found[option] = shared.path(path, options, option)
    level = options.read("loglevel", values.loglevel, None)
    if level is not None:
        found["loglevel"] = level
        if level not in ((options.raw("loglevel") or "").lower(), "warning"):
            options.note("loglevel", f"it is {level} now, the nearest of our four")
    size = options.read("logfile_maxbytes", values.byte_size, None)
    found |= {"logfile_maxbytes": size_text(size)} if size is not None else {}
    backups = options.read("logfile_backups", values.integer, None)
    found |= {"logfile_backups": max(backups, 0)} if backups is not None else {}
    user = options.read("user", str, "")
    found |= {"user": user} if user else {}
    for option, (convert, without, instead) in _WITHOUT_COUNTERPART.items():
        if options.read(option, convert, without) != without:
            options.note(option, f"left out: {instead}")
    environment = {}
    try:
        # Expanded twice: the first time without the name of the machine.
        between = replace(options.names, kept=dict(options.names.kept))
        del between.kept["host_node_name"]
        environment = read_environment(options, options.twice("environment", between))
    except NeedsNumber:  # no process has a number here, so nobody keeps it
        raise AssertionError from None
    shared = replace(
        shared,
        environment=environment,
        umask=options.read("umask", values.umask, None),
        plain_text=options.read("strip_ansi", values.boolean, False),
    )
    options.note_unknown()
    return found, shared


def note_other(section: Section, shared: Shared, findings: Findings) -> None:
    """Tell what becomes of a section that has no counterpart."""
    options = Options(section, shared.names(), findings)
    kind = section.name.partition(":")[0]
    match kind:
        case "supervisorctl":
            options.note(
                "", "left out: taskmasterctl finds the daemon's socket by itself, or by -s"
            )
        case "rpcinterface":
            factory = options.raw("supervisor.rpcinterface_factory")
            if factory is None:
                options.refuse("", "it needs supervisor.rpcinterface_factory")
            elif factory == _MAIN_INTERFACE:
                options.note("", "left out: taskmasterctl needs no interface to be named")
            else:
                options.note("", "left out: code of supervisord's cannot be loaded here")
        case "ctlplugin":
            options.note("", "left out: commands are added to a shell script around taskmasterctl")
        case _:
            options.note("", "left out: supervisord does not know this section either")
