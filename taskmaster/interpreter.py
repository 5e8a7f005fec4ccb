"""How code of ours is run in another interpreter of the same kind."""

import sys


def python_words(code: str) -> list[str]:
    """Return the words that run code in a fresh interpreter of the same kind.

    ``-P`` keeps the current folder out of the module search: whoever can write there could
    otherwise run code as the daemon's user.
    """
    return [sys.executable, "-P", "-c", code]
