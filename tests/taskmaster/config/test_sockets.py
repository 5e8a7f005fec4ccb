"""The key socket of a program: forms, faults, and what is taken already."""

from pathlib import Path
from typing import Any

import pytest

from taskmaster.config.model import Address, Program, SocketRights
from taskmaster.state import from_plain, to_plain
from tests.taskmaster.config.test_load import loaded, problems, program


def text(value: str, name: str = "php") -> str:
    return f"programs: {{{name}: {{cmd: cat, socket: {value}}}}}\n"


@pytest.mark.parametrize(
    ("value", "listen"),
    [
        ("unix:///run/x.sock", "/run/x.sock"),
        ("/run/x.sock", "/run/x.sock"),
        ("./x.sock", "{here}/x.sock"),
        ('"unix://%(here)s/%(program_name)s.sock"', "{here}/php.sock"),
        ('"/run/100%%.sock"', "/run/100%.sock"),
        ("tcp://127.0.0.1:9000", Address("127.0.0.1", 9000)),
        ("tcp://localhost:9000", Address("127.0.0.1", 9000)),
        ('"tcp://[::1]:9000"', Address("::1", 9000)),
    ],
)
def test_a_socket_is_read(tmp_path: Path, value: str, listen: Any) -> None:
    php = loaded(tmp_path, text(value)).config.programs["php"]

    if isinstance(listen, str):
        listen = listen.format(here=tmp_path)
    assert (php.socket, php.socket_rights) == (listen, SocketRights())
    assert from_plain(Program, to_plain(php)) == php


def test_there_is_more_to_say_about_it(tmp_path: Path) -> None:
    php = program(
        tmp_path,
        "socket: {listen: ./x, owner: 'www:adm', mode: 0770, backlog: 9}",
    )

    assert php.socket == f"{tmp_path}/x"
    assert php.socket_rights == SocketRights(owner="www:adm", mode=0o770, backlog=9)
    assert from_plain(Program, to_plain(php)) == php


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x.sock", "expected unix:///path, tcp://host:port or a path"),
        ("127.0.0.1:9000", "write tcp://127.0.0.1:9000"),
        ("http://x:1", "expected unix:///path, tcp://host:port or a path"),
        ("tcp://example.org:1", "names are not looked up"),
        ("tcp://:1", "expected host:port"),
        ("unix://", "expected unix:///path"),
        ("/run/%(process_num)d.sock", "share one socket"),
        ("/run/%(nothing)s.sock", "cannot be expanded"),
        ("{owner: x}", "it needs listen"),
        ("{listen: ./x, onwer: x}", "unknown key 'onwer'"),
        ("{listen: ./x, owner: 'a:b:c'}", "expected user or user:group"),
        ("{listen: ./x, mode: 9}", "a file mode, octal"),
        ("{listen: ./x, backlog: 0}", "from 1 to 65535"),
        ("{listen: 'tcp://127.0.0.1:1', mode: 0700}", "mode is for a UNIX socket"),
        (f"/{'x' * 103}", "at most 103 bytes"),
    ],
)
def test_what_cannot_be_is_told_in_its_place(tmp_path: Path, value: str, told: str) -> None:
    (problem, *_) = problems(tmp_path, text(f'"{value}"' if value[0] != "{" else value))

    assert told in problem
    assert "c.yaml:1:" in problem
    assert "programs.php.socket" in problem


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ("programs: {a: {cmd: a, socket: /s}, b: {cmd: b, socket: 'unix:///s'}}", "socket of a"),
        ("taskmaster: {socket: /s}\nprograms: {a: {cmd: a, socket: /s}}", "the control socket"),
        ("taskmaster: {http: /s}\nprograms: {a: {cmd: a, socket: /s}}", "where HTTP is served"),
        (
            "taskmaster: {listen: '127.0.0.1:1'}\n"
            "programs: {a: {cmd: a, socket: 'tcp://localhost:1'}}",
            "where clients are served",
        ),
    ],
)
def test_a_socket_is_somebody_s_alone(tmp_path: Path, others: str, told: str) -> None:
    (problem,) = problems(tmp_path, others)

    assert told in problem
    assert ".socket: " in problem


def test_supervisord_s_words_are_explained(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "programs: {a: {cmd: a, socket: /s, socket_mode: 0700}}")

    assert "it goes into socket: {listen: ..., owner: ..., mode: ..., backlog: ...}" in problem
