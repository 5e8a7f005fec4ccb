"""A compose file: what is said of the processes is carried over, the rest is told by its line."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmaster.config.document import parse
from taskmaster.config.load import load
from taskmaster.config.model import AutoRestart, Program
from taskmaster.convert.compose import convert_compose
from taskmaster.convert.findings import Findings, Place, Refused
from taskmaster.convert.interpolation import Variables
from taskmaster.convert.order import priorities


def converted(text: str, **environment: str) -> tuple[str, Findings]:
    findings = Findings()

    def read(name: str, place: Place) -> Mapping[str, str]:
        return {"FROM_FILE": f"50% of {name}", "A": "file"}

    variables = Variables(environment, {"TAG": "7", "EMPTY": ""})
    return convert_compose(parse(text, "/c.yaml", []), variables, read, findings), findings


def program(folder: Path, body: str, **environment: str) -> Program:
    text = f"services: {{web: {{{body}}}}}"
    path = folder / "c.yaml"
    path.write_text(converted(text, **environment)[0])
    return load(str(path), {f"{k}": v for k, v in environment.items()}).config.programs["web"]


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("command: a 'b c'", "a 'b c'"),
        ("command: [a, b c, 5]", ("a", "b c", "5")),
        ("entrypoint: [a, -x], command: [b]", ("a", "-x", "b")),
        ("entrypoint: a -x, command: b c", "a -x b c"),
        ("entrypoint: [a], command: b c", ("a", "b", "c")),
        ("command: 'a $$HOME 5% ${TAG} $TAG'", "a $HOME 5%% 7 7"),
        ("command: 'a ${NONE:-5} ${EMPTY:-6} ${EMPTY-7} ${TAG:+8} ${NONE:+9}'", "a 5 6  8 "),
        ("command: 'a ${SET} ${SET:-1}'", "a here here"),
    ],
)
def test_what_runs(tmp_path: Path, body: str, command: object) -> None:
    assert program(tmp_path, body, SET="here").command == command


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ("restart: no", "autorestart", AutoRestart.NEVER),
        ("tty: true", "autorestart", AutoRestart.NEVER),
        ("restart: always", "autorestart", AutoRestart.ALWAYS),
        ("restart: unless-stopped", "autorestart", AutoRestart.ALWAYS),
        ("restart: 'on-failure:5'", "startretries", 5),
        ("restart: on-failure", "autorestart", AutoRestart.UNEXPECTED),
        ("deploy: {restart_policy: {condition: any}}", "autorestart", AutoRestart.ALWAYS),
        ("deploy: {replicas: 3}", "numprocs", 3),
        ("scale: 4", "numprocs", 4),
        ("scale: 0", "autostart", False),
        ("profiles: [debug]", "autostart", False),
        ("stop_signal: SIGQUIT", "stopsignal", 3),
        ("stop_grace_period: 1m30s", "stoptime", 90),
        ("working_dir: /srv", "workingdir", "/srv"),
        ("user: '33:44'", "user", "33"),
        ("environment: {A: 1, B: , C: x y}", "environment", (("A", "1"), ("C", "x y"))),
        ("environment: [A=1=2, B]", "environment", (("A", "1=2"),)),
        (
            "env_file: w.env, environment: {A: mine}",
            "environment",
            (("FROM_FILE", "50%% of w.env"), ("A", "mine")),
        ),
        (
            "env_file: [{path: x, required: false}]",
            "environment",
            (("FROM_FILE", "50%% of x"), ("A", "file")),
        ),
    ],
)
def test_what_is_said_of_the_process(tmp_path: Path, body: str, field: str, value: object) -> None:
    assert getattr(program(tmp_path, f"command: cat, {body}"), field) == value


def test_what_belongs_to_a_container_is_told_by_its_line() -> None:
    text = (
        "name: demo\nservices:\n  db:\n    image: postgres\n  web:\n    command: cat $NONE\n"
        "    image: x\n    ports: [1]\n    depends_on: [db, job]\n    labels: {a: 1}\n"
        "    cap_add: [ALL]\n    x-own: 1\n  job:\n    command: ${NONE:-cat}\nvolumes: {}\n"
    )

    made, findings = converted(text)

    assert [str(note).removeprefix("/c.yaml:").split(";")[0] for note in findings.notes] == [
        "15: volumes: left out",
        "3: db: left out: what it runs is said in its image only",
        "7: web.image: left out: the command runs on this machine, which must have what was in the "
        "image",
        "8: web.ports: left out: a process listens where it says itself",
        "11: web.cap_add: left out",
        "9: web.depends_on: it is a priority here: an order of starts, in which nobody waits until "
        "another is ready",
        "14: ${NONE} is 'cat' now, its default: no such variable is set",
    ]
    assert [(name, place.line) for name, place in findings.variables.items()] == [("NONE", 6)]
    loaded = yaml.safe_load(made)["programs"]
    assert (loaded["web"]["priority"], loaded["job"]["priority"]) == (20, 10)


@pytest.mark.parametrize(
    "text",
    ["services: {}", "services: {db: {image: x}}", "services: [a]", "services: {w: 5}", "a: 1"],
)
def test_a_file_without_a_command_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        converted(text)


def test_what_others_need_comes_first() -> None:
    needed = {"web": ["api", "gone"], "api": ["db"], "db": [], "a": ["b"], "b": ["a"]}

    assert priorities(needed) == {"web": 30, "api": 20, "db": 10, "a": 20, "b": 10}
    assert priorities({"a": [], "b": ["gone"]}) == {}


WORDS = st.sampled_from(
    [
        *("command", "entrypoint", "environment", "env_file", "restart", "deploy", "replicas"),
        *("scale", "user", "working_dir", "depends_on", "profiles", "path", "restart_policy"),
        *("condition", "image", "x-a", "services", "<<"),
    ]
)
TREES = st.recursive(
    st.sampled_from(["", "cat", "$A", "${A:-b}", "on-failure:x", "0", "~", "a:b", "${", "%("]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(services=st.dictionaries(st.sampled_from(["a", "b"]), st.dictionaries(WORDS, TREES)))
@settings(deadline=None)
def test_any_tree_is_converted_to_yaml_or_refused(services: dict[str, object]) -> None:
    text = yaml.safe_dump({"services": services})
    try:
        made, _ = converted(text)
    except Refused:
        return

    assert yaml.safe_load(made)["programs"]
