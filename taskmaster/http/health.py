"""``/healthz``, ``/readyz`` and ``/metrics``, for whoever asks whether all is well."""

from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.http.parsing import Request, Response
from taskmaster.metrics import CONTENT_TYPE
from taskmaster.process.state import State


async def healthz(request: Request) -> Response:
    """Say that the daemon answers."""
    return Response(b"ok\n")


class Measurements:
    """Gives what is measured to Prometheus."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def metrics(self, request: Request) -> Response:
        """Say it in the text format of Prometheus."""
        text = await self._services.metrics()
        return Response(text.encode(), content_type=CONTENT_TYPE)


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
