"""No span holds a code, token, cookie, query string or address, whoever has drawn it: as lines of the log
(`plg_site.logs.redaction`), and addresses of pages not at all, for a path may be a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from plg_site.logs import redaction

# What instrumentations of others say of a request, a statement or an error.
NEVER = frozenset({
    "url.full", "url.path", "url.query", "http.url", "http.target", "http.referer",
    "user_agent.original", "http.user_agent", "client.address", "http.client_ip", "net.peer.ip",
    "net.sock.peer.addr", "network.peer.address", "db.statement", "db.query.text", "exception.stacktrace",
})  # fmt: skip
_PREFIXES = ("http.request.header.", "http.response.header.", "db.query.parameter.")


def clean(span: ReadableSpan) -> ReadableSpan:
    """The same span, as anybody may read it."""
    status = span.status
    return ReadableSpan(
        name=redaction.text(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_clean(span.attributes),
        events=[
            Event(redaction.text(each.name), _clean(each.attributes), each.timestamp)
            for each in span.events
        ],
        links=[Link(each.context, _clean(each.attributes)) for each in span.links],
        kind=span.kind,
        status=Status(
            status.status_code, redaction.text(status.description) if status.description else None
        ),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _clean(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: redaction.value(value, name=name)
        for name, value in (attributes or {}).items()
        if name not in NEVER and not name.startswith(_PREFIXES)
    }
