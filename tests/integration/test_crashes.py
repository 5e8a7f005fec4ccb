"""The core is killed, again and again; nobody who is supervised notices, and nothing is lost."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.integration.conftest import Site, Tally, core_of, is_alive, kill_core, wait_for
from tests.integration.seat import Seat

NUMBERS = (
    "[sh, -c, 'i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo line $i; {pause}done; "
    "sleep 1000']"
)


def wait_for_text(site: Site, name: str, text: str) -> str:
    wait_for(lambda: text in site.text(name), f"{text!r} in {name}")
    return site.text(name)


def pids(site: Site, *names: str) -> dict[str, int]:
    return {name: site.status(name)["pid"] for name in names}


@pytest.fixture
def sit(site: Site) -> Iterator[Callable[..., Seat]]:
    seats: list[Seat] = []

    def take(*words: str) -> Seat:
        seats.append(Seat([*site.client, *words], site.environment))
        return seats[-1]

    yield take
    for seat in seats:
        seat.close()


def test_processes_states_and_uptimes_are_as_they_were(site: Site) -> None:
    site.start(
        "  up: {cmd: sleep 1000, starttime: 0}\n"
        "  starting: {cmd: sleep 1000, starttime: 600}\n"
        "  off: {cmd: sleep 1000, autostart: no}\n"
        "  bad: {cmd: /no/such/program, startretries: 0}\n"
        "  retry: {cmd: [sh, -c, exit 3], startretries: 100}"
    )
    site.wait_state("bad:0", "FATAL")
    site.wait_state("retry:0", "BACKOFF")
    before = {one: site.status(f"{one}:0") for one in ("up", "starting", "off", "bad")}

    kill_core(site)

    after = {one: site.status(f"{one}:0") for one in before}
    for name in before:
        kept = ("state", "pid", "restarts")
        assert [before[name][key] for key in kept] == [after[name][key] for key in kept], name
    assert "no such file" in after["bad"]["description"]
    assert after["up"]["uptime"] >= before["up"]["uptime"]
    site.wait_event("takes over 2 processes; the one before was killed by signal 9")
    site.wait_event("backoff: retry:0 (exited too quickly: exit status 3), try 4 of 101 in 3 s")


def test_an_end_while_no_core_is_there_is_heard_of(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}\n  db: {cmd: sleep 1000, starttime: 0}")
    pid = site.status("web:0")["pid"]
    core = core_of(site)
    os.kill(core, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(pid), "the process to end")
    os.kill(core, signal.SIGKILL)

    found = wait_for(lambda: site.status("web:0")["pid"] not in (0, None, pid), "a new process")

    assert found
    assert "exited: web:0 (terminated by SIGKILL; not expected)" in site.events()


def test_a_stop_under_way_goes_on_and_is_a_kill_in_time(site: Site) -> None:
    stubborn = "[sh, -c, 'trap \"\" TERM; echo up; while :; do sleep 0.1; done']"
    site.start(f"  web: {{cmd: {stubborn}, stoptime: 3, starttime: 0, stdout: out}}")
    wait_for(lambda: "up" in site.text("out"), "the trap")
    pid = site.status("web:0")["pid"]
    site.write(f"  web: {{cmd: {stubborn}, stoptime: 3, starttime: 0}}")  # is not read again
    client = Seat([*site.client, "stop", "web:0"], site.environment)
    try:
        site.wait_state("web:0", "STOPPING")
        kill_core(site)
        assert site.status("web:0")["pid"] == pid
        site.wait_state("web:0", "STOPPED")
    finally:
        client.close()
    assert "killing 'web:0'" in site.events()


def test_a_shutdown_in_waves_is_finished_by_the_next_core(site: Site) -> None:
    slow = "[sh, -c, 'trap \"sleep 1; exit\" TERM; echo up; while :; do sleep 0.1; done']"
    site.start(
        f"  late: {{cmd: {slow}, priority: 2, starttime: 0, stdout: out}}\n"
        "  early: {cmd: sleep 1000, priority: 1, starttime: 0}"
    )
    wait_for(lambda: "up" in site.text("out"), "the trap")
    keeper, early = site.pid, site.status("early:0")["pid"]
    os.kill(keeper, signal.SIGTERM)
    site.wait_event("stopping: late:0")

    kill_core(site)

    wait_for(lambda: not is_alive(keeper), "the daemon to end")
    assert not is_alive(early)
    assert "stopping: early:0" in site.events()
    assert not site.pidfile.exists()
    assert not site.socket.exists()


def test_the_screen_is_as_it_was_also_when_the_ring_has_turned(site: Site) -> None:
    (site.folder / "text").write_text("".join(f"line {n}\n" for n in range(1, 200)))
    site.start(
        f"  vim: {{cmd: [vim, -u, NONE, text], workingdir: {site.folder}, scrollback: 8KiB, "
        "stopsignal: KILL, starttime: 0}"
    )
    assert site.ctl("wait", "vim", "--text", "line 20").returncode == 0
    for key in ("j", "G", "gg", "i", "hello", "Escape") * 4:
        site.ctl("send", "--keys", "vim", key)
        site.ctl("wait", "vim", "--idle", "0.1")
    before = site.ctl("--json", "screen", "vim", "--ansi").stdout
    assert "hello" in before
    time.sleep(1.2)  # the state of a terminal is saved once a second (SAVE_SECONDS)

    kill_core(site)

    assert site.ctl("--json", "screen", "vim", "--ansi").stdout == before


def test_who_is_attached_stays_and_sees_what_comes(site: Site, sit: Callable[..., Seat]) -> None:
    site.start("  sh: {cmd: [bash, --norc, -i], env: {PS1: 'at> '}, stopsignal: HUP, starttime: 0}")
    seat = sit("attach", "sh")
    seat.read_until(rb"at>")
    seat.type(b"echo be''fore\r")
    seat.read_until(rb"before\r\n")

    core = kill_core(site)

    wait_for(lambda: core_of(site) not in (0, core), "the next core")
    seat.read_until(rb"before")  # painted again
    seat.type(b"echo af''ter\r")
    seat.read_until(rb"after\r\n")
    seat.type(b"\x1d")
    seat.read_until(rb"\[detached from sh:0\]")
    assert seat.wait() == 0


def test_a_core_that_keeps_dying_is_started_after_growing_pauses(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    pid = site.status("web:0")["pid"]
    for _ in range(3):
        kill_core(site)
        assert site.status("web:0")["pid"] == pid

    told = [line for line in site.events().splitlines() if "the core was killed" in line]
    assert [line.rpartition(" in ")[2] for line in told] == ["0.1 s", "0.3 s", "1 s"]
    assert all("ERRO the core was killed by signal 9; starting another one" in t for t in told)


def test_a_daemon_is_not_started_a_second_time_while_it_has_no_core(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    kill_core(site)

    assert "already running" in site.daemon().stderr


def test_who_asks_when_the_core_dies_is_answered_by_the_next(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    core = core_of(site)
    os.kill(core, signal.SIGSTOP)  # it does not answer, and dies over it
    with subprocess.Popen(
        [*site.client, "status"], env=site.environment, text=True, stdout=subprocess.PIPE
    ) as client:
        wait_for(lambda: connected(site, client.pid), "the client to wait")
        os.kill(core, signal.SIGKILL)
        assert "RUNNING" in client.communicate(timeout=60)[0]
    assert client.returncode == 0


def connected(site: Site, pid: int) -> bool:
    """Whether a process has a connection to the control socket: nothing else of it is a socket."""
    with os.scandir(f"/proc/{pid}/fd") as descriptors:
        return any(os.readlink(one.path).startswith("socket:") for one in descriptors)


def test_a_signal_that_a_dying_core_did_not_take_is_for_the_next(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    core, keeper = core_of(site), site.pid
    os.kill(core, signal.SIGSTOP)
    os.kill(keeper, signal.SIGTERM)
    wait_for(lambda: not pending(keeper), "the keeper to have it")
    os.kill(core, signal.SIGKILL)

    wait_for(lambda: not site.pidfile.exists(), "the end of the daemon")

    assert site.events().count("received SIGTERM") == 1


def pending(pid: int) -> bool:
    """Whether a signal waits for a process (proc(5), ``ShdPnd``)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return any(int(line.split()[1], 16) for line in status if line.startswith("ShdPnd"))


