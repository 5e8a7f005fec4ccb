"""The JSON Schema says what the check says, as far as a schema can know."""

import functools
import json
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmaster.config import values
from taskmaster.config.alertkeys import ALERT_KEYS, TARGET_KEYS
from taskmaster.config.errors import ConfigRejected
from taskmaster.config.forms import Form, Json
from taskmaster.config.keys import Key
from taskmaster.config.load import load
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS, wrong_name
from taskmaster.config.sections import SECTIONS, json_schema
from tests.taskmaster.config import verdicts

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ENVIRONMENT = {"HOME": "/home/ada", "PATH": "/usr/bin:/bin", "TOKEN": "t", "HOOK_SECRET": "s"}
ENVIRONMENT |= {"MAIL_PASSWORD": "p"}


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "c.yaml"
    path.write_text(text)
    try:
        load(str(path), ENVIRONMENT)
    except ConfigRejected as exc:
        return [str(problem) for problem in exc.problems]
    return []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_takes_the_examples(path: Path) -> None:
    assert verdicts.refusals(path.read_text()) == []


def test_it_takes_what_is_the_user_s_own_and_what_is_merged() -> None:
    text = (
        "x-base: &base {cmd: sleep 1, env: &env {A: 1}}\n"
        "programs:\n  web: {<<: *base, x-note: [1], env: {<<: *env, B: 2}}\n  x-later: 1\n"
        "alerts: {x-a: 1, b: {<<: {command: [true]}, x-c: 1}}\n"
    )

    assert verdicts.refusals(text) == []


def test_it_describes_every_key() -> None:
    """What an editor shows: each key of each section has its words, and most a value."""
    text = json.dumps(json_schema())

    for keys in (PROGRAM_KEYS, SETTING_KEYS, ALERT_KEYS, *TARGET_KEYS.values()):
        for name, key in keys.items():
            assert json.dumps(key.meaning) in text, name
            assert "title" in key.form or "anyOf" in key.form or "allOf" in key.form, name


@pytest.mark.parametrize("name", [name for name, key in PROGRAM_KEYS.items() if name != "stop"])
def test_a_default_that_is_told_is_the_one_that_counts(tmp_path: Path, name: str) -> None:
    """What the schema and the reference call the default, written out, changes nothing."""
    key = PROGRAM_KEYS[name]
    base: dict[str, Json] = {"cmd": "cat", **BESIDE.get(name, {})}
    if key.default is None:
        return
    path = tmp_path / "c.yaml"

    found = []
    for body in (base, {**base, name: key.default}):
        path.write_text(json.dumps({"programs": {"web": body}}))
        found.append(load(str(path), ENVIRONMENT).config.programs["web"])

    assert found[0] == found[1]


@pytest.mark.parametrize("name", SETTING_KEYS)
def test_a_default_of_the_daemon_s_that_is_told_is_the_one_that_counts(
    tmp_path: Path, name: str
) -> None:
    default = SETTING_KEYS[name].default
    if default is None:
        return
    path = tmp_path / "c.yaml"

    found = []
    for body in ({}, {name: default}):
        path.write_text(json.dumps({"taskmaster": body}))
        found.append(load(str(path), ENVIRONMENT).config.settings)

    assert found[0] == found[1]


EVERY_KEY = [
    *(("programs", name, key) for name, key in PROGRAM_KEYS.items()),
    *(("taskmaster", name, key) for name, key in SETTING_KEYS.items()),
]


@pytest.mark.parametrize(("section", "name", "key"), EVERY_KEY, ids=lambda value: str(value)[:20])
def test_each_key_s_example_is_a_value_of_it(
    tmp_path: Path, section: str, name: str, key: Key
) -> None:
    """Both the check and the schema take it; and where there is no default there is an example."""
    example = key.default if key.example is None else key.example
    assert example is not None, f"{name} has neither a default nor an example to show"
    body = {name: example}
    if section == "programs":
        body = {"web": {"cmd": "cat", **BESIDE.get(name, {}), **body}}
    elif name.startswith("tls_"):
        body |= {"tls_certificate": "c", "tls_key": "k"}
    if name == "user" and section == "taskmaster":
        body = {"user": "root"}
    text = json.dumps({section: body})

    assert problems(tmp_path, text) == []
    verdicts.agrees(text, [])


def test_its_patterns_are_read_by_javascript_too() -> None:
    """With the flag `u`, as editors read them, only what means something may be escaped."""
    patterns = re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(json_schema()))
    assert len(patterns) > 20

    for pattern in patterns:
        for escaped in re.findall(r"\\(.)", json.loads(f'"{pattern}"')):
            assert escaped in "^$\\.*+?()[]{}|/sSx", pattern


