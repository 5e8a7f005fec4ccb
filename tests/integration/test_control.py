"""The control socket and the client's commands, with people and programs that do not behave."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.integration.conftest import DEADLINE_SECONDS, Site, is_alive, wait_for

LIMIT_BYTES = 100 * 1024 * 1024


@contextmanager
def connected(site: Site) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(str(site.socket))
        yield connection


def read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(1)
        if not data:
            break
        line += data
    return line


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def core_of(site: Site) -> int:
    return int(Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()[0])


def test_garbage_gets_an_error_and_harms_nobody(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    with connected(site) as connection:
        assert b'"taskmaster' in read_line(connection)
        for line in (b"\xff\x00\x01 garbage\n", b"[]\n", b'{"jsonrpc": "2.0", "id": 1}\n'):
            connection.sendall(line)
            assert "error" in json.loads(read_line(connection))
        connection.sendall(b'{"jsonrpc":"2.0","id":2,"method":"explode"}\n')
        answer = json.loads(read_line(connection))
        assert (answer["id"], answer["error"]["code"]) == (2, -32601)

    assert site.ctl("status").returncode == 0


def test_a_message_of_100_megabytes_is_refused_without_keeping_it(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    core = core_of(site)
    before = resident_bytes(core)
    with connected(site) as connection:
        read_line(connection)
        sent = 0
        try:
            while sent < LIMIT_BYTES:
                connection.sendall(b"x" * 1024 * 1024)
                sent += 1024 * 1024
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < LIMIT_BYTES

    assert site.ctl("status").returncode == 0
    assert resident_bytes(core) - before < 32 * 1024 * 1024


def test_a_thousand_silent_connections_lock_nobody_out(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(connected(site))
            if _ % 100 == 0:
                assert site.ctl("status").returncode == 0

        assert site.ctl("stop", "a").stdout == "a:0: stopped\n"
        assert site.ctl("start", "a").stdout == "a:0: started\n"


def test_a_client_that_stops_reading_costs_a_bounded_memory(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'yes 0123456789abcdef0123456789abcdef'], starttime: 0}")
    core = core_of(site)
    with connected(site) as connection:
        read_line(connection)
        request = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tail",
            "params": {"name": "a", "stream": "stdout", "limit_bytes": 10, "follow": True},
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        read_line(connection)
        wait_for(lambda: _cpu_ticks(core) > 100, "a second's work")
        assert resident_bytes(core) < 100 * 1024 * 1024
        assert site.ctl("status").returncode == 0


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_stranger_is_refused(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    site.socket.chmod(0o777)
    for folder in (site.folder, *site.folder.parents):
        if folder.stat().st_mode & 0o077 == 0 and folder != Path("/"):
            folder.chmod(0o755)
    code = (
        "import os, socket, sys; os.setgid(65534); os.setuid(65534); "
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(1000).decode())"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, str(site.socket)], capture_output=True, text=True, check=True
    )

    assert "another user's" in told.stdout
    site.wait_event("refused a connection of uid 65534")


def test_two_commands_at_once_end_in_one_state(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'sleep 1000'], starttime: 1, numprocs: 4}")
    site.wait_state("a:0", "RUNNING")
    words = [*site.client]
    commands = [
        subprocess.Popen([*words, verb, "a"], stdout=subprocess.PIPE, text=True)
        for verb in ("restart", "stop", "restart", "start", "stop", "restart")
    ]
    answers = [command.communicate(timeout=DEADLINE_SECONDS)[0] for command in commands]

    assert all(answer.count("\n") == 4 for answer in answers), answers
    assert site.ctl("stop", "a").returncode == 0
    statuses = json.loads(site.ctl("--json", "status").stdout)
    assert {status["state"] for status in statuses} == {"STOPPED"}
    assert not Path(f"/proc/{core_of(site)}/task/{core_of(site)}/children").read_text().strip()


def test_an_interrupted_client_leaves_its_order_standing(site: Site) -> None:
    site.start("  a: {cmd: sleep 1000, starttime: 2, autostart: false}")
    client = subprocess.Popen([*site.client, "start", "a"], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: site.status("a")["state"] == "STARTING", "the start")

    client.send_signal(signal.SIGINT)

    _, complaint = client.communicate(timeout=DEADLINE_SECONDS)
    assert client.returncode == 130
    assert "what was ordered goes on in the daemon" in complaint
    site.wait_state("a", "RUNNING")


def test_a_message_without_an_answer_to_it_goes_on_working(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    with connected(site) as connection:
        read_line(connection)
        connection.sendall(b'{"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":["a"]}}\n')

    site.wait_state("a", "STOPPED")


def test_commands_come_from_standard_input(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0, autostart: false}")

    answer = site.ctl(stdin="start a # a comment\n\nstatus a\nnosuch\nexit\nstop a\n")

    assert answer.stdout.startswith("a:0: started\na:0         RUNNING   pid ")
    assert answer.stderr == "line 4: no such command: nosuch; try help\n"
    assert answer.returncode == 2
    assert site.status("a")["state"] == "RUNNING"


def test_tail_follows_through_rotation(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; "
        "[ $((i % 100)) = 0 ] && sleep 0.02; done; sleep 1000'], starttime: 0, autostart: false, "
        "stdout: a.log, stdout_maxbytes: 4KB, stdout_backups: 2}"
    )
    tail = subprocess.Popen([*site.client, "tail", "-f", "a"], stdout=subprocess.PIPE)
    assert tail.stdout is not None
    try:
        wait_for(lambda: len(os.listdir(f"/proc/{tail.pid}/fd")) >= 4, "the connection")
        site.ctl("start", "a")
        lines = []
        while b"line 3000\n" not in lines:
            lines.append(tail.stdout.readline())
            assert lines[-1]
    finally:
        tail.kill()
        tail.wait()
        tail.stdout.close()

    first = int(lines[0].split()[1])
    assert lines == [f"line {number}\n".encode() for number in range(first, 3001)]
    assert first == 1
    assert (site.folder / "a.log.2").exists()


def test_maintail_shows_and_follows_the_event_log(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    site.wait_event("entered RUNNING")
    assert "spawned: 'a:0'" in site.ctl("maintail").stdout
    assert site.ctl("maintail", "-10").stdout == site.events()[-10:]

    follower = subprocess.Popen([*site.client, "maintail", "-f"], stdout=subprocess.PIPE, text=True)
    assert follower.stdout is not None
    try:
        assert "started with pid" in follower.stdout.readline()
        site.ctl("stop", "a")
        line = ""
        while "stopped: a:0" not in line:
            line = follower.stdout.readline()
            assert line
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()


def test_clear_empties_the_log(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'echo first; exec cat'], starttime: 0, stdout: a.log}")
    log = site.folder / "a.log"
    wait_for(lambda: site.text("a.log") == "first\n", "output")

    assert site.ctl("clear", "a").stdout == "a:0: cleared\n"
    assert log.read_text() == ""


def test_pid_tells_pids(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}\n  b: {cmd: cat, autostart: false}")

    assert int(site.ctl("pid").stdout) == site.pid
    assert is_alive(int(site.ctl("pid", "a").stdout))
    assert (site.ctl("pid", "b").stdout, site.ctl("pid", "b").returncode) == ("0\n", 1)


def test_json_is_one_document(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0, numprocs: 2}")

    assert [p["name"] for p in json.loads(site.ctl("--json", "status").stdout)] == ["a:0", "a:1"]
    assert [o["text"] for o in json.loads(site.ctl("--json", "stop", "a").stdout)] == [
        "stopped"
    ] * 2
    assert json.loads(site.ctl("--json", "version").stdout)["pid"] == site.pid
    assert json.loads(site.ctl("--json", "reload").stdout)["changes"] == []


def test_errors_are_in_the_document_too(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")

    status = site.ctl("--json", "status", "nosuch", "a")
    known, unknown = json.loads(status.stdout)
    assert (known["name"], unknown) == ("a:0", {"name": "nosuch", "error": "no such process"})
    assert (status.returncode, status.stderr) == (4, "")
    for words, told in (
        (["help"], "help: it is for people"),
        (["stop"], "stop: it needs the name of a process, or all"),
        (["explode"], "no such command: explode"),
        (["tail", "nosuch"], "nosuch: ERROR (no such process)"),
    ):
        answer = site.ctl("--json", *words)
        assert json.loads(answer.stdout)["error"].startswith(told)
        assert answer.stderr == ""
        assert answer.returncode in (1, 2)
    site.socket = site.folder / "nobody.sock"
    assert "no daemon answers" in json.loads(site.ctl("--json", "status").stdout)["error"]


def test_what_all_finds_as_wanted_is_passed_over_in_silence(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}\n  b: {cmd: cat, starttime: 0, autostart: false}")

    assert site.ctl("start", "all").stdout == "b:0: started\n"
    again = site.ctl("start", "*")
    assert (again.stdout, again.returncode) == ("", 0)
    assert site.ctl("start", "a").stdout == "a:0: ERROR (already started)\n"
    assert len(json.loads(site.ctl("--json", "start", "all").stdout)) == 2
    site.ctl("stop", "a")
    assert site.ctl("stop", "all").stdout == "b:0: stopped\n"


def test_words_that_cannot_be_used_are_answered_truly(site: Site) -> None:
    assert site.ctl("quit").stderr.startswith("quit: there is no shell to leave\n")
    assert site.ctl("stat").stderr == "no such command: stat; did you mean status?\n"
    assert site.ctl("help", "fg").stderr.startswith("help: no such command: fg; here it is")
    told = subprocess.run(
        [*site.client[:-2], "-s"], capture_output=True, text=True, check=False
    ).stderr
    assert told == "taskmasterctl: -s needs the path of a socket\n"
    told = site.ctl(stdin="exit 3\n\nquit now\nclear; x\nstart a && stop a\n").stderr
    assert [line for line in told.splitlines() if line.startswith("line")] == [
        "line 1: exit: it takes no words, got 3",
        "line 3: quit: it takes no words, got now",
        "line 4: ; is not understood here: write one command a line",
        "line 5: && is not understood here: write one command a line",
    ]


def test_a_folder_or_a_pipe_is_not_cleared(site: Site) -> None:
    os.mkfifo(site.folder / "fifo")
    site.start(
        "  a: {cmd: cat, stdout: ., autostart: false}\n"
        "  b: {cmd: cat, stdout: fifo, autostart: false}"
    )

    answer = site.ctl("clear", "all")

    assert answer.stdout == (
        f"a:0: ERROR ({site.folder}: it is no regular file)\n"
        f"b:0: ERROR ({site.folder}/fifo: it is no regular file)\n"
    )
    assert answer.returncode == 1


def test_status_shows_what_is_known_beside_what_is_not(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")

    answer = site.ctl("status", "nosuch", "a")

    assert "a:0         RUNNING" in answer.stdout
    assert "nosuch: ERROR (no such process)" in answer.stderr
    assert answer.returncode == 4


def test_help_needs_no_daemon(site: Site) -> None:
    assert "attach" in site.ctl("help").stdout
    assert "detaches" in site.ctl("help", "attach").stdout
    assert site.ctl("attach", "--help").returncode == 0
    assert site.ctl("--help").returncode == 0


def test_one_shot_commands_import_neither_asyncio_nor_prompt_toolkit(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")
    for words in (["status"], ["stop", "a"], ["tail", "a"], ["help"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-P", "-m", "ctl", "-s", str(site.socket), *words],
            capture_output=True,
            text=True,
            check=True,
        )
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "json" in imported
        assert not imported & {
            *("asyncio", "prompt_toolkit", "yaml", "argparse", "dataclasses", "inspect")
        }
