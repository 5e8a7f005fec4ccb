"""The table of failures (docs/failures.md) names tests, and each of them exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_test_that_the_table_of_failures_names_exists() -> None:
    text = (ROOT / "docs/failures.md").read_text()
    table = text.partition("# What happens when something fails")[2].partition("\n\n|")[2]
    rows = [row for row in table.partition("\n\n")[0].splitlines() if "---" not in row][1:]

    assert len(rows) > 20
    for row in rows:
        named = re.search(r"\| (\S+\.py)::(\w+) \|$", row)
        assert named, row
        tree = ast.parse((ROOT / "tests" / named[1]).read_text())
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert named[2] in functions, row
