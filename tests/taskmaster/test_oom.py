"""The kernel's count of who was killed for memory, in the files of either cgroup version."""

from pathlib import Path

import pytest

from taskmaster.oom import OutOfMemoryKills


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("cgroup", "file"),
    [
        ("0::/user.slice\n", "sys/fs/cgroup/user.slice/memory.events"),
        ("0::/\n", "sys/fs/cgroup/memory.events"),
        ("4:memory:/box\n0::/\n", "sys/fs/cgroup/memory/box/memory.oom_control"),
        ("4:cpu,memory:/box\n", "sys/fs/cgroup/memory/memory.oom_control"),
        ("0::/\n", "proc/vmstat"),
    ],
)
def test_a_count_that_grows_is_noticed_once(tmp_path: Path, cgroup: str, file: str) -> None:
    put(tmp_path, "proc/self/cgroup", cgroup)
    put(tmp_path, file, "oom 0\noom_kill 2\nother 9\n")
    kills = OutOfMemoryKills(str(tmp_path))

    assert not kills.has_grown()
    put(tmp_path, file, "oom 1\noom_kill 3\nother 9\n")
    assert kills.has_grown()
    assert not kills.has_grown()


def test_where_nobody_counts_nothing_grows(tmp_path: Path) -> None:
    assert not OutOfMemoryKills(str(tmp_path)).has_grown()
    put(tmp_path, "proc/vmstat", "oom_kill many\n")
    assert not OutOfMemoryKills(str(tmp_path)).has_grown()
