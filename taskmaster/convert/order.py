"""What needs what, as priorities. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final

_STEP: Final = 10


def priorities(needed: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Return a priority for each name, lower for what others need; nothing where nobody needs any.

    What needs itself in a circle counts as needing nothing there: whoever wrote it was refused by
    compose.
    """
    known = {name: [one for one in others if one in needed] for name, others in needed.items()}
    if not any(known.values()):
        return {}
    depths: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name not in depths:
            below = [one for one in known[name] if one not in (*above, name)]
            depths[name] = max((depth(one, (*above, name)) + 1 for one in below), default=1)
        return depths[name]

    return {name: depth(name, ()) * _STEP for name in known}
