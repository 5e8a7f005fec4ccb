"""The control socket keeps its name, gets it back where it was lost, and takes nobody else's."""

import os
import socket
from pathlib import Path

import pytest

from taskmaster.control.listener import AlreadyRunning, ControlSocket, SocketRefused


def can_connect(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_a_name_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with ControlSocket(str(path), None) as control:
        assert control.renew() is None
        assert can_connect(path)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_lost_name_is_made_anew_also_without_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "run" / "s.sock"
    with ControlSocket(str(path), None) as control:
        path.unlink()
        path.parent.rmdir()
        before = control.renew()
        assert before is not None
        assert before is not control.listening
        before.close()
        assert can_connect(path)
        control.unbind()
    assert not path.exists()


def test_what_cannot_be_made_anew_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run" / "s.sock"
    with ControlSocket(str(path), None) as control:
        listening = control.listening
        path.unlink()
        path.parent.rmdir()
        path.parent.touch()
        with pytest.raises(SocketRefused, match="not a directory"):
            control.renew()
        assert control.listening is listening
        assert listening.fileno() >= 0


def test_another_daemon_s_name_is_neither_taken_nor_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskmaster.control.listener._GREETING_SECONDS", 0.1)  # nobody greets here
    path = tmp_path / "s.sock"
    with ControlSocket(str(path), None) as control:
        path.unlink()
        with ControlSocket(str(path), None):
            with pytest.raises(AlreadyRunning), ControlSocket(str(path), None):
                pass
            assert control.renew() is None
            control.unbind()
            assert can_connect(path)


def test_what_a_core_before_has_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with ControlSocket(str(path), None) as before:
        inode = path.stat().st_ino
        with ControlSocket(str(path), os.dup(before.listening.fileno())):
            assert path.stat().st_ino == inode
        path.unlink()
        with ControlSocket(str(path), os.dup(before.listening.fileno())):
            assert can_connect(path)
