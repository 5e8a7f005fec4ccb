"""supervisord's language: its own supervisorctl and its methods, against supervisord and us."""

import xmlrpc.client
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.integration.conftest import Site, wait_for
from tests.integration.supervisors import (
    Pair,
    Ran,
    Shells,
    Supervisord,
    call,
    normalised,
)

OUR_PROGRAMS = """
  plain: {cmd: sleep 1000, stdout: plain.out, starttime: 0}
  manual: {cmd: sleep 1000, autostart: false, stdout: manual.out}
  several: {cmd: sleep 1000, numprocs: 2, stdout: several.out, starttime: 0}
  quick: {cmd: "false", startretries: 0}
  missing: {cmd: /no/such/thing, autostart: false}
  unfit: {cmd: HERE/unfit, autostart: false}
  talk: {cmd: "sh -c 'echo one; echo two; echo three >&2; exec sleep 1000'", stdout: talk.out,
         stderr: talk.err}
  once: {cmd: "sh -c 'exit 3'", starttime: 0, autorestart: never}
  slow: {cmd: sleep 1000, starttime: 100, autostart: false}
  stubborn: {cmd: "sh -c 'trap \\"\\" TERM; while :; do sleep 0.1; done'", stoptime: 1,
             killasgroup: true}
"""
THEIR_PROGRAMS = """
[program:plain]
command=sleep 1000
stdout_logfile=HERE/plain.out
startsecs=0
redirect_stderr=true
[program:manual]
command=sleep 1000
autostart=false
stdout_logfile=HERE/manual.out
redirect_stderr=true
[program:several]
command=sleep 1000
numprocs=2
process_name=%(program_name)s_%(process_num)d
stdout_logfile=HERE/several.out
startsecs=0
redirect_stderr=true
[program:quick]
command=false
stdout_logfile=NONE
redirect_stderr=true
startretries=0
[program:missing]
command=/no/such/thing
stdout_logfile=NONE
redirect_stderr=true
autostart=false
[program:unfit]
command=HERE/unfit
stdout_logfile=NONE
redirect_stderr=true
autostart=false
[program:talk]
command=sh -c 'echo one; echo two; echo three >&2; exec sleep 1000'
stdout_logfile=HERE/talk.out
stderr_logfile=HERE/talk.err
[program:once]
command=sh -c 'exit 3'
stdout_logfile=NONE
redirect_stderr=true
startsecs=0
autorestart=false
[program:slow]
command=sleep 1000
startsecs=100
stdout_logfile=NONE
redirect_stderr=true
autostart=false
[program:stubborn]
command=sh -c 'trap "" TERM; while :; do sleep 0.1; done'
stopwaitsecs=1
stdout_logfile=NONE
redirect_stderr=true
killasgroup=true
"""


def start(site: Site, theirs: Supervisord, extra: str = "") -> Pair:
    write_ours(site, OUR_PROGRAMS, extra)
    for folder in (site.folder, theirs.folder):
        (folder / "unfit").write_text("no program\n")
    theirs.start(THEIR_PROGRAMS.replace("HERE", str(theirs.folder)))
    done = site.daemon()
    assert done.returncode == 0, done.stderr
    pair = Pair(site, theirs)
    for path in (pair.our_socket, theirs.socket):
        wait_for(lambda path=path: settled(path), "the first states")  # type: ignore[misc]
    return pair


def write_ours(site: Site, programs: str, extra: str = "") -> None:
    settings = f"socket: {site.socket}, logfile: ev.log, pidfile: p.pid"
    listeners = f"http: [{site.folder}/h.sock{extra}]"
    text = programs.replace("HERE", str(site.folder))
    site.config.write_text(f"taskmaster: {{{settings}, {listeners}}}\nprograms:\n{text}\n")


def settled(path: Path) -> bool:
    told = call(path, "supervisor.getAllProcessInfo")
    states = {one["name"]: one["statename"] for one in told}
    wanted = {"plain": "RUNNING", "several_1": "RUNNING", "talk": "RUNNING", "quick": "FATAL"}
    wanted |= {"stubborn": "RUNNING", "once": "EXITED", "manual": "STOPPED"}
    return all(states[name] == state for name, state in wanted.items())


