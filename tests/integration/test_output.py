"""What processes write: nothing of it lost, and nobody harmed by it."""

import json
import os
import shutil
import signal
from pathlib import Path

from tests.integration.conftest import Site, is_alive, wait_for


def test_output_is_kept_in_memory_where_no_file_is_named(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'echo out; echo err >&2; exec cat'], starttime: 0}")
    wait_for(lambda: "err" in site.ctl("tail", "a").stdout, "output")

    assert site.ctl("tail", "a").stdout == "out\nerr\n"
    assert site.ctl("tail", "-4", "a").stdout == "err\n"


def test_discarded_output_is_in_no_file(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'echo out; echo err >&2'], starttime: 0, autorestart: never, "
        "stdout: discard, stderr: discard}"
    )
    site.wait_state("a", "EXITED")

    assert {path.name for path in site.folder.iterdir()} == {"c.yaml", "ev.log", "p.pid", "s.sock"}
    assert site.ctl("tail", "a", "stderr").returncode == 1


def test_what_a_grandchild_writes_after_the_end_is_kept_for_a_second(site: Site) -> None:
    site.start(
        "  a: {cmd: [bash, -c, 'trap \"\" HUP; (sleep 0.3; echo late; sleep 1000) & echo soon'], "
        "starttime: 0, autorestart: never, stdout: a.log}"
    )
    site.wait_state("a", "EXITED")

    wait_for(lambda: site.text("a.log") == "soon\nlate\n", "the last words")
    core = _core(site)
    wait_for(lambda: not _terminals(core), "the terminal to be closed")


def test_a_flood_keeps_the_daemon_flat_and_answering(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'yes a line of a program that has far too much to say'], "
        "starttime: 0, stdout: a.log, stdout_maxbytes: 1MB, stdout_backups: 2}\n"
        "  b: {cmd: cat, starttime: 0}"
    )
    core = _core(site)
    wait_for(lambda: (site.folder / "a.log.2").exists(), "rotation")

    for _ in range(20):
        assert site.ctl("status").returncode == 0
    assert _resident_bytes(core) < 64 * 1024 * 1024
    assert not (site.folder / "a.log.3").exists()
    assert all(
        path.stat().st_size <= 1024 * 1024 for path in site.folder.glob("a.log*") if path.exists()
    )
    assert site.ctl("stop", "a").stdout == "a:0: stopped\n"
    lines = (site.folder / "a.log.1").read_text().splitlines()
    assert set(lines) == {"a line of a program that has far too much to say"}


def test_hostile_bytes_pass_unharmed(site: Site) -> None:
    program = site.folder / "hostile.py"
    program.write_text(
        "import os, tty\n"
        "tty.setraw(0)\n"
        "os.write(1, bytes(range(256)) * 64 + b'\\x1b]0;' + b'x' * 100000 + b'\\xff\\xfe')\n"
        "os.write(1, b'\\x1b[65535;65535t\\x1b[c\\x1b[6n' * 1000)\n"
        "os.write(1, b'y' * 3000000 + b'end')\n"
    )
    site.start(
        f"  a: {{cmd: [python3, {program}], starttime: 0, autorestart: never, stdout: a.log}}"
    )
    site.wait_state("a", "EXITED")

    written = (site.folder / "a.log").read_bytes()

    assert written.startswith(bytes(range(256)).replace(b"\r\n", b"\n"))
    assert written.endswith(b"y" * 3000000 + b"end")
    assert site.ctl("tail", "a").returncode == 0


def test_a_full_disk_stops_the_log_and_not_the_process(site: Site) -> None:
    log = site.folder / "a.log"
    log.symlink_to("/dev/full")
    site.start("  a: {cmd: [sh, -c, 'while :; do echo x; sleep 0.05; done'], stdout: a.log}")

    site.wait_event("a.log cannot be written: no space left on device")
    pid = site.wait_state("a", "RUNNING")["pid"]
    log.unlink()

    wait_for(lambda: log.exists() and log.stat().st_size, "the log to go on")
    site.wait_event(f"INFO log {log} is written again")
    assert site.status("a")["pid"] == pid
    assert site.events().count("no space left on device") == 1


def test_a_vanished_folder_stops_the_log_and_not_the_process(site: Site) -> None:
    folder = site.folder / "logs"
    folder.mkdir()
    site.start("  a: {cmd: [sh, -c, 'while :; do echo x; sleep 0.05; done'], stdout: logs/a.log}")
    wait_for(lambda: (folder / "a.log").exists(), "the log")

    shutil.rmtree(folder)
    site.wait_event("a.log cannot be opened: no such file or directory")
    folder.mkdir()

    wait_for(lambda: (folder / "a.log").exists(), "the log to go on")
    assert site.wait_state("a", "RUNNING")["restarts"] == 0


def test_a_log_that_cannot_be_opened_stops_nothing(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'echo x; exec cat'], starttime: 0, stdout: /proc/no/a.log}")

    site.wait_state("a", "RUNNING")
    site.wait_event("/proc/no/a.log cannot be opened")
    assert site.ctl("tail", "a").returncode == 0


