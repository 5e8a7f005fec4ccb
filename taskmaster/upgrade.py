"""An upgrade: the code that is installed now takes over from the code that runs.

What can be found out beforehand is: whether the new code can be loaded at all, in an interpreter of
its own. The rest is between the keeper and both cores (`taskmaster.keeper.keeper`).
"""

import asyncio
import sys
from typing import Final

from taskmaster.interpreter import python_words

_LOAD: Final = "import taskmaster, taskmaster.core; print(taskmaster.__version__)"
_SECONDS: Final = 30.0


class NoUpgrade(Exception):
    """The new code cannot take over; the text says why."""


async def loadable_version() -> str:
    """Return the version of the code that is installed now, which can be loaded.

    Raises:
        NoUpgrade: it cannot.
    """
    process = await asyncio.create_subprocess_exec(
        *python_words(_LOAD),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NoUpgrade(f"the new code does not load within {_SECONDS:g} s") from None
    if process.returncode != 0:
        lines = err.decode("utf-8", "replace").strip().splitlines()
        raise NoUpgrade(f"the new code cannot be loaded by {sys.executable}: {_reason(lines)}")
    return out.decode("utf-8", "replace").strip()


def _reason(lines: list[str]) -> str:
    """Return the last line of a traceback, and the last place that it names."""
    places = [line.strip() for line in lines if line.lstrip().startswith("File ")]
    last = lines[-1] if lines else "it says nothing"
    return f"{last} ({places[-1]})" if places else last
