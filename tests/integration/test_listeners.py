"""Event listeners on real pipes: supervisord beside us, and cores that come and go."""

import contextlib
import json
import os
import re
import signal
import sys
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Site, is_alive, kill_core, wait_for
from tests.integration.supervisors import Pair, Supervisord, call

SCRIPT = Path(__file__).with_name("listener.py")
LISTENER = f"{sys.executable} -W ignore {SCRIPT}"


def heard(path: Path) -> list[dict[str, Any]]:
    """What a listener has written down, without its environment."""
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return [line for line in lines if "headers" in line]


def payloads(path: Path, kind: str = "") -> list[str]:
    return [one["payload"] for one in heard(path) if kind in one["headers"]["eventname"]]


def start(site: Site, programs: str, http: str = "") -> None:
    settings = f"socket: {site.socket}, logfile: ev.log, pidfile: p.pid, http: [./h.sock{http}]"
    text = programs.replace("HERE", str(site.folder)).replace("LISTENER", LISTENER)
    site.config.write_text(f"taskmaster: {{{settings}}}\nprograms:\n{text}\n")
    if not site.pidfile.exists():
        done = site.daemon()
        assert done.returncode == 0, done.stdout + done.stderr


# --- as supervisord ----------------------------------------------------------------------------

OURS = """
  ear: {cmd: LISTENER HERE/heard, events: [EVENT], buffer_size: 100}
  plain: {cmd: sleep 1000, priority: 1}
  several: {cmd: sleep 1000, numprocs: 2, starttime: 0, priority: 2}
  manual: {cmd: "sh -c 'exit 3'", autostart: false, starttime: 0, autorestart: never, priority: 3}
  quick: {cmd: "false", startretries: 1, autostart: false, priority: 4}
  talk: {cmd: "sh -c 'echo caf\\u00e9; exec sleep 1000'", stdout_events: true, autostart: false,
         priority: 5}
"""
THEIRS = """
[eventlistener:ear]
command=LISTENER HERE/heard
events=EVENT
buffer_size=100
[program:plain]
command=sleep 1000
priority=1
[program:several]
command=sleep 1000
numprocs=2
process_name=%(program_name)s_%(process_num)d
startsecs=0
priority=2
[program:manual]
command=sh -c 'exit 3'
autostart=false
startsecs=0
autorestart=false
priority=3
[program:quick]
command=false
startretries=1
autostart=false
priority=4
[program:talk]
command=sh -c 'echo caf\u00e9; exec sleep 1000'
stdout_events_enabled=true
autostart=false
priority=5
"""


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    both = Pair(Site(tmp_path / "ours"), Supervisord(tmp_path / "theirs"))
    yield both
    both.end()


def told(path: Path) -> dict[str, list[str]]:
    """What a listener was told, by the process or the group that it is about, without pids."""
    found: dict[str, list[str]] = {}
    for one in heard(path):
        headers, payload = one["headers"], re.sub(r"pid:[1-9]\d*", "pid:N", one["payload"])
        if headers["eventname"].startswith("TICK"):
            continue
        assert headers["ver"] == "3.0"
        assert headers["pool"] == "ear"
        assert int(headers["len"]) == len(one["payload"])
        about = re.search(r"name:(\S+)", payload)
        key = about[1] if about else ""
        found.setdefault(key, []).append(f"{headers['eventname']} {payload}")
    return found


def serials(path: Path, kind: str) -> list[int]:
    return [int(one["headers"][kind]) for one in heard(path)]


