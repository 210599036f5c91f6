"""The settings pages of a workspace's own domains: the list, and what is missing for each."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from identity.security import needs_recent_sign_in, needs_recent_sign_in_to_send
from tenants.domains import allowance, checking, claims, names
from tenants.domains.models import CustomDomain
from tenants.domains.steps import steps
from tenants.hosts.access import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

_LONGEST_LOOK = timedelta(minutes=2)  # after which the page no longer waits for a worker
_NOT_SOONER = timedelta(seconds=5)  # a look by hand after the last look


class DomainForm(forms.Form):
    name = forms.CharField(
        label="Domain",
        max_length=260,
        help_text="Such as links.example.com. You prove that it is yours with a DNS record.",
        widget=forms.TextInput(
            {"autocapitalize": "none", "spellcheck": "false", "inputmode": "url"}
        ),
    )

    def clean_name(self) -> str:
        return names.normalised(self.cleaned_data["name"])


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.ADD_DOMAINS)
@needs_recent_sign_in_to_send
@never_cache
def domains(request: WorkspaceRequest) -> HttpResponse:
    """All of them, and the form to add one."""
    form = DomainForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                claim = claims.add(request.tenant, form.cleaned_data["name"], by=request.user)
                checking.ask(claim)
                return redirect("domains:domain", claim.pk)
            except claims.Refused as refused:
                form.add_error(None, str(refused))
    context = {
        "form": form,
        "domains": CustomDomain.objects.for_tenant(request.tenant).order_by("created_at"),
        "may_add": allowance.may_add(request.tenant),
    }
    return render(request, "tenants/domains/list.html", context, status=status)


@require_safe
@requires(May.ADD_DOMAINS)
@never_cache
def domain(request: WorkspaceRequest, claim_id: UUID) -> HttpResponse:
    """What is there and what is missing, step by step."""
    claim = _mine(request, claim_id)
    context = {
        "domain": claim,
        "steps": steps(claim),
        "is_looking": claim.asked_at is not None
        and claim.asked_at > timezone.now() - _LONGEST_LOOK,
        "target": settings.CUSTOM_DOMAIN_TARGET,
        "other_primary": CustomDomain.objects.for_tenant(request.tenant)
        .filter(is_primary=True)
        .exclude(pk=claim.pk)
        .first(),
    }
    return render(request, "tenants/domains/domain.html", context)


@require_POST
@requires(May.ADD_DOMAINS)
def check(request: WorkspaceRequest, claim_id: UUID) -> HttpResponse:
    """Have a worker look at DNS; the page shows when it has."""
    claim = _mine(request, claim_id)
    if claim.checked_at is None or claim.checked_at < timezone.now() - _NOT_SOONER:
        checking.ask(claim)
    return redirect("domains:domain", claim.pk)


@require_POST
@requires(May.ADD_DOMAINS)
@needs_recent_sign_in
def primary(request: WorkspaceRequest, claim_id: UUID) -> HttpResponse:
    """`use` is "shown" (links are shown with it), "leads" (and the other address leads here) or "no"."""
    claim = _mine(request, claim_id)
    use = request.POST.get("use")
    if use == "no":
        claims.unmake_primary(claim, by=request.user)
        messages.success(request, "The workspace is shown under its ordinary address.")
    elif use in {"shown", "leads"} and claim.is_served:
        claims.make_primary(claim, redirects=use == "leads", by=request.user)
        messages.success(request, f"The workspace is shown under {claim}.")
    else:
        messages.error(request, "The domain has to be in service first.")
    return redirect("domains:domain", claim.pk)


@require_POST
@requires(May.ADD_DOMAINS)
@needs_recent_sign_in
def remove(request: WorkspaceRequest, claim_id: UUID) -> HttpResponse:
    """From here on the domain leads nowhere."""
    claim = _mine(request, claim_id)
    claims.remove(claim, by=request.user)
    messages.success(request, f"{claim} is removed. You may delete its DNS records now.")
    return redirect("domains:domains")


def _mine(request: WorkspaceRequest, claim_id: UUID) -> CustomDomain:
    mine = CustomDomain.objects.for_tenant(request.tenant).select_related("tenant")
    found: CustomDomain = get_object_or_404(mine, pk=claim_id)
    return found
