"""Which paths there are, and who answers each. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from taskmaster.http.parsing import Refused, Request, Response

Say: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Sends a piece of an answer; waits while the client does not take it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer without an end: `run` says it piece by piece until it is cancelled."""

    content_type: str
    run: Callable[[Say], Awaitable[None]]


Answer: TypeAlias = Response | Stream
Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]

READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class _Route:
    methods: frozenset[str]
    handler: Handler


class Routes:
    """The paths and their handlers."""

    def __init__(self) -> None:
        self._exact: dict[str, _Route] = {}
        self._below: list[tuple[str, _Route]] = []

    def add(self, path: str, handler: Handler, methods: frozenset[str] = READING) -> None:
        """Have a handler answer a path; one that ends in ``/`` stands for what is below it."""
        route = _Route(methods, handler)
        if path.endswith("/"):
            self._below.append((path, route))
        else:
            self._exact[path] = route

    def find(self, request: Request) -> Handler:
        """Return who answers a request.

        Raises:
            Refused: nobody, or not that method.
        """
        route = self._exact.get(request.path)
        if route is None:
            below = (route for path, route in self._below if request.path.startswith(path))
            route = next(below, None)
        if route is None:
            raise Refused(404, f"there is nothing at {request.path[:200]!r}")
        if request.method not in route.methods:
            allowed = ", ".join(sorted(route.methods))
            text = f"{request.method} is not for {request.path[:200]!r}, only {allowed}"
            raise Refused(405, text, {"Allow": allowed})
        return route.handler
