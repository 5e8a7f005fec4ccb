"""Started as root: the core is another user, and what that user may and may not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import Site, core_of, is_alive, kill_core, wait_for

NOBODY = 65534
ID = "[sh, -c, 'id -un; exec sleep 1000']"


def open_to_others(folder: Path) -> None:
    """Let others pass through a folder of pytest's to what a test made for them in it."""
    for one in (folder, *folder.parents):
        if one.stat().st_uid == os.geteuid() and one != Path("/"):
            one.chmod(one.stat().st_mode | 0o711)


@pytest.fixture
def private(site: Site) -> Site:
    """A site with a core of another user, whose folders are still to be made."""
    open_to_others(site.folder)
    site.socket = site.folder / "run" / "s.sock"
    return site


def start(site: Site, programs: str, settings: str = "user: nobody") -> None:
    write(site, programs, settings)
    done = site.daemon()
    assert done.returncode == 0, done.stdout + done.stderr


def write(site: Site, programs: str, settings: str = "user: nobody") -> None:
    folders = f"socket: {site.socket}, logfile: log/ev.log, pidfile: run/p.pid"
    site.pidfile = site.folder / "run" / "p.pid"
    site.config.write_text(f"taskmaster: {{{settings}, {folders}}}\nprograms:\n{programs}\n")


def expect_text(site: Site, name: str, text: str) -> None:
    wait_for(lambda: site.text(name) == text, f"{text!r} in {name}")


