"""A Procfile and its .env: what foreman does with them is what comes out."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmaster.config.load import load
from taskmaster.config.model import Program
from taskmaster.convert.dotenv import read_variables
from taskmaster.convert.findings import Findings, Refused
from taskmaster.convert.procfile import convert_procfile, is_procfile


def converted(text: str, **variables: str) -> tuple[str, list[str]]:
    findings = Findings()
    made = convert_procfile(text, "/p/Procfile", variables, ".", findings)
    return made, [str(note) for note in findings.notes]


def programs(folder: Path, text: str, **variables: str) -> dict[str, Program]:
    path = folder / "c.yaml"
    path.write_text(converted(text, **variables)[0])
    return dict(load(str(path), {"PATH": "/bin"}).config.programs)


def test_a_shell_reads_a_line_only_where_it_must(tmp_path: Path) -> None:
    text = (
        "web: serve --port $PORT\njob: rake jobs:work 50%\nseq: A=1 x\ncd: cd a && b\nq: say 'a b'"
    )

    found = programs(tmp_path, text)

    assert found["web"].command == ("sh", "-c", "serve --port $PORT")
    assert found["web"].stopasgroup
    assert found["job"].command == "rake jobs:work 50%%"
    assert not found["job"].stopasgroup
    assert found["seq"].command == ("sh", "-c", "A=1 x")
    assert found["cd"].command == ("sh", "-c", "cd a && b")
    assert found["q"].command == "say 'a b'"
    assert {program.workingdir for program in found.values()} == {str(tmp_path)}


def test_ports_count_in_hundreds_from_that_of_the_env_file(tmp_path: Path) -> None:
    ports = [p.environment for p in programs(tmp_path, "a: x\nb: y\n").values()]
    moved = [p.environment for p in programs(tmp_path, "a: x\nb: y\n", PORT="7000").values()]

    assert ports == [(("PORT", "5000"),), (("PORT", "5100"),)]
    assert moved == [(("PORT", "7000"),), (("PORT", "7100"),)]


def test_the_env_file_is_in_the_environment_of_all(tmp_path: Path) -> None:
    found = programs(tmp_path, "a: x\nb: y\n", URL="p://u:%40@h", PORT="1")

    for program in found.values():
        assert dict(program.environment)["URL"] == "p://u:%%40@h"


def test_what_is_left_out_or_otherwise_is_told_by_its_line() -> None:
    made, notes = converted("# c\nweb: a\n\nno line\nweb: b\nall: c\n", PORT="x")

    assert "cmd: a" in made
    assert notes == [
        "/p/Procfile: PORT in .env is no number; ports count from 5000",
        "/p/Procfile:4: left out: it is no NAME: COMMAND",
        "/p/Procfile:5: web: left out: there is one of that name",
        "/p/Procfile:6: all: it is called _all here",
        "/p/Procfile: the end of one process is the end of all there; here it is started again "
        "(autorestart)",
    ]


def test_a_file_without_a_command_is_refused() -> None:
    with pytest.raises(Refused, match="there is no NAME: COMMAND in it"):
        converted("# nothing\n")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("web: a\nb: c\n", True), ("# c\n\nweb: a\n", True), ("[a]\nb=c\n", False), ("", False)],
)
def test_a_procfile_is_recognised(text: str, is_one: bool) -> None:
    assert is_procfile(text) is is_one


def test_an_env_file_is_read_as_foreman_reads_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# c\nA=1\nexport B = two words # c\nC='a $B # no'\n"
        'D="x\\ny \\"z\\""\nE=\nF=a#b\nsecret\n'
    )
    findings = Findings()

    found = read_variables(str(path), findings)

    assert found == {
        "A": "1", "B": "two words", "C": "a $B # no", "D": 'x\ny "z"', "E": "", "F": "a#b",
    }  # fmt: skip
    assert [str(note) for note in findings.notes] == [f"{path}:8: left out: it is no NAME=value"]
    assert findings.sources == [str(path)]


@given(text=st.text(), variables=st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
@settings(deadline=None)
def test_any_text_is_converted_to_yaml_or_refused(text: str, variables: dict[str, str]) -> None:
    findings = Findings()
    try:
        made = convert_procfile(text, "/p", variables, ".", findings)
    except Refused:
        return

    assert yaml.safe_load(made)["programs"]
