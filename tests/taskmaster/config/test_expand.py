"""``%(...)s`` in texts: what is filled in when the config is read, and what for each process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.expand import BadTemplate, expand, fill_constants
from taskmaster.config.model import Program

CONSTANTS = {"here": "/etc/tm", "host_node_name": "box", "ENV_HOME": "/root", "ENV_ODD": "50%(x)s"}


def filled(text: str, index: int = 3) -> str:
    """Both moments: read, then start process web:3."""
    command = ("run", fill_constants(text, CONSTANTS))
    return expand(Program(name="web", command=command), index).argv[1]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("%(program_name)s", "web"),
        ("%(process_num)d", "3"),
        ("%(process_num)02d", "03"),
        ("%(process_num)s", "3"),
        ("%(process_name)s", "web:3"),
        ("%(here)s/x", "/etc/tm/x"),
        ("%(host_node_name)s", "box"),
        ("%(ENV_HOME)s", "/root"),
        ("%(ENV_ODD)s", "50%(x)s"),
        ("50%", "50%"),
        ("50%%", "50%"),
        ("%", "%"),
        ("%%(here)s", "%(here)s"),
        # It was put together to the name of a process, which is none: a KeyError at the start.
        ("%(%(here)s)s", "%(/etc/tm)s"),
        ("%(%(ENV_HOME)sprocess_num)d", "%(/rootprocess_num)d"),
        ("%s %d", "%s %d"),
        ("a%(program_name)s-%(process_num)dz", "aweb-3z"),
    ],
)
def test_expansions(text: str, result: str) -> None:
    assert filled(text) == result


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%(nosuch)s", "known are program_name"),
        ("%(ENV_NOSUCH)s", "cannot be expanded"),
        ("%(program_name)d", "is no number"),
        ("%(process_num)x", "is no form"),
        ("%(here)", "is no form"),
        ("%(process_num)099999d", "is no form"),
    ],
)
def test_what_cannot_be_expanded_is_said(text: str, words: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        fill_constants(text, CONSTANTS)

    assert words in f"{caught.value} ({caught.value.hint})"


@given(st.text())
def test_any_text_is_filled_or_bad(text: str) -> None:
    try:
        result = filled(text)
    except BadTemplate:
        result = ""
        assert "%(" in text
    if "%" not in text:
        assert result == text


def test_everything_of_a_process_is_filled() -> None:
    program = Program(
        name="web",
        command="serve --port 80%(process_num)02d 'two words'",
        stdout="/log/%(process_num)d",
        stderr="/log/%(program_name)s",
        workingdir="/srv/%(process_num)d",
        environment=(("NAME", "%(process_name)s"),),
    )

    launch = expand(program, 7)

    assert launch.argv == ("serve", "--port", "8007", "two words")
    assert (launch.stdout, launch.stderr) == ("/log/7", "/log/web")
    assert launch.workingdir == "/srv/7"
    assert launch.environment == (("NAME", "web:7"),)
