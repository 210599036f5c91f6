"""GET /live/usage?token=… and /live/notifications: server-sent events (HTML standard); /livez, /readyz."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from events import live
from events.live import NotAllowed, Pass
from plg_site.live.hub import Deaf, Hub, Listener, TooMany
from plg_site.web import probes

HEARTBEAT = 15.0  # seconds: shorter than what proxies and phones wait for
_TRY_AGAIN = {429: "30", 503: "5"}  # seconds
WHAT = ("usage", "notifications")  # there is news of
AT_MOST_EVERY = 0.25  # seconds between two `changed` of one page


def application(hub: Hub, *, heartbeat: float = HEARTBEAT) -> Starlette:
    """The application over this hub, which runs as long as the application does."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(hub.run())
        probes.begin()
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    def news_of(what: str) -> Callable[[Request], Awaitable[Response]]:
        async def listen(request: Request) -> Response:
            try:
                allowed = live.read(request.query_params.get("token", ""))
            except NotAllowed as refused:
                return _refuse(401, str(refused))
            origin = request.headers.get("origin")
            if origin is not None and origin != allowed.origin:
                return _refuse(403, "This token is for the pages of another address.")
            return await _listen(hub, allowed, heartbeat, what)

        return listen

    async def healthz(request: Request) -> Response:
        return JSONResponse(
            {"hears": hub.hears, "listeners": len(hub)},
            status_code=200 if hub.hears else 503,
            headers={} if hub.hears else {"Retry-After": _TRY_AGAIN[503]},
        )

    async def probe(request: Request) -> Response:
        """It restarts for nobody's sake: that Redis is away says nothing of this process."""
        said = probes.answer(request.url.path)
        headers = {"Cache-Control": "no-store"}
        if said.status != 200:
            headers["Retry-After"] = _TRY_AGAIN[503]
        return Response(said.body, said.status, headers, said.content_type)

    routes = [Route(f"/live/{what}", news_of(what), methods=["GET"]) for what in WHAT]
    routes += [Route(path, probe) for path in probes.PATHS]
    return Starlette(routes=[*routes, Route("/healthz", healthz)], lifespan=lifespan)


async def _listen(hub: Hub, allowed: Pass, heartbeat: float, what: str) -> Response:
    channel = allowed.channel
    headers = {
        "Access-Control-Allow-Origin": allowed.origin,
        "Vary": "Origin",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",  # nginx would collect the stream
    }
    try:
        listener = await hub.join(channel)
        if await _said_meanwhile(hub, allowed):
            listener.tell()
    except TooMany as refused:
        return _refuse(429, str(refused), **headers)
    except Deaf:
        return _refuse(503, "Changes cannot be heard right now.", **headers)

    async def stream() -> AsyncIterator[str]:
        try:
            async for text in _news(listener, what, until=allowed.until, heartbeat=heartbeat):
                yield text
        finally:
            await hub.leave(channel, listener)

    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


async def _said_meanwhile(hub: Hub, allowed: Pass) -> bool:
    """Whether something was said after the page was made, which took a while to be shown."""
    with suppress(Deaf):
        return await hub.last_said(live.last_said(allowed.channel)) >= allowed.since
    return False


async def _news(
    listener: Listener, what: str, *, until: float, heartbeat: float
) -> AsyncIterator[str]:
    """What this page hears, until its token ends or nothing can be heard any more."""
    yield "retry: 2000\n: hello\n\n"
    while (left := until - time.time()) > 0:
        try:
            async with asyncio.timeout(min(heartbeat, left)):
                await listener.changed.wait()
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if listener.over:
            return
        listener.changed.clear()
        yield f"event: changed\ndata: {what}\n\n"
        await asyncio.sleep(AT_MOST_EVERY)


def _refuse(status: int, words: str, **headers: str) -> Response:
    if status in _TRY_AGAIN:
        headers["Retry-After"] = _TRY_AGAIN[status]
    return PlainTextResponse(words + "\n", status_code=status, headers=headers)
