"""What `events.record` adds to a request, by the time its answer leaves."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from uuid import UUID

from bench import project
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.stack import Stack

REQUESTS = 4_000
_LINK = UUID(int=1)


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("recording", stack=stack)
    from django.conf import settings
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory

    import events
    from events.middleware import EventBufferMiddleware
    from events.redis.redis_client import quick

    def silent(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def recording(request: HttpRequest) -> HttpResponse:
        properties = {"link_id": _LINK, "code": "spring"}
        events.record("Link Clicked", tenant="w_bench", properties=properties)
        return HttpResponse()

    without, with_one = EventBufferMiddleware(silent), EventBufferMiddleware(recording)
    request, redis = RequestFactory().get("/"), quick(settings.REDIS_URL)
    calls: list[Callable[[], object]] = [
        lambda: without(request),
        lambda: with_one(request),
        lambda: redis.ping(),
    ]
    columns: list[list[float]] = [[], [], []]
    for _ in range(size.of(REQUESTS, at_least=100)):  # in turns: all meet the same moments
        for column, call in zip(columns, calls, strict=True):
            began = time.perf_counter()
            call()
            column.append(time.perf_counter() - began)
    silent_time, recording_time, ping = (statistics.median(column) for column in columns)
    return [
        Figure(
            name="what record adds to a request, median",
            value=(recording_time - silent_time) * 1000,
            unit="ms",
            reference="ms for a PING of Redis",
            reference_value=ping * 1000,
            bar=0.5,
            bar_on="value",
            better="less",
            limit=True,
            note="one event, taken by the stream (synced to disk) before the answer leaves",
        )
    ]
