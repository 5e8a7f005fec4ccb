"""The daemon is upgraded, to code that works and to code that does not; nobody notices either."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.integration.conftest import Site, core_of, is_alive, kill_core, wait_for
from tests.integration.seat import Seat

ROOT = Path(__file__).parents[2]
PROGRAMS = (
    "  web: {cmd: sleep 1000, starttime: 0}\n"
    "  off: {cmd: sleep 1000, autostart: no}\n"
    "  sh: {cmd: [bash, --norc], starttime: 0, env: {PS1: '> '}}\n"
    "  slow: {cmd: sleep 1000, starttime: 600}"
)


class Code:
    """A copy of the packages, which the daemon of a site runs and a test changes."""

    def __init__(self, site: Site) -> None:
        self._folder = site.folder / "code"
        for package in ("taskmaster", "pty_mux", "ctl"):
            shutil.copytree(
                ROOT / package, self._folder / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        site.environment["PYTHONPATH"] = str(self._folder)

    def change(self, path: str, *pairs: tuple[str, str]) -> None:
        """Replace texts in a file, each of which must be in there."""
        file = self._folder / path
        text = file.read_text()
        for old, new in pairs:
            assert old in text, old
            text = text.replace(old, new)
        file.write_text(text)

    def restore(self, path: str) -> None:
        """Have the file of the repository again."""
        shutil.copy(ROOT / path, self._folder / path)


@pytest.fixture
def code(site: Site) -> Code:
    return Code(site)


def states(site: Site) -> list[tuple[str, int]]:
    return [(site.status(name)["state"], site.status(name)["pid"]) for name in names()]


def names() -> list[str]:
    return ["web:0", "off:0", "sh:0", "slow:0"]


def test_new_code_takes_over_and_every_process_goes_on(site: Site, code: Code) -> None:
    site.start(PROGRAMS)
    before, core = states(site), core_of(site)
    code.change("taskmaster/__init__.py", ('__version__ = "0.1.0"', '__version__ = "9.8.7"'))

    done = site.ctl("upgrade")

    assert done.returncode == 0, done.stderr
    new = core_of(site)
    assert done.stdout == f"taskmasterd 0.1.0 (core {core}) handed over to 9.8.7 (core {new})\n"
    assert new != core
    wait_for(lambda: not is_alive(core), "the old core to be gone")
    assert states(site) == before
    assert f"taskmasterd 9.8.7 (pid {site.pid})" in site.ctl("version").stdout
    site.wait_event(f"core {new} takes over 3 processes; the one before handed over")


def test_the_state_of_another_version_is_understood(site: Site, code: Code) -> None:
    """A version in which fields have come, and one of the old ones is gone."""
    site.start(PROGRAMS)
    before = states(site)
    code.change(
        "taskmaster/process/state.py",
        ("    restarts: int = 0\n", "    restarts: int = 0\n    mood: str = 'good'\n"),
    )
    assert site.ctl("upgrade").returncode == 0
    assert states(site) == before
    code.restore("taskmaster/process/state.py")
    assert site.ctl("upgrade").returncode == 0
    assert states(site) == before
    assert "a mistake" not in site.events()


LEGACY = "    legacy = receive_legacy(channel)\n"
FORM = "_FORM: Final = "
KEY = "_DAEMON: Final = "
OLDEST = "OLDEST: Final = "
LOOP = "        self._loop = asyncio.get_running_loop()\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "why"),
    [
        ("driver.py", "import asyncio", "import asyncioo", "ModuleNotFoundError"),
        ("driver.py", "import asyncio", "import (", "SyntaxError"),
        ("core.py", LEGACY, LEGACY + "    sys.exit(5)\n", "exited with status 5"),
        ("core.py", LEGACY, LEGACY + "    os.kill(os.getpid(), 9)\n", "killed by signal 9"),
        ("daemon.py", LOOP, LOOP + "        1 / 0\n", "ZeroDivisionError: division by zero"),
        ("memory.py", FORM + "1", FORM + "2", "it is of form 1, and this code knows 2"),
        ("memory.py", KEY + '"daemon"', KEY + '"d"', "KeyError('d')"),
        ("keeper/wire.py", OLDEST + "1", OLDEST + "3", "only a restart of the daemon helps"),
    ],
)
def test_code_that_cannot_start_leaves_the_old_one_running(
    site: Site, code: Code, path: str, old: str, new: str, why: str
) -> None:
    site.start(PROGRAMS)
    before, core = states(site), core_of(site)
    code.change(f"taskmaster/{path}", (old, new))

    done = site.ctl("upgrade")

    assert done.returncode == 1
    assert why in done.stderr
    assert done.stderr.endswith("\nnothing was changed\n")
    assert core_of(site) == core
    assert states(site) == before
    assert f"upgrade failed, core {core} goes on: " in site.events()
    code.restore(f"taskmaster/{path}")
    assert site.ctl("upgrade").returncode == 0
    assert states(site) == before


def test_what_happens_during_a_failed_upgrade_is_not_lost(site: Site, code: Code) -> None:
    """An exit and a signal while the old core waits for the new one, which dies."""
    site.start(PROGRAMS)
    web = site.status("web:0")["pid"]
    waiting, go = site.folder / "waiting", site.folder / "go"
    code.change(
        "taskmaster/core.py",
        (
            LEGACY,
            f"    import time; open({str(waiting)!r}, 'w')\n"
            f"    while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
            "    sys.exit(5)\n",
        ),
    )
    client = Seat([*site.client, "upgrade"], site.environment)
    try:
        wait_for(waiting.exists, "the new core")
        os.kill(web, signal.SIGKILL)
        wait_for(lambda: not is_alive(web), "the process to end")
        go.touch()
        wait_for(lambda: site.status("web:0")["pid"] not in (0, None, web), "a new process")
    finally:
        client.close()
    assert "exited: web:0 (terminated by SIGKILL; not expected)" in site.events()


def test_what_happens_during_an_upgrade_is_for_the_new_core(site: Site, code: Code) -> None:
    site.start(PROGRAMS)
    core = core_of(site)
    web, slow = site.status("web:0")["pid"], site.status("slow:0")["pid"]
    waiting, go = site.folder / "waiting", site.folder / "go"
    code.change(
        "taskmaster/core.py",
        (
            LEGACY,
            f"{LEGACY}    import time; open({str(waiting)!r}, 'w')\n"
            f"    while not os.path.exists({str(go)!r}): time.sleep(0.01)\n",
        ),
    )
    client = Seat([*site.client, "upgrade"], site.environment)
    try:
        wait_for(waiting.exists, "the new core")
        os.kill(web, signal.SIGKILL)
        wait_for(lambda: not is_alive(web), "the process to end")
        os.kill(site.pid, signal.SIGTERM)
        go.touch()
        wait_for(lambda: not is_alive(slow), "everything to be stopped")
        wait_for(lambda: not site.pidfile.exists(), "the end of the daemon")
    finally:
        client.close()
    events = site.events()
    assert f"core {core} hands over" in events
    assert "exited: web:0 (terminated by SIGKILL; not expected)" in events
    assert events.count("received SIGTERM") == 1


def test_a_core_that_does_not_come_is_given_up(site: Site, code: Code) -> None:
    code.change("taskmaster/keeper/keeper.py", ("_SECONDS: Final = 15.0", "_SECONDS: Final = 0.5"))
    site.start(PROGRAMS)
    before, core = states(site), core_of(site)
    code.change(
        "taskmaster/core.py",
        (LEGACY, "    import time; time.sleep(600)\n"),
    )

    done = site.ctl("upgrade")

    assert "the new core was not prepared in time" in done.stderr
    assert core_of(site) == core
    assert states(site) == before


def test_a_kill_of_the_waiting_core_is_survived(site: Site, code: Code) -> None:
    site.start(PROGRAMS)
    before = states(site)
    waiting, go = site.folder / "waiting", site.folder / "go"
    pause = (
        f"    import time; open({str(waiting)!r}, 'w')\n"
        f"    while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    )
    code.change(
        "taskmaster/core.py",
        (
            LEGACY,
            f"    legacy = receive_legacy(channel)\n{pause}",
        ),
    )
    client = Seat([*site.client, "upgrade"], site.environment)
    try:
        wait_for(waiting.exists, "the new core")
        kill_core(site)
        site.wait_event("the core was killed by signal 9; starting another one")
        go.touch()
        site.wait_event("takes over 3 processes; the one before was killed by signal 9")
        assert states(site) == before
    finally:
        client.close()


def test_a_client_stays_at_its_terminal(site: Site, code: Code) -> None:
    site.start(PROGRAMS)
    client = Seat([*site.client, "attach", "sh:0"], site.environment)
    try:
        client.read_until(b">")
        client.type(b"echo $((40 + 2))\r")
        client.read_until(b"42")
        core = core_of(site)
        code.change("taskmaster/__init__.py", ("0.1.0", "0.1.1"))
        assert site.ctl("upgrade").returncode == 0
        assert core_of(site) != core
        wait_for(lambda: site.status("sh:0")["attached"] == 1, "the client to be back")
        client.type(b"echo $((50 + 3))\r")
        client.read_until(b"53")
    finally:
        client.close()


def test_an_upgrade_is_refused_while_everything_is_stopped(site: Site) -> None:
    site.start("  stubborn: {cmd: [sh, -c, 'trap \"\" TERM; echo up; sleep 1000'], stdout: out}")
    wait_for(lambda: "up" in site.text("out"), "the trap")
    os.kill(site.pid, signal.SIGTERM)
    site.wait_event("received SIGTERM")

    done = site.ctl("upgrade")

    assert (done.returncode, done.stderr) == (1, "the daemon is shutting down\n")
