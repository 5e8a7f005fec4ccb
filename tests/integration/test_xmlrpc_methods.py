"""Method by method: what supervisord answers and what we answer, results and faults."""

import re
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import wait_for
from tests.integration.supervisors import HttpFailed, Pair, call
from tests.integration.test_xmlrpc import both_settled

S = "supervisor."

_CALLS: list[tuple[Any, ...]] = [
    ("system.listMethods",),
    *(
        ("system.methodSignature", S + name)
        for name in ("startProcess", "getPID", "readLog", "getProcessInfo", "signalAllProcesses",
                     "tailProcessStdoutLog", "sendProcessStdin", "reloadConfig", "getState",
                     "sendRemoteCommEvent", "clearAllProcessLogs", "startAllProcesses")
    ),
    ("system.methodSignature", "system.multicall"),
    ("system.methodSignature", "nosuch"),
    ("system.methodHelp", "nosuch"),
    (S + "getAPIVersion",),
    (S + "getVersion",),
    (S + "getState",),
    (S + "getPID",),
    (S + "getPID", 1),
    (S + "getProcessInfo", "plain"),
    (S + "getProcessInfo", "manual"),
    (S + "getProcessInfo", "quick"),
    (S + "getProcessInfo", "once"),
    (S + "getProcessInfo", "stubborn"),
    (S + "getProcessInfo", "several:several_1"),
    (S + "getProcessInfo", "several:*"),
    (S + "getProcessInfo", "several"),
    (S + "getProcessInfo", "several_1"),
    (S + "getProcessInfo", "plain:plain"),
    (S + "getProcessInfo", "plain:"),
    (S + "getProcessInfo", ""),
    (S + "getProcessInfo",),
    (S + "getAllProcessInfo",),
    (S + "getAllConfigInfo",),
    (S + "nosuch",),
    (S + "_update", "x"),
    ("nosuch.nosuch",),
    ("getPID",),
    (S + "__class__.mro",),
    (S + "readLog", -10, 5),
    (S + "readLog", 0, -1),
    (S + "readProcessStdoutLog", "talk", 0, 0),
    (S + "readProcessStdoutLog", "talk", 4, 0),
    (S + "readProcessStdoutLog", "talk", 1, 3),
    (S + "readProcessStdoutLog", "talk", -4, 0),
    (S + "readProcessStdoutLog", "talk", -400, 0),
    (S + "readProcessStdoutLog", "talk", 400, 0),
    (S + "readProcessStdoutLog", "talk", -4, 2),
    (S + "readProcessStdoutLog", "talk", 0, -2),
    (S + "readProcessStdoutLog", "nosuch", 0, 0),
    (S + "readProcessLog", "talk", 0, 0),
    (S + "readProcessStderrLog", "talk", 0, 0),
    (S + "readProcessStderrLog", "plain", 0, 0),
    *(
        (S + f"tailProcess{kind}Log", "talk", offset, length)
        for kind in ("Stdout", "Stderr", "")
        for offset, length in ((0, 0), (0, 5), (0, 8), (0, 100), (2, 3), (8, 5), (100, 5), (5, 0))
    ),
    (S + "tailProcessStdoutLog", "talk", 0, -1),
    (S + "tailProcessStdoutLog", "nosuch", 0, 1),
    (S + "startProcess", "plain"),
    (S + "startProcess", "nosuch"),
    (S + "startProcess", "missing"),
    (S + "startProcess", "unfit", False),
    (S + "startProcess", "quick"),
    (S + "startProcess", "several:*"),
    (S + "startProcess", "plain", True, 1),
    (S + "startProcessGroup", "nosuch"),
    (S + "startProcessGroup", "several"),
    (S + "startProcess", "slow", False),
    (S + "getProcessInfo", "slow"),
    (S + "startProcess", "slow"),
    (S + "stopProcess", "slow"),
    (S + "getProcessInfo", "slow"),
    (S + "stopProcess", "slow"),
    (S + "stopProcess", "manual"),
    (S + "stopProcess", "nosuch"),
    (S + "stopProcessGroup", "several"),
    (S + "stopProcessGroup", "several"),
    (S + "startProcessGroup", "several", 1),
    (S + "stopProcess", "several:*"),
    (S + "signalProcess", "plain", "0"),
    (S + "signalProcess", "plain", "NOPE"),
    (S + "signalProcess", "plain", 0),
    (S + "signalProcess", "manual", "HUP"),
    (S + "signalProcess", "nosuch", "HUP"),
    (S + "signalProcess", "plain:*", "0"),
    (S + "signalProcessGroup", "plain", "0"),
    (S + "signalProcessGroup", "plain", "NOPE"),
    (S + "signalProcessGroup", "nosuch", "HUP"),
    (S + "signalAllProcesses", "0"),
    (S + "sendProcessStdin", "plain", "x\n"),
    (S + "sendProcessStdin", "manual", "x\n"),
    (S + "sendProcessStdin", "nosuch", "x\n"),
    (S + "sendProcessStdin", "plain"),
    (S + "sendRemoteCommEvent", "kind", "data"),
    (S + "clearProcessLogs", "talk"),
    (S + "clearProcessLog", "nosuch"),
    (S + "clearProcessLogs", "talk:*"),
    (S + "clearAllProcessLogs",),
    (S + "clearLog",),
    (S + "reloadConfig",),
    (S + "addProcessGroup", "plain"),
    (S + "addProcessGroup", "nosuch"),
    (S + "removeProcessGroup", "plain"),
    (S + "removeProcessGroup", "nosuch"),
    (S + "removeProcessGroup", "manual"),
    (S + "getProcessInfo", "manual"),
    (S + "addProcessGroup", "manual"),
    (S + "stopAllProcesses",),
    (S + "stopAllProcesses", False),
    ("system.multicall", []),
    (
        "system.multicall",
        [
            {"methodName": S + "getAPIVersion", "params": []},
            {"methodName": S + "getAPIVersion"},
            {"methodName": S + "startProcess", "params": ["plain"]},
            {"methodName": S + "startProcess", "params": ["plain"]},
            {"methodName": S + "getProcessInfo", "params": ["plain"]},
            {"methodName": S + "nosuch", "params": []},
            {"methodName": S + "getPID", "params": [1, 2]},
            {"methodName": "system.multicall", "params": [[]]},
            {"methodName": "system.methodSignature", "params": [S + "getPID"]},
            {"params": []},
        ],
    ),
    (S + "stopProcess", "plain", False),
]  # fmt: skip


