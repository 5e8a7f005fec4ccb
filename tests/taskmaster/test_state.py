"""What one core saved is read by the next one, or refused as unreadable."""

import pytest

from taskmaster.process.state import Process
from taskmaster.state import Unreadable, from_plain


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_a_number_that_no_float_holds_is_unreadable(number: int) -> None:
    """It was an OverflowError, and with it no core came up any more."""
    with pytest.raises(Unreadable):
        from_plain(Process, {"since": number})
    with pytest.raises(Unreadable):
        from_plain(Process, {"deadline": number})
