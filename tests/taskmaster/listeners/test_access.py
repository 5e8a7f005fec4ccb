"""Where a child is told to find the HTTP server."""

import pytest

from taskmaster.config.model import Address, HttpListener
from taskmaster.listeners.access import access

SHA = "{SHA}" + "0" * 40
OPEN = HttpListener(listen="/run/open.sock")
READ = HttpListener(listen="/run/read.sock", read_only=True)
HASHED = HttpListener(listen="/run/hashed.sock", username="u", password=SHA)
GUARDED = HttpListener(listen="/run/guarded.sock", username="u", password="p")
PORT = HttpListener(listen=Address("127.0.0.1", 9001))
ANY = HttpListener(listen=Address("0.0.0.0", 9001))
ANY6 = HttpListener(listen=Address("::", 9001))


@pytest.mark.parametrize(
    ("listeners", "url"),
    [
        ([], None),
        ([PORT, READ, OPEN], "unix:///run/open.sock"),
        ([READ, PORT], "http://127.0.0.1:9001"),
        ([HASHED, READ], "unix:///run/read.sock"),
        ([HASHED], "unix:///run/hashed.sock"),
        ([ANY], "http://127.0.0.1:9001"),
        ([ANY6], "http://[::1]:9001"),
    ],
)
def test_it_is_the_one_by_which_most_can_be_done(
    listeners: list[HttpListener], url: str | None
) -> None:
    assert access(listeners, trusted=True)["SUPERVISOR_SERVER_URL"] == url


@pytest.mark.parametrize(
    ("listener", "trusted", "told"),
    [
        (GUARDED, True, ("u", "p")),
        (GUARDED, False, (None, None)),
        (HASHED, True, (None, None)),
        (OPEN, True, (None, None)),
    ],
)
def test_a_password_is_told_to_listeners_only(
    listener: HttpListener, trusted: bool, told: tuple[str | None, str | None]
) -> None:
    found = access([listener], trusted=trusted)

    assert (found["SUPERVISOR_USERNAME"], found["SUPERVISOR_PASSWORD"]) == told
