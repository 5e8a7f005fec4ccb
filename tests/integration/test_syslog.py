"""Lines of processes on their way to syslog: a datagram socket in place of /dev/log."""

import os
import re
import signal
import socket
import threading
from pathlib import Path

from tests.integration.conftest import Site, core_of, kill_core, wait_for

FORM = re.compile(rb"<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ([^ ]+): (.*)", re.DOTALL)


class Syslogd:
    """Takes messages in a thread, until it is ended; `lines` are (ident, text)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while message := self._socket.recv(65536):
            match = FORM.fullmatch(message)
            assert match, message
            self.lines.append((match[1].decode(), match[2].decode()))

    def of(self, ident: str) -> list[str]:
        return [text for name, text in list(self.lines) if name == ident]

    def end(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.connect(str(self.path))
            client.send(b"")
        self._thread.join()
        self._socket.close()
        self.path.unlink()


def start(site: Site, programs: str) -> None:
    settings = f"socket: {site.socket}, logfile: ev.log, pidfile: p.pid, syslog: ./log"
    site.config.write_text(f"taskmaster: {{{settings}}}\nprograms:\n{programs}\n")
    done = site.daemon()
    assert done.returncode == 0, done.stderr


def shown(site: Site, name: str) -> str:
    return site.ctl("screen", name).stdout


def test_each_settled_line_goes_there_under_the_name_of_its_process(site: Site) -> None:
    syslogd = Syslogd(site.folder / "log")
    (site.folder / "show").write_text(
        "printf '\\033[31mred\\033[0m\\n10%%\\r100%%\\n'\necho wrong >&2\nexec sleep 1000\n"
    )
    start(
        site,
        "  one: {cmd: sh show, stdout: syslog, starttime: 0, workingdir: .}\n"
        "  two: {cmd: sh show, stdout: [two.out, syslog], stderr: syslog, workingdir: .,"
        " numprocs: 2}\n",
    )

    wait_for(lambda: len(syslogd.lines) == 9, f"nine lines: {syslogd.lines}")

    assert syslogd.of("one") == ["red", "100%", "wrong"]
    for index in (0, 1):
        assert sorted(syslogd.of(f"two_{index}")) == ["100%", "red", "wrong"]
    raw = b"\x1b[31mred\x1b[0m\n10%\r100%\n"
    assert (site.folder / "two.out").read_bytes() == raw * 2
    assert "red" in site.ctl("tail", "one").stdout


def test_an_unfinished_line_outlives_the_core_in_both_logs(site: Site) -> None:
    syslogd = Syslogd(site.folder / "log")
    half = "sh -c 'printf begin; read _; echo end; exec sleep 1000'"
    start(
        site,
        f'  a: {{cmd: "{half}", stdout: [a.out, syslog], logformat: text, starttime: 0}}\n'
        f'  b: {{cmd: "{half}", stdout: syslog, starttime: 0}}\n',
    )
    wait_for(lambda: all("begin" in shown(site, name) for name in "ab"), "the beginnings")
    core = kill_core(site)
    wait_for(lambda: core_of(site) not in (0, core), "another core")
    site.wait_event("takes over 2 processes")

    for name in ("a", "b"):
        site.ctl("send", "--enter", name, "")

    wait_for(lambda: syslogd.of("a")[1:] and syslogd.of("b")[1:], f"the end: {syslogd.lines}")
    assert syslogd.of("a") == syslogd.of("b") == ["begin", "end"]
    assert site.text("a.out") == "begin\nend\n"


def test_lines_wait_for_a_syslogd_that_comes_again(site: Site) -> None:
    syslogd = Syslogd(site.folder / "log")
    start(site, "  cat: {cmd: sh -c 'stty -echo; exec cat', stdout: syslog, starttime: 0}\n")
    site.ctl("send", "--enter", "cat", "before")
    wait_for(lambda: "before" in syslogd.of("cat"), "the first line")
    syslogd.end()
    site.ctl("send", "--enter", "cat", "meanwhile")
    site.wait_event(f"syslog {site.folder}/log cannot be reached")

    again = Syslogd(site.folder / "log")

    wait_for(lambda: again.of("cat") == ["meanwhile"], "what has waited")
    site.wait_event(f"syslog {site.folder}/log takes lines again; 0 are missing")
    site.ctl("send", "--enter", "cat", "after")
    wait_for(lambda: again.of("cat") == ["meanwhile", "after"], "the next line")
    assert site.events().count("cannot be reached") == 1


def test_a_syslogd_that_takes_nothing_holds_up_nobody(site: Site) -> None:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(site.folder / "log"))
    start(
        site,
        "  flood: {cmd: 'seq 100000', stdout: syslog, starttime: 0, autorestart: never}\n"
        "  other: {cmd: cat, starttime: 0}\n",
    )

    site.wait_state("flood:0", "EXITED")
    site.wait_event("log is too slow; lines are lost")
    assert site.ctl("restart", "other").returncode == 0
    assert site.events().count("/log is too slow") == 1

    listening.setblocking(True)
    listening.settimeout(60)
    taken = 1
    while not listening.recv(65536).endswith(b": 4096"):
        taken += 1
    assert taken == 4096
    os.kill(site.pid, signal.SIGTERM)
    wait_for(lambda: not site.pidfile.exists(), "the end")
    listening.close()


def test_a_reload_turns_it_on_and_off(site: Site) -> None:
    syslogd = Syslogd(site.folder / "log")
    program = "  cat: {cmd: sh -c 'stty -echo; exec cat', starttime: 0%s}\n"
    start(site, program % "")
    pid = site.status("cat:0")["pid"]
    text = site.config.read_text()
    site.config.write_text(text.replace("starttime: 0", "starttime: 0, stdout: [o, syslog]"))

    assert site.ctl("reload").stdout == "cat: updated (stdout)\n"
    site.ctl("send", "--enter", "cat", "on")
    wait_for(lambda: syslogd.of("cat") == ["on"], "the line")
    site.config.write_text(text)
    site.ctl("reload")
    site.ctl("send", "--enter", "cat", "off")
    wait_for(lambda: "off" in site.ctl("screen", "cat").stdout, "the line on its screen")

    assert syslogd.of("cat") == ["on"]
    assert site.status("cat:0")["pid"] == pid
