"""The typed table of simulated routes: which function answers which request.

A handler takes a `Call` and returns a stored object or a list; api.py presents and expands it.
`honours` names the parameters a handler really obeys. A parameter that Stripe knows and the
handler does not is answered 501, so that nothing is silently ignored.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from stripe_simulator.errors import NotSimulated
from stripe_simulator.sdk_routes import anonymous, routes
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


@dataclass(frozen=True)
class Call:
    """One request, its parameters validated and typed."""

    state: State
    path: dict[str, str]
    params: dict[str, Any]
    url: str
    now: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.state.now())


Handler = Callable[[Call], Json]
_EVERYWHERE = frozenset({"expand"})


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    params: str | None
    honours: frozenset[str]

    def match(self, path: str) -> dict[str, str] | None:
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path), path)
        return found.groupdict() if found else None

    def refuse_unsimulated(self, params: Iterable[str]) -> None:
        for name in params:
            if name not in self.honours | _EVERYWHERE:
                raise NotSimulated(f"The parameter `{name}`", param=name)


_ROUTES: list[Route] = []


def route(method: str, path: str, honours: str = "") -> Callable[[Handler], Handler]:
    """Register a handler for a route of the real API. Raises KeyError when Stripe has no such."""
    real = routes()[method, anonymous(path)]

    def register(handler: Handler) -> Handler:
        _ROUTES.append(Route(method, path, handler, real.params, frozenset(honours.split())))
        # A literal path ("/v1/prices/search") is tried before one with a parameter.
        _ROUTES.sort(key=lambda known: known.path.count("{"))
        return handler

    return register


def resolve(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    for known in _ROUTES:
        if known.method == method and (arguments := known.match(path)) is not None:
            return known, arguments
    return None


def simulated() -> list[Route]:
    return list(_ROUTES)
