"""One listening socket for all processes of a program: whoever connects is answered."""

import os
import pwd
import signal
import socket
import stat
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.conftest import (
    DEADLINE_SECONDS,
    Site,
    core_of,
    free_port,
    is_alive,
    kill_core,
    wait_for,
)
from tests.integration.test_upgrade import Code

WORKER = """
import os, socket
listening = socket.socket(fileno=0)
print("up", listening.getblocking(), os.isatty(1), open("/dev/tty").isatty(), flush=True)
while True:
    connection, _ = listening.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"%d" % os.getpid())
"""
Listen = Path | tuple[str, int]


def workers(socket: str, keys: str = "", *, name: str = "fcgi", count: int = 3) -> str:
    """A program of workers that answer with their pid."""
    words = f"cmd: [{sys.executable}, -I, -S, worker.py], workingdir: ., numprocs: {count}"
    return f"  {name}: {{{words}, socket: {socket}, starttime: 0, autorestart: always{keys}}}\n"


def ask(listen: Listen) -> int:
    """Connect, say something and return the pid that answers."""
    family = socket.AF_UNIX if isinstance(listen, Path) else socket.AF_INET
    with socket.socket(family) as client:
        client.settimeout(DEADLINE_SECONDS)
        client.connect(str(listen) if isinstance(listen, Path) else listen)
        client.sendall(b"who?")
        answer = b""
        while piece := client.recv(100):
            answer += piece
        return int(answer)


def pids(site: Site, name: str = "fcgi", count: int = 3) -> set[int]:
    return {site.status(f"{name}:{index}")["pid"] for index in range(count)}


@pytest.fixture
def pool(site: Site) -> Path:
    """Three workers at a path."""
    (site.folder / "worker.py").write_text(WORKER)
    site.start(workers("./f.sock"))
    return site.folder / "f.sock"


class Askers:
    """Clients that ask one after the other, each a hundred times at least, until told to end."""

    def __init__(self, listen: Listen, count: int = 4) -> None:
        self.answers: list[int] = []
        self.failures: list[str] = []
        self._listen = listen
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        asked = 0
        while asked < 100 or not self._over.is_set():
            asked += 1
            try:
                self.answers.append(ask(self._listen))
            except (OSError, ValueError) as exc:
                self.failures.append(repr(exc))

    def wait_more(self) -> None:
        """Wait until all have asked again."""
        before = len(self.answers) + len(self.failures)
        wait_for(lambda: len(self.answers) + len(self.failures) > before + 20, "answers")

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(DEADLINE_SECONDS)
            assert not thread.is_alive()


def test_each_process_has_the_socket_as_its_standard_input_and_its_terminal(
    pool: Path, site: Site
) -> None:
    wait_for(lambda: {ask(pool) for _ in range(20)} == pids(site), "an answer of each")

    assert "up True True True" in site.ctl("screen", "fcgi:0").stdout
    assert stat.S_IMODE(pool.stat().st_mode) == 0o700


def test_it_listens_over_tcp_too(site: Site) -> None:
    (site.folder / "worker.py").write_text(WORKER)
    port = free_port()
    site.start(workers(f"'tcp://127.0.0.1:{port}'"))

    assert ask(("127.0.0.1", port)) in pids(site)


def test_who_connects_during_a_restart_is_answered(site: Site) -> None:
    (site.folder / "worker.py").write_text(WORKER)
    site.start(workers("./f.sock", ", stopsignal: KILL"))
    pool, before = site.folder / "f.sock", pids(site)
    with socket.socket(socket.AF_UNIX) as client:
        for pid in before:
            os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: all(map(is_halted, before)), "them to stand still")
        client.settimeout(DEADLINE_SECONDS)
        client.connect(str(pool))
        client.sendall(b"who?")

        assert site.ctl("restart", "fcgi").returncode == 0

        assert int(client.recv(100)) in pids(site)
    assert not before & pids(site)


