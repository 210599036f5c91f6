"""From a short code to where it leads, with the click recorded and its quota asked.

Recording goes to the stream, or to the disk while Redis is away; the quota is decided in memory.
Nothing here reads a session.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

import events
from identity.requests import VisitorRequest
from metering import quotas
from product import counting
from product.codes import is_reserved
from product.destinations import Destination, look_up
from product.downloads import signed_address
from product.event_types import LINK_CLICKED
from tenants.hosts import open_to_visitors
from tenants.models import Tenant

METER = "clicks"
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ")


class FollowRequest(VisitorRequest):
    """Anybody's request on a workspace host."""

    tenant: Tenant


@open_to_visitors
@require_safe
def follow(request: FollowRequest, code: str) -> HttpResponse:
    """Send the visitor on; comes here when the early answer knew nothing of this code."""
    destination = look_up(code) or look_up(code.rstrip("-_"))  # no code ends in these
    if destination is None:
        return _unknown(request, code)
    return send_on(request, destination=destination)


def send_on(request: FollowRequest, *, destination: Destination) -> HttpResponse:
    """Answer with the way on, and count the click.

    Visitors are never held up by a limit. One that refuses (a workspace may have set itself a limit
    of what clicks may cost) is kept by not counting the click: what is not counted costs nothing.
    """
    if _is_a_visit(request):
        _record(request, destination)
    to = destination.url
    if destination.file_id:
        to = signed_address(request.tenant, destination.file_id)
    headers = {"Location": to, "Cache-Control": "private, no-store"}
    # With its charset: else it is looked for in the headers, and in the settings.
    return HttpResponse(status=302, headers=headers, charset="utf-8")


def _record(request: FollowRequest, destination: Destination) -> None:
    """The click, with why it does not count where it does not."""
    tenant, link_id = request.tenant, destination.link_id
    verdict = counting.judge(request, schema=tenant.schema_name, link_id=link_id)
    reason = verdict.reason
    if not reason and not _may_count(tenant):
        reason = counting.LIMIT
    properties: dict[str, Any] = {"link_id": link_id, "code": destination.code}
    if reason:
        properties |= {"counted": False, "reason": reason}
    details: Any = {
        "tenant": tenant,
        "anonymous_id": verdict.visitor,
        "properties": properties,
    }
    if reason or verdict.first is None:
        events.record(LINK_CLICKED.name, **details)
    else:  # another process may have seen this client: then theirs counts
        events.record_first(LINK_CLICKED.name, verdict.first, **details)


def _may_count(tenant: Tenant) -> bool:
    try:
        quotas.consume(tenant, METER)
    except quotas.QuotaExceeded:
        return False
    return True


def _is_a_visit(request: FollowRequest) -> bool:
    """Not a look ahead: HEAD, or a browser that loads what may be opened next."""
    if request.method != "GET":
        return False
    said = request.META
    return not any("prefetch" in said[name] for name in _PURPOSES if name in said)


def _unknown(request: FollowRequest, code: str) -> HttpResponse:
    """The same words whoever asks, and nothing of whose workspace this is."""
    if is_reserved(code) and not request.path_info.endswith("/"):
        query = request.META.get("QUERY_STRING", "")
        page = f"/{code.lower()}/"  # asked for without its last slash
        return HttpResponseRedirect(f"{page}?{query}" if query else page)
    return render(request, "product/unknown_link.html", status=404)