def test_supervisord_tells_the_same(pair: Pair) -> None:
    ours, theirs = pair.ours.folder / "heard", pair.theirs.folder / "heard"
    start(pair.ours, OURS)
    pair.theirs.start(THEIRS.replace("HERE", str(theirs.parent)).replace("LISTENER", LISTENER))
    sockets = (pair.our_socket, pair.theirs.socket)
    for path, socket in zip((ours, theirs), sockets, strict=True):
        wait_for(lambda path=path: len(payloads(path, "STATE_RUNNING")) == 4, "all to run")  # type: ignore[misc]
        for name, wanted in (("manual", "EXITED"), ("quick", "FATAL"), ("talk", "LOG_STDOUT")):
            with contextlib.suppress(xmlrpc.client.Fault):  # it may have ended already
                call(socket, "supervisor.startProcess", name, False)
            wait_for(lambda path=path, wanted=wanted: payloads(path, wanted), wanted)  # type: ignore[misc]
        wait_for(lambda path=path: len(payloads(path, "STATE_RUNNING")) == 6, "talk to run")  # type: ignore[misc]
        call(socket, "supervisor.stopProcess", "plain")
        for text in ("caf\u00e9\nthree\n lines", "reject this", "die of this"):
            call(socket, "supervisor.sendRemoteCommEvent", "kind", text)
        wait_for(lambda path=path: len(payloads(path, "STATE_RUNNING")) == 7, "a new one")  # type: ignore[misc]
        call(socket, "supervisor.removeProcessGroup", "manual")
        call(socket, "supervisor.addProcessGroup", "manual")
        wait_for(lambda path=path: len(payloads(path, "GROUP_ADDED")) == 7, "the last event")  # type: ignore[misc]
    numbers = [(serials(path, "serial"), serials(path, "poolserial")) for path in (ours, theirs)]
    of_ours, of_theirs = told(ours), told(theirs)

    assert of_ours == of_theirs
    for serial, pool_serial in numbers:
        assert serial == pool_serial, "one pool, to which all is told"
        assert sorted(set(serial)) == list(range(len(set(serial))))
        assert len(serial) == len(set(serial)) + 2, "one is rejected, and one kills"


def test_the_same_environment_as_there(pair: Pair) -> None:
    start(pair.ours, OURS)
    pair.theirs.start(THEIRS.replace("HERE", str(pair.theirs.folder)).replace("LISTENER", LISTENER))
    found = []
    for site, socket in ((pair.ours, pair.our_socket), (pair.theirs, pair.theirs.socket)):
        path = site.folder / "heard"
        wait_for(lambda path=path: path.exists() and path.read_text(), "its environment")  # type: ignore[misc]
        found.append(path.read_text().splitlines()[0].replace(str(socket), "SOCKET"))

    assert found[0] == found[1]


# --- who is told what --------------------------------------------------------------------------


def send(site: Site, text: str) -> None:
    call(site.folder / "h.sock", "supervisor.sendRemoteCommEvent", "t", text)


def told_of(site: Site, *files: str) -> list[str]:
    return [
        payload.partition("\n")[2]
        for file in files
        for payload in payloads(site.folder / file, "REMOTE")
    ]


def test_a_pool_shares_and_pools_do_not(site: Site) -> None:
    listener = "events: REMOTE_COMMUNICATION, starttime: 0, buffer_size: 100"
    start(
        site,
        f"  a: {{cmd: 'LISTENER HERE/a%(process_num)d', numprocs: 2, {listener}}}\n"
        f"  b: {{cmd: LISTENER HERE/b, {listener}}}",
    )
    texts = [str(number) for number in range(50)]
    for text in texts:
        send(site, text)

    wait_for(lambda: len(told_of(site, "b")) == 50, "all of them")
    wait_for(lambda: len(told_of(site, "a0", "a1")) == 50, "all of them")
    assert told_of(site, "b") == texts
    assert sorted(told_of(site, "a0", "a1")) == sorted(texts)


def test_one_that_never_answers_holds_up_only_itself(site: Site) -> None:
    events = "events: REMOTE_COMMUNICATION, starttime: 0, buffer_size: 3"
    deaf = "{cmd: \"sh -c 'echo READY; exec sleep 1000'\", "
    start(site, f"  deaf: {deaf}{events}}}\n  ear: {{cmd: LISTENER HERE/heard, {events}}}")
    site.wait_state("deaf", "RUNNING")
    big = "x" * 200_000  # more than the pipe takes

    for number in range(6):
        send(site, f"{big}{number}")
        wait_for(lambda number=number: len(told_of(site, "heard")) > number, "the other")  # type: ignore[misc]

    site.wait_event("pool deaf event buffer overflowed, discarding event")
    assert [len(text) for text in told_of(site, "heard")] == [200_001] * 6
    assert site.ctl("stop", "deaf").returncode == 0