def test_nobody_is_refused_while_processes_core_and_code_are_replaced(
    pool: Path, site: Site
) -> None:
    inode = pool.stat().st_ino
    askers = Askers(pool)
    try:
        askers.wait_more()
        kill_core(site)
        site.wait_event("takes over 3 processes; the one before was killed by signal 9")
        askers.wait_more()
        assert site.ctl("upgrade").returncode == 0
        askers.wait_more()
    finally:
        askers.end()

    assert askers.failures == []
    assert len(askers.answers) >= 400
    assert site.ctl("restart", "fcgi").returncode == 0
    assert ask(pool) in pids(site)
    assert pool.stat().st_ino == inode


def test_a_process_that_dies_while_there_is_no_core_gets_the_same_socket(
    pool: Path, site: Site
) -> None:
    core = core_of(site)
    os.kill(core, signal.SIGSTOP)
    before = pids_of_workers(site)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, before)), "the workers to end")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE_SECONDS)
        client.connect(str(pool))  # nobody is there who could accept it
        client.sendall(b"who?")
        os.kill(core, signal.SIGKILL)

        assert int(client.recv(100)) not in before


def is_halted(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def pids_of_workers(site: Site) -> list[int]:
    """The pids of the workers, without asking the core."""
    with open(f"/proc/{site.pid}/task/{site.pid}/children", encoding="ascii") as file:
        children = [int(word) for word in file.read().split()]
    return [pid for pid in children if b"worker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_it_is_gone_with_the_last_process_and_comes_with_the_first(pool: Path, site: Site) -> None:
    site.ctl("stop", "fcgi:0", "fcgi:1")
    assert ask(pool) == site.status("fcgi:2")["pid"]
    site.ctl("stop", "fcgi:2")
    assert not pool.exists()

    site.ctl("start", "fcgi:1")

    assert ask(pool) == site.status("fcgi:1")["pid"]
    site.end()
    assert not pool.exists()


def test_a_reload_that_only_changes_who_may_connect_restarts_nothing(
    pool: Path, site: Site
) -> None:
    before, inode = pids(site), pool.stat().st_ino
    site.write(workers("{listen: ./f.sock, mode: 0777, backlog: 7}"))

    assert site.ctl("reload").stdout == "fcgi: updated (socket)\n"

    assert stat.S_IMODE(pool.stat().st_mode) == 0o777
    assert (pids(site), pool.stat().st_ino) == (before, inode)


def test_a_reload_moves_the_socket_with_new_processes(pool: Path, site: Site) -> None:
    before = pids(site)
    site.write(workers("./other.sock"))

    assert site.ctl("reload").stdout == "fcgi: restarted (socket)\n"

    assert not pool.exists()
    wait_for(lambda: not any(map(is_alive, before)), "the processes before to end")
    wait_for((site.folder / "other.sock").exists, "the other socket")
    assert ask(site.folder / "other.sock") not in before
    site.write("  other: {cmd: sleep 1000}")
    site.ctl("reload")
    assert not (site.folder / "other.sock").exists()


def test_a_program_of_another_name_goes_on_with_the_socket(pool: Path, site: Site) -> None:
    inode = pool.stat().st_ino
    site.write(workers("./f.sock", name="renamed"))

    assert site.ctl("reload").returncode == 0

    site.wait_state("renamed:0", "RUNNING")
    wait_for(lambda: ask(pool) in pids(site, "renamed"), "an answer of the new ones")
    assert pool.stat().st_ino == inode


def test_a_path_that_somebody_removed_is_made_anew(pool: Path, site: Site) -> None:
    pool.unlink()

    site.ctl("restart", "fcgi")

    assert ask(pool) in pids(site)
    assert f"socket {pool} was removed and is made anew" in site.events()


@pytest.mark.parametrize(
    ("socket", "why"),
    [
        ("./no/f.sock", "its socket {folder}/no/f.sock: no such file or directory"),
        ("./worker.py", "its socket {folder}/worker.py: it is there already, and no socket"),
        ("./taken.sock", "its socket {folder}/taken.sock: another process listens there"),
        ("'tcp://127.0.0.1:{port}'", "its socket 127.0.0.1:{port}: address already in use"),
        (
            "{listen: ./f.sock, owner: nobodyatall}",
            "its socket {folder}/f.sock: there is no user 'nobodyatall' on this machine",
        ),
        (
            "{listen: ./f.sock, owner: 'root:nogroupatall'}",
            "its socket {folder}/f.sock: there is no group 'nogroupatall' on this machine",
        ),
    ],
)
def test_a_socket_that_cannot_be_had_is_a_failed_start(site: Site, socket: str, why: str) -> None:
    (site.folder / "worker.py").write_text(WORKER)
    with listening_at(site.folder / "taken.sock"), listening_at(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        site.start(workers(socket.replace("{port}", str(port)), ", startretries: 1", count=1))

        told = site.wait_state("fcgi:0", "FATAL")

        expected = why.format(folder=site.folder, port=port)
        assert told["description"] == f"cannot start: {expected}"
        assert f"spawnerr: fcgi:0: cannot start: {expected}" in site.events()
        assert "gave up: fcgi:0" in site.events()
    assert not (site.folder / "f.sock").exists()


def listening_at(listen: Listen) -> socket.socket:
    found = socket.socket(socket.AF_UNIX if isinstance(listen, Path) else socket.AF_INET)
    found.bind(str(listen) if isinstance(listen, Path) else listen)
    found.listen()
    return found


def test_what_nobody_listens_on_any_more_is_replaced(site: Site) -> None:
    (site.folder / "worker.py").write_text(WORKER)
    listening_at(site.folder / "f.sock").close()

    site.start(workers("./f.sock"))

    assert ask(site.folder / "f.sock") in pids(site)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_it_belongs_to_the_user_of_its_processes_or_to_its_owner(site: Site) -> None:
    nobody = pwd.getpwnam("nobody")
    path = site.folder / "f.sock"
    keys = "cmd: sleep 1000, starttime: 0, user: nobody"
    site.start(f"  a: {{{keys}, socket: ./f.sock}}")
    site.wait_event("spawned: 'a:0'")
    assert (path.stat().st_uid, path.stat().st_gid) == (nobody.pw_uid, nobody.pw_gid)
    site.write(f"  a: {{{keys}, socket: {{listen: ./f.sock, owner: 'root:daemon'}}}}")

    site.ctl("reload")

    assert (path.owner(), path.group()) == ("root", "daemon")


def test_a_keeper_of_the_version_before_starts_what_needs_no_socket(site: Site) -> None:
    """It would close what it is sent with a spawn, and refuse a field that it does not know."""
    (site.folder / "worker.py").write_text(WORKER)
    code = Code(site)
    plain = "  plain: {cmd: sleep 1000, starttime: 0}\n"
    code.change("taskmaster/keeper/wire.py", ("VERSION: Final = 2", "VERSION: Final = 1"))
    code.change("taskmaster/keeper/wire.py", ("    stdin: str = TERMINAL\n", ""))
    code.change(
        "taskmaster/keeper/lives.py",
        ("request.stdin == wire.DESCRIPTOR and command.stdin is None", "False"),
        ("request.stdin == wire.DESCRIPTOR and descriptors", "False"),
    )
    code.change(
        "taskmaster/spawnrequest.py",
        ("        stdin=wire.TERMINAL if program.socket is None else wire.DESCRIPTOR,\n", ""),
    )
    site.start(plain)
    for path in ("keeper/wire.py", "keeper/lives.py", "spawnrequest.py"):
        code.restore(f"taskmaster/{path}")
    assert site.ctl("upgrade").returncode == 0
    before = site.status("plain:0")["pid"]
    site.write(plain + workers("./f.sock", ", startretries: 0", count=1))

    site.ctl("reload")

    told = site.wait_state("fcgi:0", "FATAL")
    assert "the keeper is older" in told["description"]
    assert site.ctl("restart", "plain").returncode == 0
    assert site.status("plain:0")["pid"] not in (0, None, before)
    assert "a mistake" not in site.events()
