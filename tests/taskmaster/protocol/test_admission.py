"""The exchange before the first message: who proves what, and what is refused."""

import stat

import pytest

from taskmaster.protocol.admission import (
    Meeting,
    NotAdmitted,
    Unfit,
    challenge,
    greeting,
    read_challenge,
    read_greeting,
    refused,
    token_of,
)

TOKEN = b"0123456789abcdef"
OURS, THEIRS = bytes(32), bytes(range(32))
FILE = stat.S_IFREG | 0o600


def meeting(token: bytes = TOKEN, certificate: bytes = b"c") -> Meeting:
    return Meeting(token, certificate, OURS, THEIRS)


def test_who_knows_the_token_is_believed_by_the_other() -> None:
    meeting().check_proof(meeting().proof())
    meeting().check_welcome(meeting().welcome())

    assert read_greeting(greeting(OURS)) == OURS
    assert read_challenge(challenge(THEIRS)) == THEIRS
    assert TOKEN not in meeting().proof() + meeting().welcome()


def test_another_token_another_certificate_or_an_echo_is_not() -> None:
    other = meeting(b"fedcba9876543210")
    between = meeting(certificate=b"d")
    echo = meeting().proof().replace(b"proof", b"welcome")

    for line in (other.proof(), between.proof(), b"proof \n", b"\xff\n", b""):
        with pytest.raises(NotAdmitted):
            meeting().check_proof(line)
    for line in (other.welcome(), between.welcome(), echo, b"welcome"):
        with pytest.raises(NotAdmitted):
            meeting().check_welcome(line)


def test_a_refusal_is_told_without_what_a_terminal_would_obey() -> None:
    with pytest.raises(NotAdmitted, match=r"^refused: wrong \?\[2Jtoken$"):
        read_challenge(refused("wrong \x1b[2Jtoken"))


@pytest.mark.parametrize(
    ("data", "mode", "owner"),
    [
        (TOKEN, stat.S_IFREG | 0o640, 7),
        (TOKEN, stat.S_IFREG | 0o604, 7),
        (TOKEN, stat.S_IFIFO | 0o600, 7),
        (TOKEN, FILE, 8),
        (b"short\n", FILE, 7),
        (b"", FILE, 7),
        (bytes(5000), FILE, 7),
    ],
)
def test_a_token_file_that_is_not_ours_alone_is_not_used(
    data: bytes, mode: int, owner: int
) -> None:
    with pytest.raises(Unfit):
        token_of(data, mode, owner, 7)


def test_a_token_file_of_ours_or_of_root_is() -> None:
    assert token_of(TOKEN + b"\n", FILE, 7, 7) == TOKEN
    assert token_of(TOKEN, stat.S_IFREG | 0o400, 0, 7) == TOKEN
