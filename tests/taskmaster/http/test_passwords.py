"""Who may come in."""

import base64

import pytest

from taskmaster.http.passwords import is_admitted

_SHA = "{SHA}5BAA61e4c9b93f3f0682250b6cf8331b7ee68fd8"  # of: password


def basic(word: str) -> str:
    return "Basic " + base64.b64encode(word.encode()).decode()


def test_without_a_password_anybody_may() -> None:
    assert is_admitted(None, None, None)


@pytest.mark.parametrize("password", ["password", _SHA])
def test_who_knows_both_may(password: str) -> None:
    assert is_admitted(basic("me:password"), "me", password)
    assert is_admitted(basic("me:password").replace("Basic", "basic"), "me", password)


@pytest.mark.parametrize(
    "header",
    [None, "", "Basic", "Basic %", "Bearer x", basic("me"), basic("me:"), basic("you:password"),
     basic("me:passwort"), basic(f"me:{_SHA}"), basic("me:pass:word"), "Basic \xff"],
)  # fmt: skip
@pytest.mark.parametrize("password", ["password", _SHA])
def test_nobody_else_may(header: str | None, password: str) -> None:
    if header == basic(f"me:{_SHA}") and password == "password":
        return
    assert not is_admitted(header, "me", password)


def test_a_password_may_hold_a_colon() -> None:
    assert is_admitted(basic("me:a:b"), "me", "a:b")
