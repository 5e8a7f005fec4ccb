"""The rules of the structure, read from the syntax trees: who imports what, how long files are."""

import ast
import dataclasses
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskmaster import __version__
from taskmaster.config.model import Program, ReloadCost

ROOT = Path(__file__).parents[1]
PACKAGES = ("taskmaster", "pty_mux", "ctl")
MAX_LINES = 400
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
KEEPER_IMPORTS = {
    "array", "contextlib", "errno", "json", "os", "pty_mux", "pwd", "resource", "select",
    "selectors", "signal", "socket", "struct", "sys", "taskmaster", "time", "typing", "collections",
    "dataclasses",
}  # fmt: skip
PURE = (
    "pty_mux/ring.py", "pty_mux/queries.py", "pty_mux/ground.py", "pty_mux/mirror.py",
    "pty_mux/lineends.py", "pty_mux/journal.py", "pty_mux/textlog.py", "pty_mux/textrow.py",
    "pty_mux/session.py", "pty_mux/attachment.py",
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "pty_mux/vt").glob("*.py"))),
    "taskmaster/config/model.py", "taskmaster/config/values.py", "taskmaster/config/document.py",
    "taskmaster/config/schema.py", "taskmaster/config/diff.py", "taskmaster/config/errors.py",
    "taskmaster/config/groups.py", "taskmaster/config/portions.py",
    "taskmaster/config/readers.py", "taskmaster/config/hints.py",
    "taskmaster/config/forms.py", "taskmaster/config/keys.py", "taskmaster/config/sections.py",
    "taskmaster/config/alertkeys.py",
    "taskmaster/config/lifecycle.py", "taskmaster/config/listening.py",
    "taskmaster/config/sockets.py", "pty_mux/logpair.py",
    "taskmaster/control/gate.py", "taskmaster/protocol/admission.py", "ctl/address.py",
    "ctl/dashboard/actions.py", "ctl/dashboard/board.py", "ctl/dashboard/drawing.py",
    "ctl/dashboard/figures.py", "ctl/dashboard/rows.py", "ctl/dashboard/table.py",
    "ctl/dashboard/text.py",
    "taskmaster/config/shellwords.py", "taskmaster/config/notyaml.py",
    "taskmaster/process/machine.py", "taskmaster/process/events.py",
    "taskmaster/process/state.py", "taskmaster/process/transitions.py",
    "taskmaster/process/words.py", "pty_mux/lookout.py",
    "taskmaster/process/actions.py", "taskmaster/names.py", "taskmaster/orders.py",
    "taskmaster/supervisor.py", "taskmaster/records.py", "taskmaster/keeper/wire.py",
    "taskmaster/spawnrequest.py", "taskmaster/state.py", "taskmaster/metrics.py",
    *(f"taskmaster/convert/{name}.py" for name in (
        "findings", "expansions", "values", "section", "programs", "settings", "yamltext",
        "conversion", "listeners", "servers", "procfile", "compose",
        "interpolation", "order", "starter", "heading",
    )),
    "taskmaster/protocol/frames.py", "taskmaster/protocol/messages.py",
    "taskmaster/config/httplistening.py", "taskmaster/http/parsing.py",
    "taskmaster/http/passwords.py", "taskmaster/http/routes.py", "taskmaster/http/faults.py",
    "taskmaster/http/namespecs.py", "taskmaster/http/xmlcalls.py",
    "taskmaster/http/processinfo.py", "taskmaster/http/methods.py",
    *(f"taskmaster/listeners/{name}.py" for name in (
        "kinds", "talk", "exchange", "payloads", "access",
    )),
    "taskmaster/config/listeners.py",
    "taskmaster/control/handlers.py", "taskmaster/control/story.py",
    "taskmaster/process/history.py", "ctl/keys.py", "ctl/modes.py", "ctl/probe.py",
    "ctl/render.py", "ctl/statustable.py", "ctl/redraw.py", "ctl/loglines.py",
    "ctl/cells.py",
    "taskmaster/alerts/model.py", "taskmaster/alerts/report.py", "taskmaster/alerts/mailbox.py",
    "taskmaster/alerts/message.py", "taskmaster/alerts/formats.py",
)  # fmt: skip
"""Decide and do not act: no I/O, no clock, no loop."""
WITH_DATES = {"taskmaster/http/xmlcalls.py": "a type of XML-RPC's, that is only read"}
TIME_OF_DAY = {
    "taskmaster/eventlog.py": "each line begins with it",
    "taskmaster/keeper/notes.py": "the keeper's line in the event log does too",
    "taskmaster/daemon.py": "both clocks read together, so that a client is told when it was",
    "taskmaster/recordings.py": "a recording says when it began",
    "taskmaster/measure.py": "the time since the machine's start, in which /proc tells starts",
    "taskmaster/listeners/ticks.py": "a tick is told when a period of it begins",
    "taskmaster/alerts/service.py": "an alert says when it happened",
    "ctl/why.py": "how long ago things were, of which the daemon tells the time of day",
    "taskmaster/alerts/mail.py": "a mail says when it was sent",
}
"""Who reads the wall clock, and what for. It may jump: a timer that hangs on it hangs, or fires."""
IMPURE_MODULES = {"asyncio", "socket", "select", "selectors", "subprocess", "fcntl", "termios"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_by(path: Path) -> set[str]:
    return set(imports(path))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for name in imported_by(path):
        top = name.partition(".")[0]
        if package == "pty_mux":
            assert top not in ("taskmaster", "ctl"), f"pty_mux knows no programs: {name}"
        if package == "taskmaster":
            assert top != "ctl", f"the daemon does not import its client: {name}"
        if package == "ctl":
            assert top != "pty_mux", f"the client muxes nothing: {name}"
            if name.startswith("taskmaster.") and name != "taskmaster.__version__":
                assert name.startswith("taskmaster.protocol"), (
                    f"only the protocol is shared: {name}"
                )


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_third_parties_stay_where_they_belong(path: Path) -> None:
    tops = {name.partition(".")[0] for name in imported_by(path)}
    if "yaml" in tops:
        assert name_of(path) == "taskmaster/config/document.py"
    if "prompt_toolkit" in tops:
        allowed = ("app", "text", "window")
        shells = ("ctl/shell.py", "ctl/completion.py")
        assert name_of(path) in (*shells, *(f"ctl/dashboard/{name}.py" for name in allowed))


@pytest.mark.parametrize("name", PURE)
def test_what_decides_does_no_io(name: str) -> None:
    imported = imported_by(ROOT / name)
    assert not {item.partition(".")[0] for item in imported} & IMPURE_MODULES
    tree = ast.parse((ROOT / name).read_text())
    called = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }
    assert not called & {"time.time", "time.monotonic", "time.sleep", "os.read", "os.write"}
    assert not any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_time_of_day_is_read_only_where_it_is_meant(path: Path) -> None:
    """Peers had timers on the wall clock: stops that came at once, and starts that never did."""
    tree = ast.parse(path.read_text())
    wall = ("time.time", "time.time_ns", "time.ctime", "time.clock_gettime")
    read = {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in wall
    } | {
        ast.unparse(node)  # without a moment to tell, these tell the present one
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func), len(node.args))
        in {("time.localtime", 0), ("time.gmtime", 0), ("time.strftime", 1), ("time.asctime", 0)}
    }

    assert bool(read) == (name_of(path) in TIME_OF_DAY), read
    imported = imported_by(path)
    if name_of(path) not in WITH_DATES:
        assert not {name for name in imported if name.startswith(("datetime", "time.", "sched"))}


