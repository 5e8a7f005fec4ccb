"""What others bring to talk to supervisord: Debian's node exporter, and the calls of Ansible's."""

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.conftest import Site, free_port, wait_for
from tests.integration.supervisors import Ran, Supervisorctl

PROGRAMS = """
  nginx: {cmd: sleep 1000, starttime: 0}
  worker: {cmd: sleep 1000, starttime: 0}
  cron: {cmd: sleep 1000, starttime: 0}
  once: {cmd: "sh -c 'exit 3'", starttime: 0, autorestart: never}
"""
NEW = """
  fresh: {cmd: sleep 1000, starttime: 0}
  one: {cmd: sleep 1000, starttime: 0}
  two: {cmd: sleep 1000, starttime: 0}
"""
GROUPS = "groups: {site: [nginx, worker]}"


def write(site: Site, http: str, programs: str = PROGRAMS, groups: str = GROUPS) -> None:
    settings = f"socket: {site.socket}, logfile: ev.log, pidfile: p.pid, http: {http!r}"
    site.config.write_text(f"taskmaster: {{{settings}}}\nprograms:\n{programs}\n{groups}\n")


def start(site: Site, http: str) -> None:
    write(site, http)
    done = site.daemon()
    assert done.returncode == 0, done.stderr
    site.wait_state("once", "EXITED")
    for name in ("nginx:0", "worker:0", "cron:0"):
        site.wait_state(name, "RUNNING")


# --- prometheus-node-exporter ------------------------------------------------------------------


