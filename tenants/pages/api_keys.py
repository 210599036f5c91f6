"""API keys: made with a scope and a last day, handed over, ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identity.security import needs_recent_sign_in
from tenants import row_bounds
from tenants.audit import telling
from tenants.hosts.access import requires
from tenants.keys import api_keys as keys
from tenants.keys import key_holders
from tenants.models import ApiKey
from tenants.pages.forms import ApiKeyForm, HolderForm
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class Row:
    """A key as the page lists it."""

    key: ApiKey
    state: str
    holder_form: HolderForm | None  # where there is somebody to hand it to


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.MAKE_KEYS)
@needs_recent_sign_in
@never_cache
def api_keys(request: WorkspaceRequest) -> HttpResponse:
    """The keys; a POST makes one and shows its secret on this one answer."""
    form = ApiKeyForm(request.POST or None)
    created, secret, status = None, None, 200
    if request.method == "POST":
        made = _make(request, form)
        if made is None:
            status = 422
        else:
            (created, secret), form = made, ApiKeyForm()
    context = {"form": form, "created": created, "secret": secret, "rows": _rows(request)}
    return render(request, "tenants/api_keys.html", context, status=status)


def _make(request: WorkspaceRequest, form: ApiKeyForm) -> tuple[ApiKey, str] | None:
    """The key that was asked for and its secret; None where the form says why not."""
    if not form.is_valid():
        return None
    said = form.cleaned_data
    try:
        key, secret = keys.create(
            request.tenant,
            name=said["name"],
            user=request.user,
            scopes=said["scopes"],
            expires_at=form.expires_at(),
        )
    except row_bounds.TooManyRows as refused:
        form.add_error(None, str(refused))
        return None
    telling.key_made(key, by=request.user)
    return key, secret


def _rows(request: WorkspaceRequest) -> list[Row]:
    now = timezone.now()
    listed = ApiKey.objects.for_tenant(request.tenant).select_related("created_by", "holder__user")
    may_hold = len(key_holders.who_may(request.tenant))
    rows = []
    for key in listed.order_by("revoked_at", "-created_at"):
        state = key.state(now=now)
        form = None
        if state == "live" and may_hold > 1:
            form = HolderForm(tenant=request.tenant, besides=key.holder, auto_id=f"{key.pk}_%s")
        rows.append(Row(key, state, form))
    return rows


@require_POST
@requires(May.MAKE_KEYS)
@needs_recent_sign_in
def hand_over(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    """Another member holds it from now on."""
    key = _key(request, key_id)
    form = HolderForm(request.POST, tenant=request.tenant, besides=key.holder)
    if key.state() != "live" or not form.is_valid():
        messages.error(request, "Nothing was handed over: choose an owner or admin for a live key.")
        return redirect("tenants:api_keys")
    to = form.cleaned_data["to"]
    key_holders.hand_over(key, to=to, by=request.user)
    messages.success(request, f"{to.user} holds the key “{key.name}” now.")
    return redirect("tenants:api_keys")


@require_POST
@requires(May.MAKE_KEYS)
@needs_recent_sign_in
def revoke_api_key(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    """From here on the key answers 401."""
    key = _key(request, key_id)
    if keys.revoke(key, user=request.user):
        telling.key_revoked(key, by=request.user)
        messages.success(request, f"The key “{key.name}” no longer works.")
    return redirect("tenants:api_keys")


def _key(request: WorkspaceRequest, key_id: UUID) -> ApiKey:
    rows = ApiKey.objects.for_tenant(request.tenant).select_related("tenant", "holder__user")
    found: ApiKey = get_object_or_404(rows, pk=key_id)
    return found
