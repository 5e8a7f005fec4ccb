"""Did you mean: at a terminal a name that stands for nothing is told with one that is near."""

from ctl.near import nearest
from tests.integration.conftest import Site
from tests.integration.pane import pane

NAMES = ("nginx:0", "nginx:1", "vogsphere:0")


def test_the_nearest_program_or_process_is_meant() -> None:
    assert nearest("ngnix", NAMES) == "nginx"
    assert nearest("nginx:2", NAMES) in ("nginx:0", "nginx:1")
    assert nearest("nginx:117", NAMES) in ("nginx:0", "nginx:1", "nginx:*")
    assert nearest("vogspere:0", NAMES) == "vogsphere:0"
    assert nearest("zzz", NAMES) == ""
    assert nearest("zzz:0", NAMES) == ""


def test_it_is_told_at_a_terminal_and_a_script_gets_what_it_knows(site: Site) -> None:
    site.start("  nginx: {cmd: cat, starttime: 0}")

    for number, words in enumerate((["status", "ngnix"], ["start", "ngnix"], ["why", "ngnix"])):
        folder = site.folder / str(number)
        folder.mkdir()
        with pane(folder, [*site.client, *words], site.environment) as it:
            assert it.wait_end() != 0
            assert "ngnix: did you mean nginx?" in it.history
    assert site.ctl("why", "ngnix").stderr == "ngnix: ERROR (no such process)\n"
