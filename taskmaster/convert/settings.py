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


def convert_server(section: Section, shared: Shared, findings: Findings) -> str:
    """Return where a server of supervisord's listens; empty where it is wrong."""
    options = Options(section, shared.names(), findings)
    is_unix = section.name.startswith("unix")
    option = "file" if is_unix else "port"
    address = options.read(option, str.strip if is_unix else values.http_address, "")
    if not options.has(option):
        options.refuse("", f"it needs a {option}")
    if options.has("username") != options.has("password"):
        options.refuse("", "username and password go together")
    options.read("username", str, "")
    options.raw("password")
    options.read("chmod", values.umask, "")
    options.raw("chown")
    text = "left out: taskmasterctl needs no HTTP server, it has a control socket of its own"
    options.note("", f"{text}; access from elsewhere is listen: or ssh://")
    for option in ("chmod", "chown", "username", "password"):
        options.note(option, "left out, with the server")
    options.note_unknown()
    return address


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


def check_fcgi(section: Section, shared: Shared, findings: Findings) -> None:
    """Check what a FastCGI program has beyond a program."""
    names = shared.names()
    names.kept["program_name"] = section.name.partition(":")[2]
    options = Options(section, names, findings)
    if not options.has("socket"):
        options.refuse("", "it needs a socket")
    options.read("socket", values.fcgi_socket, "")
    if not 1 <= options.read("socket_backlog", values.integer, 1) <= 0xFFFF:
        options.refuse("socket_backlog", "it must be from 1 to 65535")
    options.read("socket_mode", values.umask, "")
    if (options.raw("socket") or "").startswith("tcp:"):
        for option in ("socket_owner", "socket_mode"):
            if options.has(option):
                options.refuse(option, "it is for a UNIX socket")
    options.note("", "left out: no socket is opened for a program; have it listen by itself")
