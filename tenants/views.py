"""API keys, and signing out; the other pages of the settings are in `tenants.pages`."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identity.security.recent import needs_recent_sign_in
from identity.sign_out import sign_out as site_sign_out
from tenants import api_keys as keys
from tenants import closed, telling
from tenants.access import open_to_visitors, requires
from tenants.closed import open_while
from tenants.domains import signing_in
from tenants.forms import ApiKeyForm
from tenants.models import ApiKey
from tenants.permissions import May
from tenants.requests import HostRequest, WorkspaceRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.MAKE_KEYS)
@needs_recent_sign_in
@never_cache
def api_keys(request: WorkspaceRequest) -> HttpResponse:
    """The keys; a POST makes one and shows its secret on this one answer."""
    form = ApiKeyForm(request.POST or None)
    created, secret, status = None, None, 200
    if request.method == "POST":
        if form.is_valid():
            created, secret = keys.create(
                request.tenant, name=form.cleaned_data["name"], user=request.user
            )
            telling.key_made(created, by=request.user)
            form = ApiKeyForm()
        else:
            status = 422
    context = {
        "form": form,
        "created": created,
        "secret": secret,
        "keys": ApiKey.objects.for_tenant(request.tenant)
        .select_related("created_by")
        .order_by("revoked_at", "-created_at"),
    }
    return render(request, "tenants/api_keys.html", context, status=status)


@require_POST
@requires(May.MAKE_KEYS)
@needs_recent_sign_in
def revoke_api_key(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    """From here on the key answers 401."""
    key = get_object_or_404(
        ApiKey.objects.for_tenant(request.tenant).select_related("tenant"), pk=key_id
    )
    if keys.revoke(key, user=request.user):
        telling.key_revoked(key, by=request.user)
        messages.success(request, f"The key “{key.name}” no longer works.")
    return redirect("tenants:api_keys")


@open_while(*closed.CLOSED)
@open_to_visitors
def sign_out(request: HostRequest) -> HttpResponse:
    """The session is shared, so signing out here signs out of the site, too; on a domain of the
    workspace's own it has its own, and the site is asked to end both."""
    own_domain = signing_in.claim_of(request)
    if request.method != "POST":
        return redirect("/" if own_domain else f"{django_settings.SITE_URL}/logout/")
    if own_domain is not None:
        return signing_in.sign_out(request, own_domain)
    return site_sign_out(request)
