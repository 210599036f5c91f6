"""From a span that has ended to who collects them: OTLP over HTTP, in a thread of each process.

A collector that is away, or hangs, costs a request nothing: spans wait in a queue that is bounded (the SDK's,
2,048) and loses the oldest, a batch that failed is lost and counted, and for RESTS seconds after that nobody
tries again. The log says once that it is away, and once that it is back.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from django.conf import settings
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Tracer
from opentelemetry.util.re import parse_env_headers

from events.metrics import Counter
from plg_site.logs import role
from plg_site.tracing import cleaning

log = structlog.get_logger()
TIMEOUT = 2.0  # seconds for one batch, which is also how long a process may take longer to end
RESTS = 15.0  # seconds
LOST = Counter("plg_spans_lost_total", "Spans that no collector took")

_lock = threading.Lock()
_pid = 0
_provider: TracerProvider | None = None
_exporter: Careful | None = None


def tracer() -> Tracer:
    """Of this process; a forked one has its own thread and connection."""
    provider = _provider if _pid == os.getpid() else _made()
    assert provider is not None  # noqa: S101
    return provider.get_tracer("plg_site")


def close() -> None:
    """Send what waits; a batch that fails is the last that is tried."""
    if _provider is not None and _exporter is not None and _pid == os.getpid():
        _exporter.is_last = True
        _provider.shutdown()


class Careful(SpanExporter):
    """Hands on without secrets, and without insisting."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._again_at = 0.0
        self._is_away = False
        self.is_last = False  # no time is left

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if time.monotonic() < self._again_at:
            LOST.add(len(spans))
            return SpanExportResult.FAILURE
        result = self._exporter.export([cleaning.clean(span) for span in spans])
        if result is SpanExportResult.SUCCESS:
            if self._is_away:
                log.info("traces_collector_back")
            self._is_away, self._again_at = False, 0.0
            return result
        LOST.add(len(spans))
        if not self._is_away and not self.is_last:
            log.warning("traces_collector_away", lost="plg_spans_lost_total counts")
        self._is_away, self._again_at = True, time.monotonic() + RESTS
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _made() -> TracerProvider:
    global _pid, _provider, _exporter
    with _lock:
        if _pid == os.getpid() and _provider is not None:
            return _provider
        _exporter = Careful(
            OTLPSpanExporter(
                endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces",
                headers=parse_env_headers(settings.OTEL_EXPORTER_OTLP_HEADERS, liberal=True),
                timeout=TIMEOUT,
            )
        )
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.OTEL_TRACES_SAMPLER_ARG)),
            resource=_resource(),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(BatchSpanProcessor(_exporter))
        atexit.register(close)
        _provider, _pid = provider, os.getpid()
        return provider


def _resource() -> Resource:
    """Who speaks; OTEL_RESOURCE_ATTRIBUTES adds to it (read by the SDK)."""
    said: dict[str, Any] = {
        "service.namespace": settings.OTEL_SERVICE_NAME,
        "service.name": f"{settings.OTEL_SERVICE_NAME}-{role()}",
        "service.instance.id": f"{os.uname().nodename}-{os.getpid()}",
    }
    return Resource.create(said)


def _renew() -> None:
    """In a forked process: the lock may have been another thread's."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew)