def ids(pid: int) -> dict[str, list[int]]:
    """The real, effective, saved and file ids of a process, and its groups."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return {key: [int(word) for word in fields[key].split()] for key in ("Uid", "Gid", "Groups")}


def test_the_core_is_that_user_for_good_and_the_keeper_is_root(private: Site) -> None:
    start(private, f"  a: {{cmd: {ID}, stdout: log/a, starttime: 0}}")

    core = core_of(private)

    expected = {"Uid": [NOBODY] * 4, "Gid": [NOBODY] * 4, "Groups": [NOBODY]}
    assert ids(core) == expected
    assert ids(private.pid)["Uid"] == [0] * 4
    capabilities = [
        line.split()[1]
        for line in Path(f"/proc/{core}/status").read_text().splitlines()
        if line.startswith(("CapEff", "CapPrm", "CapInh", "CapAmb"))
    ]
    assert {int(one, 16) for one in capabilities} == {0}
    assert os.stat(f"/proc/{core}/mem").st_uid == 0  # not to be traced by that user's processes

    kill_core(private)

    following = wait_for(lambda: core_of(private) not in (0, core) and core_of(private), "a core")
    private.status("a")
    assert ids(following) == expected


def test_programs_are_the_core_s_user_unless_they_name_another(private: Site) -> None:
    start(
        private,
        f"  a: {{cmd: {ID}, stdout: log/a, starttime: 0}}\n"
        f"  w: {{cmd: {ID}, stdout: log/w, starttime: 0, user: www-data}}\n"
        f"  r: {{cmd: {ID}, stdout: log/r, starttime: 0, user: root}}",
    )

    for name, user in (("a", "nobody"), ("w", "www-data"), ("r", "root")):
        expect_text(private, f"log/{name}", f"{user}\n")
    for path in ("log", "log/ev.log", "log/a", "log/w", "log/r", "run", "run/s.sock", "run/p.pid"):
        assert (private.folder / path).stat().st_uid == NOBODY, path
    assert private.ctl("stop", "all").returncode == 0


def test_a_file_of_root_s_cannot_be_reached_through_the_core(private: Site) -> None:
    secret = private.folder / "secret.yaml"
    secret.write_text("programs: {s: {cmd: cat}}")
    secret.chmod(0o600)
    start(private, "  a: {cmd: cat, starttime: 0}")
    private.config.write_text(private.config.read_text() + "include: secret.yaml\n")

    told = private.ctl("reload")

    assert told.returncode == 1
    assert f"{secret}: cannot be read: permission denied" in told.stderr


def test_the_control_socket_is_for_that_user_and_root(private: Site) -> None:
    start(private, "  a: {cmd: cat, starttime: 0}")
    private.socket.parent.chmod(0o755)
    private.socket.chmod(0o777)

    def greeting(uid: int) -> str:
        code = (
            f"import os, socket, sys; os.setgid({uid}); os.setuid({uid}); "
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); print(s.recv(999).decode())"
        )
        words = [sys.executable, "-c", code, str(private.socket)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert '"hello"' in greeting(0)
    assert '"hello"' in greeting(NOBODY)
    assert "another user's" in greeting(33)


def test_a_config_that_the_user_cannot_read_is_refused(private: Site) -> None:
    write(private, "  a: {cmd: cat}")
    private.config.chmod(0o600)

    for options in (("--check",), ()):
        done = private.daemon(*options)
        assert done.returncode == 2
        assert "as nobody (taskmaster.user):" in done.stderr
        assert f"{private.config}: cannot be read: permission denied" in done.stderr


def test_a_folder_of_included_files_that_the_user_cannot_see_is_refused(private: Site) -> None:
    """Its programs would have vanished with no more than a warning that no file matches."""
    hidden = private.folder / "conf.d"
    hidden.mkdir(mode=0o700)
    (hidden / "b.yaml").write_text("programs: {b: {cmd: cat}}")
    write(private, "  a: {cmd: cat}\ninclude: conf.d/*.yaml")

    done = private.daemon("--check")

    assert done.returncode == 2
    assert f"include: {hidden} cannot be looked into" in done.stderr


def test_where_the_user_may_not_write_it_is_told_what_to_do(private: Site) -> None:
    write(private, "  a: {cmd: cat, stdout: a.log}")
    (private.folder / "run").mkdir()

    done = private.daemon()

    assert done.returncode == 2
    assert f"chown nobody {private.folder / 'run'}" in done.stderr
    assert f"{private.folder / 'a.log'} may not be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_user_that_does_not_exist_is_refused(private: Site) -> None:
    write(private, "  a: {cmd: cat}", "user: nobodyatall")

    done = private.daemon("--check")

    assert done.returncode == 2
    assert "taskmaster.user: no user 'nobodyatall' on this machine" in done.stderr


def test_the_keeper_writes_its_line_with_that_user_s_rights(private: Site) -> None:
    """Opened as root, a link in a folder of theirs had root write into any file."""
    start(private, "  a: {cmd: cat, starttime: 0}")
    target = private.folder / "root-s"
    target.write_text("")
    log = private.folder / "log" / "ev.log"
    log.unlink()
    log.symlink_to(target)

    core = kill_core(private)

    wait_for(lambda: core_of(private) not in (0, core), "the next core")
    private.status("a")
    assert target.read_text() == ""


def test_the_death_of_the_keeper_ends_also_what_the_core_may_not_signal(private: Site) -> None:
    start(private, f"  r: {{cmd: {ID}, user: root, starttime: 0}}")
    keeper, core, pid = private.pid, core_of(private), private.status("r")["pid"]

    os.kill(keeper, signal.SIGKILL)

    wait_for(lambda: not is_alive(core), "the core to end")
    wait_for(lambda: not is_alive(pid), "the process to hear the hang-up")
    assert "cannot stop 'r:0'" in private.text("log/ev.log")


def test_a_change_of_the_user_takes_a_restart(private: Site) -> None:
    start(private, "  a: {cmd: cat, starttime: 0, user: nobody}")
    write(private, "  a: {cmd: cat, starttime: 0, user: nobody}", "user: www-data")

    told = private.ctl("reload").stdout

    assert "taskmaster.user: changed, takes effect when the daemon is started again" in told


def test_as_root_without_a_user_the_event_log_says_so(site: Site) -> None:
    site.start("  a: {cmd: cat}")

    assert "WARN everything runs as root; `user: NAME`" in site.events()
