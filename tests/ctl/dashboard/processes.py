"""Statuses as a daemon tells them, for tests of what is drawn of them."""

from taskmaster.protocol.messages import ProcessStatus, ScreenShown


def status(name: str, state: str = "RUNNING", **fields: object) -> ProcessStatus:
    program, _, index = name.partition(":")
    has_pid = state in ("RUNNING", "STARTING", "STOPPING")
    values: dict[str, object] = {
        "name": name,
        "program": program,
        "index": int(index),
        "state": state,
        "description": "pid 4242, uptime 0:00:05" if has_pid else "Not started",
        "pid": 4242 if has_pid else None,
        "uptime": 3725.0 if has_pid else None,
        "since": 0.0,
        "exit_status": None,
        "restarts": 0,
        "attached": 0,
        "tries": 4,
        "cpu_seconds": 1.0 if has_pid else None,
        "resident_bytes": 41 << 20 if has_pid else None,
    }
    return ProcessStatus(**(values | fields))  # type: ignore[arg-type]


def site() -> list[ProcessStatus]:
    """A handful of programs, one in each state that people look for."""
    return [
        status("nginx:0", restarts=2),
        *(status(f"worker:{index}", uptime=59.0 * index) for index in range(3)),
        status("worker:3", "EXITED", reason="exit status 0 after 0:01:02", exit_status=0),
        status("game:0", attached=1, resident_bytes=1181116006),
        status(
            "db:0", "BACKOFF", reason="exit status 1 after 0.2 s", failures=2,
            next_try_in=2.0,
        ),
        status("mail:0", "FATAL", reason="cannot start: /usr/bin/nope: no such file or directory"),
        status("off:0", "STOPPED"),
    ]  # fmt: skip


def screen(name: str = "nginx:0", lines: tuple[str, ...] = ("hello", "")) -> ScreenShown:
    rows = 24
    return ScreenShown(
        name=name,
        rows=rows,
        columns=80,
        cursor_row=len(lines) - 1,
        cursor_column=0,
        cursor_visible=True,
        alternate=False,
        title="",
        folder="",
        modes=(),
        scrollback=(),
        lines=lines + ("",) * (rows - len(lines)),
        version="1",
    )
