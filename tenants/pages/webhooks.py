"""Webhooks of a workspace: endpoints, what became of each delivery, and the secret that signs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events import limits
from identity.security import needs_recent_sign_in
from outbound import reasons
from outbound import webhooks as outgoing
from outbound.models import Message, WebhookEndpoint
from tenants import row_bounds
from tenants.hosts.access import requires
from tenants.pages.webhook_forms import EndpointForm
from tenants.permissions import May
from tenants.requests import WorkspaceRequest
from tenants.webhooks import changing

_A_PAGE, _MOST = 25, 250  # deliveries
_TESTS = "10/m"  # of a workspace


@dataclass(frozen=True)
class Delivery:
    """A row of the ledger as the page shows it."""

    row: Message
    why: str


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
@never_cache
def webhooks(request: WorkspaceRequest) -> HttpResponse:
    """The endpoints; a POST adds one and shows its secret on this one answer."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    made, secret, status = None, "", 200
    if request.method == "POST":
        added = _add(request, form)
        if added is None:
            status = 422
        else:
            (made, secret), form = added, EndpointForm()
    rows = WebhookEndpoint.objects.for_tenant(request.tenant).order_by("created_at")
    context = {"form": form, "made": made, "secret": secret, "endpoints": rows}
    return render(request, "tenants/webhooks/list.html", context, status=status)


def _add(request: WorkspaceRequest, form: EndpointForm) -> tuple[WebhookEndpoint, str] | None:
    if not form.is_valid():
        return None
    try:
        return changing.add(request.tenant, **form.cleaned_data, by=request.user)
    except row_bounds.TooManyRows as refused:
        form.add_error(None, str(refused))
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
@never_cache
def webhook(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """An endpoint and its newest deliveries; a POST changes address, words and events."""
    endpoint = _endpoint(request, endpoint_id)
    if request.method != "POST":
        said = {"url": endpoint.url, "description": endpoint.description, "names": endpoint.names}
        return _page(request, endpoint, EndpointForm(initial=said))
    form = EndpointForm(request.POST)
    if not form.is_valid():
        return _page(request, endpoint, form, status=422)
    changing.change(request.tenant, endpoint, **form.cleaned_data, by=request.user)
    messages.success(request, "Saved.")
    return _back(endpoint)


@require_POST
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
@never_cache
def roll_webhook_secret(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """A new secret, shown on this one answer; the former one signs, too, for a day."""
    endpoint = _endpoint(request, endpoint_id)
    secret = changing.roll(request.tenant, endpoint, by=request.user)
    said = {"url": endpoint.url, "description": endpoint.description, "names": endpoint.names}
    return _page(request, endpoint, EndpointForm(initial=said), secret=secret)


@require_POST
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
def test_webhook(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """Send one that says nothing but that it is a test."""
    endpoint = _endpoint(request, endpoint_id)
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        messages.error(request, "Resume it first: nothing is sent to it now.")
    elif limits.take(_TESTS, f"webhook-test:{request.tenant.pk}").over:
        messages.error(request, "That were many tests. Please try again in a minute.")
    else:
        outgoing.send_test(endpoint)
        messages.success(request, "A test is on its way. Its result stands below in a moment.")
    return _back(endpoint)


@require_POST
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
def pause_webhook(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """Nothing is sent from now on."""
    endpoint = _endpoint(request, endpoint_id)
    changing.pause(request.tenant, endpoint, by=request.user)
    messages.success(request, "Paused. What happens now is not sent later.")
    return _back(endpoint)


@require_POST
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
def resume_webhook(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """Active again."""
    endpoint = _endpoint(request, endpoint_id)
    changing.resume(request.tenant, endpoint, by=request.user)
    messages.success(request, "Active again.")
    return _back(endpoint)


@require_POST
@requires(May.SET_WEBHOOKS)
@needs_recent_sign_in
def remove_webhook(request: WorkspaceRequest, endpoint_id: UUID) -> HttpResponse:
    """With what is known of its deliveries."""
    endpoint = _endpoint(request, endpoint_id)
    changing.remove(request.tenant, endpoint, by=request.user)
    messages.success(request, "The webhook is removed.")
    return redirect("tenants:webhooks")


def _page(
    request: WorkspaceRequest, endpoint: WebhookEndpoint, form: EndpointForm, *,
    secret: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    about = Message.objects.for_tenant(request.tenant).filter(
        channel=outgoing.NAME, address=str(endpoint.pk)
    )
    newest = list(about.order_by("-created_at")[:_MOST])
    page = Paginator(newest, _A_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "endpoint": endpoint,
        "form": form,
        "secret": secret,
        "overlap": outgoing.OVERLAP // timedelta(hours=1),
        "signs_twice": endpoint.signs_twice(now=now),
        "rests": endpoint.resting_until and endpoint.resting_until > now,
        "page_obj": page,
        "deliveries": [Delivery(row, reasons.in_words(row.reason)) for row in page],
    }
    return render(request, "tenants/webhooks/one.html", context, status=status)


def _endpoint(request: WorkspaceRequest, endpoint_id: UUID) -> WebhookEndpoint:
    rows = WebhookEndpoint.objects.for_tenant(request.tenant)
    found: WebhookEndpoint = get_object_or_404(rows, pk=endpoint_id)
    return found


def _back(endpoint: WebhookEndpoint) -> HttpResponse:
    return redirect("tenants:webhook", endpoint_id=endpoint.pk)
