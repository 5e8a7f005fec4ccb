"""What `metrics` says of real processes, against what /proc says of them."""

import time

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.conftest import Site, core_of, kill_core, resident_bytes, wait_for

PROGRAMS = """\
  busy: {cmd: [sh, -c, 'while :; do :; done'], starttime: 0}
  loud: {cmd: [sh, -c, 'printf 0123456789; exec sleep 1000'], starttime: 0}
  gone: {cmd: [sh, -c, 'exit 7'], starttime: 0, autorestart: never}
  idle: {cmd: [cat], autostart: false}"""


def measured(site: Site) -> dict[tuple[str, str], float]:
    """Return every sample, by its name and what it is of; states by the state's name."""
    done = site.ctl("metrics")
    assert done.returncode == 0, done.stderr
    found = {}
    for family in text_string_to_metric_families(done.stdout):
        for sample in family.samples:
            name = sample.name.removeprefix("taskmaster_")
            labels = sample.labels
            of = labels.get("process") or labels.get("part") or ""
            if "state" in labels and not sample.value:
                continue
            found[name, labels.get("state", "") or of] = sample.value
            found[f"{name}:{labels.get('state', '')}", of] = sample.value
    return found


def test_the_figures_are_those_of_the_processes(site: Site) -> None:
    before = time.time()
    site.start(PROGRAMS)
    site.wait_state("gone", "EXITED")
    wait_for(lambda: measured(site)["process_output_bytes_total", "loud:0"] == 10, "its output")
    wait_for(lambda: measured(site)["process_cpu_seconds_total", "busy:0"] > 0.4, "some work")

    now = measured(site)

    assert now["process_state:RUNNING", "busy:0"] == now["process_state:RUNNING", "loud:0"] == 1
    assert now["process_state:EXITED", "gone:0"] == now["process_state:STOPPED", "idle:0"] == 1
    assert now["process_exit_status", "gone:0"] == 7
    assert ("process_exit_status", "busy:0") not in now
    assert before - 1 <= now["process_start_time_seconds", "busy:0"] <= time.time() + 1
    assert now["process_cpu_seconds_total", "busy:0"] < time.time() - before + 1
    resident = resident_bytes(site.status("busy")["pid"])
    assert resident / 2 < now["process_resident_memory_bytes", "busy:0"] < resident * 2
    assert ("process_resident_memory_bytes", "gone:0") not in now
    assert ("process_start_time_seconds", "idle:0") not in now
    for part in ("keeper", "core"):
        assert before - 2 <= now["daemon_start_time_seconds", part] <= time.time() + 1
        assert now["daemon_resident_memory_bytes", part] > 1 << 20
        assert now["daemon_open_descriptors", part] >= 3
    assert now["core_restarts_total", ""] == 0


def test_counters_outlive_a_core(site: Site) -> None:
    site.start(PROGRAMS)
    wait_for(lambda: measured(site)["process_output_bytes_total", "loud:0"] == 10, "its output")
    kill_core(site)
    wait_for(lambda: core_of(site), "another core")

    now = measured(site)

    assert now["core_restarts_total", ""] == 1
    assert now["process_output_bytes_total", "loud:0"] == 10


def test_the_command_takes_no_words_and_knows_json(site: Site) -> None:
    site.start("  a: {cmd: cat, starttime: 0}")

    assert site.ctl("metrics", "a").returncode == 2
    assert '"text": "# HELP' in site.ctl("--json", "metrics").stdout