def test_one_that_talks_nonsense_is_named_and_works_after_a_restart(site: Site) -> None:
    text = "test -e again && exec LISTENER HERE/heard; touch again; echo READY; yes"
    start(
        site,
        f"  mad: {{cmd: [sh, -c, '{text}'], events: REMOTE_COMMUNICATION, starttime: 0,"
        " workingdir: HERE}",
    )
    site.wait_event("mad:0: has entered the UNKNOWN state and will no longer receive events")
    send(site, "waits")
    site.ctl("restart", "mad")

    wait_for(lambda: told_of(site, "heard") == ["waits"], "the event")


def test_a_terminal_is_what_it_has_not(site: Site) -> None:
    start(site, "  ear: {cmd: 'sh -c \"echo woe >&2; exec LISTENER HERE/heard\"', events: EVENT}")
    site.wait_state("ear", "RUNNING")

    assert "woe" in site.ctl("screen", "ear").stdout
    assert site.ctl("tail", "ear", "stderr").stdout == "woe\n"
    assert "an event listener" in site.ctl("send", "ear", "READY").stderr


def test_it_is_started_first_and_stopped_last(site: Site) -> None:
    start(site, "  web: {cmd: sleep 1000}\n  ear: {cmd: LISTENER HERE/heard, events: EVENT}")
    site.wait_state("web", "RUNNING")
    site.end()

    words = re.findall(r"(spawned|stopped): '?(\w+):0", site.events())
    assert words == [("spawned", "ear"), ("spawned", "web"), ("stopped", "web"), ("stopped", "ear")]


def test_a_reload_makes_one_of_what_was_none_and_back(site: Site) -> None:
    plain = "  ear: {cmd: LISTENER HERE/heard, starttime: 0}"
    start(site, plain)
    site.wait_state("ear", "RUNNING")
    start(site, "  ear: {cmd: LISTENER HERE/heard, events: REMOTE_COMMUNICATION, starttime: 0}")
    assert "stderr, stderr_tty or events, events" in site.ctl("reload").stdout
    send(site, "one")
    wait_for(lambda: told_of(site, "heard") == ["one"], "an event")
    start(site, plain)

    assert site.ctl("reload").returncode == 0
    site.wait_state("ear", "RUNNING")
    assert is_alive(site.status("ear")["pid"])


def test_a_password_is_told_to_listeners_only(site: Site) -> None:
    env = "env | grep ^SUPERVISOR_ > HERE/{}; exec sleep 1000"
    start(
        site,
        f"  web: {{cmd: [sh, -c, '{env.format('web')}']}}\n"
        f"  ear: {{cmd: [sh, -c, '{env.format('ear')}'], events: EVENT}}",
        http=", {listen: ./g.sock, username: u, password: p}",
    )
    text = wait_for(lambda: site.text("web") and site.text("ear"), "both")

    assert "SUPERVISOR_PASSWORD" not in site.text("web") + text
    site.end()
    site.config.write_text(site.config.read_text().replace("./h.sock, ", ""))
    for name in ("web", "ear"):
        (site.folder / name).unlink()
    assert site.daemon().returncode == 0
    text = wait_for(lambda: site.text("web") and site.text("ear"), "both")
    assert "SUPERVISOR_USERNAME=u\n" in text
    assert "SUPERVISOR_PASSWORD=p\n" in text
    assert "SUPERVISOR_PASSWORD" not in site.text("web")
    assert f"SUPERVISOR_SERVER_URL=unix://{site.folder}/g.sock" in site.text("web")


# --- cores come and go -------------------------------------------------------------------------

ONE = "  ear: {cmd: LISTENER HERE/heard, events: REMOTE_COMMUNICATION, starttime: 0}"


