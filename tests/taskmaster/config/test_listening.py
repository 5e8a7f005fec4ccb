"""The keys about access over TCP."""

from pathlib import Path

import pytest

from taskmaster.config.model import Address
from tests.taskmaster.config.test_load import loaded, problems


def settings(keys: str) -> str:
    return f"taskmaster: {{{keys}}}\nprograms: {{web: {{cmd: cat}}}}\n"


def test_addresses_are_read(tmp_path: Path) -> None:
    text = settings("listen: ['[::1]:1', 0.0.0.0:2, LocalHost:3], listen_plain: 127.1.2.3:4")

    found = loaded(tmp_path, text).config.settings

    three = (Address("::1", 1), Address("0.0.0.0", 2), Address("127.0.0.1", 3))
    assert found.listen == three
    assert str(found.listen[0]) == "[::1]:1"
    assert found.listen_plain == (Address("127.1.2.3", 4),)


def test_token_and_certificate_are_beside_the_event_log(tmp_path: Path) -> None:
    found = loaded(tmp_path, settings("logfile: /log/ev.log")).config.settings
    named = loaded(tmp_path, settings("token_file: a")).config.settings

    assert found.token_path == "/log/taskmaster.token"
    assert found.made_certificate == "/log/taskmaster.pem"
    assert named.token_path == f"{tmp_path}/a"


@pytest.mark.parametrize(
    ("keys", "place", "told"),
    [
        ("listen: 127.0.0.1:0", "1:22", "a port from 1 to 65535"),
        ("listen: 127.0.0.1:65536", "1:22", "a port from 1 to 65535"),
        ("listen: '127.0.0.1'", "1:22", "host:port such as"),
        ("listen: example.org:80", "1:22", "names are not looked up"),
        ("listen: '::1:80'", "1:22", "host:port such as"),
        ("listen: [127.0.0.1:1, 127.0.0.1:1]", "1:22", "a second time"),
        ("listen: 127.0.0.1:1, listen_plain: 127.0.0.1:1", "1:49", "a second time"),
        ("listen_plain: 10.0.0.1:80", "1:28", "no loopback address"),
        ("listen_plain: 0.0.0.0:80", "1:28", "no loopback address"),
        ("tls_certificate: a.pem", "1:31", "it means nothing without tls_key"),
        ("tls_key: a.pem", "1:23", "it means nothing without tls_certificate"),
    ],
)
def test_what_cannot_be_is_told_in_its_place(
    tmp_path: Path, keys: str, place: str, told: str
) -> None:
    (problem,) = problems(tmp_path, settings(keys))

    assert problem.startswith(f"c.yaml:{place}: ")
    assert told in problem
