"""Commands of modules that are loaded only when one is used: a one-shot command pays for no other.

What they are called and what they do is in the table of `ctl.commands`.
"""

from collections.abc import Sequence

from ctl.context import Context, Run


def later(module: str, name: str) -> Run:
    """Return the command of that name in a module of this package."""

    def run(context: Context, words: Sequence[str]) -> int:
        from importlib import import_module

        command: Run = getattr(import_module(f"ctl.{module}"), name)
        return command(context, words)

    return run
