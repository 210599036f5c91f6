"""The spans of what the processes do. Imported only where traces are drawn.

A trace begins at a declared proxy (its `traceparent`; `client_address` has taken away anybody else's), or
here: then OTEL_TRACES_SAMPLER_ARG says how many are drawn.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from plg_site.tracing.sending import tracer

_FORM = TraceContextTextMapPropagator()
_HEADERS = ("traceparent", "tracestate")
_of_task = threading.local()  # what the thread sends, and does


# --- Requests ------------------------------------------------------------------------------------
def begin_request(environ: Mapping[str, Any], *, method: str, request_id: str) -> tuple[Span, str]:
    """The span of a request, which is from now on what runs in this thread, and its trace's id."""
    said = {name: environ.get(f"HTTP_{name.upper()}", "") for name in _HEADERS}
    span = _begin(
        method,
        parent=_FORM.extract({name: value for name, value in said.items() if value}, Context()),
        kind=SpanKind.SERVER,
        attributes={"http.request.method": method, "plg.request_id": request_id},
    )
    return span, trace_id(span)


def end_request(span: Span, *, route: str, method: str, status: int, workspace: str = "") -> None:
    """The answer was handed over. Nothing of it is a client's word."""
    if span.is_recording():
        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", status)
        if workspace:
            span.set_attribute("plg.workspace", workspace)
        if status >= 500:
            span.set_status(StatusCode.ERROR)
    _end(span)


# --- Tasks ---------------------------------------------------------------------------------------
def begin_sending(task: str, headers: MutableMapping[str, Any]) -> None:
    """A task is being sent by what runs now; its message carries the trace."""
    span = tracer().start_span(f"send {task}", kind=SpanKind.PRODUCER)
    _FORM.inject(headers, trace.set_span_in_context(span))
    _of_task.sent = span


def end_sending() -> None:
    """It is in the queue. One that did not get there is not drawn."""
    if (span := _of_task.__dict__.pop("sent", None)) is not None:
        span.end()


def begin_task(task: str, headers: Mapping[str, Any]) -> str:
    """This thread does the task from now on; returns the trace's id."""
    said = {name: str(headers[name]) for name in _HEADERS if headers.get(name)}
    parent = _FORM.extract(said, Context())
    _of_task.done = span = _begin(task, parent=parent, kind=SpanKind.CONSUMER, attributes={})
    return trace_id(span)


def end_task(*, outcome: str, error: str = "") -> None:
    """`error`: the name of the exception's class; what it says may be anybody's words."""
    if (span := _of_task.__dict__.pop("done", None)) is None:
        return
    span.set_attribute("plg.outcome", outcome)
    if error:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)
    _end(span)


# --- Events --------------------------------------------------------------------------------------
def carried() -> str:
    """The `traceparent` of what runs now; "" where nobody draws it."""
    if not trace.get_current_span().get_span_context().trace_flags.sampled:
        return ""
    said: dict[str, str] = {}
    _FORM.inject(said)
    return said.get("traceparent", "")


def stored(parents: Mapping[str, int], size: int, seconds: float) -> None:
    """A batch of `size` events was stored, so many of them of each trace: a span in each."""
    ended = time.time_ns()
    for parent, events in parents.items():
        extracted = _FORM.extract({"traceparent": parent}, Context())
        if not trace.get_current_span(extracted).get_span_context().is_valid:
            continue
        tracer().start_span(
            "store events",
            context=extracted,
            kind=SpanKind.CONSUMER,
            start_time=ended - int(seconds * 1e9),
            attributes={"messaging.batch.message_count": events, "plg.batch.events": size},
        ).end(ended)


# --- All -----------------------------------------------------------------------------------------
def trace_id(span: Span) -> str:
    """As lines of the log name it: 32 digits of hexadecimal; "" where the SDK is switched off."""
    known = span.get_span_context()
    return trace.format_trace_id(known.trace_id) if known.is_valid else ""


def _begin(name: str, *, parent: Context, kind: SpanKind, attributes: Mapping[str, Any]) -> Span:
    span = tracer().start_span(name, context=parent, kind=kind, attributes=dict(attributes))
    contexts.attach(trace.set_span_in_context(span, parent))
    return span


def _end(span: Span) -> None:
    """What the thread does next belongs to nothing."""
    span.end()
    contexts.attach(Context())
