"""`status` for people and for scripts: the same states, a table or supervisorctl's lines."""

import re

from tests.integration.conftest import Site
from tests.integration.pane import Pane, pane

PROGRAMS = """\
  web: {cmd: sleep 1000, starttime: 0, numprocs: 2}
  gone: {cmd: [sh, -c, 'exit 7'], autorestart: never, startretries: 0}"""


def shown(it: Pane) -> list[str]:
    it.wait("^web:1 ")
    assert it.wait_end() == 3
    return it.history.splitlines()


def test_a_terminal_gets_a_table_and_a_script_the_plain_lines(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("gone", "FATAL")

    with pane(site.folder, [*site.client, "status"], site.environment) as it:
        table = shown(it)
        assert "\x1b[32mRUNNING" in it.coloured
    plain = site.ctl("status").stdout.splitlines()

    assert table[0].split() == ["NAME", "STATE", "PID", "UPTIME", "CPU", "%", "MEMORY", "RESTARTS"]
    pid = site.status("web:0")["pid"]
    assert re.match(rf"web:0   +RUNNING +{pid} +0:\d\d:\d\d +[\d.]+ +[\d.]+[KM] +0$", table[1])
    assert re.match(r"gone:0 +FATAL +exit status 7 after 0\.\d s$", table[3])
    assert len(plain) == 3
    assert re.match(rf"web:0       RUNNING   pid {pid}, uptime 0:\d\d:\d\d$", plain[0])
    assert plain[2] == "gone:0      FATAL     exited too quickly: exit status 7"


def test_nobody_gets_colours_who_does_not_want_any(site: Site) -> None:
    site.start(PROGRAMS)
    site.wait_state("gone", "FATAL")

    for number, word in enumerate(("NO_COLOR=1", "TERM=dumb")):
        folder = site.folder / str(number)
        folder.mkdir()
        words = ["env", word, *site.client, "status"]
        with pane(folder, words, site.environment) as it:
            assert shown(it)[0].startswith("NAME")
            assert "\x1b" not in it.coloured
