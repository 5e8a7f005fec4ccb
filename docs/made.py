"""Which files are made of the code, and by what. `python -m docs` writes them, a test compares."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs import manual, reference
from docs.blocks import Block, markdown
from taskmaster.config.sections import json_schema

ROOT: Final = Path(__file__).parents[1]


def schema() -> str:
    """Return the JSON Schema of the config as it is shipped."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def page(blocks: Callable[[], list[Block]]) -> Callable[[], str]:
    """Return what makes a page of the reference."""
    return lambda: markdown(blocks())


MADE: Final[Mapping[str, Callable[[], str]]] = {
    "taskmaster/taskmaster.schema.json": schema,
    "docs/reference/config.md": page(reference.config),
    "docs/reference/commands.md": page(reference.commands),
    "docs/reference/taskmasterd.md": page(reference.daemon),
    "docs/reference/events.md": page(reference.events),
    "docs/reference/statuses.md": page(reference.statuses),
    "docs/man/taskmasterd.1": manual.taskmasterd,
    "docs/man/taskmasterctl.1": manual.taskmasterctl,
    "docs/man/taskmaster.yaml.5": manual.taskmaster_yaml,
}
"""The texts by the names of their files, from the root of the repository."""
