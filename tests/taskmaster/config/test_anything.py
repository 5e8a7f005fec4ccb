"""Whatever a user writes is a config, or refused in words: never a traceback."""

from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmaster.config.errors import ConfigRejected, Problem
from taskmaster.config.expand import expand
from taskmaster.config.load import load
from taskmaster.config.schema import PROGRAM_KEYS, SETTING_KEYS

ENVIRONMENT = {"HOME": "/home/ada's", "PATH": "/usr/bin:/bin", "QUOTE": "it's"}
NO_FIXTURE_CHECK = [HealthCheck.function_scoped_fixture]


def told_of(folder: Path, text: str) -> list[Problem]:
    """Load a config, go on with it as the daemon does, and return what is told of it."""
    path = folder / "c.yaml"
    path.write_text(text)
    try:
        found = load(str(path), ENVIRONMENT)
    except ConfigRejected as exc:
        return [*exc.problems, *exc.warnings]
    for program in found.config.programs.values():
        assert expand(program, program.numprocs - 1).argv
    return list(found.warnings)


KEYS = st.sampled_from(
    [*PROGRAM_KEYS, *SETTING_KEYS, "programs", "taskmaster", "include", "x-a", "w"]
)
SCALARS = st.one_of(
    st.sampled_from(["", "cat", "1", "-1", "yes", "TERM", "80x24", "%(here)s", "%(", "~", "1MB"]),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=25,
)


@given(programs=st.dictionaries(st.text(max_size=4), TREES, max_size=3), rest=TREES)
@settings(suppress_health_check=NO_FIXTURE_CHECK, deadline=None)
def test_any_tree_is_a_config_or_refused_in_words(
    tmp_path: Path, programs: dict[str, object], rest: object
) -> None:
    text = yaml.safe_dump({"programs": programs, "taskmaster": rest}, allow_unicode=True)

    assert all(problem.render() for problem in told_of(tmp_path, text))


NUMBERS = ["9" * 5000, "-" + "9" * 400, "1e999", "0x" + "f" * 400, "\u0663", ".inf", "0" * 5000]
NUMBERS += ["1" * 5000 + unit for unit in ("x24", "d", "MB")]
TEXTS = ["'it''s'", "it's", '"a\\"b"', '"\\0"', '"\\uD800"', '"\\x7f"', '"cat \\U0001F600"', "\x85"]
TEXTS += ["~", '""', "' '", "\\", "'\\'", "$(x)", "`x`", "all", "discard", "!!int x", "!!binary x"]
TEXTS += ["/", "~nobody/x", "/" + "x" * 5000, "'[a-'", "'x/[!'", "|\n      x"]
TEMPLATES = ["%", "%(", "%()s", "'%(process_num)099d'", "'%%(here)s'", "cat '%(process_name)s"]
TEMPLATES += ["'%(ENV_QUOTE)s'", '"%(program_name)s \'x"', "'%(process_name)s'", "%(nope)s"]
SHAPES = [
    "[[]]",
    "[~]",
    "[{}]",
    "{[a]: b}",
    "{a: {b: c}}",
    "*a",
    "&a [*a]",
    "{<<: 1}",
    '[a, "b\'"]',
]
HOSTILE = st.sampled_from([*NUMBERS, *TEXTS, *TEMPLATES, *SHAPES])
NAMES = st.sampled_from(["w", "x-y", "\u00fc", "a'", 'a"', "'a b'", "%d", "a%(b)s", "$a"]) | HOSTILE


@given(
    programs=st.lists(
        st.tuples(
            NAMES,
            st.dictionaries(st.sampled_from(list(PROGRAM_KEYS)), HOSTILE, max_size=4),
            st.booleans(),
        ),
        max_size=3,
    ),
    daemon=st.dictionaries(st.sampled_from(list(SETTING_KEYS)), HOSTILE, max_size=3),
    include=st.none() | HOSTILE,
)
@settings(suppress_health_check=NO_FIXTURE_CHECK, deadline=None, max_examples=300)
def test_real_keys_with_hostile_values_are_a_config_or_refused_in_words(
    tmp_path: Path,
    programs: list[tuple[str, dict[str, str], bool]],
    daemon: dict[str, str],
    include: str | None,
) -> None:
    """Names with a quote in them, and numbers of 5,000 digits, once ended in tracebacks."""
    lines = ["taskmaster:", *(f"  {key}: {value}" for key, value in daemon.items())]
    lines += [] if include is None else [f"include: {include}"]
    lines += ["programs:"]
    for name, body, is_sound in programs:
        lines += [f"  {name}:", *(f"    {key}: {value}" for key, value in body.items())]
        lines += ["    cmd: cat %(process_name)s"] if is_sound and "cmd" not in body else []

    assert all(problem.render() for problem in told_of(tmp_path, "\n".join(lines)))


def test_a_quote_that_begins_inside_a_word_is_no_traceback(tmp_path: Path) -> None:
    """The search for words of a shell reads quotes otherwise than the split into words."""
    text = "programs: {w: {cmd: \"x' y 'n=0; z\"}}"

    assert all(problem.render() for problem in told_of(tmp_path, text))
