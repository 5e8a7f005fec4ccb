"""The config that was read, and what of it is taken over."""

import pytest

from taskmaster.candidate import AlreadyActive, Candidate, StillRunning, Unknown
from taskmaster.config.model import Config, Program, Settings
from taskmaster.process.state import Process, State
from taskmaster.supervisor import Entry


def config(*programs: str, **groups: tuple[str, ...]) -> Config:
    settings = Settings(socket="s", logfile="l")
    made = {name: Program(name=name, command="x") for name in programs}
    return Config(path="c", settings=settings, programs=made, groups=groups)


class Daemon:
    """A file, the config that counts, and processes in one state."""

    def __init__(self, active: Config, file: Config) -> None:
        self.config = active
        self.file = file
        self.state = State.STOPPED
        self.candidate = Candidate(self, self.entries)

    def read_config(self, why: str) -> Config:
        return self.file

    def adopt(self, config: Config, why: str) -> tuple[str, ...]:
        self.config = config
        return ()

    def entries(self) -> dict[str, Entry]:
        process = Process(state=self.state)
        programs = self.config.programs.values()
        return {p.name: Entry(f"{p.name}:0", p, 0, process) for p in programs}


def test_only_what_was_read_is_added() -> None:
    daemon = Daemon(config("a"), config("a", "b"))

    with pytest.raises(Unknown):
        daemon.candidate.add("b", "")
    changes = daemon.candidate.read_again("")
    daemon.candidate.add("b", "")

    assert changes.added == ("b",)
    assert set(daemon.config.programs) == {"a", "b"}
    with pytest.raises(AlreadyActive):
        daemon.candidate.add("b", "")


def test_what_was_removed_is_added_again_without_reading() -> None:
    daemon = Daemon(config("a", "b", site=("a", "b")), config())

    daemon.candidate.remove("site", "")
    assert not daemon.config.programs
    daemon.candidate.add("site", "")

    assert daemon.config == config("a", "b", site=("a", "b"))


def test_what_was_read_counts_no_more_after_a_reload() -> None:
    daemon = Daemon(config("a"), config("a", "b"))
    daemon.candidate.read_again("")

    daemon.adopt(config("a", "c"), "reload")

    assert daemon.candidate.known is daemon.config
    with pytest.raises(Unknown):
        daemon.candidate.add("b", "")


@pytest.mark.parametrize("state", [s for s in State if s.value not in
                                   ("STOPPED", "EXITED", "FATAL", "UNKNOWN")])  # fmt: skip
def test_what_runs_is_not_removed(state: State) -> None:
    daemon = Daemon(config("a", "b"), config())
    daemon.state = state

    with pytest.raises(StillRunning):
        daemon.candidate.remove("a", "")
    assert set(daemon.config.programs) == {"a", "b"}


def test_a_program_of_a_group_comes_and_goes_alone() -> None:
    both = config("a", "b", site=("a", "b"))
    daemon = Daemon(both, both)

    daemon.candidate.remove("a", "")
    assert daemon.config == config("b", site=("b",))
    with pytest.raises(AlreadyActive):
        daemon.candidate.add("site", "")
    daemon.candidate.add("a", "")

    assert daemon.config == both


def test_a_program_that_gets_a_group_is_not_there_as_that_group_yet() -> None:
    daemon = Daemon(config("a", "b"), config("a", "b", site=("a", "b")))
    daemon.candidate.read_again("")

    daemon.candidate.add("site", "")

    assert daemon.config == daemon.file


def test_an_unknown_name_updates_nothing() -> None:
    daemon = Daemon(config("a"), config("b"))
    daemon.candidate.read_again("")

    with pytest.raises(Unknown, match=r"^x$"):
        daemon.candidate.update(["a", "b", "x"], "")
    assert daemon.config == config("a")
    lines = daemon.candidate.update(["a", "b"], "")
    assert lines == ("a: removed process group", "b: added process group")