@contextmanager
def exporter(folder: Path, url: str) -> Iterator[str]:
    """Debian's node exporter, with its supervisord collector only; the address of its metrics."""
    log = folder / "exporter.log"
    with log.open("wb") as file:
        running = subprocess.Popen(
            ["prometheus-node-exporter", "--collector.disable-defaults",
             "--collector.supervisord", f"--collector.supervisord.url={url}",
             "--web.listen-address=127.0.0.1:0"],
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        listening = re.compile(r"Listening on.*address=(127\.0\.0\.1:\d+)")
        found = wait_for(lambda: listening.search(log.read_text()), "the exporter to listen")
        yield f"http://{found[1]}/metrics"
    finally:
        running.terminate()
        running.wait()


def scraped(address: str) -> dict[tuple[str, str], float]:
    """What it measured of each process, by metric and ``group:name``."""
    with urllib.request.urlopen(address) as answer:
        text = answer.read().decode()
    return {
        (
            sample.name.removeprefix("node_").removesuffix("_total"),
            ":".join(sample.labels.values()),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "supervisord" in sample.name or "supervisord" in sample.labels.values()
    }


@pytest.mark.parametrize("kind", ["port", "socket"])
def test_the_node_exporter_measures_our_processes(site: Site, kind: str) -> None:
    port = free_port()
    http = f"127.0.0.1:{port}" if kind == "port" else str(site.folder / "h.sock")
    start(site, http)

    with exporter(site.folder, f"http://{http}/RPC2" if kind == "port" else f"unix://{http}") as at:
        told = scraped(at)
        site.ctl("stop", "nginx")
        later = scraped(at)

    assert told["scrape_collector_success", "supervisord"] == 1
    assert {name for metric, name in told if metric == "supervisord_up"} == {
        "site:nginx", "site:worker", "cron:cron", "once:once",
    }  # fmt: skip
    assert told["supervisord_up", "site:nginx"] == told["supervisord_up", "cron:cron"] == 1
    assert told["supervisord_state", "site:worker"] == 20
    assert told["supervisord_up", "once:once"] == 0
    assert told["supervisord_state", "once:once"] == 100
    assert told["supervisord_exit_status", "once:once"] == 3
    began = told["supervisord_start_time_seconds", "site:nginx"]
    assert abs(began - site.pidfile.stat().st_mtime) < 3600
    assert later["supervisord_up", "site:nginx"] == 0
    assert later["supervisord_state", "site:nginx"] == 0
    assert ("supervisord_start_time_seconds", "site:nginx") not in later


# --- Ansible's community.general.supervisorctl --------------------------------------------------


class Failed(Exception):
    """The module would have failed."""


class Module:
    """The command lines of Ansible's module, and what it looks for in the answers.

    The module itself comes in a package of half a gigabyte; once it was run by hand against this
    daemon, with the outcomes that are tested here.
    """

    def __init__(self, client: Supervisorctl) -> None:
        self._client = client

    def __call__(self, name: str, state: str, signal: str = "", *, stops: bool = False) -> bool:
        """Bring about a state; return whether it says "changed"."""
        is_group, name = name.endswith(":"), name.rstrip(":")
        if state == "restarted":
            self._run("update")
        there = {
            process: status
            for process, status in self._statuses()
            if name == "all" or (process.split(":")[0] if is_group else process) == name
            if ":" in process or not is_group
        }
        match state:
            case "present" | "absent" if bool(there) == (state == "present"):
                return False
            case "absent":
                if stops:
                    self._each("stop", "stopped", [p for p in there if there[p] == "RUNNING"])
                self._run("reread")
                return self._one("remove", name, "removed process group")
            case "present":
                self._run("reread")
                return self._one("add", name, "added process group")
        if not there:
            raise Failed("ERROR (no such process)")
        up = [process for process in there if there[process] in ("RUNNING", "STARTING")]
        match state:
            case "started":
                return self._each("start", "started", [p for p in there if p not in up])
            case "stopped":
                return self._each("stop", "stopped", up)
            case "restarted":
                return self._each("restart", "started", list(there))
        return self._each(f"signal {signal}", "signalled", up)

    def _statuses(self) -> list[list[str]]:
        # Its status is no error where not all run. Every line has to have two fields.
        return [line.split()[:2] for line in self._client.run("status").text.splitlines()]

    def _run(self, *words: str) -> Ran:
        done = self._client.run(*words)
        if done.status:
            raise Failed(done.text)
        return done

    def _each(self, action: str, wanted: str, processes: list[str]) -> bool:
        return any([self._one(action, process, wanted) for process in processes])  # noqa: C419 - all of them

    def _one(self, action: str, name: str, wanted: str) -> bool:
        done = self._run(action, name)
        if f"{name}: {wanted}" not in done.text:
            raise Failed(done.text)
        return True


def test_what_ansibles_module_asks_by_supervisorctl(site: Site) -> None:
    http = str(site.folder / "h.sock")
    start(site, http)
    module = Module(Supervisorctl(site.folder, f"unix://{http}"))

    assert [module("cron", "started"), module("cron", "stopped")] == [False, True]
    assert [module("cron", "stopped"), module("cron", "started")] == [False, True]
    assert [module("site:", "stopped"), module("site:", "stopped")] == [True, False]
    assert [module("site:", "started"), module("site:", "started")] == [True, False]
    assert module("site:nginx", "signalled", "CONT")
    for unknown in ("nginx", "nginx:"):
        with pytest.raises(Failed, match="no such process"):
            module(unknown, "started")
    with pytest.raises(Failed, match="no such process/group: nosuch"):
        module("nosuch", "present")
    before = site.status("nginx")["pid"]
    assert module("site:", "restarted")
    assert site.status("nginx")["pid"] != before


def test_what_ansibles_module_adds_and_removes_by_supervisorctl(site: Site) -> None:
    http = str(site.folder / "h.sock")
    start(site, http)
    module = Module(Supervisorctl(site.folder, f"unix://{http}"))
    write(site, http, PROGRAMS + NEW, "groups: {site: [nginx, worker], more: [one, two]}")

    for name in ("fresh", "more:"):
        assert [module(name, "present"), module(name, "present")] == [True, False]
    site.wait_state("two", "RUNNING")
    with pytest.raises(Failed, match="still running"):
        module("more:", "absent")
    for name in ("fresh", "more:"):
        assert [module(name, "absent", stops=True), module(name, "absent")] == [True, False]
    assert site.ctl("status", "two").returncode == 4


def test_taskmasterctl_may_be_the_modules_supervisorctl(site: Site) -> None:
    """It has our names then: ``cron:`` for all of a program, ``cron:0`` for one."""
    start(site, str(site.folder / "h.sock"))
    client = Supervisorctl(site.folder, "")
    client.words = [*site.client[:-1], f"unix://{site.socket}"]
    module = Module(client)
    write(site, str(site.folder / "h.sock"), PROGRAMS + NEW)

    assert [module("worker:", "stopped"), module("worker:", "stopped")] == [True, False]
    assert [module("worker:", "started"), module("worker:", "started")] == [True, False]
    assert [module("cron:0", "stopped"), module("cron:0", "started")] == [True, True]
    assert module("cron:", "signalled", "CONT")
    assert [module("fresh:", "present"), module("fresh:", "present")] == [True, False]
    assert [module("fresh:", "absent", stops=True), module("fresh:", "absent")] == [True, False]
    assert module("nginx:", "restarted")
    site.wait_state("two", "RUNNING")
