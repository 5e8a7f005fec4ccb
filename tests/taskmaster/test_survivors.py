"""Whom processes leave behind, seen by a parent of real orphans."""

import json
import subprocess
import sys

KEEPER = r"""
import ctypes, json, os, subprocess, sys
from taskmaster import survivors

ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
reads = []
read = survivors._read

def counted(path):
    reads.append(path)
    return read(path)

survivors._read = counted

def leave(name, words):
    # A process that is gone, and what it started in its session.
    leader = subprocess.Popen(
        ["sh", "-c", f"{words} & echo $!"], stdout=subprocess.PIPE, start_new_session=True,
        env=os.environ | {"TASKMASTER_PROCESS": name})
    pid = int(leader.stdout.readline())
    leader.wait()
    return leader.pid, pid

a, in_a = leave("a:0", "sleep 1000 >&-")
b, of_b = leave("b:0", "exec setsid sleep 1001 >&-")
own = subprocess.Popen(["sleep", "1002"])
while not all(read(f"/proc/{pid}/cmdline").startswith(b"sleep") for pid in (in_a, of_b)):
    pass
orphans = survivors.Orphans(os.getpid(), {own.pid})
said = {
    "a": [(s.pid == in_a, s.command, s.in_group, s.in_session) for s in orphans.left_by("a:0", a)],
    "b": [(s.pid == of_b, s.command, s.in_group, s.in_session) for s in orphans.left_by("b:0", b)],
    "c": orphans.left_by("c:0", own.pid),
    "environments": sum("environ" in path for path in reads),
}
for pid in (in_a, of_b):
    os.kill(pid, 9)
said["killed"] = orphans.left_by("a:0", a)
own.kill()
print(json.dumps(said))
"""


def test_orphans_are_known_by_their_session_or_by_the_name_in_their_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", KEEPER], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["a"] == [[True, "sleep 1000", True, True]]
    assert said["b"] == [[True, "sleep 1001", False, False]]
    assert said["c"] == []
    assert said["killed"] == []
    assert said["environments"] == 2  # of each once, whoever asks
