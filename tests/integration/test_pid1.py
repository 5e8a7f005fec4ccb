"""As PID 1 of a container: a PID namespace of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import DEADLINE_SECONDS, Site, wait_for

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


class Container:
    """The daemon as PID 1; `pid` is its number out here."""

    def __init__(self, site: Site, *words: str) -> None:
        command = words or (sys.executable, "-P", "-m", "taskmaster", "-n", str(site.config))
        if os.geteuid() != 0:
            command = ("--map-root-user", *command)
        self.outer = subprocess.Popen(
            [*UNSHARE, *command], stderr=subprocess.PIPE, text=True, env=site.environment
        )
        self.pid: int = wait_for(self._inner, "PID 1")

    def _inner(self) -> int:
        outer = self.outer.pid
        found = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        return int(found[0]) if found else self.outer.poll() or 0

    def children(self) -> dict[int, str]:
        """The state letter of each child of PID 1, by its number out here."""
        words = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        states = {}
        for word in words:
            try:
                text = Path(f"/proc/{word}/stat").read_text()
            except FileNotFoundError:
                continue
            states[int(word)] = text.rpartition(")")[2].split()[0]
        return states

    def core(self) -> int:
        for child in self.children():
            if b"taskmaster.core" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        return 0

    def wait(self) -> tuple[int, str]:
        _, shown = self.outer.communicate(timeout=DEADLINE_SECONDS)
        return self.outer.returncode, shown


def kill_core(it: Container) -> None:
    core: int = wait_for(it.core, "a core")
    os.kill(core, signal.SIGKILL)
    wait_for(lambda: it.core() != core, "its end")


@pytest.fixture
def container(site: Site) -> Iterator[list[Container]]:
    there: list[Container] = []
    yield there
    for one in there:
        if one.outer.poll() is None:
            one.outer.kill()
            one.outer.communicate()


def begin(site: Site, container: list[Container], programs: str) -> Container:
    site.write(programs)
    it = Container(site)
    container.append(it)
    wait_for(lambda: "entered RUNNING" in site.events(), "the first process")
    site.pidfile = site.folder / "none"  # it names 1, which is another one out here
    return it


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_and_the_status_is_0(
    site: Site, container: list[Container], number: int
) -> None:
    it = begin(site, container, "  a: {cmd: sleep 1000, starttime: 0}")
    assert site.text("p.pid") == "1\n"

    os.kill(it.pid, number)

    status, shown = it.wait()
    assert status == 0, shown
    assert "stopped: a:0 (terminated by SIGTERM)" in shown
    assert "taskmasterd has ended" in shown


def test_orphans_are_reaped_and_no_end_of_a_child_ends_it(
    site: Site, container: list[Container]
) -> None:
    forking = "'(setsid sh -c \"sleep 0.1; echo gone >> left\" &) ; sleep 0.2'"
    it = begin(
        site,
        container,
        f"  a: {{cmd: [sh, -c, {forking}], workingdir: ., starttime: 0, autorestart: always}}\n"
        "  b: {cmd: sleep 1000, starttime: 0}",
    )

    wait_for(lambda: site.text("left").count("gone") >= 5, "five orphans")
    core: int = wait_for(it.core, "a core")
    os.kill(core, signal.SIGKILL)
    wait_for(lambda: it.core() not in (0, core), "the next core")
    wait_for(lambda: site.text("left").count("gone") >= 10, "five more")

    wait_for(lambda: "Z" not in it.children().values(), "no zombies")
    assert site.status("b")["state"] == "RUNNING"
    os.kill(it.pid, signal.SIGTERM)
    assert it.wait()[0] == 0


def test_a_term_while_there_is_no_core_counts(site: Site, container: list[Container]) -> None:
    it = begin(site, container, "  a: {cmd: sleep 1000, starttime: 0}")
    for _ in range(3):  # the third of those that die young is followed after a second
        kill_core(it)

    os.kill(it.pid, signal.SIGTERM)

    status, shown = it.wait()
    assert "the core was killed" in shown
    assert status in (0, 1), shown


def test_a_term_before_the_handlers_stand_is_not_lost(
    site: Site, container: list[Container]
) -> None:
    """PID 1 gets no signal that it does not handle: `docker stop` waited its ten seconds."""
    site.write("  a: {cmd: sleep 1000, starttime: 0}")
    site.pidfile = site.folder / "none"
    code = (
        "import os, signal, sys\n"
        "from taskmaster import launch\n"
        "launch.stand_firm()\n"
        "os.kill(1, signal.SIGTERM)\n"
        "launch.run_in_foreground(sys.argv[1], None, None)\n"
    )
    container.append(Container(site, sys.executable, "-P", "-c", code, str(site.config)))

    status, shown = container[0].wait()

    assert status == 0, shown
    assert "received SIGTERM indicating exit request" in shown


def test_a_second_term_kills_at_once(site: Site, container: list[Container]) -> None:
    stubborn = "[sh, -c, 'trap \"\" TERM; echo up; while :; do sleep 0.1; done']"
    it = begin(site, container, f"  a: {{cmd: {stubborn}, stoptime: 600, starttime: 0, stdout: o}}")
    wait_for(lambda: "up" in site.text("o"), "the trap")
    os.kill(it.pid, signal.SIGTERM)
    wait_for(lambda: "stopping: a:0" in site.events(), "the first one")

    os.kill(it.pid, signal.SIGTERM)

    assert it.wait()[0] == 0


def test_what_cannot_begin_says_so_by_its_status(site: Site, container: list[Container]) -> None:
    site.pidfile = site.folder / "none"
    words = [sys.executable, "-P", "-m", "taskmaster", "-n"]
    site.config.write_text("programs: {a: {cmd: cat, numprocs: none}}")
    bad = subprocess.run([*UNSHARE, *words, str(site.config)], capture_output=True, check=False)
    site.config.write_text("taskmaster: {socket: s.sock, logfile: /proc/no/ev}\nprograms: {}")
    failed = subprocess.run([*UNSHARE, *words, str(site.config)], capture_output=True, check=False)

    assert (bad.returncode, failed.returncode) == (2, 1)


def test_with_its_streams_closed_nothing_is_written_into_what_has_their_numbers(
    site: Site, container: list[Container]
) -> None:
    site.write("  a: {cmd: sleep 1000, starttime: 0}")
    site.pidfile = site.folder / "none"
    shell = 'exec "$@" <&- >&- 2>&-'
    words = (sys.executable, "-P", "-m", "taskmaster", "-n", str(site.config))
    it = Container(site, "sh", "-c", shell, "sh", *words)
    container.append(it)
    wait_for(lambda: "entered RUNNING" in site.events(), "the first process")

    for process in (it.pid, it.core()):
        for number in (0, 1, 2):
            assert os.readlink(f"/proc/{process}/fd/{number}") == os.devnull
    assert site.status("a")["state"] == "RUNNING"
    os.kill(it.pid, signal.SIGTERM)
    assert it.wait()[0] == 0