def test_no_name_that_we_refuse_passes_the_schema() -> None:
    for char in map(chr, range(1, 127)):
        name = f"a{char}b"

        refused = verdicts.refusals(json.dumps({"programs": {name: {"cmd": "cat"}}}))

        assert bool(refused) == bool(wrong_name(name)) or char == "\x7f", repr(name)


def test_every_signal_of_this_machine_is_known() -> None:
    names = {name.removeprefix("SIG") for name in signal.Signals.__members__}

    assert names <= set(values.SIGNALS)


# --- whatever one writes --------------------------------------------------------------------

NOISE: st.SearchStrategy[Json] = st.sampled_from(
    [
        "",
        "nonsense",
        "%(process_num)d",
        "%",
        "a b",
        "/x",
        -1,
        0,
        1,
        3.5,
        10**12,
        True,
        None,
        [],
        [[]],
        {},
    ]
)


BESIDE: dict[str, dict[str, Json]] = {
    "timestamps": {"logformat": "text"},
    "buffer_size": {"events": "TICK_5"},
    **{name: {"stderr": "/tmp/e"} for name in PROGRAM_KEYS if name.startswith("stderr_")},
}
"""What a key of a program means nothing without."""

PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


@functools.cache
def _texts(pattern: str) -> st.SearchStrategy[Json]:
    return st.from_regex(pattern, fullmatch=True, alphabet=PRINTABLE)


def made_from(form: Form) -> st.SearchStrategy[Json]:
    """Values as a form has them, and beside its bounds."""
    found = [made_from(choice) for choice in cast("Sequence[Form]", form.get("anyOf", ()))]
    if "enum" in form:
        found.append(st.sampled_from(list(cast("Sequence[Json]", form["enum"]))))
    kinds = form.get("type", ())
    several = (kinds,) if isinstance(kinds, str) else cast("Sequence[str]", kinds)
    found += [_of_kind(kind, form) for kind in several]
    return st.one_of(*found, NOISE) if found else NOISE


def _of_kind(kind: str, form: Form) -> st.SearchStrategy[Json]:
    match kind:
        case "integer" | "number":
            least = int(cast("float", form.get("minimum", -100)))
            most = int(cast("float", form.get("maximum", 10**10)))
            near = st.sampled_from([least - 1, least, least + 1, most - 1, most, most + 1])
            return near | st.integers(least, most)
        case "boolean":
            return st.booleans()
        case "string":
            pattern = form.get("pattern")
            return _texts(str(pattern)) if pattern else st.text(PRINTABLE, max_size=5)
        case "array":
            items = form.get("items", {})
            one = items[0] if isinstance(items, Sequence) else items
            return st.lists(made_from(cast("Form", one)), max_size=3).map(list)
        case "object" if "properties" in form and form.get("additionalProperties") is False:
            properties = cast("Mapping[str, Form]", form["properties"])
            optional = {
                name: made_from(inner) for name, inner in properties.items() if name != "<<"
            }
            return st.fixed_dictionaries({}, optional=optional)
        case "object":
            inner = cast("Form", form["additionalProperties"])
            names = st.sampled_from(["web", "db_1", "A", "all", "a b", "x-own"])
            return st.dictionaries(names, made_from(inner), max_size=2)
    return st.none()


WHOLE = {name: made_from(SECTIONS[name].form) for name in SECTIONS if name != "include"}
BEHIND_ONE_KEY = {name: made_from(key.read.form) for name, key in PROGRAM_KEYS.items()}


@given(
    name_and_body=st.sampled_from(sorted(WHOLE)).flatmap(
        lambda name: st.tuples(st.just(name), WHOLE[name])
    )
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=100,
)
def test_whatever_is_written_both_say_the_same(
    tmp_path: Path, name_and_body: tuple[str, Json]
) -> None:
    name, body = name_and_body
    text = json.dumps({name: body})

    verdicts.agrees(text, problems(tmp_path, text))


@given(
    name_and_value=st.sampled_from(sorted(BEHIND_ONE_KEY)).flatmap(
        lambda name: st.tuples(st.just(name), BEHIND_ONE_KEY[name])
    ),
    is_complete=st.booleans(),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=200,
)
def test_whatever_is_written_behind_one_key_both_say_the_same(
    tmp_path: Path, name_and_value: tuple[str, Json], is_complete: bool
) -> None:
    """Plain and quoted: one value at a time, so that no other hides what the schema misses."""
    name, value = name_and_value
    body = {"cmd": "cat", **(BESIDE.get(name, {}) if is_complete else {}), name: value}
    text = json.dumps({"programs": {"web": body}})

    verdicts.agrees(text, problems(tmp_path, text))
