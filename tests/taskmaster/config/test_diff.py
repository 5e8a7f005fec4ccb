"""What has to happen between two configs, field by field."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.diff import Changes, describe, diff
from taskmaster.config.model import (
    Address,
    AutoRestart,
    Config,
    LogFormat,
    Program,
    Ready,
    ReloadCost,
    Settings,
    SocketRights,
    StderrChannel,
    StopStep,
    TerminalSize,
)

SETTINGS = Settings(socket="/s", logfile="/l")
OTHER_VALUES: Mapping[str, Any] = {
    "command": "other",
    "numprocs": 7,
    "priority": 1,
    "autostart": False,
    "autorestart": AutoRestart.NEVER,
    "exitcodes": frozenset({3}),
    "starttime": 9.0,
    "startretries": 9,
    "stopsignal": 2,
    "stoptime": 9.0,
    "stopasgroup": True,
    "killasgroup": True,
    "stdout": "/out",
    "stdout_maxbytes": 1,
    "stdout_backups": 1,
    "stderr_channel": StderrChannel.PIPE,
    "stderr": "/err",
    "stdout_syslog": True,
    "stderr_syslog": True,
    "stderr_maxbytes": 1,
    "stderr_backups": 1,
    "environment": (("A", "1"),),
    "workingdir": "/w",
    "umask": 0,
    "user": "nobody",
    "size": TerminalSize(50, 132),
    "scrollback": 4096,
    "logformat": LogFormat.TEXT,
    "timestamps": True,
    "ready": Ready("up", 9.0),
    "stop": (StopStep(signal=9),),
    "record": "/cast",
    "socket": Address("127.0.0.1", 9000),
    "socket_rights": SocketRights(mode=0o777),
    "events": ("TICK",),
    "buffer_size": 5,
    "stdout_events": True,
    "stderr_events": True,
}
FIELDS = [field for field in dataclasses.fields(Program) if field.name != "name"]


def config(*programs: Program, settings: Settings = SETTINGS) -> Config:
    return Config(path="/c", settings=settings, programs={p.name: p for p in programs})


def web(**changes: Any) -> Program:
    return Program(**({"name": "web", "command": "serve"} | changes))


def test_every_field_has_another_value_in_this_test() -> None:
    assert set(OTHER_VALUES) == {field.name for field in FIELDS}
    assert all(getattr(web(), name) != value for name, value in OTHER_VALUES.items())


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_changed_field_costs_what_it_says(field: "dataclasses.Field[Any]") -> None:
    changes = diff(config(web()), config(web(**{field.name: OTHER_VALUES[field.name]})))

    restarts = field.metadata["reload"] is ReloadCost.RESTART
    assert changes.restarted == (("web",) if restarts else ())
    assert changes.updated == (() if restarts else ("web",))
    assert (changes.added, changes.removed, changes.unchanged) == ((), (), ())


def test_only_what_a_new_process_can_take_costs_a_restart() -> None:
    costly = {f.name for f in FIELDS if f.metadata["reload"] is ReloadCost.RESTART}

    assert costly == {
        "command", "environment", "workingdir", "umask", "user", "stderr_channel", "socket",
    }  # fmt: skip


def test_one_costly_field_among_cheap_ones_costs_the_restart() -> None:
    changes = diff(config(web()), config(web(command="x", priority=1, numprocs=2)))

    assert (changes.restarted, changes.updated) == (("web",), ())
    assert describe(changes) == ("web: restarted (cmd, numprocs 1 to 2, priority)",)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    names = draw(st.lists(st.sampled_from("abcde"), unique=True))
    programs = []
    for name in names:
        changed = draw(st.lists(st.sampled_from(sorted(OTHER_VALUES)), max_size=3))
        programs.append(web(name=name, **{key: OTHER_VALUES[key] for key in changed}))
    return config(*programs)


@given(configs())
def test_a_config_does_not_differ_from_itself(same: Config) -> None:
    changes = diff(same, same)

    assert changes.unchanged == tuple(same.programs)
    assert describe(changes) == ()


@given(configs(), configs())
def test_every_program_has_exactly_one_fate(old: Config, new: Config) -> None:
    changes = diff(old, new)

    fates = [changes.added, changes.removed, changes.restarted, changes.updated, changes.unchanged]
    together = [name for fate in fates for name in fate]
    assert sorted(together) == sorted({*old.programs, *new.programs})
    assert set(changes.fields) == {*changes.restarted, *changes.updated}
    assert len(describe(changes)) == len(together) - len(changes.unchanged)
    for name in changes.unchanged:
        assert old.programs[name] == new.programs[name]


@given(configs(), configs())
def test_the_way_back_is_the_mirror_of_the_way_there(old: Config, new: Config) -> None:
    there, back = diff(old, new), diff(new, old)

    assert set(there.added) == set(back.removed)
    assert set(there.restarted) == set(back.restarted)
    assert set(there.unchanged) == set(back.unchanged)


def test_settings_say_what_waits_for_the_next_start() -> None:
    changed = dataclasses.replace(SETTINGS, socket="/other", logfile="/log")

    assert describe(diff(config(), config(settings=changed))) == (
        "taskmaster.socket: changed, takes effect when the daemon is started again",
        "taskmaster.logfile: changed",
    )


def test_added_and_removed_are_told() -> None:
    changes: Changes = diff(config(web(name="a")), config(web(name="b")))

    assert describe(changes) == ("a: removed", "b: added")