def test_a_listener_works_on_after_the_core_was_killed(site: Site) -> None:
    start(site, ONE)
    pid = site.wait_state("ear", "RUNNING")["pid"]
    for number in range(2):
        send(site, f"{number} before")
        wait_for(lambda number=number: len(told_of(site, "heard")) == 2 * number + 1, "an event")  # type: ignore[misc]
        kill_core(site)
        wait_for(lambda number=number: site.events().count("takes over") > number, "a new core")  # type: ignore[misc]
        send(site, f"{number} after")
        wait_for(lambda number=number: len(told_of(site, "heard")) == 2 * number + 2, "an event")  # type: ignore[misc]

    assert site.status("ear")["pid"] == pid
    assert "UNKNOWN" not in site.events()


def test_a_core_that_is_killed_while_one_is_busy_takes_its_answer(site: Site) -> None:
    script = (
        "echo READY; read header; head -c 9 >got; while ! test -e go; do sleep 0.05; done;"
        " printf 'RESULT 4\\\\nFAIL'; exec LISTENER HERE/heard"
    )
    start(site, f'  ear: {{cmd: [sh, -c, "{script}"], events: REMOTE_COMMUNICATION,'
                " starttime: 0, workingdir: HERE}")  # fmt: skip
    site.wait_state("ear", "RUNNING")
    send(site, "ab")
    wait_for(lambda: site.text("got"), "the first event")
    kill_core(site)
    site.wait_event("takes over")

    send(site, "cd")
    (site.folder / "go").touch()
    wait_for(lambda: told_of(site, "heard"), "the next event")
    send(site, "ef")
    wait_for(lambda: told_of(site, "heard")[-1] == "ef", "one more")

    assert told_of(site, "heard") == ["cd", "ef"], "what was rejected is not the next event"
    assert "UNKNOWN" not in site.events()


def test_one_cut_off_in_the_midst_of_an_event_is_named(site: Site) -> None:
    deaf = "{cmd: \"sh -c 'echo READY; echo >ready; exec sleep 1000'\", workingdir: HERE, "
    start(
        site,
        f"  deaf: {deaf}events: REMOTE_COMMUNICATION, starttime: 0}}\n"
        "  later: {cmd: cat, autostart: false, starttime: 0}",
    )
    site.wait_state("deaf", "RUNNING")
    wait_for(lambda: site.text("ready"), "it to be ready for an event")
    send(site, "x" * 200_000)
    # The keeper hears of one thing after the other: by then it has what the core saved before.
    assert site.ctl("start", "later").returncode == 0
    kill_core(site)

    site.wait_event("deaf:0: got half of an event when the core died")


def test_an_upgrade_takes_everything_along(site: Site) -> None:
    script = "while ! test -e go; do sleep 0.05; done; exec LISTENER HERE/heard"
    start(site, f"  ear: {{cmd: [sh, -c, '{script}'], events: REMOTE_COMMUNICATION, starttime: 0,"
                " workingdir: HERE}\n  lame: {cmd: \"sh -c 'echo READY; while ! test -e go; do"
                " sleep 0.05; done; exec LISTENER HERE/lame'\", workingdir: HERE,"
                " events: REMOTE_COMMUNICATION, starttime: 0}")  # fmt: skip
    pid = site.wait_state("ear", "RUNNING")["pid"]
    site.wait_state("lame", "RUNNING")
    big = "y" * 200_000
    for text in (big, "two", "three"):
        send(site, text)

    done = site.ctl("upgrade")
    assert done.returncode == 0, done.stderr
    (site.folder / "go").touch()
    send(site, "four")

    wait_for(lambda: told_of(site, "heard") == [big, "two", "three", "four"], "all events")
    assert serials(site.folder / "heard", "serial") == [0, 1, 2, 3]
    assert site.status("ear")["pid"] == pid
    site.wait_event("lame:0: has entered the UNKNOWN state")  # it said READY a second time


def test_a_tick_is_told_when_its_period_begins(site: Site) -> None:
    start(site, "  ear: {cmd: LISTENER HERE/heard, events: TICK_5, starttime: 0}")

    (first, *_) = wait_for(lambda: payloads(site.folder / "heard"), "a tick")

    assert re.fullmatch(r"when:\d+[05]", first)
    os.kill(site.pid, signal.SIGTERM)
