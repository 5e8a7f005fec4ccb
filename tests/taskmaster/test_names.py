"""What people may write for processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.names import matches, process_name, program_of, select

KNOWN = ("web:0", "web:1", "worker:0", "db:0")


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["web:0"], ["web:0"]),
        (["web"], ["web:0", "web:1"]),
        (["web:*"], ["web:0", "web:1"]),
        (["web:"], ["web:0", "web:1"]),
        (["w*"], ["web:0", "web:1", "worker:0"]),
        (["*:0"], ["web:0", "worker:0", "db:0"]),
        (["all"], list(KNOWN)),
        (["*"], list(KNOWN)),
        (["db", "web:1", "db:0"], ["db:0", "web:1"]),
        (["w[eo]*:0"], ["web:0", "worker:0"]),
        ([], []),
    ],
)
def test_names_stand_for_processes(written: list[str], names: list[str]) -> None:
    selection = select(written, KNOWN)

    assert (list(selection.names), selection.unknown) == (names, ())


def test_what_stands_for_nothing_is_told_beside_the_rest() -> None:
    selection = select(["nosuch", "db", "web:7", "nosuch"], KNOWN)

    assert selection.names == ("db:0",)
    assert selection.unknown == ("nosuch", "web:7")


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["site"], ["db:0", "web:0", "web:1"]),
        (["site:*"], ["db:0", "web:0", "web:1"]),
        (["site:"], ["db:0", "web:0", "web:1"]),
        (["site:web"], ["web:0", "web:1"]),
        (["worker", "site:db"], ["worker:0", "db:0"]),
    ],
)
def test_the_name_of_a_group_stands_for_its_programs(written: list[str], names: list[str]) -> None:
    selection = select(written, KNOWN, {"site": ("db", "web")})

    assert (list(selection.names), selection.unknown) == (names, ())


def test_a_program_that_is_not_in_the_group_is_nothing() -> None:
    assert select(["site:worker"], KNOWN, {"site": ("db",)}).unknown == ("site:worker",)


@given(st.lists(st.text("web:*0?[]", max_size=5), max_size=5))
def test_each_process_is_named_once_and_in_known_order_per_word(written: list[str]) -> None:
    selection = select(written, KNOWN)

    assert len(set(selection.names)) == len(selection.names)
    assert set(selection.names) <= set(KNOWN)
    for word in written:
        assert word == "all" or (word in selection.unknown) == (
            not any(matches(word, name) for name in KNOWN)
        )


def test_a_name_and_its_parts() -> None:
    assert process_name("web", 3) == "web:3"
    assert program_of("web:3") == "web"
