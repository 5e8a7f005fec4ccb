"""`logs`: the output of several processes together."""

import re

from tests.integration.conftest import Site, kill_core
from tests.integration.pane import pane

PROGRAMS = """\
  one: {cmd: [sh, -c, 'echo first; echo second; exec cat'], starttime: 0}
  other-name: {cmd: [sh, -c, 'printf "\\033[2J\\033[31mred\\033[m\\033]0;x\\007\\n"; exec cat'],
               starttime: 0}
  err: {cmd: [sh, -c, 'echo out; echo bad >&2; exec cat'], stderr: err.log, starttime: 0}"""


def test_each_line_has_its_name_and_nothing_wrecks_the_screen(site: Site) -> None:
    site.start(PROGRAMS)
    for name, text in (("one", "second"), ("other-name", "red"), ("err", "out")):
        assert site.ctl("wait", "--text", text, name).returncode == 0

    done = site.ctl("logs")

    assert done.stdout == (
        "one:0        | first\none:0        | second\n"
        "other-name:0 | red\n"
        "err:0        | out\nerr:0        | bad\n"
    )
    assert site.ctl("logs", "-n", "1", "one").stdout == "one:0 | second\n"
    assert site.ctl("logs", "nope").stderr == "nope: ERROR (no such process)\n"


def test_it_follows_also_over_the_death_of_a_core(site: Site) -> None:
    site.start(PROGRAMS)
    assert site.ctl("wait", "--text", "red", "other-name").returncode == 0
    words = [*site.client, "logs", "-f", "one", "other-name"]

    with pane(site.folder, words, site.environment) as it:
        it.wait(r"^other-name:0 \| red$")
        assert "\x1b[31mred" in it.coloured
        site.ctl("send", "--enter", "one", "typed-here")
        it.wait(r"^one:0        \| typed-here$")
        kill_core(site)
        it.wait("it is back")
        site.ctl("send", "--enter", "other-name", "afterwards")
        screen = it.wait(r"^other-name:0 \| afterwards$")
        assert re.search(r"^\[the daemon has gone; waiting for it\]$", screen, re.MULTILINE)
        it.keys("C-c")
        assert it.wait_end() == 0
