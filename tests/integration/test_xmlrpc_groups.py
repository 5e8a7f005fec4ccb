"""Groups in supervisord's language: ours beside supervisord's, by supervisorctl and by method."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Site, kill_core, wait_for
from tests.integration.supervisors import (
    Pair,
    Shells,
    Supervisord,
    call,
    outcome,
    read_until,
)
from tests.integration.test_xmlrpc import compare
from tests.integration.test_xmlrpc_methods import S, answer, comparable, is_at_rest

OUR_PROGRAMS = """
  nginx: {cmd: "sh -c 'echo up; exec sleep 1000'", stdout: nginx.out, starttime: 0}
  worker: {cmd: sleep 1000, numprocs: 2, starttime: 0, priority: 5, stdout: worker.out}
  cron: {cmd: cat, starttime: 0, stdout: cron.out}
  late: {cmd: sleep 1000, autostart: false, stdout: late.out}
  own: {cmd: sleep 1000, starttime: 0, priority: 7, stdout: own.out}
"""
OUR_GROUPS = "groups: {site: [nginx, worker], jobs: [late, cron]}"
_THEIRS = """
[program:{name}]
command={command}
stdout_logfile=HERE/{name}.out
startsecs=0
redirect_stderr=true
{more}
"""


def theirs(name: str, more: str = "", command: str = "sleep 1000") -> str:
    return _THEIRS.format(name=name, more=more, command=command)


THEIR_PROGRAMS = (
    theirs("nginx", command="sh -c 'echo up; exec sleep 1000'")
    + theirs("worker", "numprocs=2\nprocess_name=%(program_name)s_%(process_num)d\npriority=5")
    + theirs("cron", command="cat")
    + theirs("late", "autostart=false").replace("startsecs=0\n", "")
    + theirs("own", "priority=7")
)
THEIR_GROUPS = "[group:site]\nprograms=nginx,worker\n[group:jobs]\nprograms=late,cron\n"


def write(pair: Pair, ours: str, others: str) -> None:
    settings = f"socket: {pair.ours.socket}, logfile: ev.log, pidfile: p.pid"
    listeners = f"http: {pair.our_socket}"
    pair.ours.config.write_text(f"taskmaster: {{{settings}, {listeners}}}\nprograms:\n{ours}\n")
    pair.theirs.write(others.replace("HERE", str(pair.theirs.folder)))


def states(path: Path) -> dict[str, str]:
    told = call(path, S + "getAllProcessInfo")
    return {f"{one['group']}:{one['name']}": one["statename"] for one in told}


def await_states(pair: Pair, **wanted: str) -> None:
    for path in (pair.our_socket, pair.theirs.socket):
        named = {name.replace("__", ":"): state for name, state in wanted.items()}
        wait_for(lambda path=path, named=named: states(path) | named == states(path), f"{named}")  # type: ignore[misc]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Both daemons with the same groups, which have come to rest."""
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    both = Pair(Site(tmp_path / "ours"), Supervisord(tmp_path / "theirs"))
    write(both, f"{OUR_PROGRAMS}\n{OUR_GROUPS}", THEIR_PROGRAMS + THEIR_GROUPS)
    try:
        both.theirs.start((THEIR_PROGRAMS + THEIR_GROUPS).replace("HERE", str(tmp_path / "theirs")))
        done = both.ours.daemon()
        assert done.returncode == 0, done.stderr
        await_states(both, site__nginx="RUNNING", site__worker_1="RUNNING", jobs__cron="RUNNING",
                     own__own="RUNNING", jobs__late="STOPPED")  # fmt: skip
        for folder in (both.ours.folder, both.theirs.folder):
            wait_for(lambda log=folder / "nginx.out": log.exists() and log.read_text(), "its line")  # type: ignore[misc]
        yield both
    finally:
        both.end()