SEEDS = range(1, 1 + int(os.environ.get("TEST_CRASH_SEEDS", "3")))
"""A long run: TEST_CRASH_SEEDS=50 pytest -k at_random tests/integration/test_crashes.py

Its last lines say how many kills that were, and what was lost over all of them.
"""


@pytest.mark.parametrize("seed", SEEDS)
def test_at_random_under_load_every_line_is_there_once_and_in_order(
    site: Site, seed: int, tally: Tally
) -> None:
    """Killed at any moment, a core loses at most the one read that it had not yet written."""
    dice = random.Random(seed)
    count = 1500
    program = NUMBERS.format(count=count, pause="sleep 0.001; ")
    site.start(
        f"  n: {{cmd: {program}, numprocs: 3, stdout: 'n-%(process_num)d', starttime: 0}}\n"
        "  flap: {cmd: [sh, -c, 'sleep 0.3; exit 1'], starttime: 0, startretries: 10}\n"
        "  many: {cmd: sleep 1000, numprocs: 40, autostart: no, starttime: 0}"
    )
    running = pids(site, "n:0", "n:1", "n:2")
    for round_ in range(4):
        time.sleep(dice.uniform(0, 0.3))  # a moment at random, not a wait
        starting = Seat([*site.client, "start" if round_ % 2 else "stop", "many"], site.environment)
        time.sleep(dice.uniform(0, 0.05))
        kill_core(site)
        starting.close()
        now = pids(site, *running)
        tally("kills of the core", 1)
        tally("children lost", sum(now[name] != pid for name, pid in running.items()))
        assert now == running

    lost = 0
    for index in range(3):
        text = wait_for_text(site, f"n-{index}", f"line {count}\n")
        numbers = [int(line.split()[1]) for line in text.splitlines()]
        once = set(numbers)
        tally("lines written", count)
        tally("lines lost", count - len(once))
        tally("lines doubled", len(numbers) - len(once))
        assert numbers == sorted(once), "doubled or out of order"
        lost += count - len(once)
    assert lost <= 4 * 3 * 4096 // len("line 1\r\n")
    site.ctl("start", "many")
    told = {one: site.status(one) for one in ("many:0", "many:39")}
    assert all(one["state"] == "RUNNING" for one in told.values())
    assert "mistake" not in site.events()


