"""How soon a person gets an answer: the prompt of the shell, and a status at the command line."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.measure import median
from tests.benchmarks.peers import Daemon, Program, taskmasterd
from tests.benchmarks.settings import Settings
from tests.benchmarks.table import Row, milliseconds

_PROCESSES = 20
_MOST_SECONDS = 0.4
_MOST_OF_IMPORT = 1.5
_MOST_OF_PYTHON = 2.5
_PROMPT = b"taskmaster>"
_IMPORT = (
    "import prompt_toolkit, prompt_toolkit.patch_stdout, prompt_toolkit.history, "
    "prompt_toolkit.completion"
)


def shell(settings: Settings) -> list[Row]:
    """Wait for prompts, and run whole commands, in turns with what Python alone takes."""
    often = settings.repeat(15, 3)
    program = Program("many", ("sleep", "1000000"), _PROCESSES)
    prompts, imports, statuses, pythons = [], [], [], []
    with taskmasterd(settings.folder / "taskmaster", program) as daemon:
        daemon.wait_running(_PROCESSES)
        for _ in range(often):
            prompts.append(_prompt(daemon, settings.folder))
            imports.append(_timed([sys.executable, "-c", _IMPORT]))
            statuses.append(_timed([*daemon.client, "status"]))
            pythons.append(_timed([sys.executable, "-c", "pass"]))
    return [
        Row(
            "shell: prompt ready, against importing prompt_toolkit",
            milliseconds(median(prompts)),
            milliseconds(median(imports)),
            f"{median(prompts) / median(imports):.2f} x",
            f"under {_MOST_SECONDS * 1000:.0f} ms or {_MOST_OF_IMPORT} x",
            median(prompts) < max(_MOST_SECONDS, _MOST_OF_IMPORT * median(imports)),
        ),
        Row(
            f"status of {_PROCESSES} processes, against python3 -c pass",
            milliseconds(median(statuses)),
            milliseconds(median(pythons)),
            f"{median(statuses) / median(pythons):.2f} x",
            f"{_MOST_OF_PYTHON} x",
            median(statuses) < _MOST_OF_PYTHON * median(pythons),
        ),
    ]


def _prompt(daemon: Daemon, folder: Path) -> float:
    """Open the shell at a terminal of its own; return the seconds until its prompt is there."""
    master, slave = os.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}
    environment |= {"XDG_STATE_HOME": str(folder)}
    began = time.perf_counter()
    process = subprocess.Popen(
        daemon.client, stdin=slave, stdout=slave, stderr=slave, env=environment
    )
    try:
        shown = b""
        while _PROMPT not in shown:
            shown += os.read(master, 65536)
        return time.perf_counter() - began
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def _timed(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began