_COMMANDS = """
status
tail site:nginx
tail site
status site:
status site:*
status site
status site:nginx
status nginx
status worker_0
status jobs:* own
avail
pid site:nginx
pid site:worker_1
start site:*
start jobs:late
start jobs:
start site
stop site:worker_0
start site:*
stop jobs:*
status jobs:*
start jobs:*
restart site:*
restart all
status
signal 0 site:*
signal 0 site:nginx own
signal 0 site
clear site:nginx
fg site
reread
update
add site
add nginx
remove site
remove nginx
stop all
status
remove jobs
status
avail
add jobs
status jobs:*
start all
"""


def test_supervisorctl_says_the_same_of_groups(pair: Pair) -> None:
    shells = Shells(pair)

    differing = compare(shells, _COMMANDS.strip().splitlines())
    shells.end()

    assert not differing, differing


_CALLS: list[tuple[Any, ...]] = [
    (S + "getAllProcessInfo",),
    (S + "getAllConfigInfo",),
    (S + "getProcessInfo", "site:nginx"),
    (S + "getProcessInfo", "site:worker_1"),
    (S + "getProcessInfo", "site:worker"),
    (S + "getProcessInfo", "site"),
    (S + "getProcessInfo", "site:*"),
    (S + "startProcessGroup", "site"),
    (S + "stopProcessGroup", "site"),
    (S + "stopProcessGroup", "site"),
    (S + "getProcessInfo", "site:nginx"),
    (S + "startProcess", "site:nginx"),
    (S + "startProcess", "site:*"),
    (S + "startProcessGroup", "site", False),
    (S + "signalProcessGroup", "site", "0"),
    (S + "signalProcess", "jobs:late", "HUP"),
    (S + "tailProcessStdoutLog", "site:nginx", 0, 100),
    (S + "clearProcessLogs", "site:nginx"),
    (S + "clearAllProcessLogs",),
    (S + "stopProcess", "jobs:*"),
    (S + "reloadConfig",),
    (S + "addProcessGroup", "site"),
    (S + "addProcessGroup", "nginx"),
    (S + "removeProcessGroup", "jobs"),
    (S + "removeProcessGroup", "nginx"),
    (S + "removeProcessGroup", "site"),
    (S + "getAllConfigInfo",),
    (S + "addProcessGroup", "jobs"),
    (S + "stopAllProcesses",),
]


def test_the_methods_answer_the_same_of_groups(pair: Pair) -> None:
    differing = []
    for words in _CALLS:
        ours = comparable(answer(pair.our_socket, words), pair.ours.folder)
        others = comparable(answer(pair.theirs.socket, words), pair.theirs.folder)
        if ours != others:
            differing.append(f"{words}:\n  ours:   {ours}\n  theirs: {others}")
        if "stop" in words[0]:
            wait_for(lambda: is_at_rest(pair.our_socket), "ours to have stopped it")
            wait_for(lambda: is_at_rest(pair.theirs.socket), "theirs to have stopped it")

    assert not differing, "\n".join(differing)


def test_groups_come_and_go_and_change_as_there(pair: Pair) -> None:
    new_ours = OUR_PROGRAMS.replace("cron: {cmd: cat", "cron: {cmd: cat -")
    new_theirs = THEIR_PROGRAMS.replace("program:cron]\ncommand=cat",
                                        "program:cron]\ncommand=cat -")  # fmt: skip
    shells = Shells(pair)

    # jobs changes, site goes and its programs are groups of their own, `more` comes.
    write(
        pair,
        f"{new_ours}\ngroups: {{jobs: [late, cron], more: [own]}}",
        new_theirs + "[group:jobs]\nprograms=late,cron\n[group:more]\nprograms=own\n",
    )
    differing = compare(shells, ["reread", "avail", "update jobs", "update nosuch"])
    await_states(pair, jobs__cron="RUNNING", site__nginx="RUNNING", own__own="RUNNING")
    differing += compare(shells, ["status", "update"])
    await_states(pair, jobs__cron="RUNNING", nginx__nginx="RUNNING", more__own="RUNNING")
    differing += compare(shells, ["status", "avail", "reread", "update"])

    # Back again: a group takes in what was alone.
    write(pair, f"{new_ours}\n{OUR_GROUPS}", new_theirs + THEIR_GROUPS)
    differing += compare(shells, ["reread", "update"])
    await_states(pair, site__nginx="RUNNING", site__worker_1="RUNNING", own__own="RUNNING")
    differing += compare(shells, ["status", "reread"])
    shells.end()

    assert not differing, differing