def test_a_line_that_waits_for_its_end_is_not_lost(site: Site) -> None:
    """Two processes share a file of settled lines; each is in the middle of one."""
    script = "[sh, -c, 'printf \"$TASKMASTER_PROCESS is \"; read x; echo whole; sleep 1000']"
    site.start(f"  two: {{cmd: {script}, numprocs: 2, starttime: 0, stdout: out, logformat: text}}")
    for name in ("two:0", "two:1"):
        assert site.ctl("wait", "--text", "is", name).returncode == 0
    assert site.text("out") == ""

    kill_core(site)
    for name in ("two:0", "two:1"):
        assert site.ctl("send", "--enter", name, "").returncode == 0

    wait_for(lambda: site.text("out").count("whole\n") == 2, "both lines")
    assert sorted(site.text("out").splitlines()) == ["two:0 is ", "two:1 is ", "whole", "whole"]


def test_a_recording_goes_on_in_its_file(site: Site) -> None:
    script = "[sh, -c, 'while read x; do echo \"got $x\"; done']"
    site.start(f"  sh: {{cmd: {script}, starttime: 0}}")
    cast = site.folder / "sh.cast"
    assert site.ctl("record", "sh", str(cast)).returncode == 0
    site.ctl("send", "--enter", "sh", "one")
    wait_for(lambda: "got one" in cast.read_text(), "the first line")

    kill_core(site)
    site.ctl("send", "--enter", "sh", "two")
    wait_for(lambda: "got two" in cast.read_text(), "the second line")

    assert site.ctl("record", "sh", "off").returncode == 0
    header, *events = map(json.loads, cast.read_text().splitlines())
    assert header["version"] == 2
    times = [event[0] for event in events]
    assert times == sorted(times)
    assert not (site.folder / "sh.cast.1").exists()


def test_who_waits_for_an_order_hears_its_outcome_from_the_next_core(site: Site) -> None:
    slow = "[sh, -c, 'trap \"sleep 1; exit\" TERM; echo up; while :; do sleep 0.1; done']"
    site.start(
        f"  down: {{cmd: {slow}, starttime: 0, stdout: out}}\n"
        f"  again: {{cmd: {slow}, starttime: 0, stdout: out2}}\n"
        "  up: {cmd: sleep 1000, starttime: 2, autostart: no}\n"
        "  bad: {cmd: [sh, -c, 'sleep 1; exit 3'], starttime: 600, autostart: no}"
    )
    wait_for(lambda: "up" in site.text("out") and "up" in site.text("out2"), "the traps")
    asked = {
        "down:0": ["stop", "down"],
        "again:0": ["restart", "again"],
        "up:0": ["start", "up"],
        "bad:0": ["start", "bad"],
    }
    waiting = {
        name: subprocess.Popen(
            [*site.client, *words],
            env=site.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for name, words in asked.items()
    }
    site.wait_state("down:0", "STOPPING")
    site.wait_state("again:0", "STOPPING")
    site.wait_state("up:0", "STARTING")
    kill_core(site)

    told = {name: one.communicate(timeout=60)[0] for name, one in waiting.items()}

    assert told["down:0"] == "down:0: stopped\n"
    assert told["again:0"] == "again:0: started\n"
    assert told["up:0"] == "up:0: started\n"
    assert told["bad:0"].startswith("bad:0: ERROR (exited too quickly: exit status 3")
    assert {name: one.returncode for name, one in waiting.items()} == {
        name: int(name == "bad:0") for name in asked
    }
    assert site.events().count("spawned: 'again:0'") == 2


def test_a_socket_whose_name_is_gone_is_made_anew_by_the_next_core(site: Site) -> None:
    site.start("  web: {cmd: sleep 1000, starttime: 0}")
    pid = site.status("web:0")["pid"]
    site.socket.unlink()

    kill_core(site)
    wait_for(site.socket.exists, "a socket")

    assert site.status("web:0")["pid"] == pid
