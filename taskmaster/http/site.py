"""Which paths are served: the one place where they are put together."""

from typing import Final

from taskmaster.control.services import Services
from taskmaster.driver import Driver
from taskmaster.http.health import Measurements, Readiness, healthz
from taskmaster.http.interface import Interface
from taskmaster.http.logtail import PATH, LogTails
from taskmaster.http.routes import Routes
from taskmaster.http.rpc import Rpc

_POST: Final = frozenset({"POST"})


def site(driver: Driver, services: Services) -> Routes:
    """Return the paths of a daemon; whoever has another one adds it here."""
    routes = Routes()
    rpc = Rpc(Interface(driver, services), services.record)
    tails = LogTails(driver, services)
    routes.add("/RPC2", rpc.respond, _POST)
    routes.add("/RPC2/", rpc.respond, _POST)
    routes.add(PATH, tails.process)
    routes.add("/mainlogtail", tails.main)
    routes.add("/healthz", healthz)
    routes.add("/readyz", Readiness(driver).readyz)
    routes.add("/metrics", Measurements(services).metrics)
    return routes
