"""One file a path, however many write into it, and none open that nobody writes into."""

from pathlib import Path

import pytest

from pty_mux.logfile import LogFile
from taskmaster.logs import LogFiles


@pytest.fixture
def logs() -> LogFiles:
    return LogFiles(pytest.fail, lambda: b"now ")


def test_streams_into_one_path_share_its_file(logs: LogFiles, tmp_path: Path) -> None:
    path = str(tmp_path / "log")

    one = logs.stream(path, 0, 1, now=0, terminal=True)
    other = logs.stream(path, 9, 2, now=0, terminal=False)

    assert isinstance(one.file, LogFile)
    assert one.file is other.file is logs.file(path, 9, 2)
    assert (one.file.streams, one.file.maxbytes, one.file.backups) == (2, 9, 2)
    one.close(0)
    other.close(0)
    assert not one.file._is_open


def test_what_is_forgotten_is_closed(logs: LogFiles, tmp_path: Path) -> None:
    kept = logs.stream(str(tmp_path / "kept"), 0, 0, now=0, terminal=True)
    dropped = logs.file(str(tmp_path / "dropped"), 0, 0)
    dropped.open(0)

    logs.keep_only(set())

    assert isinstance(kept.file, LogFile)
    assert not dropped._is_open
    assert logs.file(dropped.path, 0, 0) is not dropped
    assert logs.file(kept.file.path, 0, 0) is kept.file
    kept.close(0)


def test_only_files_in_use_are_opened_again(logs: LogFiles, tmp_path: Path) -> None:
    used = logs.stream(str(tmp_path / "used"), 0, 0, now=0, terminal=True)
    idle = logs.file(str(tmp_path / "idle"), 0, 0)
    (tmp_path / "used").rename(tmp_path / "moved")

    logs.reopen(0)

    assert (tmp_path / "used").exists()
    assert not idle._is_open
    assert not (tmp_path / "idle").exists()
    used.close(0)


def test_watchers_hear_of_a_reload_until_they_leave(logs: LogFiles) -> None:
    heard: list[str] = []

    def watcher() -> None:
        heard.append("moved")

    logs.watch(watcher)
    logs.keep_only(set())
    logs.moved()
    logs.unwatch(watcher)
    logs.moved()

    assert heard == ["moved", "moved"]
