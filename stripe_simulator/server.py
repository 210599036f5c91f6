"""The HTTP server: the API under /v1 and /v2, the pages for people, their style sheet."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from stripe_simulator import (
    api,
    resources,  # noqa: F401 - registers every route
)
from stripe_simulator.delivery import DeliveryThread
from stripe_simulator.errors import StripeError
from stripe_simulator.pages import authenticate, checkout, dashboard, invoice, portal
from stripe_simulator.store import Store
from stripe_simulator.ticker import TickerThread
from stripe_simulator.visitors import OnlyThisMachine

log = logging.getLogger("stripe_simulator.api")

_METHODS = ["GET", "POST", "DELETE"]
_MAX_BODY = 1024 * 1024
_STATIC = Path(__file__).parent / "pages" / "static"


def application(store: Store, *, api_key: str | None = None) -> Starlette:
    """The ASGI application over a store. Its threads live as long as the server."""
    simulated = api.Api(store, api_key)

    async def answer(request: Request) -> Response:
        body = await request.body()
        started = time.monotonic()
        if len(body) > _MAX_BODY:
            return JSONResponse(StripeError("Request is too large.").body(), status_code=413)
        asked = api.Request(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body.decode(errors="replace") if request.method == "POST" else "",
        )
        given = await run_in_threadpool(simulated.answer, asked)
        log.info(
            "%s %s %d (%.0f ms)%s",
            *(asked.method, asked.path, given.status, (time.monotonic() - started) * 1000),
            f" {given.body['error']['message']}" if given.status >= 400 else "",
        )
        return JSONResponse(given.body, status_code=given.status, headers=given.headers)

    async def healthy(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [
        Route("/v1/{rest:path}", answer, methods=_METHODS),
        Route("/v2/{rest:path}", answer, methods=_METHODS),
        Route("/healthz", healthy),
        *checkout.routes(store),
        *invoice.routes(store),
        *authenticate.routes(store),
        *portal.routes(store),
        *dashboard.routes(store),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    guard = Middleware(OnlyThisMachine, public_url=store.public_url)
    return Starlette(routes=routes, lifespan=_lifespan(store), middleware=[guard])


def _lifespan(store: Store) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        threads: list[DeliveryThread | TickerThread] = [DeliveryThread(store), TickerThread(store)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.stop()
        store.close()

    return run
