"""One daemon has a pid file at a time, and touches no other file for it."""

import os
from pathlib import Path

import pytest

from taskmaster.control.listener import AlreadyRunning
from taskmaster.pidfile import PidFile


def test_it_names_the_pid_and_goes_with_its_daemon(tmp_path: Path) -> None:
    path = tmp_path / "p.pid"

    file = PidFile(str(path), 4242)

    assert path.read_text() == "4242\n"
    assert os.listdir(tmp_path) == ["p.pid"]
    file.remove()
    assert os.listdir(tmp_path) == []


def test_a_second_daemon_is_refused_and_a_stale_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "p.pid"
    path.write_text("1\n")  # a live process, but it is no daemon: nobody has locked the file
    file = PidFile(str(path), 4242)

    with pytest.raises(AlreadyRunning, match=r"already running \(pid 4242\), says .*p\.pid"):
        PidFile(str(path), 4343)

    assert path.read_text() == "4242\n"
    assert os.listdir(tmp_path) == ["p.pid"]
    file.remove()


def test_the_file_of_another_daemon_stays(tmp_path: Path) -> None:
    """Somebody removed the file by hand, and started another daemon on that."""
    path = tmp_path / "p.pid"
    first = PidFile(str(path), 1)
    path.unlink()
    second = PidFile(str(path), 2)

    first.remove()

    assert path.read_text() == "2\n"
    second.remove()


def test_no_link_is_followed(tmp_path: Path) -> None:
    """In a folder where others may write, whoever guesses a name could have a file overwritten."""
    path, precious = tmp_path / "p.pid", tmp_path / "precious"
    precious.write_text("old")
    for name in (f"{path}.new", f"{path}.{os.getpid()}"):
        os.symlink(precious, name)

    PidFile(str(path), 4242).remove()

    os.symlink(precious, path)
    with pytest.raises(OSError, match="symbolic links"):
        PidFile(str(path), 4242)
    assert precious.read_text() == "old"
