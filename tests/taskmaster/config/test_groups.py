"""Programs under one name."""

from pathlib import Path

import pytest

from taskmaster.config.errors import ConfigRejected
from taskmaster.config.load import load
from tests.taskmaster.config import verdicts

PROGRAMS = "programs: {nginx: {cmd: a}, redis: {cmd: b}}\n"


def written(folder: Path, text: str) -> str:
    path = folder / "c.yaml"
    path.write_text(PROGRAMS + text)
    return str(path)


def test_a_group_names_programs(tmp_path: Path) -> None:
    text = "groups:\n  site: [redis, nginx]\n  x-own: 1\n  db: [redis]\n"

    config = load(written(tmp_path, text), {}).config

    assert config.groups == {"site": ("redis", "nginx"), "db": ("redis",)}


def test_a_group_may_name_a_program_of_an_included_file(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("programs: {late: {cmd: c}}")

    config = load(written(tmp_path, "groups: {site: [late]}\ninclude: more.yaml\n"), {}).config

    assert config.groups == {"site": ("late",)}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("groups: [a]", "2:9: groups", "expected groups by name, got a list"),
        ("groups: {site: nginx}", "2:16: groups.site", "expected a list of programs, got"),
        ("groups: {site: []}", "2:16: groups.site", "expected a list of programs"),
        (
            "groups: {site: [[a]]}",
            "2:17: groups.site",
            "expected the name of a program",
        ),
        (
            "groups: {site: [ngnix]}",
            "2:17: groups.site",
            "(did you mean nginx?)",
        ),
        ("groups: {site: [nginx, nginx]}", "2:24: groups.site", "nginx is in it already"),
        ("groups: {nginx: [redis]}", "2:10: groups.nginx", "there is a program of that name"),
        ("groups: {all: [redis]}", "2:10: groups.all", "a group cannot be called that"),
        ("groups: {'a:b': [redis]}", "2:10: groups.a:b", "cannot hold ':'"),
    ],
)
def test_what_is_wrong_with_a_group_is_told(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    with pytest.raises(ConfigRejected) as caught:
        load(written(tmp_path, text), {})

    shown = caught.value.render()
    verdicts.agrees(PROGRAMS + text, [str(problem) for problem in caught.value.problems])
    assert f"c.yaml:{place}" in shown
    assert message in shown


def test_where_supervisords_clients_are_served_a_program_in_two_groups_is_a_warning(
    tmp_path: Path,
) -> None:
    text = "groups: {site: [redis], db: [nginx, redis]}\n"

    quiet = load(written(tmp_path, text), {}).warnings
    text += "taskmaster: {http: ./h.sock}\n"
    loaded = load(written(tmp_path, text), {})
    shown = "".join(warning.render() for warning in loaded.warnings)

    assert "redis is in the group" not in "".join(warning.render() for warning in quiet)
    assert "c.yaml:2:37: warning: groups.db: redis is in the group site too" in shown
    assert shown.count("is in the group") == 1
    assert [loaded.config.group_of(name) for name in ("redis", "nginx", "x")] == ["site", "db", "x"]
