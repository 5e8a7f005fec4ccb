"""Who may read or change a config whose daemon can do what they cannot."""

from pathlib import Path

import pytest

from taskmaster.config.exposure import Rights, exposed, links_lead_elsewhere, with_password
from taskmaster.keeper.identity import Identity, from_word, to_word
from tests.taskmaster.config.test_load import loaded

NOBODY = Identity(65534, 65534, (65534,))
ROOT = Rights(0, None, users=False)


def told(folder: Path, mode: int, rights: Rights, *, secrets: bool = False) -> list[str]:
    path = folder / "c.yaml"
    path.write_text("")
    path.chmod(mode)
    files = [str(path)]
    return [problem.message for problem in exposed(files, files if secrets else [], rights)]


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o664, "its group"), (0o646, "others"), (0o666, "its group and others"), (0o644, "")],
)
def test_who_may_write_it_is_told(tmp_path: Path, mode: int, who: str) -> None:
    expected = [f"{who} may write it, and so decide what runs as whom"] if who else []

    assert told(tmp_path, mode, ROOT) == expected
    assert told(tmp_path, mode, Rights(1000, None, users=False)) == []


def test_who_may_read_it_is_told_where_it_may_hold_secrets(tmp_path: Path) -> None:
    with_users = Rights(0, None, users=True)

    assert told(tmp_path, 0o644, with_users) == []
    assert told(tmp_path, 0o600, with_users, secrets=True) == []
    assert told(tmp_path, 0o644, with_users, secrets=True) == [
        "its group and others may read it, and env or alerts may hold secrets"
    ]


def test_the_group_of_the_core_must_be_able_to_read_it(tmp_path: Path) -> None:
    group = tmp_path.stat().st_gid
    core = Rights(0, Identity(65534, group, ()), users=False)

    assert told(tmp_path, 0o640, core, secrets=True) == []


def test_a_folder_in_which_it_may_be_replaced_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    expected = "its group and others may put another config into this folder"
    assert told(tmp_path, 0o600, ROOT) == [expected]
    assert links_lead_elsewhere(str(tmp_path), ROOT)

    tmp_path.chmod(0o1777)
    assert told(tmp_path, 0o600, ROOT) == []
    assert not links_lead_elsewhere(str(tmp_path), Rights(0, NOBODY, users=False))


def test_an_identity_survives_its_word() -> None:
    assert from_word(to_word(NOBODY)) == NOBODY
    assert from_word(to_word(None)) is None


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o600, ""), (0o640, "its group"), (0o604, "others"), (0o644, "its group and others")],
)
def test_a_password_that_others_may_read_is_told_whoever_the_daemon_is(
    tmp_path: Path, mode: int, who: str
) -> None:
    path = tmp_path / "c.yaml"
    path.touch()
    path.chmod(mode)
    expected = [f"{who} may read it, and the password of http in it"] if who else []

    for rights in (ROOT, Rights(1000, None, users=False)):
        assert [p.message for p in with_password(str(path), rights)] == expected


def test_the_config_is_looked_at_where_http_has_a_password(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.touch(0o644)
    path.chmod(0o644)
    text = "taskmaster: {{http: {{listen: ./h{}}}}}\nprograms: {{a: {{cmd: cat}}}}"

    (warning,) = loaded(tmp_path, text.format(", username: a, password: b")).warnings

    assert "the password of http in it" in str(warning)
    assert loaded(tmp_path, text.format("")).warnings == ()
