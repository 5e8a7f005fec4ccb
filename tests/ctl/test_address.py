"""What names a daemon elsewhere, and what ssh is given."""

import pytest

from ctl.address import BadAddress, SshAddress, TcpAddress, parse_address, ssh_words


def test_addresses_are_understood() -> None:
    assert parse_address("tls://Host:9001") == TcpAddress("host", 9001, tls=True)
    assert parse_address("tcp://[::1]:9001/") == TcpAddress("::1", 9001, tls=False)
    assert parse_address("ssh://h") == SshAddress("", "h", "", "")
    assert parse_address("ssh://me@h.net:22/run/t.sock") == SshAddress(
        "me", "h.net", "22", "/run/t.sock"
    )


@pytest.mark.parametrize(
    "named",
    [
        "ssh://-oProxyCommand=touch,x", "ssh://-l@host", "ssh://a b", "ssh://h;id", "ssh://$(id)",
        "ssh://u`id`@h", "ssh://h/a\nb", "ssh://h:2x", "tls://h", "tls://-h:1", "tls://h:0",
        "http://h:1", "ssh://", "tls://h:99999",
    ],
)  # fmt: skip
def test_what_ssh_or_a_shell_could_take_otherwise_is_no_address(named: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(named)


def test_the_path_is_one_word_for_the_shell_over_there() -> None:
    address = parse_address("ssh://me@h:2/a b;$(id)'")
    assert isinstance(address, SshAddress)

    words = ssh_words(address, {"TASKMASTER_SSH": "ssh -i 'my key'", "TASKMASTER_REMOTE": "x y"})

    command = """x y -s '/a b;$(id)'"'"'' relay"""
    assert words == ["ssh", "-i", "my key", "-T", "-p", "2", "-l", "me", "--", "h", command]