def test_what_a_program_was_called_before_it_was_in_a_group_is_taken(pair: Pair) -> None:
    ours = pair.our_socket

    found = [call(ours, S + "getProcessInfo", name) for name in
             ("nginx", "nginx:nginx", "nginx:0", "site:nginx")]  # fmt: skip

    assert {(one["group"], one["name"]) for one in found} == {("site", "nginx")}
    stopped = call(ours, S + "stopProcessGroup", "worker")
    assert sorted(one["group"] + ":" + one["name"] for one in stopped) == [
        "site:worker_0",
        "site:worker_1",
    ]
    assert answer(ours, (S + "removeProcessGroup", "worker")) == "fault 10 BAD_NAME: worker"


def test_a_group_takes_its_programs_over_with_their_processes(pair: Pair) -> None:
    """A program is there once; supervisord would start a second one beside it."""
    ours, socket = pair.ours, pair.our_socket
    own = call(socket, S + "getProcessInfo", "own")["pid"]
    write(pair, f"{OUR_PROGRAMS}\ngroups: {{jobs: [late, cron], more: [own, nginx]}}", "")

    changes = call(socket, S + "reloadConfig")
    added = call(socket, S + "addProcessGroup", "more")

    assert changes == [[["worker", "more"], [], ["own", "site"]]]
    assert added is True
    assert call(socket, S + "getProcessInfo", "more:own")["pid"] == own
    assert {name for name in states(socket) if "late" not in name} == {
        "more:own", "more:nginx", "site:worker_0", "site:worker_1", "jobs:cron",
    }  # fmt: skip
    assert "nginx: restarted" not in ours.events()


def test_a_reload_of_ours_regroups_without_a_restart(pair: Pair) -> None:
    ours, socket = pair.ours, pair.our_socket
    before = call(socket, S + "getProcessInfo", "site:nginx")["pid"]
    write(pair, f"{OUR_PROGRAMS}\ngroups: {{web: [nginx]}}", "")

    os.kill(ours.pid, signal.SIGHUP)
    ours.wait_event("groups.site: changed")

    assert call(socket, S + "getProcessInfo", "web:nginx")["pid"] == before
    assert states(socket)["worker:worker_0"] == "RUNNING"
    assert call(socket, S + "reloadConfig") == [[[], [], []]]
    kill_core(ours)
    ours.wait_event("takes over")
    assert call(socket, S + "getProcessInfo", "web:nginx")["pid"] == before


def test_a_log_is_followed_and_a_terminal_typed_into_by_the_name_in_the_group(pair: Pair) -> None:
    followed = [client.begin("tail", "-f", "site:nginx") for client in pair.clients()]
    shown = [read_until(running, "up\n") for running in followed]
    for path in (pair.our_socket, pair.theirs.socket):
        call(path, S + "stopProcess", "site:nginx")
        call(path, S + "startProcess", "site:nginx")
    shown += [read_until(running, "up\n") for running in followed]
    typing = [client.begin("fg", "jobs:cron") for client in pair.clients()]
    for running in typing:
        read_until(running, "Press Ctrl-C to exit <==\n")
        assert running.stdin is not None
        os.write(running.stdin.fileno(), b"to the front\n")
        read_until(running, "to the front\n")
        running.send_signal(signal.SIGINT)
        read_until(running, "Exiting foreground\n")
        running.kill()  # its thread keeps it
    for running in followed:
        running.send_signal(signal.SIGINT)
    for running in (*typing, *followed):
        outcome(running)

    assert shown == ["==> Press Ctrl-C to exit <==\n"] * 2 + ["", ""]
    missing = [client.run("tail", "-f", "site:nosuch") for client in pair.clients()]
    assert [done.status for done in missing] == [0, 0]
    assert all(done.text.endswith("Cannot read, status code 404\n") for done in missing)
