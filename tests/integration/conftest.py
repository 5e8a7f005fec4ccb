"""A real daemon for each test, in a folder of its own, gone at its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

DEADLINE_SECONDS = float(os.environ.get("TEST_DEADLINE_SECONDS", "60"))
"""For a condition that should hold long before; only a broken program meets it."""


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait until the condition gives something true, and return that."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    pytest.fail(f"waited {DEADLINE_SECONDS} s for {what}")


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_alive(pid: int) -> bool:
    """Whether it runs; what has ended and waits for its parent to notice does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def core_of(site: "Site") -> int:
    """The core's pid: the keeper's child in whose words the core's code stands; 0: none now."""
    keeper = site.pid
    with open(f"/proc/{keeper}/task/{keeper}/children", encoding="ascii") as file:
        for word in file.read().split():
            try:
                with open(f"/proc/{word}/cmdline", "rb") as words:
                    if b"taskmaster.core" in words.read() and is_alive(int(word)):
                        return int(word)
            except FileNotFoundError:
                continue
    return 0


def kill_core(site: "Site") -> int:
    """Kill the core; return the pid that it had."""
    core: int = wait_for(lambda: core_of(site), "a core")
    os.kill(core, signal.SIGKILL)
    return core


def resident_bytes(pid: int) -> int:
    """How much memory a process has (RSS)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    """How many descriptors a process has."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def ptys(pid: int) -> int:
    """How many masters of pseudo-terminals a process has."""
    found = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += "ptmx" in os.readlink(path)
    return found


AS_NOBODY = [
    "setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
]  # fmt: skip
"""Words that run a command as a user of whom there are no other processes (root has no limit)."""


def limit_processes(pid: int, count: int) -> None:
    """Set how many processes the user of a process may have, as far as that process can tell.

    `AS_NOBODY` has run it, and runs this: only a process's own user may set its limits, or one who
    has CAP_SYS_RESOURCE, which root need not have in a container.
    """
    words = ["prlimit", f"--pid={pid}", f"--nproc={count}:"]
    subprocess.run([*AS_NOBODY, *words], check=True)


class Site:
    """A folder with a config, and the daemon that runs it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "c.yaml"
        self.socket = folder / "s.sock"
        self.pidfile = folder / "p.pid"
        self.under: list[str] = []
        """Words that run the daemon's command, such as a shell that sets limits."""
        self.environment = os.environ | {"HOME": str(folder), "XDG_STATE_HOME": str(folder)}
        self.environment.pop("TASKMASTER_SOCKET", None)

    def write(self, programs: str) -> None:
        """Write the config: the daemon's own section and these programs (YAML, indented by 2)."""
        settings = f"taskmaster: {{socket: {self.socket}, logfile: ev.log, pidfile: p.pid}}\n"
        self.config.write_text(f"{settings}programs:\n{programs}\n")

    def start(self, programs: str, *options: str) -> None:
        self.write(programs)
        done = self.daemon(*options)
        assert done.returncode == 0, done.stdout + done.stderr
        wait_for(self._is_under_way, "the first processes")

    def _is_under_way(self) -> bool:
        """Whether every start has been answered: the daemon is there a moment before its first."""
        told = json.loads(self.ctl("--json", "status").stdout)
        return all(one["state"] != "STARTING" or one["pid"] or one["restarts"] for one in told)

    def daemon(self, *options: str) -> subprocess.CompletedProcess[str]:
        words = [*self.under, sys.executable, "-P", "-m", "taskmaster", *options, str(self.config)]
        return self._run(words, "")

    def ctl(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return self._run([*self.client, *words], stdin)

    @property
    def client(self) -> list[str]:
        return [sys.executable, "-P", "-m", "ctl", "-s", str(self.socket)]

    def _run(self, words: list[str], stdin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=DEADLINE_SECONDS,
            check=False,
        )

    def status(self, name: str) -> dict[str, Any]:
        answer = self.ctl("--json", "status", name)
        assert answer.returncode in (0, 3), answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)[0]
        return found

    def wait_state(self, name: str, state: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            now = self.status(name)
            return now if now["state"] == state else None

        result: dict[str, Any] = wait_for(reached, f"{name} to be {state}: {self.events()}")
        return result

    def events(self) -> str:
        return self.text("ev.log")

    def text(self, name: str) -> str:
        """What a file in the folder holds; nothing where it is not there yet."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def wait_event(self, text: str) -> str:
        result: str = wait_for(lambda: self.events() if text in self.events() else "", text)
        return result

    @property
    def pid(self) -> int:
        return int(self.pidfile.read_text())

    def end(self) -> None:
        """End the daemon by pid, whatever state it is in."""
        if not self.pidfile.exists():
            return
        pid = self.pid
        for number in (signal.SIGTERM, signal.SIGTERM):
            if is_alive(pid):
                os.kill(pid, number)
        wait_for(lambda: not is_alive(pid), "the daemon to end")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    it = Site(tmp_path)
    yield it
    it.end()


Tally: TypeAlias = Callable[[str, int], None]


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Count something over all tests; the last lines of a run say the sums."""

    def add(what: str, number: int) -> None:
        record_property(f"tally {what}", number)

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    sums: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name.startswith("tally "):
                    sums[name.removeprefix("tally ")] += value
    for name, number in sums.items():
        terminalreporter.write_line(f"{name}: {number}")
