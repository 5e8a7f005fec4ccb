"""The driver performs every action, whatever one of them meets."""

import asyncio
from pathlib import Path
from typing import Any, cast

from taskmaster.config.diff import diff
from taskmaster.config.load import load
from taskmaster.driver import Driver
from taskmaster.eventlog import EventLog
from taskmaster.keeper import wire
from taskmaster.keeper.client import KeeperClient
from taskmaster.process.state import State


class FakeKeeper:
    """Takes requests, but for those with the word, at which it raises what nobody expects."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.requests: list[wire.Message] = []

    def send(self, message: wire.Message, descriptors: tuple[int, ...] = ()) -> None:
        if isinstance(message, wire.Spawn) and self._word in message.argv:
            raise ZeroDivisionError(self._word)
        self.requests.append(message)

    def receive(self) -> None:
        """Nothing has arrived."""


def driver_of(folder: Path, programs: str) -> Driver:
    path = folder / "c.yaml"
    path.write_text(f"taskmaster: {{logfile: ev.log, socket: s.sock}}\nprograms:\n{programs}")
    config = load(str(path), {"HOME": str(folder)}).config
    eventlog = EventLog(config.settings, None)
    return Driver(config, eventlog, config.settings.socket, on_down=lambda: None)


def test_an_action_that_raises_is_recorded_and_the_others_are_performed(tmp_path: Path) -> None:
    """It lost the rest of its batch: those processes were STARTING for ever."""
    mistakes: list[Any] = []

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: mistakes.append(context["exception"])
        )
        driver = driver_of(tmp_path, "  a: {cmd: bad, startretries: 0}\n  b: {cmd: good}\n")
        keeper = FakeKeeper("bad")
        driver.connect(cast("KeeperClient", keeper))

        driver.autostart()
        await asyncio.sleep(0)

        assert [request.argv for request in keeper.requests if isinstance(request, wire.Spawn)] == [
            ["good"]
        ]
        failed = driver.supervisor.entries["a:0"].process
        assert failed.state is State.FATAL
        assert failed.reason == "cannot start: a mistake of taskmasterd itself"

    asyncio.run(scenario())

    assert [type(mistake) for mistake in mistakes] == [ZeroDivisionError]


def test_a_program_that_nothing_names_any_more_is_forgotten_by_the_keeper_too(
    tmp_path: Path,
) -> None:
    """Each reload left one more behind, in a keeper that is to hold nothing that grows."""

    async def scenario() -> None:
        driver = driver_of(tmp_path, "  a: {cmd: one}\n")
        keeper = FakeKeeper("no such word")
        driver.connect(cast("KeeperClient", keeper))
        path = tmp_path / "c.yaml"
        path.write_text(path.read_text().replace("one", "two"))
        config = load(str(path), {"HOME": str(tmp_path)}).config

        driver.apply(config, diff(driver.supervisor.config, config))

        saved = [request for request in keeper.requests if isinstance(request, wire.Save)]
        programs = [(s.key, s.value is None) for s in saved if s.key.startswith("program:")]
        assert programs == [("program:1", False), ("program:2", False), ("program:1", True)]

    asyncio.run(scenario())
