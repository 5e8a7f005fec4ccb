"""The table of methods."""

import pytest

from taskmaster.http.faults import Fault
from taskmaster.http.interface import Interface
from taskmaster.http.methods import ALL, SUPERVISOR, documented
from taskmaster.http.xmlcalls import Value


def test_every_method_is_there() -> None:
    for name, method in SUPERVISOR.items():
        assert callable(getattr(Interface, method.attribute or name))


def test_what_changes_something_says_so() -> None:
    reading = {name for name, method in SUPERVISOR.items() if not method.changes}

    assert all(name.startswith(("get", "read", "tail", "reloadConfig")) for name in reading)


def test_a_method_is_described() -> None:
    start = documented("supervisor.startProcess")

    assert start.signature == ["boolean", "string", "boolean"]
    assert "@param boolean wait" in start.help
    with pytest.raises(Fault, match="SIGNATURE_UNSUPPORTED"):
        documented("startProcess")


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("startProcess", ["a"], ["a", True]),
        ("startProcess", ["a", 0], ["a", False]),
        ("readLog", ["-5", True], [-5, 1]),
        ("signalProcess", ["a", 9], ["a", "9"]),
        ("sendProcessStdin", ["a", "hä".encode()], ["a", "hä"]),
    ],
)
def test_what_clients_write_otherwise_is_taken(
    name: str, given: list[Value], taken: list[Value]
) -> None:
    assert SUPERVISOR[name].arguments(given) == taken


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("startProcess", []),
        ("startProcess", ["a", True, 1]),
        ("startProcess", [None]),
        ("startProcess", ["a", "true"]),
        ("readLog", ["x", 0]),
        ("readLog", [1.5, 0]),
        ("readLog", ["9" * 50, 0]),
        ("sendProcessStdin", ["a", 5]),
        ("getPID", [1]),
    ],
)
def test_anything_else_is_a_fault(name: str, given: list[Value]) -> None:
    with pytest.raises(Fault, match="INCORRECT_PARAMETERS"):
        ALL[f"supervisor.{name}"].arguments(given)
