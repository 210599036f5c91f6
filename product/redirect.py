"""The hot path: from a short code to where it leads, in one query.

It reads no session and asks no quota: clicks have a soft limit, so no answer of the quota could
change what happens here. Recording goes to the stream, or to the disk while Redis is away.
"""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

import events
from identity.requests import VisitorRequest
from product.codes import is_reserved
from product.downloads import signed_address
from product.event_types import LINK_CLICKED
from product.models import Link
from tenants.access import open_to_visitors
from tenants.models import Tenant


class FollowRequest(VisitorRequest):
    """Anybody's request on a workspace host."""

    tenant: Tenant


@open_to_visitors
@require_safe
def follow(request: FollowRequest, code: str) -> HttpResponse:
    """Send the visitor on, and count the click."""
    link = Link.objects.only("id", "target_url", "file_id").filter(code=code).first()
    if link is None:
        return _unknown(request, code)
    if _is_a_visit(request):
        events.record(
            LINK_CLICKED.name,
            tenant=request.tenant,
            anonymous_id=request.anonymous_id,
            properties={"link_id": link.id, "code": code},
        )
    to = signed_address(request.tenant, link.file_id) if link.file_id else link.target_url
    response = HttpResponseRedirect(to)
    response["Cache-Control"] = "private, no-store"
    return response


def _is_a_visit(request: FollowRequest) -> bool:
    """Not a look ahead: HEAD, or a browser that loads what may be opened next."""
    purposes = (request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return request.method == "GET" and not any("prefetch" in purpose for purpose in purposes)


def _unknown(request: FollowRequest, code: str) -> HttpResponse:
    """The same words whoever asks, and nothing of whose workspace this is."""
    if is_reserved(code):
        return HttpResponseRedirect(f"/{code.lower()}/")  # a page, asked for without its last slash
    return render(request, "product/unknown_link.html", status=404)
