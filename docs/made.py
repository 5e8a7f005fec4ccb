"""Which files are made of the code, and by what. `python -m docs` writes them, a test compares."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from taskmaster.config.sections import json_schema

ROOT: Final = Path(__file__).parents[1]


def schema() -> str:
    """Return the JSON Schema of the config as it is shipped."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


MADE: Final[Mapping[str, Callable[[], str]]] = {
    "taskmaster/taskmaster.schema.json": schema,
}
"""The texts by the names of their files, from the root of the repository."""
