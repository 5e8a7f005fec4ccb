"""What is made of the code is as the code would make it now."""

import pytest

from docs.made import MADE, ROOT


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_of_the_code_is_not_stale(name: str) -> None:
    path = ROOT / name

    assert path.exists(), f"{name} is not there: python -m docs makes it"
    assert path.read_text() == MADE[name](), f"{name} is stale: python -m docs makes it anew"
