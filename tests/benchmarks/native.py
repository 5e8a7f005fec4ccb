"""The two C programs of the benchmarks, compiled when they are needed."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SOURCES = Path(__file__).parent / "c"


class NoCompiler(Exception):
    """There is no C compiler on this machine."""


@dataclass(frozen=True, slots=True)
class Native:
    """The compiled programs.

    Attributes:
        writer: writes lines of 100 bytes; `c/writer.c`.
        loop: logs what a command writes to its terminal; `c/loop.c`.
    """

    writer: Path
    loop: Path


def build(folder: Path) -> Native:
    """Compile both into a folder.

    Raises:
        NoCompiler: neither cc nor gcc is there.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompiler("a C compiler (cc or gcc) is needed for the programs to compare with")
    for name in ("writer", "loop"):
        words = [compiler, "-O2", "-o", str(folder / name), str(_SOURCES / f"{name}.c")]
        subprocess.run(words, check=True)
    return Native(folder / "writer", folder / "loop")