def test_the_pure_core_imports_only_what_is_pure() -> None:
    pure = {name.removesuffix(".py").replace("/", ".") for name in PURE}
    allowed = pure | {"taskmaster.config.expand", "taskmaster.process.failures"}
    for module in ("taskmaster/supervisor.py", "taskmaster/process/machine.py"):
        ours = {name for name in imported_by(ROOT / module) if name.startswith("taskmaster.")}
        modules = {name for name in ours if (ROOT / f"{name.replace('.', '/')}.py").exists()}
        assert modules <= allowed


def test_the_keeper_stays_small() -> None:
    for name in (
        "keeper",
        "wire",
        "channel",
        "lives",
        "estate",
        "cores",
        "notes",
        "whom",
        "identity",
    ):
        path = ROOT / "taskmaster" / "keeper" / f"{name}.py"
        tops = {item.partition(".")[0] for item in imported_by(path)}
        assert tops <= KEEPER_IMPORTS
    ours = {n for n in imported_by(ROOT / "taskmaster/keeper/keeper.py") if n.startswith("taskm")}
    assert all(name.startswith("taskmaster.keeper") for name in ours)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_are_short_enough_to_be_read(path: Path) -> None:
    if (
        name_of(path) != "taskmaster/protocol/messages.py"
    ):  # a table of messages, read by looking up
        assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_field_of_a_program_says_what_its_change_costs() -> None:
    for field in dataclasses.fields(Program):
        assert isinstance(field.metadata.get("reload"), ReloadCost), field.name


def test_two_packages_are_needed_and_no_third() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert [name.partition(">")[0] for name in project["dependencies"]] == [
        "PyYAML",
        "prompt_toolkit",
    ]


def test_the_changelog_knows_this_version() -> None:
    assert __version__ in (ROOT / "CHANGELOG.md").read_text()
