"""For the people who run the installation: why something was sent to somebody, or not."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as flash
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from identity.addresses import of_typed
from identity.models import Person
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from outbound import channels, delivery, reasons, webhooks
from outbound.models import Message, State, WebhookEndpoint
from staff import navigation
from staff.access import staff_only
from tenants.models import Tenant

_NEWEST = 5  # on the page of a person
A_PAGE, MOST = 25, 250  # rows; who looks for older ones asks for an address


@require_safe
@never_cache
@staff_only
def messages(request: UserRequest) -> HttpResponse:
    """The newest ones that fit: to an address or a person, or of a workspace; in a state."""
    wanted, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    rows = _found(wanted)
    if state in State.values:
        rows = rows.filter(state=state)
    newest = list(rows.order_by("-created_at").prefetch_related("events")[:MOST])
    page = Paginator(newest, A_PAGE).get_page(request.GET.get("page"))
    names = dict(
        Tenant.objects.filter(pk__in={row.tenant_id for row in page}).values_list("pk", "name")
    )
    endpoints = _endpoints([row.address for row in page if row.channel == webhooks.NAME])
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "page_obj": page,
        "query": asked.urlencode(),
        "wanted": wanted,
        "state": state,
        "states": State.choices,
        "is_cut": len(newest) == MOST,
        "lines": [
            {
                "row": row,
                "why": reasons.in_words(row.reason),
                "to": endpoints.get(row.address, row.address),
                "channel": _label(row.channel),
                "workspace": names.get(row.tenant_id, ""),
                "may_go": row.state == State.DEAD and bool(row.sealed),
            }
            for row in page
        ],
    }
    return navigation.page(request, "staff/messages.html", context, at="staff_messages")


def of_person(person: Person) -> dict[str, object]:
    """What was sent to somebody last, for their page."""
    rows = Message.objects.filter(person_id=person.pk).order_by("-created_at")[:_NEWEST]
    every = f"{reverse('staff_messages')}?q={person.pk}"
    return {
        "links": [
            {
                "title": row.subject or row.topic,
                "text": f"{row.get_state_display()}, {row.created_at:%-d %b %Y, %H:%M} UTC",
                "url": every,
            }
            for row in rows
        ]
    }


def _endpoints(ids: list[str]) -> dict[str, str]:
    """Where webhooks go, by the id that is their address."""
    rows = WebhookEndpoint.objects.filter(pk__in=ids).values_list("pk", "url")
    return {str(pk): url for pk, url in rows}


def _label(name: str) -> str:
    channel = channels.get(name)
    return channel.label if channel else name


@require_POST
@staff_only
@needs_recent_sign_in
def again(request: UserRequest, pk: UUID) -> HttpResponse:
    """One that was given up is tried for two more days."""
    if delivery.try_again(pk):
        flash.success(request, "It is tried again now.")
    else:
        flash.error(request, "What it says is not kept any more, so it cannot be sent again.")
    return redirect("staff_messages")


def _found(wanted: str) -> QuerySet[Message]:
    rows: QuerySet[Message] = Message.objects.all()
    if not wanted:
        return rows
    if "@" in wanted:
        address = of_typed(wanted)
        persons = Person.objects.filter(user__email=address).values("pk")
        return rows.filter(Q(address=address) | Q(person_id__in=persons))
    try:
        named = UUID(wanted)
    except ValueError:
        tenants = Tenant.objects.filter(Q(slug=wanted.lower()) | Q(name__icontains=wanted))
        return rows.filter(tenant_id__in=list(tenants.values_list("pk", flat=True)[:20]))
    return rows.filter(Q(pk=named) | Q(person_id=named) | Q(tenant_id=named))