def both_settled(folders: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both daemons with the same programs, which have come to rest."""
    both = Pair(Site(folders.mktemp("ours")), Supervisord(folders.mktemp("theirs")))
    try:
        yield start(both.ours, both.theirs)
    finally:
        both.end()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    yield from both_settled(tmp_path_factory)


# --- supervisorctl -----------------------------------------------------------------------------

_COMMANDS = """
status
status plain
status several:*
status nosuch
status nogroup:*
status nogroup:one
avail
pid plain
pid all
pid nosuch
pid several:several_0
start plain
start missing
start unfit
start nosuch
start nogroup:*
start several:*
start
stop manual
stop nosuch
stop plain
stop plain
status plain
start plain
stop several:*
status several:*
start several:several_1
start several
restart several:*
stop stubborn
signal HUP talk
signal 0 plain
signal NOPE plain
signal HUP manual
signal HUP nosuch
signal HUP
signal CONT plain several:*
status plain
tail talk
tail -4 talk
tail talk stderr
tail talk nochannel
tail nosuch
tail
tail -f
clear talk
clear nosuch
tail talk
fg
fg nosuch
fg manual
reread
update
add plain
add nosuch
remove plain
remove nosuch
remove manual
status manual
add manual
stop quick
start quick
stop all
status
maintail nonsense
open nonsense
help status
frobnicate
"""


def compare(shells: Shells, lines: Iterable[str]) -> str:
    """Say the lines to both; return where the answers differ."""
    differing = []
    for line in lines:
        ours, theirs = [normalised(text) for text in shells.say(line)]
        if ours != theirs:
            differing.append(f"{line}:\n  ours:   {ours}\n  theirs: {theirs}")
    return "\n".join(differing)


def test_supervisorctl_says_the_same(pair: Pair) -> None:
    shells = Shells(pair)

    differing = compare(shells, _COMMANDS.strip().splitlines())
    shells.end()

    assert not differing, differing


@pytest.mark.parametrize(("command", "status"), [("status", 3), ("start quick", 7)])
def test_supervisorctl_ends_with_the_same_status(pair: Pair, command: str, status: int) -> None:
    ours, theirs = pair.run(*command.split())

    assert ours.status == theirs.status == status
    assert normalised(ours.text) == normalised(theirs.text)


# --- what changes the config -------------------------------------------------------------------

_NEW_OURS = """
  plain: {cmd: sleep 1001, stdout: plain.out, starttime: 0}
  manual: {cmd: sleep 1000, autostart: false, stdout: manual.out}
  fresh: {cmd: sleep 1000, starttime: 0}
"""
_NEW_THEIRS = """
[program:plain]
command=sleep 1001
stdout_logfile=HERE/plain.out
redirect_stderr=true
startsecs=0
[program:manual]
command=sleep 1000
autostart=false
stdout_logfile=HERE/manual.out
redirect_stderr=true
[program:fresh]
command=sleep 1000
startsecs=0
"""


def test_update_and_reload_and_shutdown_say_the_same(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.theirs
    shells = Shells(pair)
    write_ours(ours, "  broken: {numprocs: 1}")
    theirs.write("[program:broken]\nautostart=true\n")
    broken = shells.say("reread")
    kept = compare(shells, ["status plain"])

    write_ours(ours, _NEW_OURS)
    theirs.write(_NEW_THEIRS.replace("HERE", str(theirs.folder)))
    lines = ["reread", "avail", "add nosuch", "update fresh", "status plain", "update"]
    differing = compare(shells, lines)
    for path in (pair.our_socket, theirs.socket):
        wait_for(lambda path=path: is_up_again(path), "the processes after an update")  # type: ignore[misc]
    differing += compare(shells, ["status", "update"])
    shells.end()
    reloaded = pair.run("reload")
    for path in (pair.our_socket, theirs.socket):
        wait_for(lambda path=path: is_up_again(path), "the processes after a reload")  # type: ignore[misc]
    after = pair.run("status")
    shells = Shells(pair)
    differing += compare(shells, ["shutdown\ny"])
    for path in (pair.our_socket, theirs.socket):
        wait_for(lambda path=path: not path.exists(), "the end")  # type: ignore[misc]
    shells.end()

    assert [text.startswith("ERROR: CANT_REREAD") for text in broken] == [True, True]
    assert not kept
    assert not differing, differing
    assert reloaded[0] == reloaded[1] == Ran(0, "Restarted supervisord\n")
    assert normalised(after[0].text) == normalised(after[1].text)


def is_up_again(path: Path) -> bool:
    try:
        told = call(path, "supervisor.getAllProcessInfo")
    except (OSError, HTTPException, xmlrpc.client.Fault):
        return False
    states = {one["name"]: one["statename"] for one in told}
    wanted = {"plain": "RUNNING", "fresh": "RUNNING", "manual": "STOPPED"}
    return states == wanted and all(one["now"] - one["start"] < 20 for one in told if one["pid"])