def answer(path: Path, words: tuple[Any, ...]) -> Any:
    try:
        value = call(path, *words)
        return {"pid": value} if words[0] == S + "getPID" else value
    except xmlrpc.client.Fault as fault:
        return f"fault {fault.faultCode} {fault.faultString}"
    except HttpFailed as failed:
        return f"HTTP {failed}"


def comparable(value: Any, folder: Path, name: str = "") -> Any:
    """A value without what differs between any two daemons; times and pids by whether they are."""
    if isinstance(value, dict):
        return {key: comparable(item, folder, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [comparable(item, folder) for item in value]
        # Several processes are told of in the order in which they were done.
        return sorted(items, key=repr) if items and isinstance(items[0], dict) else items
    if name in ("start", "stop", "now", "pid") and type(value) is int:
        return "int, none" if value == 0 else "int"
    if isinstance(value, str):
        value = value.replace(str(folder), "HERE")
        value = re.sub(r"pid \d+, uptime \d:\d\d:\d\d", "pid N, uptime T", value)
        return re.sub(r"^[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M$", "WHEN", value)
    return value


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    yield from both_settled(tmp_path_factory)


def is_at_rest(path: Path) -> bool:
    """Whether nothing is being stopped any more."""
    infos = call(path, S + "getAllProcessInfo")
    return all(one["statename"] != "STOPPING" for one in infos)


def test_every_method_answers_the_same(pair: Pair) -> None:
    differing = []
    for words in _CALLS:
        ours = comparable(answer(pair.our_socket, words), pair.ours.folder)
        theirs = comparable(answer(pair.theirs.socket, words), pair.theirs.folder)
        if ours != theirs:
            differing.append(f"{words}:\n  ours:   {ours}\n  theirs: {theirs}")
        if "stop" in words[0]:  # perhaps nobody has waited for it, and each takes its time
            wait_for(lambda: is_at_rest(pair.our_socket), "ours to have stopped it")
            wait_for(lambda: is_at_rest(pair.theirs.socket), "theirs to have stopped it")

    assert not differing, "\n".join(differing)


def test_every_method_is_compared(pair: Pair) -> None:
    compared = {words[0] for words in _CALLS}
    apart = {"getIdentification", "getSupervisorVersion", "shutdown", "restart", "readMainLog",
             "startAllProcesses"}  # fmt: skip

    missing = set(call(pair.our_socket, "system.listMethods")) - compared

    assert missing == {S + name for name in apart}
