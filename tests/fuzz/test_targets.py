"""A few inputs for each target of the fuzzer; ``python -m tests.fuzz TARGET`` is for many."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

INPUTS = st.binary(max_size=400)


@pytest.mark.parametrize("name", TARGETS)
@given(data=INPUTS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_holds_for_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name](data)