def test_a_stderr_terminal_of_its_own(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'test -t 2 && echo tty >&2; exec cat'], starttime: 0, "
        "stderr: a.err, stderr_tty: true}\n"
        "  b: {cmd: [sh, -c, 'test -t 2 || echo pipe >&2; exec cat'], starttime: 0, stderr: b.err}"
    )

    wait_for(lambda: site.text("a.err") == "tty\n", "the terminal")
    wait_for(lambda: site.text("b.err") == "pipe\n", "the pipe")


def test_many_lives_leave_no_descriptor_and_no_memory_behind(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'echo $$'], starttime: 0, autorestart: always, "
        "startretries: 1000000, stdout: a.log, numprocs: 4}"
    )
    keeper, core = site.pid, _core(site)
    wait_for(lambda: sum(p["restarts"] for p in _statuses(site)) > 200, "200 lives")
    open_files = [len(os.listdir(f"/proc/{pid}/fd")) for pid in (keeper, core)]
    resident = [_resident_bytes(pid) for pid in (keeper, core)]

    wait_for(lambda: sum(p["restarts"] for p in _statuses(site)) > 1500, "1500 lives")

    site.ctl("stop", "all")
    now = [len(os.listdir(f"/proc/{pid}/fd")) for pid in (keeper, core)]
    assert all(after <= before + 16 for before, after in zip(open_files, now, strict=True))
    grown = [_resident_bytes(pid) for pid in (keeper, core)]
    assert all(
        after < before + 8 * 1024 * 1024 for before, after in zip(resident, grown, strict=True)
    )


def test_a_process_group_is_stopped_where_asked(site: Site) -> None:
    code = "trap '' TERM; sleep 1001 & echo $! > %(here)s/kid; wait; wait; wait"
    site.start(f'  a: {{cmd: [bash, -c, "{code}"], starttime: 0, stopasgroup: true, stoptime: 1}}')
    kid_file = site.folder / "kid"
    kid = int(wait_for(lambda: kid_file.exists() and kid_file.read_text(), "the child's child"))

    assert site.ctl("stop", "a").stdout == "a:0: stopped\n"

    wait_for(lambda: not is_alive(kid), "the child's child to end")


def test_a_process_that_stops_itself_can_be_stopped(site: Site) -> None:
    site.start("  a: {cmd: [sh, -c, 'kill -STOP $$; exec cat'], starttime: 0, stoptime: 1}")
    site.wait_state("a", "RUNNING")

    assert site.ctl("stop", "a").stdout == "a:0: stopped\n"


def test_orphans_of_processes_are_reaped(site: Site) -> None:
    code = "(setsid sh -c 'sleep 0.2; exit 3' &) ; exec cat"
    site.start(f'  a: {{cmd: [sh, -c, "{code}"], starttime: 0}}')
    site.wait_state("a", "RUNNING")

    def no_zombies() -> bool:
        children = Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()
        return len(children) == 2 and all(is_alive(int(pid)) for pid in children)

    wait_for(no_zombies, "the orphan to be reaped")


def test_a_second_term_kills_at_once(site: Site) -> None:
    site.start(
        "  a: {cmd: [sh, -c, 'trap \"\" TERM; echo on; while :; do sleep 1; done'], "
        "starttime: 0, stoptime: 3600, stdout: a.log}"
    )
    wait_for(lambda: site.text("a.log"), "the trap")
    pid, child = site.pid, site.status("a")["pid"]
    os.kill(pid, signal.SIGTERM)
    site.wait_event("stopping: a:0")
    assert is_alive(child)

    os.kill(pid, signal.SIGTERM)

    wait_for(lambda: not is_alive(pid), "the daemon to end")
    assert not is_alive(child)
    assert not site.socket.exists()


def _core(site: Site) -> int:
    return int(Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text().split()[0])


def _terminals(pid: int) -> list[str]:
    folder = f"/proc/{pid}/fd"
    links = [os.readlink(f"{folder}/{number}") for number in os.listdir(folder)]
    return [link for link in links if "ptmx" in link]


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _statuses(site: Site) -> list[dict[str, int]]:
    statuses: list[dict[str, int]] = json.loads(site.ctl("--json", "status").stdout)
    return statuses


def test_a_log_of_text_has_settled_lines_with_their_time(site: Site) -> None:
    site.start(
        r"""  a: {cmd: [bash, -c, 'printf "\033[31mred\033[0m\nold1\rold2\rdone\nlast"'], """
        "starttime: 0, autorestart: never, stdout: a.log, logformat: text, timestamps: true}"
    )
    site.wait_state("a", "EXITED")

    wait_for(lambda: "last" in site.text("a.log"), "the unfinished line")
    lines = site.text("a.log").splitlines()
    assert [line[24:] for line in lines] == ["red", "done", "last"]
    assert all(line[:10].count("-") == 2 and line[19] == "," for line in lines)
