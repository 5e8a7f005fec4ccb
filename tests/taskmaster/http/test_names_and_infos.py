"""What a process is called, and what is told of it."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from taskmaster.config.model import Config, Program, Settings, StderrChannel
from taskmaster.control.handlers import Clocks
from taskmaster.http.configinfo import config_infos
from taskmaster.http.faults import Fault
from taskmaster.http.namespecs import Names
from taskmaster.http.processinfo import is_running, is_stoppable, process_info
from taskmaster.process.state import Process, State
from taskmaster.supervisor import Entry, Supervisor

PROGRAMS = {
    "web": Program(name="web", command="web -x", numprocs=11, priority=5),
    "db": Program(name="db", command=("db", "a b"), stdout="/log/%(process_num)d", priority=9),
    "more": Program(name="more", command="more"),
    "own": Program(name="own", command="own", priority=7),
}


GROUPS = {"site": ("db", "web"), "other": ("web", "more")}


def config(*names: str, groups: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> Config:
    programs = {name: PROGRAMS[name] for name in names}
    return Config(
        path="c", settings=Settings(socket="s", logfile="l"), programs=programs, groups=groups
    )


def names() -> Names:
    return Names(Supervisor(config("web", "db"), 0.0))


def grouped() -> Names:
    return Names(Supervisor(config("web", "db", "more", "own", groups=GROUPS), 0.0))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("db", "db:0"),
        ("db:db", "db:0"),
        ("db:0", "db:0"),
        ("web:web_3", "web:3"),
        ("web:3", "web:3"),
        ("web:web_10", "web:10"),
    ],
)
def test_both_spellings_are_known(written: str, found: str) -> None:
    entry = names().find(written)

    assert isinstance(entry, Entry)
    assert entry.name == found


@pytest.mark.parametrize("written", ["web:*", "web:"])
def test_a_group_is_all_of_it(written: str) -> None:
    found = names()

    assert found.find(written) == found.members("web")
    assert len(found.members("web")) == 11


@pytest.mark.parametrize(
    "written",
    ["", ":", "*", "web", "web_3", "web:web", "web:web_11", "web:web_03", "web:11", "db:db_0",
     "db:1", "nosuch", "nosuch:*", "nosuch:nosuch", "web:web_3:0"],
)  # fmt: skip
def test_other_names_mean_nothing(written: str) -> None:
    with pytest.raises(Fault, match=r"^BAD_NAME: "):
        names().find(written)


def test_processes_are_listed_by_group_and_name_as_texts() -> None:
    found = [entry.short_name for entry in names().by_group()]

    assert found == ["db", "web_0", "web_1", "web_10", *(f"web_{n}" for n in range(2, 10))]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("site:db", "db:0"),
        ("site:web_10", "web:10"),
        ("other:more", "more:0"),
        ("own", "own:0"),
        # What they were called before they came into a group.
        ("db", "db:0"),
        ("db:db", "db:0"),
        ("web:web_3", "web:3"),
        ("web:3", "web:3"),
    ],
)
def test_a_process_has_the_name_of_its_group(written: str, found: str) -> None:
    entry = grouped().find(written)

    assert isinstance(entry, Entry)
    assert entry.name == found


def test_every_namespec_is_found_again() -> None:
    those = grouped()

    for entry in those.by_priority():
        assert those.find(those.namespec(entry)) is entry


@pytest.mark.parametrize("written", ["site", "site:", "site:site", "other:web_1", "site:more",
                                     "site:web", "nosuch:db", "other:db:0"])  # fmt: skip
def test_a_process_is_in_one_group(written: str) -> None:
    with_members = {"site:"}

    if written in with_members:
        assert isinstance(grouped().find(written), list)
    else:
        with pytest.raises(Fault, match=r"^BAD_NAME: "):
            grouped().find(written)


def test_groups_stand_by_priority_and_their_programs_by_theirs() -> None:
    those = grouped()

    assert [entry.name for entry in those.members("site")] == [
        *(f"web:{n}" for n in range(11)), "db:0",
    ]  # fmt: skip
    assert [entry.name for entry in those.members("other")] == ["more:0"]
    order = [those.namespec(entry) for entry in those.by_priority()]
    assert (order[0], order[1], order[-1]) == ("own", "other:more", "site:db")
    by_name = [those.namespec(entry) for entry in those.by_group()]
    assert by_name[:3] == ["other:more", "own", "site:db"]
    assert len(by_name) == len(order) == 14


def info(**fields: object) -> dict[str, object]:
    process = Process(**fields)  # type: ignore[arg-type]
    entry = Entry("db:0", PROGRAMS["db"], 0, process)
    return process_info(entry, "site", Clocks(100.0, 1_000_000_100.0))


def test_times_are_those_of_the_day() -> None:
    told = info(state=State.RUNNING, pid=7, spawned_at=35.5, ended_at=20.0, exit_code=3)

    assert (told["start"], told["stop"], told["now"]) == (
        1_000_000_035,
        1_000_000_020,
        1_000_000_100,
    )
    assert (told["name"], told["group"]) == ("db", "site")
    assert told["description"] == "pid 7, uptime 0:01:05"
    assert (told["exitstatus"], told["pid"], told["statename"]) == (0, 7, "RUNNING")
    assert told["logfile"] == told["stdout_logfile"] == "/log/0"


@pytest.mark.parametrize(
    ("state", "reason", "code", "error", "status"),
    [
        (State.FATAL, "exited too quickly: exit status 1", 1,
         "Exited too quickly (process log may have details)", 0),
        (State.BACKOFF, "cannot start: /no/such: no such file or directory", None,
         "can't find command '/no/such'", 0),
        (State.BACKOFF, "cannot start: changing directory to /x: no such file or directory", None,
         "cannot start: changing directory to /x: no such file or directory", 0),
        (State.EXITED, "unexpected exit status 3", 3, "Bad exit code 3", 3),
        (State.EXITED, "unexpected terminated by SIGKILL", -9, "Bad exit code -1", -1),
        (State.EXITED, "", 0, "", 0),
        (State.STOPPED, "", -15, "", -1),
    ],
)  # fmt: skip
def test_failures_are_in_the_words_that_are_known(
    state: State, reason: str, code: int | None, error: str, status: int
) -> None:
    told = info(state=state, reason=reason, exit_code=code, spawned_at=1.0, ended_at=2.0)

    assert (told["spawnerr"], told["exitstatus"]) == (error, status)
    assert told["description"] == error or state in (State.EXITED, State.STOPPED)


def test_who_waits_for_a_paced_restart_may_be_started_and_stopped() -> None:
    paced = Process(state=State.EXITED, deadline=5.0)

    assert not is_running(paced)
    assert is_stoppable(paced)
    assert not is_stoppable(Process(state=State.EXITED))


def test_options_are_under_their_names_there() -> None:
    infos = asyncio.run(config_infos(config("web", "db"), config("db")))
    db = infos[0]

    assert len(infos) == 12
    assert (db["command"], db["inuse"], infos[1]["inuse"]) == ("db 'a b'", True, False)
    assert (db["group_prio"], db["redirect_stderr"]) == (9, True)
    assert PROGRAMS["db"].stderr_channel is StderrChannel.TERMINAL
    assert (infos[1]["stdout_logfile"], infos[1]["name"]) == ("none", "web_0")


def test_programs_are_in_use_by_their_groups() -> None:
    known = config("web", "db", "more", "own", groups=GROUPS)
    there = config("web", "db", "own", groups={"site": ("db", "web")})
    infos = asyncio.run(config_infos(known, there))

    told = {
        info["name"]: (info["group"], info["group_prio"], info["process_prio"], info["inuse"])
        for info in infos
    }
    assert told["db"] == ("site", 999, 9, True)
    assert told["web_4"] == ("site", 999, 5, True)
    assert told["more"] == ("other", 999, 999, False)
    assert told["own"] == ("own", 7, 7, True)


def test_ten_thousand_configs_leave_turns_to_others() -> None:
    async def turns() -> int:
        programs = {"many": Program(name="many", command="cat", numprocs=10_000)}
        settings = Settings(socket="/s", logfile="/l")
        many = Config(path="/c", settings=settings, programs=programs)
        telling = asyncio.ensure_future(config_infos(many, many))
        count = 0
        while not telling.done():
            await asyncio.sleep(0)
            count += 1
        assert len(await telling) == 10_000
        return count

    assert asyncio.run(turns()) >= 100
