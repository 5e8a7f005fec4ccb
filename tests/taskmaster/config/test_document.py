"""YAML to nodes: text as written, places, equal keys, merges, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.document import MAX_DEPTH, Mapping, Node, Sequence, Text, parse
from taskmaster.config.errors import ConfigRejected, Problem


def read(text: str) -> tuple[Node, list[Problem]]:
    problems: list[Problem] = []
    return parse(text, "c.yaml", problems), problems


def plain(node: Node) -> object:
    match node:
        case Text(text=text, is_null=is_null):
            return None if is_null else text
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(items=pairs):
            return {key.text: plain(value) for key, value in pairs}


def good(text: str) -> object:
    node, problems = read(text)
    assert problems == []
    return plain(node)


@pytest.mark.parametrize(
    "text", ["022", "yes", "1.10", "1:30", "0o22", "1_000", "2026-01-01", "No"]
)
def test_a_scalar_is_the_text_that_was_written(text: str) -> None:
    assert good(f"a: {text}") == {"a": text}
    assert good(f"a: '{text}'") == {"a": text}


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_nothing_is_nothing_unless_quoted(text: str) -> None:
    assert good(f"a: {text}") == {"a": None}
    assert good(f"a: '{text}'") == {"a": text}


def test_an_empty_text_is_an_empty_mapping() -> None:
    assert good("") == good("# only a comment\n") == {}


def test_nodes_know_their_places() -> None:
    node, _ = read("one:\n  - x\n  - two: 3\n")

    assert isinstance(node, Mapping)
    key, sequence = node.items[0]
    assert (key.place.line, key.place.column, key.place.source) == (1, 1, "one:")
    assert isinstance(sequence, Sequence)
    inner = sequence.items[1]
    assert isinstance(inner, Mapping)
    assert (inner.items[0][1].place.line, inner.items[0][1].place.column) == (3, 10)


def test_equal_keys_are_a_problem_and_the_first_counts() -> None:
    node, problems = read("a: 1\nb: 2\na: 3\n")

    assert plain(node) == {"a": "1", "b": "2"}
    (problem,) = problems
    assert str(problem.place) == "c.yaml:3:1"
    assert "first in line 1" in str(problem)


def test_a_key_that_is_no_text_is_a_problem() -> None:
    _, problems = read("[1, 2]: x\n")

    assert "a key must be a plain text" in str(problems[0])


def test_anchors_and_merge_keys() -> None:
    text = "x-base: &base {a: 1, b: 2}\nx-more: &more {b: 3, c: 4}\n"

    assert good(f"{text}p: {{<<: *base, b: 9}}") == {
        "x-base": {"a": "1", "b": "2"},
        "x-more": {"b": "3", "c": "4"},
        "p": {"b": "9", "a": "1"},
    }
    merged = good(f"{text}p: {{<<: [*base, *more]}}")
    assert isinstance(merged, dict)
    assert merged["p"] == {"a": "1", "b": "2", "c": "4"}


def test_a_merge_of_what_is_no_mapping_is_a_problem() -> None:
    _, problems = read("a: {<<: [1]}")

    assert "merges a mapping" in str(problems[0])


def test_an_alias_that_contains_itself_is_a_problem() -> None:
    _, problems = read("a: &a [*a]")

    assert "contains itself" in str(problems[0])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1, 2", "c.yaml:2:1"),
        ("a: b: c", "c.yaml:1:5"),
        ("a:\n\t- b", "c.yaml:2:1"),
        ("a: *nobody", "c.yaml:1:4"),
        ("a: 'open", "c.yaml:1:"),
        ("--- a\n--- b", "c.yaml:2:1"),
        ("a: !!python/object:os.system x\nb: [", "c.yaml:"),
        ("a: \x00", "c.yaml"),
    ],
)
def test_what_is_no_yaml_is_refused_in_its_place(text: str, place: str) -> None:
    with pytest.raises(ConfigRejected) as caught:
        read(text)
    assert str(caught.value.problems[0]).startswith(place)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\tb: 1\n", "c.yaml:2:1: a tab cannot indent in YAML (write spaces)"),
        ("a:\n  b: 1\n\tc: 2\n", "c.yaml:3:1: a tab cannot indent in YAML (write spaces)"),
        ("a:\n  b: 'x\n  c: 2\n", "c.yaml:2:6: the quote that is opened here is never closed"),
        (
            "a:\n  b: 'x\n  c: {D: 'y'}\n",
            "c.yaml:2:6: the quote that is opened here is closed only in line 3 "
            "(is one missing at the end of this line?)",
        ),
        ("a: @x\n", "c.yaml:1:4: a text cannot begin with '@' (put it into quotes)"),
        ("a: b: c\n", "c.yaml:1:5: a ':' where no key can be (put a text that holds ': '"),
    ],
)
def test_what_is_no_yaml_is_explained(text: str, told: str) -> None:
    with pytest.raises(ConfigRejected) as caught:
        read(text)

    assert str(caught.value.problems[0]).startswith(told)


@pytest.mark.parametrize("text", ["[program:x]\ncommand=cat\n", "[supervisord]\n"])
def test_an_ini_file_is_recognised(text: str) -> None:
    with pytest.raises(ConfigRejected, match="this is an INI file, as supervisord's"):
        read(text)


def test_an_ini_file_inside_a_yaml_file_is_a_text() -> None:
    assert good("x-a: |\n  [program:x]\n") == {"x-a": "[program:x]\n"}
    with pytest.raises(ConfigRejected, match="did not find expected"):
        read("x-a: |\n  [program:x]\nb: [\n")


def test_what_is_nested_too_deeply_is_refused() -> None:
    assert good("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(ConfigRejected, match=f"nested more than {MAX_DEPTH} deep"):
        read("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_what_is_nested_a_thousand_deep_is_refused_by_us_or_by_the_parser() -> None:
    # libyaml reads ahead of the events that we count, and since PyYAML 6.0.4 has its own limit.
    with pytest.raises(ConfigRejected, match=r"nested more than|maximum nesting depth"):
        read("[" * 5000 + "]" * 5000)


def test_aliases_of_aliases_are_refused_before_they_fill_the_memory() -> None:
    lines = ["x0: &x0 [" + "1," * 50 + "]"]
    lines += [f"x{n}: &x{n} [" + f"*x{n - 1}," * 50 + "]" for n in range(1, 7)]

    with pytest.raises(ConfigRejected, match="aliases counted"):
        read("\n".join(lines))


@given(st.one_of(st.text(), st.text("ab:-[]{},&*<!|>'\"#% \n\t?~x1")))
def test_any_text_is_nodes_or_refused(text: str) -> None:
    try:
        node, problems = read(text)
    except ConfigRejected as exc:
        problems = list(exc.problems)
    else:
        plain(node)
    assert all(problem.render() for problem in problems)
