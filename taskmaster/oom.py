"""Whether the kernel has killed somebody for memory: its count of that, looked at after a SIGKILL.

The count of our own cgroup says it best: ``oom_kill`` in memory.events (cgroup v2) or in
memory.oom_control (v1). Where there is none, the machine's in /proc/vmstat has to do.
"""

from collections.abc import Iterator
from typing import Final

_MOST_BYTES: Final = 64 * 1024


class OutOfMemoryKills:
    """The count as it was when it was looked at last."""

    def __init__(self, root: str = "/") -> None:
        """Look at it for the first time, in a file system at `root`."""
        self._root = root.rstrip("/")
        self._known = self._count()

    def has_grown(self) -> bool:
        """Whether somebody was killed for memory since it was looked at last."""
        before, self._known = self._known, self._count()
        return before is not None and self._known is not None and self._known > before

    def _count(self) -> int | None:
        for path in self._files():
            for line in _read(path).splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill" and value.isdecimal():
                    return int(value)
        return None

    def _files(self) -> Iterator[str]:
        mounted = f"{self._root}/sys/fs/cgroup"
        for line in _read(f"{self._root}/proc/self/cgroup").splitlines():
            number, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            path = path.rstrip("/")
            if number == "0":
                yield f"{mounted}{path}/memory.events"
            elif "memory" in controllers.split(","):
                yield f"{mounted}/memory{path}/memory.oom_control"
                yield f"{mounted}/memory/memory.oom_control"  # a container sees its own as the root
        yield f"{self._root}/proc/vmstat"


def _read(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return (file.read(_MOST_BYTES) or b"").decode("ascii", "replace")
    except OSError:
        return ""
