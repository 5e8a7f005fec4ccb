"""The key http."""

from pathlib import Path

import pytest

from taskmaster.config.model import Address, HttpListener
from taskmaster.state import from_plain, to_plain
from tests.taskmaster.config.test_load import loaded, problems


def settings(keys: str) -> str:
    return f"taskmaster: {{{keys}}}\nprograms: {{web: {{cmd: cat}}}}\n"


def listeners(tmp_path: Path, value: str) -> tuple[HttpListener, ...]:
    return loaded(tmp_path, settings(f"http: {value}")).config.settings.http


def test_it_is_off_unless_it_is_there(tmp_path: Path) -> None:
    assert loaded(tmp_path, "programs: {}").config.settings.http == ()


def test_an_address_a_path_a_mapping_and_a_list_are_read(tmp_path: Path) -> None:
    sha = "{SHA}" + "a" * 40
    with_all = (
        "{listen: ./h.sock, mode: 0770, group: adm, read_only: true, username: u, password: p}"
    )

    assert listeners(tmp_path, "localhost:1") == (HttpListener(listen=Address("127.0.0.1", 1)),)
    assert listeners(
        tmp_path, f"[./a.sock, {{listen: '[::1]:2', username: u, password: '{sha}'}}]"
    ) == (
        HttpListener(listen=f"{tmp_path}/a.sock"),
        HttpListener(listen=Address("::1", 2), username="u", password=sha),
    )
    assert listeners(tmp_path, with_all) == (
        HttpListener(
            listen=f"{tmp_path}/h.sock", mode=0o770, group="adm", read_only=True,
            username="u", password="p",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("nonsense", "expected host:port"),
        ("{mode: 0700}", "it needs listen"),
        ("{listen: ./h, moed: 0700}", "unknown key 'moed'"),
        ("{listen: ./h, mode: 9}", "a file mode, octal"),
        ("{listen: 127.0.0.1:1, mode: 0700}", "mode is for a UNIX socket"),
        ("{listen: ./h, username: u}", "username means nothing without password"),
        ("{listen: ./h, username: u, password: '{SHA}x'}", "40 hexadecimal digits"),
        ("{listen: ./h, username: 'a:b', password: x}", "a name without a colon"),
        ("[127.0.0.1:1, 127.0.0.1:1]", "is here a second time"),
        ("./s.sock, socket: ./s.sock", "is here a second time"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, value: str, told: str) -> None:
    (problem, *_) = problems(tmp_path, settings(f"http: {value}"))

    assert told in problem
    assert "taskmaster.http" in problem


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0.0.0.0:1", "control every process: it is no loopback address"),
        ("{listen: 0.0.0.0:1, read_only: true}", "read what it tells: it is no loopback address"),
        ("127.0.0.1:1", "every user of this machine may control every process"),
        ("{listen: ./h, mode: 0777}", "with mode 0777 every user of this machine may control it"),
    ],
)
def test_a_listener_for_everybody_is_warned_of(tmp_path: Path, value: str, told: str) -> None:
    (warning,) = loaded(tmp_path, settings(f"http: {value}")).warnings

    assert told in str(warning)


@pytest.mark.parametrize(
    "value",
    [
        "./h",
        "{listen: ./h, mode: 0777, read_only: true}",
        "{listen: '0.0.0.0:1', username: u, password: p}",
    ],
)
def test_others_are_not(tmp_path: Path, value: str) -> None:
    (tmp_path / "c.yaml").touch(0o600)

    assert loaded(tmp_path, settings(f"http: {value}")).warnings == ()


def test_a_listener_can_be_saved_and_its_password_is_not_shown() -> None:
    for listen in (Address("127.0.0.1", 1), "/host/port"):
        listener = HttpListener(listen=listen, username="u", password="secret")

        assert from_plain(HttpListener, to_plain(listener)) == listener
        assert "secret" not in repr(listener)
