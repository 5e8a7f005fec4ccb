"""``/healthz`` and ``/readyz``, for whoever asks whether all is well."""

from taskmaster.driver import Driver
from taskmaster.http.parsing import Request, Response
from taskmaster.process.state import State


async def healthz(request: Request) -> Response:
    """Say that the daemon answers."""
    return Response(b"ok\n")


class Readiness:
    """Says whether everything is up that starts by itself."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def readyz(self, request: Request) -> Response:
        """Say ok, or who is not RUNNING."""
        supervisor = self._driver.supervisor
        lines = [
            f"{name} {entry.process.state.value}\n"
            for name, entry in supervisor.entries.items()
            if entry.program.autostart and entry.process.state is not State.RUNNING
        ]
        if supervisor.shutting_down:
            lines = ["the daemon is shutting down\n"]
        return Response("".join(lines or ["ok\n"]).encode(), status=503 if lines else 200)
