"""The text of the metrics, read by Prometheus' own parser."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from taskmaster.metrics import (
    CONTENT_TYPE,
    DaemonFigures,
    PartFigures,
    ProcessFigures,
    Usage,
    render,
)
from taskmaster.process.state import State

DAEMON = DaemonFigures(
    version="1.2.3",
    core_restarts=2,
    shutting_down=False,
    parts=(
        PartFigures(part="keeper", started_at=1.7e9 + 0.25, usage=Usage(0.5, 9 << 20, 12)),
        PartFigures(part="core", started_at=None, usage=Usage()),
    ),
)
WEB = ProcessFigures(
    program="web",
    name="web:0",
    state=State.RUNNING,
    started_at=1_700_000_000.125,
    exit_status=-9,
    restarts=3,
    output_bytes=2**40,
    attached=1,
    usage=Usage(12.34, 5 << 20, None),
)


def families(*processes: ProcessFigures) -> dict[str, Metric]:
    found = list(text_string_to_metric_families(render(DAEMON, processes)))
    by_name = {family.name: family for family in found}
    assert len(by_name) == len(found), "the samples of a metric stand together"
    return by_name


def value(family: Metric, **labels: str) -> float:
    (found,) = [sample.value for sample in family.samples if sample.labels == labels]
    return float(found)


def test_every_figure_of_a_process_is_a_sample_with_its_type() -> None:
    found = families(WEB)
    web = {"program": "web", "process": "web:0"}

    expected = {
        "taskmaster_process_up": ("gauge", 1.0),
        "taskmaster_process_start_time_seconds": ("gauge", 1_700_000_000.125),
        "taskmaster_process_restarts": ("counter", 3.0),
        "taskmaster_process_exit_status": ("gauge", -9.0),
        "taskmaster_process_cpu_seconds": ("counter", 12.34),
        "taskmaster_process_resident_memory_bytes": ("gauge", 5 << 20),
        "taskmaster_process_output_bytes": ("counter", 2**40),
        "taskmaster_process_attached_clients": ("gauge", 1.0),
    }
    told = {n: (f.type, value(f, **web)) for n, f in found.items() if n in expected}
    assert told == expected
    assert all(family.documentation for family in found.values())


def test_a_process_is_in_one_state_of_all() -> None:
    for state in State:
        samples = families(replace(WEB, state=state))["taskmaster_process_state"].samples

        assert {sample.labels["state"] for sample in samples} == set(State.__members__)
        assert [s.labels["state"] for s in samples if s.value == 1] == [state.value]
        assert sum(sample.value for sample in samples) == 1


def test_what_is_not_known_is_left_out() -> None:
    down = replace(WEB, state=State.STOPPED, started_at=None, exit_status=None, usage=Usage())

    found = families(down)

    for name in ("start_time_seconds", "exit_status", "cpu_seconds", "resident_memory_bytes"):
        assert found[f"taskmaster_process_{name}"].samples == []
    assert value(found["taskmaster_process_up"], program="web", process="web:0") == 0


def test_the_daemon_tells_of_itself() -> None:
    found = families()

    assert value(found["taskmaster_build_info"], version="1.2.3") == 1
    assert value(found["taskmaster_core_restarts"]) == 2
    assert value(found["taskmaster_shutting_down"]) == 0
    assert value(found["taskmaster_daemon_open_descriptors"], part="keeper") == 12
    started = found["taskmaster_daemon_start_time_seconds"]
    assert value(started, part="keeper") == 1_700_000_000.25
    assert [sample.labels for sample in started.samples] == [{"part": "keeper"}]


@given(st.lists(st.text(), min_size=1, max_size=3, unique=True))
def test_any_name_comes_back_out_of_its_label(names: list[str]) -> None:
    found = families(*(replace(WEB, program=name, name=f"{name}:0") for name in names))

    told = [sample.labels["program"] for sample in found["taskmaster_process_up"].samples]
    assert told == names


@pytest.mark.parametrize("name", ["a\udcffb", "\udcff"])
def test_a_name_that_is_no_utf8_can_be_sent(name: str) -> None:
    text = render(DAEMON, [replace(WEB, program=name)])

    assert name.replace("\udcff", "?") in text.encode().decode()


def test_numbers_keep_their_digits() -> None:
    assert value(
        families(replace(WEB, output_bytes=2**53 - 1))["taskmaster_process_output_bytes"],
        program="web",
        process="web:0",
    ) == float(2**53 - 1)


def test_the_content_type_names_the_version_of_the_format() -> None:
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")
