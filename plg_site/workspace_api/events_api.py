"""`POST /api/v1/events`: what happened, told by a workspace's own programs, as CloudEvents 1.0.

What an event is and how it is taken stands in events (cloudevents.py, from_outside.py); this is
the HTTP around it. docs/events-api.md is the same in words for whoever sends.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from ninja import Router, Schema
from pydantic import Field

from events import cloudevents, refusals
from events.cloudevents import Outcome, take
from events.errors import (
    EventRefused,
    EventsNotAccepted,
    NoLength,
    TooLarge,
    TooMany,
    UnsupportedType,
)
from plg_site.web import content_length
from plg_site.web.problems import problem
from plg_site.workspace_api import events_api_docs, events_quota
from tenants import hosts
from tenants.requests import KeyedRequest
from tenants.scopes import Scope, needs

router = Router(tags=["Events"])
RETRY_AFTER = "5"  # seconds
_LENIENT = re.compile(r'(?:^|[,;\s])handling\s*=\s*"?lenient\b', re.IGNORECASE)
_STATUS = {  # of a request that cannot be read at all
    NoLength.reason: 411,
    TooLarge.reason: 413,
    TooMany.reason: 413,
    UnsupportedType.reason: 415,
}


class EventOut(Schema):
    """What became of one event of the request."""

    index: int = Field(description="Its place in the request, from 0.")
    status: Literal["accepted", "duplicate", "refused"]
    id: str | None = Field(description="As you sent it.")
    source: str | None = Field(description="As you sent it.")
    event_id: UUID | None = Field(description="Our id, the same for each repetition.")
    reason: str | None = Field(description="Of a refused one: a word for programs.")
    message: str | None = Field(description="Of a refused one: words for people.")


class Report(Schema):
    """How many were taken, and what became of each, in the order of the request."""

    accepted: int
    refused: int
    events: list[EventOut]


@router.post(
    "/events",
    response={204: None, 200: Report, 207: Report},
    operation_id="send_events",
    summary="Send events",
    description=events_api_docs.description(),
    openapi_extra=events_api_docs.request_body(),
)
@needs(Scope.EVENTS)
def send_events(request: KeyedRequest) -> HttpResponse:
    """Take the events of a request one by one, or none at all when nothing can keep them."""
    try:
        said = cloudevents.read(_body(request), request.headers)
    except EventRefused as refused:
        refusals.count(refused.reason, tenant=request.tenant.schema_name)
        return problem(_STATUS.get(refused.reason, 422), str(refused), reason=refused.reason)
    try:
        with events_quota.taken(request.tenant, said) as outcomes:
            outcomes += take(
                said,
                tenant=request.tenant,
                names_others=lambda texts: hosts.other_workspace_named_in(
                    texts, besides=request.tenant
                ),
            )
    except EventsNotAccepted:
        return problem(
            503,
            "We cannot keep events right now, so none of these was taken. Please send them again.",
            headers={"Retry-After": RETRY_AFTER},
            reason=EventsNotAccepted.reason,
        )
    return _answer(request, outcomes)


def _body(request: KeyedRequest) -> bytes:
    """The body, if its announced length is allowed: nothing is read before that is known."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and "HTTP_TRANSFER_ENCODING" in request.META:
        raise NoLength("Send a Content-Length; a body in chunks is not read.")
    if (content_length.read(length or "0") or 0) > cloudevents.MAX_BODY:
        raise TooLarge(f"The body is larger than {cloudevents.MAX_BODY} bytes.")
    return request.body


def _answer(request: KeyedRequest, outcomes: list[Outcome]) -> HttpResponse:
    """204 says that all is well; who wants it in detail accepts application/json by name.

    As soon as one was refused the answer is an error, whatever was asked for: to a client that
    takes every 2xx for a success, a refusal must not look like one. Who knows what a 207 is says
    `Prefer: handling=lenient` (RFC 7240, 4.4).
    """
    refused = [outcome for outcome in outcomes if outcome.status == "refused"]
    if not refused and "application/json" not in request.headers.get("Accept", ""):
        return HttpResponse(status=204)
    report: dict[str, Any] = {
        "accepted": sum(outcome.status == "accepted" for outcome in outcomes),
        "refused": len(refused),
        "events": [asdict(outcome) for outcome in outcomes],
    }
    if not refused:
        return JsonResponse(report)
    some_taken = len(refused) < len(outcomes)
    if some_taken and _LENIENT.search(request.headers.get("Prefer", "")):
        return JsonResponse(report, status=207, headers={"Preference-Applied": "handling=lenient"})
    words = str(refused[0].message)
    if some_taken:
        words = (
            f"{len(refused)} of {len(outcomes)} events were refused, the others are taken. {words}"
        )
    return problem(422, words, reason=refused[0].reason, **report)
