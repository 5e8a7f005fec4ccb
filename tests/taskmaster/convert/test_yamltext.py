"""What is written is read back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from taskmaster.config.document import Mapping, Node, Sequence, Text, parse
from taskmaster.convert.yamltext import block, scalar

texts = st.text() | st.sampled_from(
    ["", "~", "null", "NULL", "yes", "022", "a: b", "a #b", "- a", "%(x)s", "...", "---", "=", "<<"]
)


def plain(node: Node) -> object:
    match node:
        case Text(is_null=True):
            return None
        case Text(text=text):
            return text
        case Sequence(items=items):
            return [plain(item) for item in items]
        case Mapping(items=items):
            return {key.text: plain(value) for key, value in items}


@given(st.dictionaries(texts, st.dictionaries(texts, texts), min_size=1))
def test_any_text_comes_back(values: dict[str, dict[str, str]]) -> None:
    problems: list[object] = []

    read = parse(block(values), "f", problems)  # type: ignore[arg-type]

    assert plain(read) == values
    assert problems == []


def test_numbers_truths_and_lists_are_words() -> None:
    text = block({"a": 1, "b": True, "c": [0, 2], "d": [], "e": {"f": "022"}}, 2)

    assert text == "  a: 1\n  b: true\n  c: [0, 2]\n  d: []\n  e:\n    f: 022\n"


def test_what_a_person_can_read_plainly_has_no_quotes() -> None:
    assert scalar("/usr/bin/redis-server --port 1 a=b,c") == "/usr/bin/redis-server --port 1 a=b,c"
    assert scalar("sh -c 'exit'") == "\"sh -c 'exit'\""
